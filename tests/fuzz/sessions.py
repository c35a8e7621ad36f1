"""Malformed session files: bent states, archives that point elsewhere, bombs, audio that isn't, a changed recording."""

import io
import json
import random
import zipfile
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from core.audio.opening import open_source
from core.extension.settings import Settings
from core.study.trace import Trace
from pianodiff_gui.presenters.exporting import write_export
from pianodiff_gui.session.files import SUFFIX, read_folder, read_session
from pianodiff_gui.session.takes import summary_of
from pianodiff_gui.work.comparison import cells_of
from tests.fuzz.mutations import bent_bytes, bent_json
from tests.fuzz.notes_and_recipes import sound_recipe

RATE, FRAMES = 22_050, 4000


@cache
def _sound_parts() -> dict[str, bytes]:
    """The files of a session that opens, but for its state."""
    rng = np.random.default_rng(0)

    def wav(frames: int) -> bytes:
        held = io.BytesIO()
        sf.write(held, rng.normal(0, 0.1, frames), RATE, subtype="FLOAT", format="WAV")
        return held.getvalue()

    trace = Trace(200, RATE, [3.0, 2.0, 1.0], [0.1, 0.2, 0.3], rng.normal(size=300).astype(np.float32), 25.0, 100)
    return {"take-1.wav": wav(900), "take-1.npz": trace.packed(), "take-2.wav": wav(50), "take-3.wav": wav(60)}


def _sound_state(recording: Path) -> dict[str, Any]:
    settings = asdict(Settings(device="cpu"))
    run = {
        name: value
        for name, value in sound_recipe(Settings(device="cpu")).items()
        if name not in ("recipe_format", "output", "identical_samples", "source", "versions", "earlier_runs")
    }

    def stretch(number: int, gap: list[int] | None, traced: bool = False) -> dict[str, Any]:
        return {"file": f"take-{number}.wav", "settings": settings, "run": run, "gap": gap, "traced": traced}

    first, before, fill = stretch(1, None, traced=True), stretch(2, [0, 0]), stretch(3, [1000, 1060])
    return {
        "format": 1,
        "source": str(recording),
        "frames": FRAMES,
        "channels": 1,
        "takes": [
            {"number": 1, "name": "Take 1", "stretches": [first]},
            {"number": 2, "name": "Take 2", "stretches": [first, before, fill]},
        ],
        "shown": 2,
        "settings": settings,
        "target": 2.0,
        "prelude_target": 0.0,
        "position": 0.5,
    }


def attempt(rng: random.Random, folder: Path) -> None:
    """Read it, bring its takes together with their recording, show and export each."""
    recording = folder / "clip.wav"
    frames = FRAMES + rng.choice((0, 0, 0, 0, 0, -1, 500))  # the recording may have changed since
    sf.write(recording, np.random.default_rng(1).normal(0, 0.1, frames), RATE)
    state, parts = _sound_state(recording), dict(_sound_parts())
    if rng.random() < 0.7:
        state = bent_json(state, rng)
    text = rng.choice((json.dumps(state).encode(),) * 9 + (b"[" * 100_000,))
    if rng.random() < 0.3:
        name = rng.choice(sorted(parts))
        parts[name] = rng.choice((bent_bytes(parts[name], rng), b"", _bomb_within(name)))
    if rng.random() < 0.3:
        saved = _read_as_folder(folder / "autosave", text, parts)
    else:
        path = folder / f"mine{SUFFIX}"
        path.write_bytes(_packed(text, parts, rng))
        saved = read_session(path)
    assert not (folder.parent / "escaped").exists() and not (folder / "escaped").exists()
    with open_source(saved.source) as source:
        takes = saved.takes_of(source)
        for take in takes.all if takes is not None else ():
            assert summary_of(take) and cells_of(take, {}) and take.timeline.windows >= 0
            assert all(part.begin < part.end for part in take.timeline.parts)
            write_export(take.timeline, folder / f"out{take.number}.wav", None, overwrite=False)


def _read_as_folder(folder: Path, text: bytes, parts: dict[str, bytes]) -> Any:
    folder.mkdir()
    for name, content in {**parts, "session.json": text}.items():
        (folder / name).write_bytes(content)
    return read_folder(folder)


def _packed(text: bytes, parts: dict[str, bytes], rng: random.Random) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in {**parts, "session.json": text}.items():
            archive.writestr(name, content)
        more = rng.random()
        if more < 0.1:
            archive.writestr(rng.choice(("../escaped", "/escaped", "..\\escaped", "a/../../escaped")), b"x")
        elif more < 0.13:
            archive.writestr("bomb.wav", bytes(64 * 2**20))
        elif more < 0.2:
            archive.writestr("take-1.wav", b"second of that name")
    content = held.getvalue()
    return bent_bytes(content, rng) if rng.random() < 0.25 else content


@cache
def _bomb_within(name: str) -> bytes:
    """A take of silence, or a trace, that is 300 MB when it is unpacked."""
    held = io.BytesIO()
    if name.endswith(".npz"):
        rows = np.zeros(75_000_000, np.float32)
        np.savez_compressed(
            held, top=1, sample_rate=RATE, levels=rows[:2], similarities=rows[:2], x=rows, x_level=1.0, known_frames=0
        )
    else:
        sf.write(held, np.zeros(5_000_000, np.float32), RATE, format="FLAC")
    return held.getvalue()
