"""A session file may hold any value: opened, or refused in words, whatever is written into it."""

import contextlib
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.errors import PianoDiffError
from core.extension.settings import Settings
from pianodiff_gui.session.files import SUFFIX, Saved, read_session, write_session

VALUES: tuple[Any, ...] = (
    *(2**40, 2**70, -1, 10**400, 0.5, float("nan"), float("inf"), True, None),
    *("", "x", "\0", "a" * 5000, [], [[]], {}, {"a": 1}, "[" * 900),
)


def write_with(
    path: Path, changes: dict[str, Any], settings: dict[str, Any], without: tuple[str, ...] = ()
) -> Path:
    """A session file with some of its fields, and of its settings, changed or left out."""
    saved = Saved(path.parent / "clip.wav", 1000, 1, (), None, Settings(), 2.0)
    write_session(saved, 22_050, path, overwrite=True)
    with zipfile.ZipFile(path) as archive:
        state = json.loads(archive.read("session.json"))
    state["settings"] |= settings
    state = {name: value for name, value in (state | changes).items() if name not in without}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("session.json", json.dumps(state))
    return path


@pytest.mark.parametrize("field", ["frames", "channels", "target", "prelude_target", "position"])
def test_every_number_is_bounded_and_named(tmp_path: Path, field: str) -> None:
    """A true number of channels, half a frame or an infinite length opened, or ended in Python's own words."""
    for value in (-1, 2**70, 10**400, float("nan"), float("inf"), True, "8", None):
        with pytest.raises(PianoDiffError, match=f'"{field}"'):
            read_session(write_with(tmp_path / f"a{SUFFIX}", {field: value}, {}))


@pytest.mark.parametrize("trials", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_random_values_are_opened_or_refused(tmp_path: Path, trials: int) -> None:
    """A path with a null, or of 5000 letters, took the window down: it was looked for outside of what is caught."""
    rng = random.Random(0)
    fields = ["format", "source", "frames", "channels", "takes", "shown", "settings", "target", "position", "planned"]
    for _ in range(trials):
        changes = {rng.choice(fields): rng.choice(VALUES) for _ in range(rng.randint(0, 2))}
        settings = {rng.choice(list(vars(Settings()))): rng.choice(VALUES) for _ in range(rng.randint(0, 2))}
        with contextlib.suppress(PianoDiffError):
            read_session(write_with(tmp_path / f"a{SUFFIX}", changes, settings))
