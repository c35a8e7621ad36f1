"""The session without a window: settings, extending, trying again, and why something cannot be done."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from core.audio.source import Source
from core.errors import SettingsError
from pianodiff_gui.session.session import Session
from tests.pianodiff_gui.session.conftest import extended, finish, tried_again


def test_setters_emit_only_on_change(session: Session, qtbot: QtBot) -> None:
    """Breaks when views redraw, or loops of signals start, although nothing changed."""
    session.set_target(3.0)
    with qtbot.assertNotEmitted(session.target_changed):
        session.set_target(3.0)
    with qtbot.assertNotEmitted(session.choice.settings_changed):
        session.choice.set_settings(steps=session.choice.settings.steps)
    with qtbot.waitSignal(session.choice.settings_changed):
        session.choice.set_settings(steps=17)


def test_a_setting_out_of_range_changes_nothing(session: Session) -> None:
    """Breaks when a refused value is half taken over."""
    with pytest.raises(SettingsError):
        session.choice.set_settings(steps=0, seed=77)
    assert session.choice.settings.seed == 0


def test_extending_goes_on_from_what_exists(session: Session) -> None:
    """Breaks when a second Extend starts over instead of continuing after the first take."""
    extended(session, 2.0)
    session.set_target(5.0)
    job = session.extend()
    assert job is not None
    assert job.seconds == pytest.approx(3.0)
    assert job.base.end_seconds == pytest.approx(5.0)
    finish(session, job)
    assert session.generated_seconds == pytest.approx(5.0)
    assert len(session.timeline.stretches) == 2  # type: ignore[union-attr]


def test_try_again_draws_a_new_seed_and_makes_a_take_of_its_own(session: Session) -> None:
    """Breaks when trying again repeats the same music, appends to it, changes what came before it, or loses it."""
    extended(session, 2.0)
    first = session.timeline.stretches[0]  # type: ignore[union-attr]
    extended(session, 3.0)
    seed = session.choice.settings.seed
    job = tried_again(session)
    assert job is not None
    assert job.settings.seed != seed
    assert job.seconds == pytest.approx(1.0)
    finish(session, job)
    timeline = session.timeline
    assert timeline is not None
    assert timeline.stretches[0] is first
    assert len(timeline.stretches) == 2
    assert timeline.stretches[1].settings.seed == job.settings.seed
    old, new = session.takes.all
    assert old.timeline.stretches[1].settings.seed == seed and session.takes.current is new


def test_reasons_are_given_for_what_cannot_be_done(session: Session, source: Source) -> None:
    """Breaks when a button is grey and nobody knows why."""
    assert "nothing to try again" in session.again_blocked()
    session.set_target(0.0)
    assert "no length" in session.extend_blocked()
    extended(session, 1.0)
    assert "as long as you asked" in session.extend_blocked()
    session.choice.set_network(None, session.choice.settings.network)
    session.set_target(2.0)
    assert "network" in session.extend_blocked()
    assert "Open a recording" in Session().extend_blocked()
