"""Takes that were not exported are offered at the next start, and come back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.errors import PianoDiffError
from core.notes.note import Note
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.files import read_folder
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import FakeEngines, open_clip, run_to_end, write_clip
from tests.pianodiff_gui.session.conftest import only_stretch


def test_unexported_takes_are_offered_next_time_and_come_back(
    loaded: MainWindow, qtbot: QtBot, theme: Theme, tmp_path: Path, clip: Path
) -> None:
    """Breaks when closing the window without exporting loses what was generated."""
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    timeline = loaded.session.timeline
    assert timeline is not None
    generated = timeline.generated()
    loaded.close()
    again = MainWindow(theme, Preferences(), tmp_path / "data", FakeEngines())
    again.show()
    assert again.empty.recover_button.isVisible()
    again.commands["recover"].trigger()
    qtbot.waitUntil(lambda: again.session.source is not None and again.analysing.settled, timeout=10_000)
    assert again.session.timeline is not None
    np.testing.assert_array_equal(again.session.timeline.generated(), generated)
    assert again.session.target == pytest.approx(2.0)
    assert again.commands["export"].isEnabled()
    qtbot.waitUntil(lambda: not again.commands["recover"].isEnabled(), timeout=5000)
    again.close()
    again.deleteLater()


def test_exported_takes_are_not_offered_again(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when every start offers to recover what is safe already."""
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    loaded.commands["export"].trigger()
    dialog = loaded.exporting.dialog
    dialog.save.click()
    qtbot.waitUntil(lambda: dialog.pages.currentIndex() == 1, timeout=10_000)
    dialog.accept()
    loaded.close()
    assert not list((tmp_path / "data" / "sessions").glob("*/session.json"))


def test_opening_another_file_keeps_the_first_ones_takes(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when opening the next recording throws away the last one's extension."""
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    open_clip(loaded, qtbot, write_clip(tmp_path / "next.wav", 1.0))
    qtbot.waitUntil(lambda: loaded.commands["recover"].isEnabled(), timeout=5000)
    (state,) = (tmp_path / "data" / "sessions").glob("*/session.json")
    assert json.loads(state.read_text())["source"].endswith("clip.wav")


def test_a_recording_that_has_changed_since_is_not_mixed_with_old_takes(
    loaded: MainWindow, qtbot: QtBot, theme: Theme, tmp_path: Path, clip: Path, problems: list[str]
) -> None:
    """Breaks when recovered takes are put behind a recording they were not made from."""
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    loaded.close()
    shutil.copy(write_clip(tmp_path / "shorter.wav", 1.0), clip)
    again = MainWindow(theme, Preferences(), tmp_path / "data", FakeEngines())
    again.show()
    again.opening.recover()
    qtbot.waitUntil(lambda: again.session.source is not None and again.analysing.settled, timeout=10_000)
    assert again.session.generated_seconds == 0.0
    assert "has changed" in problems[0]
    again.close()
    again.deleteLater()


def test_complete_windows_of_a_run_that_is_killed_come_back(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines
) -> None:
    """Breaks when a kill in the last window of an hour's run loses the hour."""
    session = loaded.session
    session.choice.set_settings(steps=4)
    session.set_target(20.0)
    plan = session.plan()
    assert plan is not None and len(plan.windows) > 1
    engines.hold(4 * (len(plan.windows) - 1) + 1)  # in the last window
    loaded.commands["extend"].trigger()
    done = sum(window.new_frames for window in plan.windows[:-1]) / 22_050

    def saved_seconds() -> float:
        saved = list((loaded.data_folder / "sessions").glob("*/session.json"))
        if not saved or session.source is None:
            return 0.0
        try:
            return only_stretch(saved[0].parent).frames / session.source.sample_rate
        except PianoDiffError:  # it is being written
            return 0.0

    qtbot.waitUntil(lambda: abs(saved_seconds() - done) < 0.01, timeout=20_000)
    folder = next((loaded.data_folder / "sessions").iterdir())
    take = only_stretch(folder)
    assert take.run["complete"] is False and take.settings == session.choice.settings
    engines.release()
    qtbot.waitUntil(lambda: not session.engine.running, timeout=20_000)
    qtbot.waitUntil(lambda: abs(saved_seconds() - 20.0) < 0.01, timeout=20_000)


def test_a_take_that_is_being_replaced_stays_saved(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when a kill during Try again leaves neither the old take nor the new one."""
    session = loaded.session
    session.choice.set_settings(steps=4)
    session.set_target(8.0)
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    sessions = loaded.data_folder / "sessions"
    qtbot.waitUntil(lambda: any(sessions.glob("*/session.json")), timeout=20_000)
    folder = next(sessions.iterdir())
    whole = round(8.0 * 22_050)
    qtbot.waitUntil(lambda: only_stretch(folder).frames == whole, timeout=20_000)  # not a window that was saved before
    old = only_stretch(folder)
    windows = len(old.run["windows"])
    assert windows > 1
    engines.hold(4 * (windows - 1) + 1)
    loaded.commands["again"].trigger()
    qtbot.waitUntil(lambda: session.timeline is not None and 0 < session.generated_seconds < 8.0, timeout=20_000)
    qtbot.waitUntil(lambda: len(read_folder(folder).takes) == 2, timeout=20_000)
    (_, _, (kept,)), (_, _, (growing,)) = read_folder(folder).takes
    np.testing.assert_array_equal(kept.samples, old.samples)
    assert 0 < growing.frames < kept.frames
    engines.release()
    qtbot.waitUntil(lambda: not session.engine.running, timeout=20_000)


def test_a_run_that_hangs_does_not_hold_the_window_for_ever(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Breaks when a sampler that hangs leaves no way out but the task manager, or what was made goes with it."""
    loaded.session.set_target(1.0)
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    engines.hold(2)
    loaded.session.set_target(2.0)
    loaded.session.extend()
    assert engines.held.wait(10)
    asked: list[str] = []

    def ask(question: str, *_: str) -> bool:
        asked.append(question)
        return len(asked) != 2  # stop and close; wait; end

    monkeypatch.setattr(loaded.conversation, "ask", ask)
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    loaded._patience.setInterval(50)
    loaded.close()
    qtbot.waitUntil(lambda: len(ended) == 1)
    assert asked == ["An extension is running.", "The run does not stop.", "The run does not stop."]
    (session,) = (tmp_path / "data" / "sessions").glob("*/session.json")
    assert read_folder(session.parent).takes
    engines.release()
    qtbot.waitUntil(lambda: not loaded.isVisible())


def test_notes_that_were_planned_are_kept_without_a_take(loaded: MainWindow, tmp_path: Path) -> None:
    """Breaks when a crash before the first run loses the notes that were drawn, or erased ones stay on disk."""
    notes = (Note(3.0, 3.5, 60),)
    for planned, kept in ((notes, [notes]), ((), [])):
        loaded.session.score.plan(planned, "draw a note")
        loaded.keeping.save()
        loaded.background.wait()
        folders = (tmp_path / "data" / "sessions").glob("*/session.json")
        assert [read_folder(file.parent).planned for file in folders] == kept


def test_notes_come_back_with_the_last_session(
    loaded: MainWindow, qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    """Breaks when closing the window with notes planned and nothing made leaves nothing to recover."""
    loaded.session.score.plan([Note(3.0, 3.5, 60)], "draw a note")
    loaded.close()
    again = MainWindow(theme, Preferences(), tmp_path / "data", FakeEngines())
    again.show()
    again.commands["recover"].trigger()
    qtbot.waitUntil(lambda: again.session.source is not None and again.analysing.settled, timeout=10_000)
    assert again.session.score.planned == (Note(3.0, 3.5, 60),)
    again.keeping.mark_all_safe()
    again.close()
    again.deleteLater()
    assert not list((tmp_path / "data" / "sessions").glob("*/session.json"))
