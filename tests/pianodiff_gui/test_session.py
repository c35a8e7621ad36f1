"""The session without a window: lengths, takes, undo, and which results count."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.audio.source import Source
from core.errors import SettingsError
from core.extension.settings import Settings
from core.networks.registry import shipped_networks
from pianodiff_gui.session.goal import LONGEST, Goal
from pianodiff_gui.session.jobs import Job, Outcome
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE, Gap, Stretch, Timeline


@pytest.fixture
def session(qapp: object, source: Source) -> Session:
    made = Session()
    network = shipped_networks()[0]
    made.choice.set_network(network, network.name)
    made.open(source)
    return made


def finish(session: Session, job: Job, seconds: float | None = None, complete: bool = True) -> None:
    """Answer a job as the worker does, with a ramp that tells one job's samples from another's."""
    frames = round((job.seconds if seconds is None else seconds) * job.base.sample_rate)
    samples = np.full((job.base.channels, frames), job.settings.seed / 1e6, np.float32)
    session.engine.on_finished(job.id, Outcome(samples, complete, 5, 1.0, 0.1, "cpu", {"seed": job.settings.seed}))


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
    with qtbot.assertNotEmitted(session.choice.settings_changed):
        session.choice.set_settings(steps=session.choice.settings.steps)
    with qtbot.waitSignal(session.choice.settings_changed):
        session.choice.set_settings(steps=17)


def test_a_setting_out_of_range_changes_nothing(session: Session) -> None:
    """Breaks when a refused value is half taken over."""
    with pytest.raises(SettingsError):
        session.choice.set_settings(steps=0, seed=77)
    assert session.choice.settings.seed == 0


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
    job = session.try_again()
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
    first = session.timeline.stretches  # type: ignore[union-attr]
    job = session.try_again()
    assert job is not None
    finish(session, job)
    second = session.timeline.stretches  # type: ignore[union-attr]
    session.set_target(0.7)

    def now() -> tuple[Stretch, ...]:
        assert session.timeline is not None
        return session.timeline.stretches

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
    job = session.try_again()
    assert job is not None
    assert session.generated_seconds == 0.0  # it is being replaced
    session.engine.cancel()
    finish(session, job, seconds=0.0, complete=False)
    assert session.timeline.stretches == before  # type: ignore[union-attr]
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
    assert session.goal.seconds == pytest.approx(4.0)


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


def test_timeline_reads_across_original_and_generated(source: Source) -> None:
    """Breaks when playback, the context of the next run or the drawing misplaces samples at a seam."""

    def stretch(frames: int, value: float, gap: Gap | None = None) -> Stretch:
        return Stretch(np.full((1, frames), value, np.float32), Settings(), {}, gap)

    one, two = stretch(100, 0.1), stretch(50, 0.2)
    near, far = stretch(70, 0.3, BEFORE), stretch(30, 0.4, BEFORE)
    late, early = stretch(20, 0.5, (400, 420)), stretch(10, 0.6, (200, 210))
    timeline = Timeline(source, (one, near, late, two, early, far))
    old = source.read()
    pieces = [far.samples, near.samples, old[:, :200], early.samples, old[:, 210:400], late.samples, old[:, 420:]]
    whole = np.concatenate([*pieces, one.samples, two.samples], axis=1)
    assert (timeline.begin, timeline.end) == (-100, source.frames + 150)
    ends = ((-100, timeline.end), (-(10**9), 10**9), (-40, 5), (195, 415), (source.frames - 3, source.frames + 120))
    for begin, end in ends:
        first, last = max(begin, -100) + 100, min(end, timeline.end) + 100
        np.testing.assert_array_equal(timeline.read(begin, end), whole[:, first:last])
    assert timeline.read(timeline.end, timeline.end + 5).shape == (1, 0)
    reach = round(0.01 * source.sample_rate)
    before, behind = timeline.around(None, 0.01)
    np.testing.assert_array_equal(before, whole[:, -reach:])
    assert behind.shape == (1, 0)
    before, behind = timeline.around(BEFORE, 0.01)
    assert before.shape == (1, 0)
    np.testing.assert_array_equal(behind, whole[:, :reach])
    before, behind = timeline.around((300, 310), 0.01)
    np.testing.assert_array_equal(before, whole[:, 400 - reach : 400])
    np.testing.assert_array_equal(behind, whole[:, 410 : 410 + reach])
    np.testing.assert_array_equal(timeline.cut(120).read(0, 10**9), whole[:, 100:-30])
    np.testing.assert_array_equal(timeline.cut(80, BEFORE).read(-(10**9), 0), whole[:, 20:100])
    assert timeline.is_filled((205, 300)) and not timeline.is_filled((210, 400))


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
    again = session.try_again()
    assert again is not None and again.gap == job.gap


def test_a_fill_that_made_nothing_is_still_asked_for(session: Session) -> None:
    """Breaks when a cancelled fill forgets what was selected."""
    session.select(0.5, 1.0)
    job = session.extend()
    assert job is not None and session.selection is None
    finish(session, job, seconds=0.0, complete=False)
    assert session.selection == job.gap


def test_takes_are_shown_named_and_deleted_with_undo(session: Session) -> None:
    """Breaks when a take that was deleted is gone for good, or showing another one changes either of them."""
    extended(session, 2.0)
    again = session.try_again()
    assert again is not None
    finish(session, again)
    first, second = session.takes.all
    session.show_take(first.number)
    assert session.timeline is first.timeline
    session.rename_take(first.number, "  The   good one ")
    session.delete_take(first.number)
    assert [*session.takes.all] == [second] and session.timeline is not first.timeline
    session.undo()
    assert [take.name for take in session.takes.all] == ["The good one", "Take 2"]
    assert session.timeline is first.timeline
    session.undo()
    assert session.takes.all[0].name == "Take 1" and session.takes.all[1] is second
    session.show_take(None)
    assert session.timeline is not None and session.timeline.generated_frames == 0
    assert session.target == pytest.approx(2.0)


def test_extending_the_recording_makes_a_take_and_extending_a_take_makes_it_longer(session: Session) -> None:
    """Breaks when going on from a take fills the list with its beginnings, or an extension overwrites a take."""
    extended(session, 1.0)
    session.set_target(2.0)
    job = session.extend()
    assert job is not None
    finish(session, job)
    assert len(session.takes.all) == 1
    session.show_take(None)
    extended(session, 1.5)
    assert [take.timeline.extension_seconds for take in session.takes.all] == pytest.approx([2.0, 1.5])


def test_a_take_that_is_trimmed_away_leaves_the_list(session: Session) -> None:
    """Breaks when an empty take stays, which can't be told from the recording."""
    extended(session, 1.0)
    session.set_target(0.0)
    assert not session.takes.all
    session.undo()
    assert len(session.takes.all) == 1
