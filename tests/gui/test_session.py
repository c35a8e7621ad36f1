"""The session without a window: lengths, takes, undo, and which results count."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.audio import Source
from core.errors import SettingsError
from core.networks.registry import shipped_networks
from core.settings import Settings
from pianodiff_gui.jobs import Job, Outcome
from pianodiff_gui.session import LONGEST, Session
from pianodiff_gui.timeline import Take, Timeline


@pytest.fixture
def session(qapp: object, source: Source) -> Session:
    made = Session()
    network = shipped_networks()[0]
    made.set_network(network, network.name)
    made.open(source)
    return made


def finish(session: Session, job: Job, seconds: float | None = None, complete: bool = True) -> None:
    """Answer a job as the worker does, with a ramp that tells one job's samples from another's."""
    frames = round((job.seconds if seconds is None else seconds) * job.base.sample_rate)
    samples = np.full((job.base.channels, frames), job.settings.seed / 1e6, np.float32)
    session.on_finished(job.id, Outcome(samples, complete, 5, 1.0, 0.1, "cpu", {"seed": job.settings.seed}))


def extended(session: Session, seconds: float) -> None:
    session.set_target(seconds)
    job = session.extend()
    assert job is not None
    finish(session, job)


def test_setters_emit_only_on_change(session: Session, qtbot: QtBot) -> None:
    """Breaks when views redraw, or loops of signals start, although nothing changed."""
    session.set_target(3.0)
    with qtbot.assertNotEmitted(session.target_changed):
        session.set_target(3.0)
    with qtbot.assertNotEmitted(session.settings_changed):
        session.set_settings(steps=session.settings.steps)
    with qtbot.waitSignal(session.settings_changed):
        session.set_settings(steps=17)


def test_a_setting_out_of_range_changes_nothing(session: Session) -> None:
    """Breaks when a refused value is half taken over."""
    with pytest.raises(SettingsError):
        session.set_settings(steps=0, seed=77)
    assert session.settings.seed == 0


@pytest.mark.parametrize(
    ("asked", "got"), [(1.234, 1.2), (1.26, 1.3), (-5.0, 0.0), (1e9, LONGEST), (0.04, 0.0), (59.95, 60.0)]
)
def test_the_length_snaps_to_tenths_and_stays_in_range(session: Session, asked: float, got: float) -> None:
    """Breaks when the handle can ask for a negative, endless or unspeakable length."""
    session.set_target(asked)
    assert session.target == pytest.approx(got)


def test_extending_goes_on_from_what_exists(session: Session) -> None:
    """Breaks when a second Extend starts over instead of continuing after the first take."""
    extended(session, 2.0)
    session.set_target(5.0)
    job = session.extend()
    assert job is not None
    assert job.seconds == pytest.approx(3.0)
    assert job.base.seconds == pytest.approx(5.0)
    finish(session, job)
    assert session.generated_seconds == pytest.approx(5.0)
    assert len(session.timeline.takes) == 2  # type: ignore[union-attr]


def test_try_again_draws_a_new_seed_and_replaces_the_last_take(session: Session) -> None:
    """Breaks when trying again repeats the same music, appends to it, or changes the takes before it."""
    extended(session, 2.0)
    first = session.timeline.takes[0]  # type: ignore[union-attr]
    extended(session, 3.0)
    seed = session.settings.seed
    job = session.try_again()
    assert job is not None
    assert job.settings.seed != seed
    assert job.seconds == pytest.approx(1.0)
    finish(session, job)
    timeline = session.timeline
    assert timeline is not None
    assert timeline.takes[0] is first
    assert len(timeline.takes) == 2
    assert timeline.takes[1].settings.seed == job.settings.seed


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


def test_undo_and_redo_cover_extend_try_again_and_trim(session: Session) -> None:
    """Breaks when one of the three cannot be taken back, or comes back with other samples or another length."""
    extended(session, 2.0)
    first = session.timeline.takes  # type: ignore[union-attr]
    job = session.try_again()
    assert job is not None
    finish(session, job)
    second = session.timeline.takes  # type: ignore[union-attr]
    session.set_target(0.7)

    def now() -> tuple[Take, ...]:
        assert session.timeline is not None
        return session.timeline.takes

    trimmed = now()
    assert trimmed[0].frames < second[0].frames
    session.undo()
    assert now() == second
    assert session.target == pytest.approx(2.0)
    session.undo()
    assert now() == first
    session.undo()
    assert now() == ()
    assert session.target == pytest.approx(2.0)  # what was asked for is asked for again
    for state in (first, second, trimmed):
        session.redo()
        assert now() == state
    assert session.target == pytest.approx(0.7)


def test_trims_in_a_row_are_one_step_of_undo(session: Session) -> None:
    """Breaks when taking back a held-down arrow key needs as many undos as it made steps."""
    extended(session, 2.0)
    for tenth in range(19, 10, -1):
        session.set_target(tenth / 10)
    session.undo()
    assert session.generated_seconds == pytest.approx(2.0)


def test_nothing_can_be_undone_during_a_run(session: Session) -> None:
    """Breaks when undo pulls away the audio that a running job goes on from."""
    extended(session, 1.0)
    session.set_target(2.0)
    job = session.extend()
    assert job is not None
    session.undo()
    finish(session, job)
    assert session.generated_seconds == pytest.approx(2.0)


def test_results_of_an_old_job_are_dropped(session: Session, source: Source) -> None:
    """Breaks when a job that was given up puts its audio behind another recording."""
    session.set_target(1.0)
    job = session.extend()
    assert job is not None
    session.open(source)
    assert job.cancelled.is_set()
    session.on_window_done(job.id, Take(np.zeros((1, 100), np.float32), job.settings))
    finish(session, job)
    session.on_failed(job.id, "late")
    assert session.timeline.generated_frames == 0  # type: ignore[union-attr]
    assert not session.running


def test_a_cancelled_run_keeps_its_complete_windows(session: Session) -> None:
    """Breaks when cancelling throws finished audio away, or forgets how far the user wanted to go."""
    session.set_target(4.0)
    job = session.extend()
    assert job is not None
    session.cancel()
    finish(session, job, seconds=1.5, complete=False)
    assert session.generated_seconds == pytest.approx(1.5)
    assert session.target == pytest.approx(4.0)
    assert session.remaining == pytest.approx(2.5)


def test_try_again_cancelled_before_a_window_keeps_the_old_take(session: Session) -> None:
    """Breaks when giving up a retry loses what was there before it."""
    extended(session, 2.0)
    before = session.timeline.takes  # type: ignore[union-attr]
    job = session.try_again()
    assert job is not None
    assert session.generated_seconds == 0.0  # it is being replaced
    session.cancel()
    finish(session, job, seconds=0.0, complete=False)
    assert session.timeline.takes == before  # type: ignore[union-attr]
    assert session.target == pytest.approx(2.0)


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
    assert session.remaining == pytest.approx(4.0)


def test_reasons_are_given_for_what_cannot_be_done(session: Session, source: Source) -> None:
    """Breaks when a button is grey and nobody knows why."""
    assert "nothing to try again" in session.again_blocked()
    session.set_target(0.0)
    assert "no length" in session.extend_blocked()
    extended(session, 1.0)
    assert "as long as you asked" in session.extend_blocked()
    session.set_network(None, session.settings.network)
    session.set_target(2.0)
    assert "network" in session.extend_blocked()
    assert "Open a recording" in Session().extend_blocked()


def test_timeline_reads_across_original_and_takes(source: Source) -> None:
    """Breaks when playback, the context of the next run or the drawing misplaces samples at a seam."""
    one = Take(np.full((1, 100), 0.1, np.float32), Settings())
    two = Take(np.full((1, 50), 0.2, np.float32), Settings())
    timeline = Timeline(source, (one, two))
    whole = np.concatenate([source.read(), one.samples, two.samples], axis=1)
    assert timeline.frames == whole.shape[1]
    for start, stop in ((0, timeline.frames), (source.frames - 3, source.frames + 120), (source.frames + 90, 10**9)):
        np.testing.assert_array_equal(timeline.read(start, stop), whole[:, start:stop])
    assert timeline.read(timeline.frames, timeline.frames + 5).shape == (1, 0)
    np.testing.assert_array_equal(timeline.tail(0.01), whole[:, -round(0.01 * source.sample_rate) :])
    np.testing.assert_array_equal(timeline.cut(120).generated(), whole[:, source.frames : source.frames + 120])
