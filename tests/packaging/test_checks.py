"""`make test` runs every part, tells what each took, and fails with the first that does."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def checks(repository: Path) -> ModuleType:
    """packaging/checks.py, which is no package: its folder's name is taken."""
    spec = importlib.util.spec_from_file_location("checks", repository / "packaging" / "checks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exits_with(code: int) -> list[str]:
    return [sys.executable, "-c", f"import sys; sys.exit({code})"]


def test_all_parts_are_run_and_timed(checks: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Breaks when a part is left out, or nobody sees which of them takes the time."""
    assert checks.run([("one", exits_with(0)), ("two", exits_with(0))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0].strip() for line in lines if line.endswith(" s")] == ["one", "two", "in all"]


def test_the_first_failure_ends_it(checks: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Breaks when a failing part is hidden behind those that follow it, or `make test` succeeds all the same."""
    assert checks.run([("one", exits_with(3)), ("two", exits_with(0))]) == 3
    printed = capsys.readouterr().out
    assert "one, which failed" in printed and "== two" not in printed


def test_the_parts_are_those_that_are_installed(checks: ModuleType) -> None:
    """Breaks when `make test` no longer runs one of its parts, or runs that of another Python."""
    parts = checks.parts()
    assert [name for name, _ in parts] == ["ruff", "mypy", "import contract", "quick tests", "journeys"]
    assert all(Path(command[0]).is_file() for _, command in parts)


def test_every_test_is_in_one_of_the_parts(checks: ModuleType) -> None:
    """Breaks when a marker takes tests out of `make test`: those that take minutes are the only ones left out."""
    quick, journeys = (command[command.index("-m") + 1] for _, command in checks.parts()[-2:])
    for journey in (True, False):
        for slow in (True, False):
            held = [eval(expression, {"journey": journey, "slow": slow}) for expression in (quick, journeys)]
            assert sum(held) == (not slow)
