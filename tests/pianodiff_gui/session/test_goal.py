"""What is asked for: lengths on a grid, one thing at a time, trims that spare the recording."""

from __future__ import annotations

import numpy as np
import pytest

from pianodiff_gui.session.goal import LONGEST, Goal
from pianodiff_gui.session.jobs import Outcome
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE
from tests.pianodiff_gui.session.conftest import extended, finish, tried_again


@pytest.mark.parametrize(
    ("asked", "got"), [(1.234, 1.2), (1.26, 1.3), (-5.0, 0.0), (1e9, LONGEST), (0.04, 0.0), (59.95, 60.0)]
)
def test_the_length_snaps_to_tenths_and_stays_in_range(session: Session, asked: float, got: float) -> None:
    """Breaks when the handle can ask for a negative, endless or unspeakable length."""
    session.set_target(asked)
    assert session.target == pytest.approx(got)


def test_trimming_cuts_generated_audio_only(session: Session) -> None:
    """Breaks when dragging the handle left removes original samples."""
    extended(session, 2.0)
    session.set_target(0.5)
    assert session.generated_seconds == pytest.approx(0.5)
    session.set_target(-10)
    timeline = session.timeline
    assert timeline is not None
    assert timeline.generated_frames == 0
    assert timeline.frames == timeline.source.frames


def test_a_drag_trims_only_when_it_ends(session: Session) -> None:
    """Breaks when passing over generated audio on the way back and forth destroys it."""
    extended(session, 2.0)
    session.set_target(0.5, final=False)
    assert session.generated_seconds == pytest.approx(2.0)
    assert session.target == pytest.approx(0.5)
    session.set_target(2.0, final=False)
    session.set_target(2.0)
    assert session.generated_seconds == pytest.approx(2.0)


def test_the_length_can_grow_but_not_shrink_below_a_running_job(session: Session) -> None:
    """Breaks when changing the length during a run trims what the run is about to deliver."""
    session.set_target(2.0)
    job = session.extend()
    assert job is not None
    session.set_target(0.5)
    assert session.target == pytest.approx(2.0)
    session.set_target(6.0)
    finish(session, job)
    assert session.target == pytest.approx(6.0)
    assert session.goal.seconds == pytest.approx(4.0)


def test_prepending_grows_backwards_and_is_trimmed_at_its_start(session: Session) -> None:
    """Breaks when the left handle makes an extension, or trims the samples next to the recording."""
    session.set_target(1.0, BEFORE)
    job = session.extend()
    assert job is not None and job.gap == BEFORE and job.seconds == pytest.approx(1.0)
    frames = round(job.base.sample_rate)
    ramp = np.linspace(0, 1, frames, dtype=np.float32)[None]
    session.engine.on_finished(job.id, Outcome(ramp, True, 5, 1.0, 0.1, "cpu", {}))
    assert session.prelude_seconds == pytest.approx(1.0) and session.generated_seconds == 0.0
    session.set_target(0.4, BEFORE)
    timeline = session.timeline
    assert timeline is not None
    np.testing.assert_array_equal(timeline.read(timeline.begin, 0), ramp[:, -timeline.stretches[0].frames :])
    session.undo()
    assert session.prelude_seconds == pytest.approx(1.0)
    session.undo()
    assert session.prelude_seconds == 0.0 and session.prelude_target == pytest.approx(1.0)


def test_one_thing_is_asked_for_at_a_time(session: Session) -> None:
    """Breaks when pulling one handle leaves the other's wish standing, and Extend does what nobody expects."""
    session.set_target(3.0)
    session.set_target(1.0, BEFORE)
    assert session.goal == Goal(1.0, BEFORE) and session.target == 0.0
    session.set_target(2.0)
    assert session.goal == Goal(2.0) and session.prelude_target == 0.0
    session.select(0.5, 1.0)
    assert session.goal.gap == (11_025, 22_050)
    session.select(0.0, 0.0)
    assert session.goal == Goal(2.0)


def test_a_filled_gap_keeps_everything_around_it(session: Session) -> None:
    """Breaks when filling moves or changes what was not selected, or fills the same place twice."""
    session.select(1.0, 0.5)
    job = session.extend()
    assert job is not None and job.gap is not None
    finish(session, job)
    timeline = session.timeline
    assert timeline is not None and timeline.frames == timeline.source_frames
    first, last = job.gap
    old, new = timeline.source.read(), timeline.read(0, timeline.end)
    assert np.array_equal(new[:, :first], old[:, :first]) and np.array_equal(new[:, last:], old[:, last:])
    assert (new[:, first:last] == 0).all()
    session.select(0.9, 1.2)
    assert "was filled before" in session.extend_blocked()
    again = tried_again(session)
    assert again is not None and again.gap == job.gap


def test_a_fill_that_made_nothing_is_still_asked_for(session: Session) -> None:
    """Breaks when a cancelled fill forgets what was selected."""
    session.select(0.5, 1.0)
    job = session.extend()
    assert job is not None and session.selection is None
    finish(session, job, seconds=0.0, complete=False)
    assert session.selection == job.gap
