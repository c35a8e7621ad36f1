"""A set-up next year installs what was tested: every package that can be pulled in has an exact version."""

import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# The machines that the constraints are for, as PEP 508 sees them.
MACHINES = [
    {
        "os_name": os_name,
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": python,
        "python_full_version": f"{python}.1",
    }
    for os_name, sys_platform, platform_system, machine in [
        ("posix", "linux", "Linux", "x86_64"),
        ("posix", "darwin", "Darwin", "arm64"),
        ("nt", "win32", "Windows", "AMD64"),
    ]
    for python in ("3.11", "3.12", "3.13")
]


@pytest.fixture(scope="module")
def pins(repository: Path) -> dict[str, Version]:
    """packaging/constraints.txt as name -> version."""
    found: dict[str, Version] = {}
    for line in (repository / "packaging" / "constraints.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            name, separator, version = line.partition("==")
            assert separator, f"not an exact version: {line}"
            assert canonicalize_name(name) not in found, f"pinned twice: {name}"
            found[canonicalize_name(name)] = Version(version)
    return found


@pytest.fixture(scope="module")
def asked_for(repository: Path) -> list[Requirement]:
    """What pyproject.toml asks for, extras included."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for line in [*project["dependencies"], *(line for extra in extras for line in extra)]]


def needed_anywhere(requirement: Requirement, extras: set[str]) -> bool:
    """Whether any of MACHINES needs this dependency of a package that was asked for with `extras`."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**m, "extra": e}) for m in MACHINES for e in extras or {""})


def test_torch_is_the_version_that_recipes_are_replayed_with(pins: dict[str, Version]) -> None:
    """Breaks when torch moves without anyone deciding it: recipes would no longer give the same samples."""
    assert pins["torch"] == Version("2.13.0")


def test_every_package_that_can_be_pulled_in_is_pinned(pins: dict[str, Version], asked_for: list[Requirement]) -> None:
    """Breaks when a new dependency, or a new dependency of one, is not pinned for some platform."""
    waiting, seen, missing = list(asked_for), set(), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, *sorted(requirement.extras)) in seen:
            continue
        seen.add((name, *sorted(requirement.extras)))
        # The CUDA build of torch pins these itself, and which it needs depends on the build.
        if name.startswith(("nvidia-", "cuda-")) or name == "triton":
            continue
        if name not in pins:
            missing.add(name)
        try:
            below = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform, or of an extra that is not installed here
        waiting += [r for r in map(Requirement, below) if needed_anywhere(r, requirement.extras)]
    assert not missing


def test_the_pins_are_admitted_by_the_project(pins: dict[str, Version], asked_for: list[Requirement]) -> None:
    """Breaks when pyproject.toml excludes a pinned version: pip would then refuse to install anything."""
    for requirement in asked_for:
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), str(requirement)


@pytest.mark.parametrize("release", ["6.9.1", "6.12.0"])
def test_pyside_releases_with_broken_signals_are_excluded(asked_for: list[Requirement], release: str) -> None:
    """Breaks when one of them may be installed again: with it the window aborts."""
    pyside = next(r for r in asked_for if canonicalize_name(r.name) == "pyside6-essentials")
    assert not pyside.specifier.contains(release)


def test_emitting_a_signal_costs_no_reference() -> None:
    """Breaks with PySide6 6.12.0 on Python 3.11: each signal uses up a reference to True, until the program aborts."""
    from PySide6.QtCore import QObject, Signal

    class Sender(QObject):
        sent = Signal()

    sender = Sender()
    sender.sent.emit()
    before = sys.getrefcount(True)
    for _ in range(100):
        sender.sent.emit()
    assert sys.getrefcount(True) > before - 50
