"""What leads a run, with a stand-in for the composer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.errors import NetworkError
from core.extension.mending import BEFORE_ONSET, RINGS_SECONDS
from core.extension.settings import DEFAULT, START_WITH_NOTES, STEPS_WITH_NOTES
from core.extension.taste import Taste
from core.notes.note import Note
from pianodiff_gui.presenters.leading import Leading
from pianodiff_gui.session.choice import COMPOSED, NOISE, PLANNED
from pianodiff_gui.session.ideas import AT_ONCE, Commission, Idea, Ideas
from pianodiff_gui.session.jobs import Job
from pianodiff_gui.session.score import Notes
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.views.notes_section import NotesSection
from tests.pianodiff_gui.presenters.conftest import Bench
from tests.pianodiff_gui.session.conftest import finish

THIRD = 1 / 3
"""Seconds that don't come back to the last bit from where a recording ends."""


class FakeComposer:
    """One note for each seed, a third of a second in. `gate`: ideas wait until it is set; `asked`: what was asked."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[Commission] = []
        self.heard = 4
        self.error: Exception | None = None

    def __call__(self, commission: Commission, seed: int) -> Idea | None:
        self.asked.append(commission)
        while not self.gate.wait(0.01):
            if commission.dropped.is_set():
                return None
        if self.error is not None:
            raise self.error
        notes = (Note(THIRD, 2 * THIRD, 60 + seed % 12),) if self.heard else ()
        errand = commission.errand
        return Idea(seed, notes, errand.begin, errand.seconds, self.heard, np.zeros(100, np.float32))


@dataclass
class Led:
    """A bench whose runs are led; `jobs`: those that were begun."""

    bench: Bench
    leading: Leading
    ideas: Ideas
    section: NotesSection
    composer: FakeComposer
    jobs: list[Job]
    chosen: set[Note]  # in the roll

    def marked(self) -> int | None:
        """Which card is."""
        return self.ideas.planned

    def running(self) -> bool:
        return self.bench.session.engine.running

    def planned(self) -> Notes:
        return self.bench.session.score.planned

    def press(self, action: str, qtbot: QtBot) -> Job:
        """Until a run has begun."""
        before = len(self.jobs)
        self.bench.actions[action].trigger()
        qtbot.waitUntil(lambda: len(self.jobs) > before, timeout=10_000)
        return self.jobs[-1]

    def three(self, qtbot: QtBot) -> tuple[Idea, ...]:
        self.bench.actions["ideas"].trigger()
        qtbot.waitUntil(lambda: len(self.ideas.all) == AT_ONCE and not self.ideas.composing, timeout=10_000)
        return self.ideas.all


@pytest.fixture
def led(bench: Bench, qtbot: QtBot) -> Iterator[Led]:
    jobs: list[Job] = []
    chosen: set[Note] = set()
    ideas, composer = Ideas(bench.session.score, bench.widget), FakeComposer()
    section = NotesSection(bench.session, ideas, bench.theme, bench.actions)
    section.setParent(bench.widget)
    leading = Leading(bench.session, ideas, section, bench.preferences, *bench.common, lambda: chosen, composer)
    leading.restore()
    bench.session.engine.job_requested.connect(jobs.append)
    yield Led(bench, leading, ideas, section, composer, jobs, chosen)
    leading.stop()
    composer.gate.set()
    leading.worker_thread.end()


def test_composed_notes_lead_where_nobody_chose(led: Led) -> None:
    """Breaks when the window starts from noise with the network that plays notes, unlike the command line."""
    choice = led.bench.session.choice
    assert choice.lead == COMPOSED
    assert (choice.settings.start, choice.settings.steps) == (START_WITH_NOTES, STEPS_WITH_NOTES)
    assert (choice.from_noise.start, choice.from_noise.steps) == (1.0, DEFAULT.steps)


def test_what_is_chosen_is_remembered(led: Led) -> None:
    """Breaks when the choice is gone the next time, or an earlier session's is taken for the user's."""
    led.section.lead_chosen.emit(PLANNED)
    led.section.density_chosen.emit(2.0)
    led.bench.session.choice.set_lead(NOISE)  # as a session does that is opened
    led.leading.restore()
    choice = led.bench.session.choice
    assert choice.lead == PLANNED and choice.taste == Taste(density=2.0)


def test_extend_composes_by_itself_and_goes_on(led: Led, qtbot: QtBot) -> None:
    """Breaks when one has to look at ideas first, or what is played is not what the roll shows, to the last bit."""
    session = led.bench.session
    session.set_target(2.0)
    job = led.press("extend", qtbot)
    assert [commission.seeds for commission in led.composer.asked] == [(session.choice.settings.seed,)]
    assert job.notes == (Note(THIRD, 2 * THIRD, 60),) and job.settings.start == START_WITH_NOTES
    assert led.planned() == (Note(3.0 + THIRD, 3.0 + 2 * THIRD, 60),)
    finish(session, job)
    session.undo()
    session.undo()
    assert not led.planned() and not session.takes.all


def test_the_chosen_idea_is_played(led: Led, qtbot: QtBot) -> None:
    """Breaks when another card is played than the one that is marked, or it is composed once more."""
    first, second, _ = led.three(qtbot)
    assert [idea.seed for idea in led.ideas.all] == [0, 1, 2] and led.marked() is None
    led.section.cards.chosen.emit(second)
    assert led.marked() == 1 and led.planned() == second.planned
    led.section.cards.chosen.emit(first)
    assert led.marked() == 0 and led.planned() == first.planned
    led.bench.session.undo()
    assert led.marked() == 1
    assert led.press("extend", qtbot).notes == second.notes and len(led.composer.asked) == 3


def test_other_ideas_have_the_seeds_that_follow(led: Led, qtbot: QtBot) -> None:
    """Breaks when the dice shows the same three again."""
    led.three(qtbot)
    assert [idea.seed for idea in led.three(qtbot)] == [3, 4, 5]


def test_ideas_for_another_length_are_dropped(led: Led, qtbot: QtBot) -> None:
    """Breaks when an idea of 2 s is played where 3 s are asked for, or its notes stay beside the new ones."""
    led.section.cards.chosen.emit(led.three(qtbot)[1])
    led.bench.session.set_target(3.0)
    assert not led.ideas.all and led.bench.session.score.planned
    assert led.press("extend", qtbot).notes == (Note(THIRD, 2 * THIRD, 60),)
    assert [note.key for note in led.bench.session.score.planned] == [60]


def test_a_late_idea_is_dropped(led: Led, qtbot: QtBot) -> None:
    """Breaks when what was composed for an older request appears among the ideas of the next."""
    led.composer.gate.clear()
    led.bench.actions["ideas"].trigger()
    qtbot.waitUntil(lambda: len(led.composer.asked) == 1, timeout=10_000)
    led.bench.session.set_target(5.0)
    assert led.composer.asked[0].dropped.is_set() and not led.ideas.composing
    led.leading.worker.composed.emit(led.composer.asked[0].id, Idea(9, (), 0.0, 1.0, 1, np.zeros(0, np.float32)))
    assert not led.ideas.all


def test_notes_of_the_users_own_are_played_as_they_stand(led: Led, qtbot: QtBot) -> None:
    """Breaks when an idea that was changed in the roll, or drawn there, is composed over."""
    session = led.bench.session
    led.section.cards.chosen.emit(led.three(qtbot)[0])
    (note,) = session.score.planned
    mine = Note(note.onset, note.offset, 72)
    session.score.plan([mine], "note")
    assert led.marked() is None and "are yours" in led.section.note.text()
    assert [note.key for note in led.press("extend", qtbot).notes] == [72]
    assert len(led.composer.asked) == 3


def test_as_planned_needs_a_plan(led: Led, qtbot: QtBot) -> None:
    """Breaks when a run without notes is started as if there were some, or those elsewhere count."""
    session = led.bench.session
    led.section.lead_chosen.emit(PLANNED)
    session.score.plan([Note(1.0, 2.0, 60)], "note")
    assert "No notes are planned there" in session.extend_blocked() and not session.extend_blocked(led=False)
    session.score.plan([Note(1.0, 2.0, 60), Note(3.5, 4.0, 64)], "note")
    assert led.press("extend", qtbot).notes == (Note(0.5, 1.0, 64),)


def test_a_prelude_is_led_from_where_it_begins(led: Led, qtbot: QtBot) -> None:
    """Breaks when notes before the recording are counted from its first sample."""
    led.bench.session.set_target(2.0, BEFORE)
    job = led.press("extend", qtbot)
    assert job.gap == BEFORE and job.notes == (Note(THIRD, 2 * THIRD, 60),)
    (planned,) = led.bench.session.score.planned
    assert planned.onset == pytest.approx(-2.0 + THIRD)


def test_from_noise_nothing_is_composed(led: Led, qtbot: QtBot) -> None:
    """Breaks when the paper's way needs the composer, or starts below the noise."""
    led.section.lead_chosen.emit(NOISE)
    job = led.press("extend", qtbot)
    assert not job.notes and job.settings == led.bench.session.choice.from_noise == led.bench.session.choice.settings
    assert job.settings.start == 1.0 and job.settings.steps == DEFAULT.steps and not led.composer.asked


def test_try_again_composes_something_else(led: Led, qtbot: QtBot) -> None:
    """Breaks when another seed plays the same notes once more, or the old take's notes stay beside the new ones."""
    session = led.bench.session
    finish(session, led.press("extend", qtbot))
    job = led.press("again", qtbot)
    assert job.take is None and job.settings.seed != 0
    assert led.composer.asked[-1].seeds == (job.settings.seed,)
    assert len(session.score.planned) == 1


def test_composing_can_be_cancelled(led: Led, qtbot: QtBot) -> None:
    """Breaks when the window hangs on a composer that takes its time, or the run begins after all."""
    session = led.bench.session
    led.composer.gate.clear()
    led.bench.actions["extend"].trigger()
    assert led.running() and session.engine.stage == "Composing"
    session.engine.cancel()
    assert not led.running() and not session.extend_blocked()
    led.composer.gate.set()
    qtbot.wait(50)
    assert not led.jobs and not led.planned() and led.bench.said == ["Cancelled; nothing was composed"]


def test_what_cannot_be_composed_is_told(led: Led, qtbot: QtBot) -> None:
    """Breaks when the window stays occupied, or says nothing."""
    led.composer.error = NetworkError("The composer is missing.")
    led.bench.actions["extend"].trigger()
    qtbot.waitUntil(lambda: led.bench.told == ["The composer is missing."], timeout=10_000)
    assert not led.bench.session.engine.running and not led.jobs
    assert led.section.note.text() == "The composer is missing."


def test_beside_no_notes_it_is_left_to_the_network(led: Led, qtbot: QtBot) -> None:
    """Breaks when a drone can't be extended because nothing can be composed for it."""
    led.composer.heard = 0
    job = led.press("extend", qtbot)
    assert not job.notes and job.settings == led.bench.session.choice.from_noise
    assert led.bench.said == ["No notes were heard beside it, so it is left to the network"]


def test_the_notes_of_a_selection_can_be_mended(led: Led, qtbot: QtBot) -> None:
    """Breaks when mending plans other notes than those of the selection, or Fill composes over them."""
    session = led.bench.session
    led.section.lead_chosen.emit(NOISE)
    session.score.set_heard([Note(0.5, 0.9, 60), Note(1.2, 1.6, 64), Note(2.5, 2.9, 67)])
    session.score.plan([Note(1.3, 1.4, 50), Note(3.2, 3.4, 70)], "note")
    session.select(1.0, 2.0)
    led.leading.mend()
    assert led.planned() == (Note(1.2, 1.6, 64), Note(3.2, 3.4, 70)) and session.choice.lead == PLANNED
    led.section.as_played.click()
    job = led.press("extend", qtbot)
    assert [(note.key, round(note.onset, 6)) for note in job.notes] == [(64, 0.2)]


def mend(led: Led, *wanted: Note) -> None:
    """Select 0.5 to 2.9 s, where four notes are heard, and plan others there."""
    session = led.bench.session
    session.score.set_heard([Note(0.2, 0.9, 50), Note(1.2, 1.4, 64), Note(1.3, 1.5, 67), Note(2.5, 2.8, 60)])
    session.select(0.5, 2.9)
    led.leading.mend()
    session.score.plan([*wanted, Note(3.2, 3.4, 70)], "move notes")


def test_what_is_not_changed_stays_as_it_was_played(led: Led, qtbot: QtBot) -> None:
    """Breaks when more of a selection is made anew than rings, or a note that sounds on into it is taken out."""
    kept, moved = (Note(1.3, 1.5, 67), Note(2.5, 2.8, 60)), Note(1.2, 1.4, 65)
    mend(led, moved, *kept)
    job = led.press("extend", qtbot)
    assert job.gap is not None and job.changed is not None
    first, last = (frame / job.base.sample_rate for frame in job.gap)
    assert (first, last) == pytest.approx((1.2 - BEFORE_ONSET, 1.4 + RINGS_SECONDS), abs=1e-3)
    assert [round(note.onset + first, 3) for note in job.changed.gone + job.changed.come] == [1.2, 1.2]
    assert [note.key for note in job.changed.gone + job.changed.come] == [64, 65]
    assert [note.key for note in job.changed.stay] == [67]
    assert [note.key for note in job.notes] == [65, 67]
    assert led.planned() == (moved, kept[0], Note(3.2, 3.4, 70))  # the last stays as it is, and is planned no more


def test_all_notes_of_a_selection_may_go(led: Led, qtbot: QtBot) -> None:
    """Breaks when a note can't be taken out where there is no other."""
    led.section.lead_chosen.emit(PLANNED)
    mend(led)
    job = led.press("extend", qtbot)
    assert not job.notes and job.changed is not None and len(job.changed.gone) == 3
    assert job.settings.start < 1


def test_without_a_change_nothing_is_made(led: Led) -> None:
    """Breaks when a selection is made anew that is to stay as it is, or nothing says why it isn't."""
    mend(led, Note(1.2, 1.4, 64), Note(1.3, 1.5, 67), Note(2.5, 2.8, 60))
    led.leading.extend()
    assert not led.jobs and "nothing to change" in led.bench.told[-1]


def test_keeping_as_played_is_offered_for_notes_of_the_users_own(led: Led) -> None:
    """Breaks when composed notes would be played over what was there, or the choice is forgotten."""
    session = led.bench.session
    assert led.section.as_played.isHidden()
    mend(led, Note(1.2, 1.4, 65))
    assert not led.section.as_played.isHidden() and led.section.as_played.isChecked()
    led.section.as_played.click()
    assert not session.choice.as_played and not led.bench.preferences.as_played
    led.section.lead_chosen.emit(NOISE)
    assert led.section.as_played.isHidden()


def test_from_a_note_on_what_is_before_it_stays(led: Led, qtbot: QtBot) -> None:
    """Breaks when a beginning that one likes is composed over, or a note elsewhere is taken for one."""
    session = led.bench.session
    begun = [Note(3.25, 3.5, 60), Note(3.75, 4.0, 62), Note(4.5, 4.75, 64)]
    session.score.plan(begun, "note")
    led.bench.actions["ideas_on"].trigger()
    assert led.bench.said == ["The chosen note is not where new audio will be."] and not led.composer.asked
    led.chosen.add(begun[1])
    led.bench.actions["ideas_on"].trigger()
    qtbot.waitUntil(lambda: len(led.ideas.all) == AT_ONCE, timeout=10_000)
    commission = led.composer.asked[0]
    assert commission.kept == (Note(0.25, 0.5, 60), Note(0.75, 1.0, 62)) and commission.cut == pytest.approx(0.85)
    session.set_target(0.9)
    led.bench.actions["ideas_on"].trigger()
    assert led.bench.said[-1] == "There is no room behind that note."
