"""The command that extends a clip."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def extend(network: Path) -> Callable[..., int]:
    """Calls the command line: extend(source, destination, *more) -> exit code. Four steps and half a second unless
    `more` says otherwise."""
    from core.commands.main import main

    def call(source: Path, destination: Path, *more: str) -> int:
        defaults = {"--seconds": "0.5", "--steps": "4", "--network": str(network)}
        options = [text for name, value in defaults.items() if name not in more for text in (name, value)]
        return main(["extend", str(source), str(destination), *options, *more])

    return call


@pytest.fixture
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test when a command gets as far as loading the network."""
    monkeypatch.setattr("core.extension.run._run", lambda *_: pytest.fail("the run was started"))
