"""Session files: what comes back, and what is refused in words."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.audio.opening import open_source
from core.errors import PianoDiffError
from pianodiff_gui.session.choice import NOISE, PLANNED
from pianodiff_gui.session.files import SUFFIX, read_folder, read_session
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import two_takes
from tests.pianodiff_gui.session.conftest import RUN


def test_a_session_file_opens_in_the_state_it_was(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when takes, settings, lengths or the playhead of a saved session are lost, or its recording has moved."""
    two_takes(loaded, qtbot)
    session = loaded.session
    session.rename_take(1, "best")
    session.show_take(1)
    session.choice.set_settings(sampler="decoupled", steps=7, lambda_schedule=((0.0, 0.0), (1.0, 1.0)))
    session.choice.set_lead(PLANNED)
    session.choice.set_settings(steps=11)
    session.choice.set_taste(density=2.0)
    session.set_target(3.5)
    loaded.player.seek(1.25)
    wanted = [take.timeline.generated() for take in session.takes.all]
    path = tmp_path / "elsewhere" / f"mine{SUFFIX}"
    path.parent.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path.with_suffix("")), ""))
    loaded.commands["save"].trigger()
    qtbot.waitUntil(path.exists, timeout=10_000)
    source = session.source
    assert source is not None
    moved = path.parent / source.path.name
    moved.write_bytes(source.path.read_bytes())
    source.path.unlink()
    session.choice.set_settings(sampler="repaint", steps=9)
    session.choice.set_lead(NOISE)
    session.choice.set_taste(density=1.0)
    loaded.opening.open_path(path)
    qtbot.waitUntil(lambda: session.source is not None and session.source.path == moved, timeout=10_000)
    qtbot.waitUntil(lambda: loaded.analysing.settled, timeout=20_000)
    assert [take.name for take in session.takes.all] == ["best", "Take 2"] and session.takes.shown == 1
    for take, audio in zip(session.takes.all, wanted, strict=True):
        np.testing.assert_array_equal(take.timeline.generated(), audio)
        trace = take.timeline.stretches[0].trace
        assert trace is not None and len(trace.levels) == 5
    assert (session.choice.settings.sampler, session.choice.settings.steps) == ("decoupled", 11)
    assert (session.choice.lead, session.choice.taste.density) == (PLANNED, 2.0)
    assert session.target == pytest.approx(3.5) and loaded.player.position == pytest.approx(1.25)


def test_files_that_are_no_sessions_are_refused_in_words(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, problems: list[str]
) -> None:
    """Breaks when a damaged or malicious session takes the window down, or what is open with it."""
    two_takes(loaded, qtbot)
    state = json.dumps({"format": 1, "source": "clip.wav", "frames": 5, "channels": 1, "takes": []})
    bad = {
        "text": b"not a zip",
        "empty": _packed({}),
        "nonsense": _packed({"session.json": b"[1, 2"}),
        "deep": _packed({"session.json": b"[" * 100_000}),
        "incomplete": _packed({"session.json": state.encode()}),
        "outside": _packed({"session.json": _one_take("../../etc/passwd")}),
        "gap": _packed({"session.json": _one_take("a.wav", gap=[0, 99]), "a.wav": _wav(np.zeros(10))}),
        "not numbers": _packed({"session.json": _one_take("a.wav"), "a.wav": _wav(np.full(10, np.nan))}),
        "settings": _packed({"session.json": _one_take("a.wav", steps=-1), "a.wav": _wav(np.zeros(10))}),
    }
    for name, content in bad.items():
        path = tmp_path / f"{name}{SUFFIX}"
        path.write_bytes(content)
        with pytest.raises(PianoDiffError, match="no session of PianoDiff"):
            read_session(path)
    loaded.opening.open_path(tmp_path / f"text{SUFFIX}")
    qtbot.waitUntil(lambda: bool(problems), timeout=5000)
    assert len(loaded.session.takes.all) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"run": {}}, "network"),
        ({"run": RUN | {"sampler": {"name": ["a"]}}}, "sampler"),
        ({"run": RUN | {"elapsed_seconds": [1]}}, "elapsed_seconds"),
        ({"run": RUN | {"windows": 3}}, "windows"),
        ({"run": {name: value for name, value in RUN.items() if name != "seed"}}, "seed"),
    ],
)
def test_what_a_recipe_could_not_be_made_of_is_named(tmp_path: Path, change: dict[str, object], says: str) -> None:
    """Breaks when a session opens whose takes can be neither listed nor exported."""
    state = json.loads(_one_take("a.wav"))
    state["takes"][0]["stretches"][0] |= change
    path = tmp_path / f"a{SUFFIX}"
    path.write_bytes(_packed({"session.json": json.dumps(state).encode(), "a.wav": _wav(np.zeros(10))}))
    with pytest.raises(PianoDiffError, match=f"no session of PianoDiff.*{says}"):
        read_session(path)


def test_a_seed_that_the_window_has_no_room_for_is_named(tmp_path: Path) -> None:
    """Breaks when a session ends in an overflow of the box for seeds."""
    state = json.loads(_one_take("a.wav"))
    state["settings"]["seed"] = 2**40
    path = tmp_path / f"a{SUFFIX}"
    path.write_bytes(_packed({"session.json": json.dumps(state).encode(), "a.wav": _wav(np.zeros(10))}))
    with pytest.raises(PianoDiffError, match='"seed" must be a whole number'):
        read_session(path)


def test_two_stretches_that_fill_the_same_frames_are_refused(tmp_path: Path) -> None:
    """Breaks when what lies between them is shorter than nothing."""
    state = json.loads(_one_take("a.wav", gap=[5, 15]))
    (stretch,) = state["takes"][0]["stretches"]
    state["takes"][0]["stretches"].append(stretch | {"gap": [14, 24]})
    path = tmp_path / f"a{SUFFIX}"
    path.write_bytes(_packed({"session.json": json.dumps(state).encode(), "a.wav": _wav(np.zeros(10))}))
    with pytest.raises(PianoDiffError, match="fills frames 14 to 15 twice"):
        read_session(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Breaks when a file of a megabyte takes gigabytes: packed by the archive, by FLAC, or within a trace."""
    silence = bytes(200 * 2**20)
    flac = io.BytesIO()
    sf.write(flac, np.zeros(1000, np.float32), 22_050, format="FLAC")
    large = io.BytesIO()
    x, rows = np.zeros(80_000_000, np.float32), np.zeros(2, np.float32)
    numbers: dict[str, Any] = {"top": 1, "sample_rate": 1, "known_frames": 0, "x_level": 1.0}
    np.savez_compressed(large, levels=rows, similarities=rows, x=x, **numbers)
    del x
    state = json.loads(_one_take("a.wav"))
    traced = json.loads(_one_take("a.wav"))
    traced["takes"][0]["stretches"][0]["traced"] = True
    bombs: dict[str, tuple[dict[str, object], dict[str, bytes]]] = {
        "packed": (state, {"a.wav": silence}),
        "flac": (state, {"a.wav": flac.getvalue()}),
        "trace": (traced, {"a.wav": _wav(np.zeros(10)), "a.npz": large.getvalue()}),
    }
    for name, (text, parts) in bombs.items():
        path = tmp_path / f"{name}{SUFFIX}"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, content in {**parts, "session.json": json.dumps(text).encode()}.items():
                archive.writestr(part, content)
        assert path.stat().st_size < 2 * 2**20
        tracemalloc.start()
        with pytest.raises(PianoDiffError, match="no session of PianoDiff"):
            read_session(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 30e6, name


def test_a_folder_with_a_part_packed_in_an_unknown_way_is_refused(tmp_path: Path) -> None:
    """Breaks when what zipfile says of it, NotImplementedError, ends the window."""
    state = json.loads(_one_take("a.wav"))
    state["takes"][0]["stretches"][0]["traced"] = True
    held = io.BytesIO()
    np.savez(held, top=1)
    patched = bytearray(held.getvalue())
    patched[patched.index(b"PK\x01\x02") + 8] |= 0x20
    patched[6] |= 0x20
    for name, content in {"session.json": json.dumps(state).encode(), "a.wav": _wav(np.zeros(10))}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "a.npz").write_bytes(patched)
    with pytest.raises(PianoDiffError, match="could not be read back"):
        read_folder(tmp_path)


def test_a_path_that_can_not_be_is_refused_as_missing(tmp_path: Path) -> None:
    """Breaks when a name that no file system takes ends in the system's own error."""
    state = json.loads(_one_take("a.wav")) | {"source": "/" + "x" * 5000}
    path = tmp_path / f"a{SUFFIX}"
    path.write_bytes(_packed({"session.json": json.dumps(state).encode(), "a.wav": _wav(np.zeros(10))}))
    saved = read_session(path)
    with pytest.raises(PianoDiffError, match="can't be read"):
        open_source(saved.source)


def test_a_session_of_a_recording_that_is_gone_says_so(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, problems: list[str]
) -> None:
    """Breaks when a session whose recording was deleted opens as nothing, without a word."""
    path = tmp_path / f"lost{SUFFIX}"
    path.write_bytes(_packed({"session.json": _one_take("a.wav"), "a.wav": _wav(np.zeros(10))}))
    window.opening.open_path(path)
    qtbot.waitUntil(lambda: bool(problems), timeout=5000)
    assert "clip.wav" in problems[0] and window.session.source is None


def _packed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def _wav(samples: np.ndarray) -> bytes:
    held = io.BytesIO()
    sf.write(held, samples, 22_050, subtype="FLOAT", format="WAV")
    return held.getvalue()


def _one_take(name: str, gap: list[int] | None = None, steps: int = 5) -> bytes:
    from dataclasses import asdict

    from core.extension.settings import Settings

    settings = asdict(Settings()) | {"steps": steps}
    stretch = {"file": name, "settings": settings, "run": RUN, "gap": gap, "traced": False}
    state = {
        "format": 1,
        "source": "/nowhere/clip.wav",
        "frames": 50,
        "channels": 1,
        "takes": [{"number": 1, "name": "Take 1", "stretches": [stretch]}],
        "shown": 1,
        "settings": asdict(Settings()),
        "target": 2.0,
        "prelude_target": 0.0,
        "position": 0.0,
    }
    return json.dumps(state).encode()
