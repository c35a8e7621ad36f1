"""Nothing that was generated is lost by a crash, a careless close or another file."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.audio.source import Source
from core.errors import PianoDiffError
from core.extension.settings import Settings
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import Saved, read_folder
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.takes import Takes
from pianodiff_gui.session.timeline import BEFORE, Stretch, Timeline
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import FakeEngines, open_clip, run_to_end, write_clip


@pytest.fixture
def timeline(source: Source) -> Timeline:
    samples = np.linspace(-0.5, 0.5, 900, dtype=np.float32)[None]
    curve = Settings(seed=7, lambda_schedule=((0.0, 0.0), (0.5, 0.2), (1.0, 1.0)))
    return Timeline(source, (Stretch(samples, curve, {"seed": 7}), Stretch(samples[:, :100], Settings(), {}, BEFORE)))


def saved_as(*timelines: Timeline) -> tuple[Saved, int]:
    """What is saved of a session with these takes, none of them empty."""
    takes = Takes()
    for timeline in timelines:
        takes = takes.added(timeline)
    source = timelines[0].source
    return Saved.of(source, takes, Settings(steps=33), 2.5, 0.5, 0.25), source.sample_rate


def only_stretch(folder: Path) -> Stretch:
    """Of the only take that was saved there."""
    ((_, _, (stretch,)),) = read_folder(folder).takes
    return stretch


def crash(autosave: Autosave) -> None:
    """What is left when the program ends without a word: the files, and a lock nobody holds."""
    assert autosave._file_lock is not None
    autosave._file_lock.unlock()


def test_takes_come_back_bit_for_bit(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when a recovered take sounds different, or has lost its recipe."""
    first = Autosave(tmp_path / "sessions")
    other = Timeline(timeline.source, (*timeline.stretches, timeline.stretches[0]))
    assert first.save(*saved_as(timeline, other))
    crash(first)
    folder = Autosave(tmp_path / "sessions").find()
    assert folder is not None
    assert len(list(folder.glob("*.wav"))) == 2  # takes that share a stretch share its file
    saved = read_folder(folder)
    assert saved.source == timeline.source.path
    assert (saved.settings, saved.target, saved.prelude_target, saved.position) == (Settings(steps=33), 2.5, 0.5, 0.25)
    takes = saved.takes_of(timeline.source)
    assert takes is not None and [(take.number, take.name) for take in takes.all] == [(1, "Take 1"), (2, "Take 2")]
    assert takes.shown == 2 and takes.latest == 2
    for take, was in zip(takes.all, (timeline, other), strict=True):
        for got, want in zip(take.timeline.stretches, was.stretches, strict=True):
            np.testing.assert_array_equal(got.samples, want.samples)
            assert got.settings == want.settings and got.run == want.run and got.gap == want.gap


def test_takes_survive_a_killed_program(tmp_path: Path, clip: Path, repository: Path) -> None:
    """Breaks when the lock of a program that was killed keeps its takes from being found."""
    program = f"""
import os, signal
from pathlib import Path
import numpy as np
from core.audio.source import open_source
from core.extension.settings import Settings
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import Saved
from pianodiff_gui.session.takes import Takes
from pianodiff_gui.session.timeline import Stretch, Timeline
source = open_source(Path({str(clip)!r}))
takes = Takes().added(Timeline(source, (Stretch(np.full((1, 500), 0.25, np.float32), Settings()),)))
Autosave(Path({str(tmp_path / "sessions")!r})).save(Saved.of(source, takes, Settings(), 2.0, 0.0, 0.0), 22050)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=repository, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    folder = Autosave(tmp_path / "sessions").find()
    assert folder is not None
    assert only_stretch(folder).frames == 500


def test_a_running_programs_session_is_not_taken(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when a second window offers, or removes, what the first is still working on."""
    first = Autosave(tmp_path / "sessions")
    first.save(*saved_as(timeline))
    assert Autosave(tmp_path / "sessions").find() is None
    assert first.find() is None
    first.leave(keep=False)


def test_only_takes_in_use_stay_on_disk(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when every undone take stays on disk for ever, or a session without takes is offered for recovery."""
    autosave = Autosave(tmp_path / "sessions")
    autosave.save(*saved_as(timeline))
    autosave.save(*saved_as(timeline.cut(0, BEFORE).cut(300)))
    assert len(list((tmp_path / "sessions").rglob("take-*.wav"))) == 1
    nothing = Saved.of(timeline.source, Takes(), Settings(), 2.0, 0.0, 0.0)
    autosave.save(nothing, timeline.sample_rate)
    assert not list((tmp_path / "sessions").rglob("*.wav"))


def test_a_damaged_session_is_refused_in_words(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when half-written files raise something that no dialog shows."""
    autosave = Autosave(tmp_path / "sessions")
    autosave.save(*saved_as(timeline))
    crash(autosave)
    folder = Autosave(tmp_path / "sessions").find()
    assert folder is not None
    next(folder.glob("take-*.wav")).unlink()
    with pytest.raises(PianoDiffError, match="could not be read back"):
        read_folder(folder)


def test_a_disk_that_cannot_be_written_is_no_crash(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when autosave, a safety net, takes the window down."""
    (tmp_path / "sessions").write_text("a file where the folder should be")
    assert not Autosave(tmp_path / "sessions").save(*saved_as(timeline))


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
    qtbot.waitUntil(lambda: again.session.source is not None and again.settled, timeout=10_000)
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
    dialog = loaded.export_dialog
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
    again.recover()
    qtbot.waitUntil(lambda: again.session.source is not None and again.settled, timeout=10_000)
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
    old = only_stretch(folder)
    windows = len(old.run["windows"])
    assert windows > 1
    engines.hold(4 * (windows - 1) + 1)
    loaded.commands["again"].trigger()
    qtbot.waitUntil(lambda: session.timeline is not None and 0 < session.generated_seconds < 8.0, timeout=20_000)
    qtbot.wait(1500)  # longer than saving waits
    (_, _, (kept,)), (_, _, (growing,)) = read_folder(folder).takes
    np.testing.assert_array_equal(kept.samples, old.samples)
    assert 0 < growing.frames < kept.frames
    engines.release()
    qtbot.waitUntil(lambda: not session.engine.running, timeout=20_000)
