"""Presenters by themselves: no window, and of the views only those that a presenter speaks to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from pianodiff_gui.presenters.analysing import Analysing
from pianodiff_gui.presenters.editing import Editing
from pianodiff_gui.presenters.keeping import Keeping
from pianodiff_gui.presenters.listening import Listening
from pianodiff_gui.presenters.running import Running
from pianodiff_gui.session.files import SUFFIX
from pianodiff_gui.views.pitch import PitchView
from pianodiff_gui.views.waveform import WaveformView
from tests.pianodiff_gui.conftest import FakeEngines
from tests.pianodiff_gui.presenters.conftest import Bench
from tests.pianodiff_gui.session.conftest import extended


@pytest.fixture
def views(bench: Bench) -> tuple[WaveformView, PitchView]:
    waveform = WaveformView(bench.session, bench.theme)
    return waveform, PitchView(bench.session, bench.theme, waveform.box)


def test_running_says_what_a_run_came_to(bench: Bench, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when a run needs the window to start or to end, or its end is not told."""
    controls = bench.controls()
    running = Running(bench.session, controls, bench.preferences, *bench.common, engines)
    bench.session.choice.set_settings(steps=3)
    bench.session.set_target(1.0)
    with qtbot.waitSignal(bench.session.ended, timeout=10_000):
        bench.session.extend()
    assert bench.said[0] == "Extending by 1.0 s\u2026" and bench.said[-1].startswith("Added 1.0 s in")
    assert bench.session.generated_seconds == pytest.approx(1.0)
    assert running.step_seconds(bench.session.choice.settings, False) is not None
    running.worker_thread.quit()
    running.worker_thread.end()
    assert running.worker_thread.isFinished()


def test_keys_change_the_lengths_and_mark_a_selection(bench: Bench) -> None:
    """Breaks when the arrow keys change another length than the one that is asked for, or B and E select nothing."""
    Editing(bench.session, bench.player, bench.figures, bench.takes_view(), bench.theme, *bench.common)
    bench.actions["longer_second"].trigger()
    assert bench.session.target == pytest.approx(3.0)
    bench.actions["earlier"].trigger()
    assert bench.session.prelude_target == pytest.approx(0.1)
    bench.actions["longer"].trigger()  # the prelude is what is asked for now
    assert bench.session.prelude_target == pytest.approx(0.2)
    bench.player.set_timeline(bench.session.timeline)
    bench.player.seek(1.0)
    bench.actions["mark_begin"].trigger()
    bench.player.seek(0.5)
    bench.actions["mark_end"].trigger()
    assert bench.said == ["The selection would end before it begins."]
    rate = bench.session.source.sample_rate if bench.session.source is not None else 0
    assert bench.session.selection == (rate, 3 * rate)


def test_a_deleted_take_is_said_and_comes_back(bench: Bench) -> None:
    """Breaks when Del loses a take for good, or says nothing."""
    Editing(bench.session, bench.player, bench.figures, bench.takes_view(), bench.theme, *bench.common)
    extended(bench.session, 1.0)
    bench.actions["delete_take"].trigger()
    assert not bench.session.takes.all and bench.said == ["Take 1 is deleted. Undo brings it back."]
    bench.actions["undo"].trigger()
    assert [take.name for take in bench.session.takes.all] == ["Take 1"]


def test_what_is_shown_is_what_is_heard(bench: Bench, views: tuple[WaveformView, PitchView]) -> None:
    """Breaks when the player goes on with the recording while a take is shown, or the time is that of the other."""
    listening = Listening(
        bench.player, bench.session, bench.duel, bench.figures, bench.takes_view(), views[0], views[1:], *bench.common
    )
    times: list[Any] = []
    listening.time_changed.connect(lambda *time: times.append(time))
    extended(bench.session, 1.0)
    assert listening.heard is bench.session.timeline and times[-1] == (0.0, pytest.approx(4.0))
    bench.actions["end"].trigger()
    assert bench.player.position == pytest.approx(3.0) and times[-1][0] == pytest.approx(3.0)
    bench.session.show_take(None)
    assert times[-1][1] == pytest.approx(3.0)


def test_no_sound_card_is_told_once_and_found_later(
    bench: Bench, views: tuple[WaveformView, PitchView], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a sound card that is plugged in later is only found by starting again."""
    listening = Listening(
        bench.player, bench.session, bench.duel, bench.figures, bench.takes_view(), views[0], views[1:], *bench.common
    )
    heard: list[str] = []
    listening.sound_changed.connect(heard.append)
    problem = "There is no audio device."
    monkeypatch.setattr(type(bench.player.card), "unavailable", lambda _card: problem)
    listening.look_for_sound()
    problem = ""
    monkeypatch.setattr(type(bench.player.card), "look_again", lambda _card: None)
    bench.actions["sound"].trigger()
    assert heard == ["There is no audio device.", ""] and bench.said == ["Sound device found"]


def test_a_file_is_read_and_studied(
    bench: Bench, qtbot: QtBot, clip: Path, views: tuple[WaveformView, PitchView]
) -> None:
    """Breaks when reading needs the window, or is called settled before the pitch is there."""
    analysing = Analysing(bench.session, bench.figures, *views, bench.widget)
    opened: list[Any] = []
    analysing.opened.connect(opened.append)
    analysing.read(clip)
    assert not analysing.settled
    qtbot.waitUntil(lambda: analysing.settled, timeout=10_000)
    assert [source.path for source in opened] == [clip]
    with qtbot.waitSignal(analysing.failed, timeout=10_000) as failed:
        analysing.read(clip.with_name("missing.wav"))
    assert "missing.wav" in failed.args[0]
    analysing.stop()
    analysing.worker_thread.end()
    opened[0].close()


def test_what_is_made_is_kept_until_it_is_safe(
    bench: Bench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a take is not on disk soon after it was made, or stays there after it was saved as a session."""
    keeping = Keeping(bench.session, bench.player, bench.preferences, bench.folder, bench.background, *bench.common)
    extended(bench.session, 1.0)
    qtbot.waitUntil(lambda: len(list(bench.folder.glob("*/session.json"))) == 1, timeout=10_000)
    monkeypatch.setattr(
        "pianodiff_gui.presenters.conversation.QFileDialog.getSaveFileName", lambda *_: (str(tmp_path / "mine"), "")
    )
    bench.actions["save"].trigger()
    qtbot.waitUntil(lambda: f"Saved mine{SUFFIX}" in bench.said, timeout=10_000)
    keeping.end()
    assert not list(bench.folder.glob("*/session.json")) and (tmp_path / f"mine{SUFFIX}").is_file()
