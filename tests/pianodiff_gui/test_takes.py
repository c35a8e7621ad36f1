"""Takes side by side, what comes before and in a recording, and sessions as files."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.errors import PianoDiffError
from pianodiff_gui.look.theme import DARK, LIGHT, contrast
from pianodiff_gui.session.files import SUFFIX, read_session
from pianodiff_gui.shell.window import MainWindow, write_export
from pianodiff_gui.views.compare import CompareDialog
from pianodiff_gui.views.handle import Handle
from pianodiff_gui.work.figures import SHOWN, loudness, measure_last
from tests.pianodiff_gui.conftest import run_to_end, write_clip


def two_takes(window: MainWindow, qtbot: QtBot) -> None:
    """Two extensions of 2 s, by two seeds; the second is shown."""
    for command in ("extend", "again"):
        window.commands[command].trigger()
        run_to_end(window, qtbot)


def drag(handle: Handle, window: MainWindow, qtbot: QtBot, seconds: float) -> None:
    """Drag a handle to a second of the recording's time."""
    plot = window.waveform.plot
    target = QPoint(round(plot.x_to_pixel(seconds)), 40)
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    qtbot.mouseMove(handle, handle.mapFrom(plot, target))
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=handle.mapFrom(plot, target))


def test_number_keys_and_cards_show_takes_where_the_playhead_is(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when switching between takes jumps back to the start, or plays one and draws the other."""
    assert not loaded.takes.isVisible()
    two_takes(loaded, qtbot)
    assert loaded.takes.isVisible() and [card.name.text() for card in loaded.takes.cards[1:]] == ["Take 1", "Take 2"]
    loaded.player.seek(4.0)
    first, second = loaded.session.takes.all
    qtbot.keyClick(loaded, Qt.Key.Key_1)
    assert loaded.session.timeline is first.timeline and loaded.player._timeline is first.timeline
    assert loaded.player.position == pytest.approx(4.0)
    assert [card.shown for card in loaded.takes.cards] == [False, True, False]
    qtbot.mouseClick(loaded.takes.cards[2], Qt.MouseButton.LeftButton)
    assert loaded.session.timeline is second.timeline
    qtbot.keyClick(loaded, Qt.Key.Key_0)
    assert loaded.session.takes.current is None and loaded.player.position == pytest.approx(3.0)
    qtbot.keyClick(loaded, Qt.Key.Key_7)  # there is none
    assert loaded.session.takes.current is None


def test_a_take_is_named_on_its_card(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when digits typed into a name switch takes, or Escape keeps what was typed."""
    two_takes(loaded, qtbot)
    for end, name in ((Qt.Key.Key_Escape, "Take 2"), (Qt.Key.Key_Return, "try 1")):
        loaded.commands["rename_take"].trigger()
        edit = loaded.takes.cards[2].edit
        assert edit is not None
        edit.clear()
        qtbot.keyClicks(edit, "try 1")
        qtbot.keyClick(edit, end)
        current = loaded.session.takes.current
        assert current is not None and current.name == name and current.number == 2


def test_deleting_a_take_can_be_undone_and_leaves_nothing_on_disk_meanwhile(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a deleted take comes back without its audio, or stays on disk for ever."""
    two_takes(loaded, qtbot)
    audio = loaded.data_folder / "sessions"
    qtbot.waitUntil(lambda: len(list(audio.rglob("*.wav"))) == 2, timeout=5000)
    deleted = loaded.session.timeline
    loaded.commands["delete_take"].trigger()
    assert len(loaded.session.takes.all) == 1 and "Undo brings it back" in loaded.message.text()
    qtbot.waitUntil(lambda: len(list(audio.rglob("*.wav"))) == 1, timeout=5000)
    loaded.commands["undo"].trigger()
    assert loaded.session.timeline is deleted
    qtbot.waitUntil(lambda: len(list(audio.rglob("*.wav"))) == 2, timeout=5000)


def test_takes_play_as_loud_as_the_quietest(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the louder take wins a comparison for being louder, or the export is turned down with it."""
    two_takes(loaded, qtbot)
    first, second = (take.timeline for take in loaded.session.takes.all)
    first.stretches[0].samples[:] *= 0.5  # measured only from here on: 6 dB below the other
    loaded.figures._asked.clear()
    loaded.figures._levels.clear()
    loaded.figures.ask([first, second])
    qtbot.waitUntil(lambda: len(loaded.figures._levels) == 2, timeout=20_000)
    assert loudness(second) - loudness(first) == pytest.approx(6.02, abs=0.1)
    assert loaded.player._gain == pytest.approx(0.5, abs=0.01)  # the second is shown
    loaded.session.show_take(1)
    assert loaded.player._gain == 1.0
    loaded.session.show_take(2)
    loaded.takes.match.setChecked(False)
    assert loaded.player._gain == 1.0


def test_the_table_of_takes_fills_as_they_are_measured(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when takes are compared by figures of another take, or the table is stale."""
    two_takes(loaded, qtbot)
    loaded.commands["compare"].trigger()
    dialog = loaded.findChild(CompareDialog)
    assert isinstance(dialog, CompareDialog)
    timelines = [take.timeline for take in loaded.session.takes.all]
    qtbot.waitUntil(lambda: all(loaded.figures.of(timeline) for timeline in timelines), timeout=20_000)
    found = measure_last(timelines[1])
    assert set(found) == set(SHOWN) and loaded.figures.of(timelines[1]) == found
    item = dialog.table.item(1, 8)
    assert item is not None and item.text() == f"{found['level_db']:+.1f}"
    loaded.session.rename_take(1, "other")
    renamed = dialog.table.item(0, 0)
    assert renamed is not None and renamed.text() == "other"
    dialog.close()


def test_the_left_handle_prepends(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when dragging the left edge makes something behind the recording, or the export moves or changes it."""
    drag(loaded.waveform.prelude_handle, loaded, qtbot, -0.3)
    assert loaded.session.prelude_target == pytest.approx(0.3)
    assert loaded.controls.length_title.text() == "Prepend" and loaded.controls.foot.extend_button.text() == "Prepend"
    loaded.controls.length.setValue(1.0)
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    timeline = loaded.session.timeline
    assert timeline is not None and timeline.begin == -22_050
    loaded.commands["start"].trigger()
    assert loaded.player.position == pytest.approx(-1.0)
    report = write_export(timeline, tmp_path / "out.wav", None, False)
    written, old = (sf.read(path, dtype="int16")[0] for path in (report.path, timeline.source.path))
    assert report.identical and np.array_equal(written[22_050:], old)
    recipe = json.loads((tmp_path / "out.wav.json").read_text())
    assert recipe["gap_frames"] == [0, 0]
    drag(loaded.waveform.prelude_handle, loaded, qtbot, -0.5)
    assert loaded.session.prelude_seconds == pytest.approx(0.5, abs=0.06)
    loaded.commands["undo"].trigger()
    assert loaded.session.prelude_seconds == pytest.approx(1.0)


def test_a_selection_is_filled_and_everything_around_it_stays(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when filling touches samples that were not selected, or the selection can't be seen, moved or dropped."""
    waveform = loaded.waveform
    waveform.box.selected.emit(1.0, 1.6)
    assert [handle.isVisible() for handle in waveform.gap_handles] == [True, True]
    assert waveform.gap_handles[1].label.text() == "fill 0.60 s"
    drag(waveform.gap_handles[1], loaded, qtbot, 2.0)
    selection = loaded.session.selection
    assert selection is not None and selection[0] == 22_050 and selection[1] == pytest.approx(44_100, abs=400)
    loaded.commands["cancel"].trigger()
    assert not waveform.gap_handles[0].isVisible()
    loaded.player.seek(1.0)
    loaded.commands["mark_begin"].trigger()
    loaded.player.seek(1.5)
    loaded.commands["mark_end"].trigger()
    assert loaded.session.selection == (22_050, 33_075)
    assert loaded.controls.foot.extend_button.text() == "Fill"
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    timeline = loaded.session.timeline
    assert timeline is not None and timeline.frames == timeline.source_frames
    report = write_export(timeline, tmp_path / "out.wav", None, False)
    written, old = (sf.read(path, dtype="int16")[0] for path in (report.path, timeline.source.path))
    assert report.identical and report.original_samples == len(old) - 11_025
    changed = np.flatnonzero(written != old)
    assert len(written) == len(old) and changed[0] >= 22_050 and changed[-1] < 33_075


def test_figures_of_the_takes_are_drawn(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a take came back from disk without what its figures need, or the drawing is of something else."""
    assert not loaded.commands["figures"].isEnabled()
    two_takes(loaded, qtbot)
    timelines = [take.timeline for take in loaded.session.takes.all]
    qtbot.waitUntil(lambda: all(loaded.figures.of(timeline) for timeline in timelines), timeout=20_000)
    folder = tmp_path / "out"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(folder), ""))
    loaded.commands["figures"].trigger()
    qtbot.waitUntil((folder / "report.md").exists, timeout=60_000)
    drawn = {path.name for path in (folder / "figures").iterdir()}
    names = ("2-lambda", "3-similarity", "4-noisy", "5-result", "6-pitch")
    assert drawn == {f"figure-{name}.{suffix}" for name in names for suffix in ("png", "svg")}
    report = (folder / "report.md").read_text(encoding="utf-8")
    level = loaded.figures.of(timelines[1])["level_db"]
    assert "| Take 2 |" in report and f"| {level:+.1f} |" in report and "(figures/figure-6-pitch.png)" in report


def test_figures_go_nowhere_where_no_folder_can_be_made(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    """Breaks when a folder that can't be made is told as a mistake inside PianoDiff."""
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "file" / "out"), ""))
    loaded.commands["figures"].trigger()
    qtbot.waitUntil(lambda: bool(problems), timeout=10_000)
    assert "can't be made" in problems[0]


def test_a_session_file_opens_in_the_state_it_was(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when takes, settings, lengths or the playhead of a saved session are lost, or its recording has moved."""
    two_takes(loaded, qtbot)
    session = loaded.session
    session.rename_take(1, "best")
    session.show_take(1)
    session.choice.set_settings(sampler="decoupled", steps=7, lambda_schedule=((0.0, 0.0), (1.0, 1.0)))
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
    loaded.open_path(path)
    qtbot.waitUntil(lambda: session.source is not None and session.source.path == moved, timeout=10_000)
    qtbot.waitUntil(lambda: loaded.settled, timeout=20_000)
    assert [take.name for take in session.takes.all] == ["best", "Take 2"] and session.takes.shown == 1
    for take, audio in zip(session.takes.all, wanted, strict=True):
        np.testing.assert_array_equal(take.timeline.generated(), audio)
        trace = take.timeline.stretches[0].trace
        assert trace is not None and len(trace.levels) == 5
    assert (session.choice.settings.sampler, session.choice.settings.steps) == ("decoupled", 7)
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
    loaded.open_path(tmp_path / f"text{SUFFIX}")
    qtbot.waitUntil(lambda: bool(problems), timeout=5000)
    assert len(loaded.session.takes.all) == 2


def test_a_session_of_a_recording_that_is_gone_says_so(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, problems: list[str]
) -> None:
    """Breaks when a session whose recording was deleted opens as nothing, without a word."""
    path = tmp_path / f"lost{SUFFIX}"
    path.write_bytes(_packed({"session.json": _one_take("a.wav"), "a.wav": _wav(np.zeros(10))}))
    window.open_path(path)
    qtbot.waitUntil(lambda: bool(problems), timeout=5000)
    assert "clip.wav" in problems[0] and window.session.source is None


def test_takes_can_be_told_from_their_background_and_the_recording(tmp_path: Path) -> None:
    """Breaks when a take's colour can't be seen, or passes for the recording's."""
    for palette in (LIGHT, DARK):
        assert len(set(palette.takes)) == len(palette.takes) and palette.ink not in palette.takes
        for colour in palette.takes:
            assert contrast(colour, palette.surface) >= 3


def test_a_take_at_another_rate_and_in_stereo_is_measured(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when figures are of the wrong channel or at the wrong rate."""
    from tests.pianodiff_gui.conftest import open_clip

    open_clip(loaded, qtbot, write_clip(tmp_path / "other.wav", 2.0, rate=48_000, channels=2))
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    timeline = loaded.session.timeline
    assert timeline is not None
    found = measure_last(timeline)
    assert found["voiced"] > 0.9 and abs(found["level_db"]) < 6


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
    stretch = {"file": name, "settings": settings, "run": {}, "gap": gap, "traced": False}
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
