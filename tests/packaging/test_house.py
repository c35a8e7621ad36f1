"""How large a file, a class and a function may be: what is longer is seldom one thing, and hides its plan."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

LINES, PUBLIC_METHODS, FUNCTION_LINES = 400, 25, 60
"""Of a file, of a class (properties count), of a function from its def to its last line."""

PACKAGES = ("core", "pianodiff_gui")

ALLOWED: dict[str, str] = {}
"""What reads better long: its name as the check gives it ("core/house.py", "core/house.py: House.build"), and why."""


class Offender(NamedTuple):
    """Something above a limit: its name, and what it measures."""

    name: str
    size: str


def offenders(root: Path, packages: tuple[str, ...] = PACKAGES) -> list[Offender]:
    """Files, classes and functions of `packages` above the limits."""
    found: list[Offender] = []
    for path in sorted(file for package in packages for file in (root / package).rglob("*.py")):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()
        lines = len(text.splitlines())
        if lines > LINES:
            found.append(Offender(name, f"{lines} lines, at most {LINES}"))
        found += _within(ast.parse(text), name, "")
    return found


def _within(node: ast.AST, file: str, outside: str) -> Iterator[Offender]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _within(child, file, outside)
            continue
        name = f"{outside}{child.name}"
        if isinstance(child, ast.ClassDef):
            methods = [part for part in child.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
            public = len({method.name for method in methods if not method.name.startswith("_")})
            if public > PUBLIC_METHODS:
                yield Offender(f"{file}: {name}", f"{public} public methods, at most {PUBLIC_METHODS}")
        elif (length := (child.end_lineno or 0) - child.lineno + 1) > FUNCTION_LINES:
            yield Offender(f"{file}: {name}", f"{length} lines, at most {FUNCTION_LINES}")
        yield from _within(child, file, f"{name}.")


def complaints(found: list[Offender], allowed: dict[str, str]) -> list[str]:
    """What is too large without leave, and leave that nothing needs any more."""
    large = [f"{name}: {size}" for name, size in found if name not in allowed]
    idle = [f"{name}: no longer too large, take it off the list" for name in allowed.keys() - {o.name for o in found}]
    return large + sorted(idle)


def test_nothing_is_longer_than_a_stranger_can_take_in(repository: Path) -> None:
    """Breaks when a file, class or function grows past its limit without a reason given in ALLOWED, or when a reason
    there is no longer needed.
    """
    assert complaints(offenders(repository), ALLOWED) == []


def test_leave_is_given_with_a_reason() -> None:
    """Breaks when an entry of ALLOWED doesn't say why."""
    assert all(reason.strip() for reason in ALLOWED.values())


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A package at every limit, and another just above each of them."""
    (tmp_path / "fine").mkdir()
    (tmp_path / "large").mkdir()
    for folder, more in (("fine", 0), ("large", 1)):
        body = "".join("    x = 1\n" for _ in range(FUNCTION_LINES - 1 + more))
        methods = "".join(f"    def m{k}(self) -> None: ...\n" for k in range(PUBLIC_METHODS + more))
        private = "    def _hidden(self) -> None: ...\n"
        (tmp_path / folder / "function.py").write_text(f"if True:\n    pass\n\n\nasync def work():\n{body}")
        (tmp_path / folder / "house.py").write_text(f"class House:\n    @property\n{methods}{private}")
        (tmp_path / folder / "long.py").write_text("x = 1\n" * (LINES + more))
    return tmp_path


def test_what_is_at_its_limit_may_stay(toy: Path) -> None:
    """Breaks when the check counts a line or a private method too many."""
    assert offenders(toy, ("fine",)) == []


def test_what_is_too_large_is_named_with_its_size(toy: Path) -> None:
    """Breaks when the check overlooks a long file, function or class, or doesn't say how long it is."""
    assert complaints(offenders(toy, ("large",)), {}) == [
        "large/function.py: work: 61 lines, at most 60",
        "large/house.py: House: 26 public methods, at most 25",
        "large/long.py: 401 lines, at most 400",
    ]


def test_a_method_and_a_function_in_a_function_are_looked_at(tmp_path: Path) -> None:
    """Breaks when the check only sees what stands at the left margin."""
    (tmp_path / "large").mkdir()
    deep = "".join("            x = 1\n" for _ in range(FUNCTION_LINES))
    (tmp_path / "large" / "deep.py").write_text(f"class House:\n    def build(self):\n        def roof():\n{deep}")
    assert [name for name, _ in offenders(tmp_path, ("large",))] == [
        "large/deep.py: House.build",
        "large/deep.py: House.build.roof",
    ]


def test_leave_that_is_no_longer_needed_is_named(toy: Path) -> None:
    """Breaks when ALLOWED keeps entries for what has long been made smaller, so that it may grow again unseen."""
    allowed = {"large/long.py": "a table", "large/function.py: gone": "a story"}
    assert complaints(offenders(toy, ("large",)), allowed) == [
        "large/function.py: work: 61 lines, at most 60",
        "large/house.py: House: 26 public methods, at most 25",
        "large/function.py: gone: no longer too large, take it off the list",
    ]
