"""The recording is listened to, and what was generated, by a stand-in for the listener: every sound is a note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from core.errors import NetworkError
from pianodiff_gui.presenters.transcribing import next_piece
from pianodiff_gui.session.score import Score
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import FakeEngines, extend, open_clip, run_to_end, write_clip


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """In the listener's place one that hears all keys wherever there is sound; how many samples, each time."""
    from core.networks.listener_card import parse_listener
    from tests.core.notes.conftest import CARD
    from tests.core.notes.test_listening import Counting

    heard: list[int] = []

    class Ears(Counting):
        def forward(self, x: Any) -> Any:
            heard.append(x.shape[1])
            said = super().forward(x)
            return said._replace(onset=12 * said.onset - 1, sounding=12 * said.sounding - 1)

    monkeypatch.setattr(
        "core.notes.listening.shipped_listener", lambda: (parse_listener(CARD, Path("here")), Ears())
    )
    yield heard


def listened(window: MainWindow, qtbot: QtBot) -> Score:
    window.transcribing.begin()
    qtbot.waitUntil(lambda: window.transcribing.settled, timeout=20_000)
    return window.session.score


def test_nothing_is_heard_before_torch_is_loaded(loaded: MainWindow, ears: list[int]) -> None:
    """Breaks when opening a recording loads torch before the window is there."""
    assert not loaded.transcribing.settled and not ears
    assert loaded.roll.nothing.isVisible() and loaded.roll.nothing.text() == "Listening\u2026"


def test_a_recording_is_heard_and_progress_is_told(loaded: MainWindow, qtbot: QtBot, ears: list[int]) -> None:
    """Breaks when the notes of what was opened never come, or the status bar goes on telling of them."""
    told: list[str] = []
    loaded.transcribing.progress_changed.connect(told.append)
    score = listened(loaded, qtbot)
    assert score.heard and all(note.onset < 3.0 for note in score.heard)
    assert "Listening\u2026 0 %" in told and told[-1] == "" and loaded.status.hearing.text() == ""
    assert loaded.roll.heard.notes == score.heard and not loaded.roll.nothing.isVisible()


def test_what_is_generated_is_heard_and_goes_with_its_take(
    loaded: MainWindow, qtbot: QtBot, ears: list[int]
) -> None:
    """Breaks when notes of another take are drawn, or a take that was heard is heard again each time it is shown."""
    score = listened(loaded, qtbot)
    in_recording = score.heard
    extend(loaded, qtbot)
    listened(loaded, qtbot)
    new = score.heard_new
    assert new and all(3.0 <= note.onset < 5.0 for note in new) and score.heard == in_recording
    times = len(ears)
    loaded.session.show_take(None)
    assert not score.heard_new
    loaded.session.show_take(1)
    assert score.heard_new == new
    listened(loaded, qtbot)
    assert len(ears) == times


def test_nothing_is_heard_while_a_run_is_under_way(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, ears: list[int]
) -> None:
    """Breaks when the listener takes the processor from the run, or is never asked again after it."""
    engines.hold(1)
    loaded.session.extend()
    qtbot.waitUntil(engines.held.is_set, timeout=10_000)
    loaded.transcribing.begin()
    qtbot.wait(50)
    assert not ears
    engines.release()
    run_to_end(loaded, qtbot)
    score = listened(loaded, qtbot)
    assert score.heard and score.heard_new


def test_notes_of_the_last_recording_never_come_to_the_next(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, ears: list[int]
) -> None:
    """Breaks when what was on its way as another file was opened is taken for that one's."""
    loaded.transcribing.begin()
    short = write_clip(tmp_path / "short.wav", 0.5)
    open_clip(loaded, qtbot, short)
    score = listened(loaded, qtbot)
    assert score.heard and all(note.onset < 0.5 for note in score.heard)


def test_a_listener_that_is_missing_is_told_in_the_roll(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when the roll says "Listening" for ever, or an error ends in a dialog for each piece."""

    def missing() -> None:
        raise NetworkError("There is no listener.")

    monkeypatch.setattr("core.notes.listening.shipped_listener", missing)
    assert not listened(loaded, qtbot).heard
    qtbot.waitUntil(lambda: loaded.roll.nothing.text() == "There is no listener.", timeout=5000)


def test_closing_does_not_wait_for_the_rest(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, ears: list[int]
) -> None:
    """Breaks when a window that is closed hears a long recording to its end first."""
    open_clip(window, qtbot, write_clip(tmp_path / "long.wav", 120.0))
    window.transcribing.begin()
    qtbot.waitUntil(lambda: len(ears) > 1, timeout=20_000)
    window.close()
    assert window.transcribing.worker_thread.isFinished() and len(ears) < 20


@pytest.mark.parametrize(
    ("heard", "seen", "wanted"),
    [("....", (0, 3), 0), ("x...", (0, 3), 1), ("....", (2, 3), 2), ("..xx", (2, 3), 0), (".xx.", (1, 2), 3)],
)
def test_what_is_in_view_is_heard_first(heard: str, seen: tuple[int, int], wanted: int) -> None:
    """Breaks when somebody who zooms into the end of an hour waits for the beginning, or a piece is never heard."""
    assert next_piece([mark == "x" for mark in heard], *seen) == wanted
