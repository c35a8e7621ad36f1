"""A program to be killed: it writes the same thing over and over, in two versions by turns.

    python -m tests.fuzz.victim WHAT FOLDER [TIMES]    prints "ready" once everything has been written once
"""

import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from core.audio.export import Insert
from core.audio.opening import open_source
from core.extension.settings import Settings
from core.extension.writing import write_extended
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import SUFFIX, Saved, write_session
from pianodiff_gui.session.takes import Takes
from pianodiff_gui.session.timeline import Stretch, Timeline

RATE, FRAMES = 22_050, 40_000
LENGTHS = (30_000, 50_000)
"""Frames of new audio in each version; all of its samples are the version's number and one, in hundredths."""


def run_of(version: int) -> dict[str, Any]:
    """A run's entries, which say which version they belong to."""
    return {"network": {"name": "none"}, "sampler": {"name": "none"}, "seed": version, "windows": []}


def new_audio(version: int) -> np.ndarray:
    """(1, frames)."""
    return np.full((1, LENGTHS[version]), (version + 1) / 100, np.float32)


def recording(folder: Path) -> Path:
    """The recording, made where it is missing."""
    path = folder / "in.wav"
    if not path.exists():
        sf.write(path, np.random.default_rng(0).normal(0, 0.1, FRAMES), RATE, subtype="PCM_16")
    return path


def saved(folder: Path, version: int) -> Saved:
    """A session with one take of that version."""
    source = open_source(recording(folder))
    takes = Takes().added(Timeline(source, (Stretch(new_audio(version), Settings(), run_of(version)),)))
    return Saved.of(source, takes, Settings(), 2.0, 0.0, 0.0)


def _exporting(folder: Path) -> Callable[[int], None]:
    source = open_source(recording(folder))

    def write(version: int) -> None:
        inserts = [Insert.of(source, None, new_audio(version))]
        write_extended(source, inserts, [run_of(version)], folder / "out.wav", overwrite=True)

    return write


def _autosaving(folder: Path) -> Callable[[int], None]:
    autosave, versions = Autosave(folder / "sessions"), [saved(folder, version) for version in (0, 1)]
    return lambda version: None if autosave.save(versions[version], RATE) else sys.exit("autosave failed")


def _saving(folder: Path) -> Callable[[int], None]:
    versions = [saved(folder, version) for version in (0, 1)]
    return lambda version: write_session(versions[version], RATE, folder / f"mine{SUFFIX}", overwrite=True)


def _commanding(arguments: list[str], folder: Path, sign: str) -> None:
    """Run a command of the command line; says that it is ready when `sign` is there."""
    from core.commands.main import main

    def watch() -> None:
        while not list(folder.glob(sign)):
            time.sleep(0.005)
        print("ready", flush=True)

    threading.Thread(target=watch, daemon=True).start()
    sys.exit(main(arguments))


def main() -> None:
    """See above."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what in ("training", "study"):
        plan = json.loads((folder / "command.json").read_text())
        _commanding(plan["arguments"], folder, plan["sign"])
    write = {"export": _exporting, "autosave": _autosaving, "session": _saving}[what](folder)
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    for count in range(times) if times else itertools.count():
        write(count % 2)
        if count == 1:
            print("ready", flush=True)


if __name__ == "__main__":
    main()
