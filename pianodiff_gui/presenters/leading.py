"""What leads a run: notes that are composed, those that are planned, or none. Here a run begins."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict

from PySide6.QtCore import QObject, Signal

from core.assets import asset_path
from core.errors import NotesError, PianoDiffError
from core.extension.settings import MAX_SEED
from core.notes.note import Note
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.presenters.running import take_over_typing
from pianodiff_gui.session.choice import COMPOSED, LEADS, NOISE, PLANNED
from pianodiff_gui.session.engine import Occupation
from pianodiff_gui.session.goal import Errand
from pianodiff_gui.session.ideas import AT_ONCE, Basis, Commission, Idea, Ideas
from pianodiff_gui.session.mending import narrowed
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.score import Notes, in_order, replaced
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import is_within
from pianodiff_gui.views.notes_section import NotesSection
from pianodiff_gui.work.composing import Compose, ComposingWorker
from pianodiff_gui.work.threads import WorkerThread

_APART, _LEAST = 0.1, 0.3
"""Seconds: what is composed behind a note begins so much later, and there is room for so much of it at least."""
_COMPOSING = "Notes are being composed. Cancel it, or wait until it is done."


class Leading(QObject):
    """Between the session, the ideas, and the thread that composes them. An idea that comes too late is dropped.

    chosen: which of the planned notes are, in the roll.
    """

    _compose_requested = Signal(object)

    def __init__(
        self,
        session: Session,
        ideas: Ideas,
        section: NotesSection,
        preferences: Preferences,
        conversation: Conversation,
        actions: Actions,
        chosen: Callable[[], Collection[Note]],
        compose: Compose | None = None,
    ) -> None:
        super().__init__(conversation)
        self._session, self._ideas = session, ideas
        self._preferences, self._conversation = preferences, conversation
        self._chosen, self._actions = chosen, actions
        self._waiting: Errand | None = None  # to be started once an idea is there
        self.worker = ComposingWorker(compose)
        self.worker_thread = WorkerThread(self.worker, "composing", self)
        self._compose_requested.connect(self.worker.compose)
        self.worker.composed.connect(self._composed)
        self.worker.done.connect(self._done)
        self.worker.failed.connect(self._failed)
        session.source_changed.connect(self._give_up)
        session.engine.cancel_requested.connect(self._cancel)
        for signal in (
            session.timeline_changed,
            session.target_changed,
            session.choice.settings_changed,
            session.choice.network_changed,
        ):
            signal.connect(self._look)
        section.lead_chosen.connect(self.use)
        section.density_chosen.connect(lambda density: self.season(density=density))
        section.as_played_chosen.connect(self.keep_as_played)
        section.temperature_chosen.connect(lambda temperature: self.season(temperature=temperature))
        section.cards.chosen.connect(self.choose)
        actions.on("extend", self.extend)
        actions.on("again", self.try_again)
        actions.on("ideas", self.compose)
        actions.on("ideas_on", self.compose_on)
        actions.on("mend", self.mend)

    def stop(self) -> None:
        """Begin no more work, and let go of what is under way."""
        self._ideas.forget()
        self.worker_thread.quit()

    # What leads

    def restore(self) -> None:
        """Let lead what was chosen last; without a choice, composed notes where there is a composer."""
        choice, last = self._session.choice, self._preferences.lead
        choice.set_taste(**asdict(self._preferences.taste))
        choice.set_as_played(self._preferences.as_played)
        choice.set_lead(last if last in LEADS else COMPOSED if _has_composer() else NOISE)

    def use(self, lead: str) -> None:
        """Let it lead, and remember that."""
        self._session.choice.set_lead(lead)
        self._preferences.lead = lead

    def season(self, **taste: float) -> None:
        """Compose with this density or temperature, and remember that."""
        self._session.choice.set_taste(**taste)
        self._preferences.taste = self._session.choice.taste

    def keep_as_played(self, on: bool) -> None:
        """Keep what does not change in a selection, and remember that."""
        self._session.choice.set_as_played(on)
        self._preferences.as_played = on

    # Runs

    def extend(self) -> None:
        """Make what is asked for, led by what leads."""
        take_over_typing()
        errand = self._session.errand()
        if errand is not None:
            self._lead(errand)

    def try_again(self) -> None:
        """Make what was made last once more, with another seed: other notes where they are composed, else the same."""
        take_over_typing()
        errand = self._session.errand(again=True)
        if errand is not None:
            self._session.choice.new_seed()
            self._lead(errand)

    def _lead(self, errand: Errand) -> None:
        ideas, lead = self._ideas, self._session.choice.lead
        if lead == NOISE:
            self._session.extend(errand)
        elif lead == PLANNED or not ideas.are_planned(errand):
            self._start_planned(errand)
        elif ideas.basis != self._basis(errand):
            self._ask(errand, 1)
            self._wait(errand)
        elif ideas.planned is not None:
            self._start(errand)
        elif ideas.all:
            self._start_with(errand, next((idea for idea in ideas.all if idea.notes), ideas.all[0]))
        else:
            if not ideas.composing:
                self._ask(errand, 1)
            self._wait(errand)

    def _start(self, errand: Errand) -> None:
        self._ideas.played()
        self._session.extend(errand, self._ideas.notes_for(errand))

    def _start_planned(self, errand: Errand) -> None:
        """With notes of the user's own; of a selection, where the rest is to stay, only as long as what changes rings.
        """
        score = self._session.score
        if not (is_within(errand.goal.gap) and self._session.choice.as_played):
            self._start(errand)
            return
        try:
            shorter, changed = narrowed(errand, score.heard, score.planned)
        except NotesError as error:
            self._conversation.tell(str(error))
            return
        # What stays is heard there still: it is planned no more.
        score.plan(replaced(score.planned, errand.begin, errand.end, shorter.within(score.planned)), "mend")
        self._ideas.played()
        self._session.extend(shorter, self._ideas.notes_for(shorter), changed)

    def _start_with(self, errand: Errand, idea: Idea) -> None:
        if idea.notes:
            self._ideas.place(idea)
            self._start(errand)
            return
        why = "What was composed is a rest" if idea.heard else "No notes were heard beside it"
        self._session.extend(errand)
        self._conversation.say(f"{why}, so it is left to the network")

    def _wait(self, errand: Errand) -> None:
        """Until an idea is there; it can be cancelled as a run can."""
        self._waiting = errand
        self._session.engine.occupy(Occupation(_COMPOSING, running=True, stage="Composing"))

    def _cancel(self) -> None:
        if self._waiting is not None:
            self._give_up()
            self._conversation.say("Cancelled; nothing was composed")

    def _give_up(self) -> None:
        self._ideas.forget()
        self._wait_no_more()

    def _wait_no_more(self) -> Errand | None:
        errand, self._waiting = self._waiting, None
        if errand is not None:
            self._session.engine.occupy(None)
        return errand

    # Ideas

    def compose(self) -> None:
        """Some ideas for what is asked for; others than those there are."""
        errand = self._session.errand()
        if errand is not None:
            self._ask(errand, AT_ONCE)

    def compose_on(self) -> None:
        """Some ideas that begin with what is planned, up to the last note that is chosen."""
        errand = self._session.errand()
        if errand is None:
            return
        planned = errand.within(self._session.score.planned)
        chosen = [note.onset for note in planned if note in self._chosen()]
        cut = max(chosen, default=0.0) - errand.begin + _APART
        if not chosen:
            self._conversation.say("The chosen note is not where new audio will be.")
            return
        if errand.seconds - cut < _LEAST:
            self._conversation.say("There is no room behind that note.")
            return
        kept = in_order(note.moved(-errand.begin) for note in planned if note.onset <= max(chosen))
        self._ask(errand, AT_ONCE, kept, cut)

    def choose(self, idea: Idea) -> None:
        """Plan that one."""
        if not self._session.engine.busy and idea in self._ideas.all:
            self._ideas.place(idea)
            self._actions["lane_notes"].setChecked(True)

    def mend(self) -> None:
        """Plan what is heard in the selection, to be changed there and played anew."""
        session = self._session
        errand = session.errand(led=False)
        if errand is None or session.selection is None:
            return
        score = session.score
        score.plan(replaced(score.planned, errand.begin, errand.end, errand.within(score.heard)), "mend")
        self._actions["lane_notes"].setChecked(True)
        if session.choice.lead == NOISE:
            session.choice.set_lead(PLANNED)

    def _ask(self, errand: Errand, count: int, kept: Notes = (), cut: float = 0.0) -> None:
        basis, ideas = self._basis(errand), self._ideas
        first = ideas.all[-1].seed + 1 if ideas.all and ideas.basis == basis else basis.seed
        commission = Commission(basis, tuple((first + k) % (MAX_SEED + 1) for k in range(count)), kept, cut)
        ideas.ask(commission)
        self._compose_requested.emit(commission)

    def _basis(self, errand: Errand) -> Basis:
        choice = self._session.choice
        return Basis(errand.base, errand.goal, choice.taste, choice.settings.hold_level, choice.settings.seed)

    def _look(self, _value: object = None) -> None:
        """Let go of ideas for what is no longer asked for. What a run was started with stays to be seen meanwhile."""
        if self._session.engine.busy or self._ideas.basis is None:
            return
        errand = self._session.errand() if self._session.choice.lead == COMPOSED else None
        if errand is None or self._ideas.basis != self._basis(errand):
            self._ideas.forget()

    # What the worker says

    def _composed(self, commission_id: int, idea: Idea) -> None:
        if self._ideas.is_current(commission_id):
            self._ideas.add(idea)
            errand = self._wait_no_more()
            if errand is not None:
                self._start_with(errand, idea)

    def _done(self, commission_id: int) -> None:
        if self._ideas.is_current(commission_id):
            self._ideas.done()

    def _failed(self, commission_id: int, message: str) -> None:
        if self._ideas.is_current(commission_id):
            self._ideas.done(message)
            if self._wait_no_more() is not None:
                self._conversation.tell(message)


def _has_composer() -> bool:
    try:
        return asset_path("notes/composer").is_dir()
    except PianoDiffError:
        return False
