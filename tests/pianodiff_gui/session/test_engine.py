"""The running job: whose results count, and what is kept of a run that is cancelled."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.audio.source import Source
from pianodiff_gui.session.engine import Engine, Occupation
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Stretch
from tests.pianodiff_gui.session.conftest import extended, finish, tried_again


def test_what_occupies_the_session_answers_for_it(qapp: object, qtbot: QtBot) -> None:
    """Breaks when something can be changed during a duel, or Cancel does not reach it."""
    engine = Engine()
    with qtbot.waitSignal(engine.changed):
        engine.occupy(Occupation("A duel is running.", running=True))
    assert (engine.running, engine.busy, engine.occupied) == (True, "A duel is running.", "A duel is running.")
    with qtbot.assertNotEmitted(engine.changed):
        engine.occupy(Occupation("A duel is running.", running=True))
    with qtbot.waitSignal(engine.cancel_requested):
        engine.cancel()
    engine.occupy(None)
    assert (engine.running, engine.busy, engine.occupied) == (False, "", "")


def test_results_of_an_old_job_are_dropped(session: Session, source: Source) -> None:
    """Breaks when a job that was given up puts its audio behind another recording."""
    session.set_target(1.0)
    job = session.extend()
    assert job is not None
    session.open(source)
    assert job.cancelled.is_set()
    session.engine.on_window_done(job.id, Stretch(np.zeros((1, 100), np.float32), job.settings))
    finish(session, job)
    session.engine.on_failed(job.id, "late")
    assert session.timeline.generated_frames == 0  # type: ignore[union-attr]
    assert not session.engine.running


def test_a_cancelled_run_keeps_its_complete_windows(session: Session) -> None:
    """Breaks when cancelling throws finished audio away, or forgets how far the user wanted to go."""
    session.set_target(4.0)
    job = session.extend()
    assert job is not None
    session.engine.cancel()
    finish(session, job, seconds=1.5, complete=False)
    assert session.generated_seconds == pytest.approx(1.5)
    assert session.target == pytest.approx(4.0)
    assert session.goal.seconds == pytest.approx(2.5)


def test_try_again_cancelled_before_a_window_keeps_the_old_take(session: Session) -> None:
    """Breaks when giving up a retry loses what was there before it."""
    extended(session, 2.0)
    before = session.timeline.stretches  # type: ignore[union-attr]
    job = tried_again(session)
    assert job is not None
    assert session.generated_seconds == 0.0  # it is being replaced
    session.engine.cancel()
    finish(session, job, seconds=0.0, complete=False)
    assert session.timeline.stretches == before  # type: ignore[union-attr]
    assert session.target == pytest.approx(2.0)
