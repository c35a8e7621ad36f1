"""The state of the window: the open recording, what was generated, the length wanted, and undo over it.

Views read the session and listen to its signals; setters emit only when something changed. Times are in seconds.
What the next run is made with is its `choice`, what runs now its `engine`, its notes are the `score`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from core.errors import PianoDiffError
from core.extension.settings import Settings
from pianodiff_gui.session.choice import PLANNED, Choice
from pianodiff_gui.session.engine import Engine
from pianodiff_gui.session.goal import SNAP, Errand, Goal, left_to_do, reach, selected, snapped, unmakeable
from pianodiff_gui.session.jobs import Job, Outcome
from pianodiff_gui.session.score import Score
from pianodiff_gui.session.takes import Takes
from pianodiff_gui.session.timeline import BEFORE, Gap, Stretch, Timeline, is_within
from pianodiff_gui.session.undo import Change, State

if TYPE_CHECKING:
    from core.audio.source import Source
    from core.extension.mending import Changes
    from core.extension.plan import Plan
    from core.notes.note import Note

LONGEST_NAME = 40  # characters of a take's name
_TITLES: dict[Gap | None, str] = {None: "extend", BEFORE: "prepend"}
_TRIMS: dict[Gap | None, str] = {None: "trim", BEFORE: "trim at the start"}


class Session(QObject):
    """One open recording and everything that happens to it."""

    source_changed = Signal()
    timeline_changed = Signal()  # what is heard and seen: a take, or windows of the running job
    takes_changed = Signal()  # the list, or which is shown
    target_changed = Signal(float)  # any of the lengths, or the selection
    ended = Signal(object, object)  # Job, Outcome
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.choice = Choice(self)
        self.engine = Engine(self)
        self.undo_stack = QUndoStack(self)
        self.score = Score(self.undo_stack, self.engine, self)
        self._source: Timeline | None = None  # the recording by itself
        self._state = State()
        self._selection: Gap | None = None
        self.engine.advanced.connect(self.timeline_changed)
        self.engine.finished.connect(self._finished)
        self.engine.failed.connect(self._failed)

    # What there is

    @property
    def source(self) -> Source | None:
        return self._source.source if self._source is not None else None

    @property
    def takes(self) -> Takes:
        """All there are now, with the complete windows of a running job as if it had ended."""
        job, live = self.engine.job, self.engine.live
        return self._state.takes if job is None or live is None else self._with_result(job, live)

    @property
    def timeline(self) -> Timeline | None:
        """What is heard and seen now. During a run: what the run goes on from, and its complete windows."""
        if self.engine.job is not None:
            return self.engine.timeline
        take = self._state.takes.current
        return take.timeline if take is not None else self._source

    @property
    def generated_seconds(self) -> float:
        """How much there is behind the recording."""
        timeline = self.timeline
        return timeline.extension_seconds if timeline is not None else 0.0

    @property
    def prelude_seconds(self) -> float:
        """How much there is before the recording."""
        timeline = self.timeline
        return timeline.prelude_seconds if timeline is not None else 0.0

    @property
    def target(self) -> float:
        """Wanted length of the extension, counted from the end of the original recording."""
        return self._state.target

    @property
    def prelude_target(self) -> float:
        """Wanted length of what comes before the original recording, counted back from its start."""
        return self._state.prelude_target

    @property
    def selection(self) -> Gap | None:
        """The frames of the recording that are to be filled anew."""
        return self._selection

    @property
    def goal(self) -> Goal:
        """What Extend would make now: fill what is selected, else what the left handle asks for, else what the right
        one does. Negative seconds while a drag is about to trim.
        """
        if self._selection is not None and self._source is not None:
            begin, end = self._selection
            return Goal((end - begin) / self._source.sample_rate, self._selection)
        before = self.prelude_target - self.prelude_seconds
        if abs(before) > SNAP / 2:
            return Goal(before, BEFORE)
        return Goal(self.target - self.generated_seconds)

    @property
    def asked(self) -> tuple[float, float]:
        """From where to where the goal reaches, in seconds; what is about to be cut where it is negative."""
        timeline = self.timeline
        return reach(timeline, self.goal, self.target, self.prelude_target) if timeline is not None else (0.0, 0.0)

    @property
    def take_number(self) -> int:
        """Of the take that is shown, or that the next run will make."""
        takes = self._state.takes
        number = self.engine.job.take if self.engine.job is not None else takes.shown
        return number if number is not None else takes.latest + 1

    # Opening

    def open(self, source: Source, takes: Takes | None = None, planned: Iterable[Note] = ()) -> None:
        """Start afresh with `source` (and the takes and notes of an earlier session). A running job is cancelled and
        dropped.
        """
        if self.engine.job is not None:
            self.engine.job.cancelled.set()
            self._let_go()
        self.undo_stack.clear()
        self._source = Timeline(source)
        self._selection = None
        self._state = State() if takes is None else State.at_rest(takes)
        self.score.begin(planned)
        self.source_changed.emit()
        self.timeline_changed.emit()
        self.takes_changed.emit()
        self.target_changed.emit(self.target)

    # The lengths

    def set_target(self, seconds: float, gap: Gap | None = None, final: bool = True) -> None:
        """Set the length of the extension or, with BEFORE, of what comes before the recording, snapped to 0.1 s.

        Shorter than what is generated trims it once `final`. While something else runs, nothing happens.
        """
        timeline, job = self.timeline, self.engine.job
        if timeline is None or self.engine.occupied or (job is not None and job.gap != gap):
            return
        made = timeline.made_seconds(gap)
        lowest = job.base.made_seconds(gap) + job.seconds if job is not None else 0.0
        wanted = snapped(seconds, lowest, made)
        if final and job is None and wanted < made:
            self._trim(timeline.cut(round(wanted * timeline.sample_rate), gap), gap)
        elif gap is None and wanted != self.target:
            self._set_state(replace(self._state, target=wanted, prelude_target=self.prelude_seconds))
        elif gap == BEFORE and wanted != self.prelude_target:
            self._set_state(replace(self._state, prelude_target=wanted, target=self.generated_seconds))

    def select(self, begin: float, end: float) -> None:
        """Select seconds begin..end of the recording, to be filled anew; next to nothing takes the selection away."""
        if self._source is None or self.engine.busy:
            return
        selection = selected(self._source, begin, end)
        if selection != self._selection:
            self._selection = selection
            self.target_changed.emit(self.target)

    def _trim(self, after: Timeline, gap: Gap | None) -> None:
        number = self._state.takes.shown
        assert number is not None
        takes = self._state.takes.changed(number, after)
        state = State(takes, after.extension_seconds, after.prelude_seconds)
        self._push(_TRIMS[gap], state, kind=2 * number + (gap == BEFORE))

    def _push(self, text: str, after: State, kind: int = 0, before: State | None = None) -> None:
        self.undo_stack.push(Change(self._show, text, before or self._committed(), after, kind))

    def _committed(self) -> State:
        """The state to come back to: what a drag was about to trim is asked for no more."""
        timeline = self.timeline
        assert timeline is not None
        target = max(self.target, timeline.extension_seconds)
        return replace(self._state, target=target, prelude_target=max(self.prelude_target, timeline.prelude_seconds))

    # Takes

    def show_take(self, number: int | None) -> None:
        """Show another take, or (None) the recording by itself."""
        takes = self._state.takes
        if not self.engine.busy and number != takes.shown and (number is None or takes.find(number) is not None):
            self._show(State.at_rest(takes.showing(number)))

    def delete_take(self, number: int) -> None:
        """Take it off the list; undo brings it back."""
        take = self._state.takes.find(number)
        if take is not None and not self.engine.busy:
            self._push(f"delete {take.name}", State.at_rest(self._state.takes.without(number)))

    def rename_take(self, number: int, name: str) -> None:
        """Call it something else; nothing happens for an empty name."""
        take, name = self._state.takes.find(number), " ".join(name.split())[:LONGEST_NAME]
        if take is not None and not self.engine.busy and name and name != take.name:
            self._push(f"rename {take.name}", replace(self._state, takes=self._state.takes.renamed(number, name)))

    def add_takes(self, made: Sequence[tuple[str, Timeline]], shown: int, text: str) -> None:
        """Put takes that were made elsewhere, (name, timeline) each, on the list, as one step of undo called `text`.

        shown: which of them is shown, 0 for the first.
        """
        takes = self._state.takes
        first = takes.latest + 1
        for name, timeline in made:
            takes = takes.added(timeline, name[:LONGEST_NAME])
        self._selection = None
        self._push(text, State.at_rest(takes.showing(first + shown)))

    # Running

    def plan(self, settings: Settings | None = None) -> Plan | None:
        """The plan of the next run, or of one with other settings; None when there is nothing to plan.

        Raises PianoDiffError.
        """
        timeline, goal, choice = self.timeline, self.goal, self.choice
        if timeline is None or choice.network is None or choice.awaited or self.engine.busy:
            return None
        if goal.seconds <= SNAP / 2 and not is_within(goal.gap):
            return None
        from core.extension.plan import plan_extension

        before, behind = timeline.seconds_around(goal.gap)
        return plan_extension(choice.network, settings or choice.settings, before, goal.seconds, behind)

    def _unplanned(self, errand: Errand) -> str:
        """Why it can't be led by what is planned; empty when it can, or is not to be."""
        if self.choice.lead != PLANNED or errand.within(self.score.planned):
            return ""
        if is_within(errand.goal.gap) and self.choice.as_played and errand.within(self.score.heard):
            return ""  # all that is heard there goes
        return "No notes are planned there. Draw some in the roll, or choose under Notes what leads it."

    def _run_blocked(self) -> str:
        """Why nothing can be run now, whatever it is; empty when it can."""
        if self._source is None:
            return "Open a recording first."
        if reason := self.engine.busy:
            return reason
        if self.choice.awaited:
            return "The network is still being read."
        if self.choice.network is None:
            return "There is no network to extend with. Choose one under Network."
        return ""

    def extend_blocked(self, led: bool = True) -> str:
        """Why Extend cannot be pressed now; empty when it can. led: by what leads, not from noise."""
        if reason := self._run_blocked():
            return reason
        timeline, goal = self.timeline, self.goal
        assert timeline is not None
        if reason := unmakeable(timeline, goal, self.target if goal.gap is None else self.prelude_target):
            return reason
        try:
            self.plan()
        except PianoDiffError as error:
            return str(error)
        return self._unplanned(Errand(timeline, goal)) if led else ""

    def again_blocked(self) -> str:
        """Why "Try again" cannot be pressed now; empty when it can."""
        if reason := self._run_blocked():
            return reason
        if self._state.takes.current is None:
            return "There is nothing to try again yet. Extend first."
        return self._unplanned(self._repeated())

    def errand(self, again: bool = False, led: bool = True) -> Errand | None:
        """What could begin now: to go on from what is shown to what is asked for, by which the shown take grows, the
        recording by itself gets a new one. None where extend_blocked(led) says why not.

        again: to make what was made last once more, to the target, as a take of its own; None: again_blocked().
        """
        if again:
            return None if self.again_blocked() else self._repeated()
        timeline = self.timeline
        if self.extend_blocked(led) or timeline is None:
            return None
        return Errand(timeline, self.goal, self._state.takes.shown)

    def _repeated(self) -> Errand:
        timeline = self.timeline
        assert timeline is not None
        *earlier, last = timeline.stretches
        base = replace(timeline, stretches=tuple(earlier))
        seconds = last.frames / timeline.sample_rate
        if last.gap is None:
            seconds = max(self.target, timeline.extension_seconds) - base.extension_seconds
        elif last.gap == BEFORE:
            seconds = max(self.prelude_target, timeline.prelude_seconds) - base.prelude_seconds
        return Errand(base, Goal(seconds, last.gap))

    def extend(
        self, errand: Errand | None = None, notes: Sequence[Note] = (), changed: Changes | None = None
    ) -> Job | None:
        """Begin `errand`, by default the next one, with `notes` in seconds from its first new sample, or from noise, or
        with what was `changed` of what was played there. None where there is no errand.
        """
        errand = errand if errand is not None else self.errand(led=False)
        if errand is None:
            return None
        settings, network = self.choice.settings if notes or changed else self.choice.from_noise, self.choice.network
        if changed is not None:
            settings = replace(settings, hold_level=False)  # the level there is stays
        assert network is not None
        gap = errand.goal.gap
        job = Job(errand.base, settings, network, errand.seconds, gap, errand.take, tuple(notes), changed)
        self._selection = None
        self.engine.take_on(job)
        self.timeline_changed.emit()
        behind, before = errand.lengths
        self._set_state(replace(self._state, target=behind, prelude_target=before))
        self.engine.job_requested.emit(job)
        return job

    # The run has ended

    def _finished(self, job: Job, outcome: Outcome) -> None:
        if not outcome.samples.shape[1]:
            self._give_up(job)
        else:
            before = self._state
            takes = self._with_result(job, Stretch(outcome.samples, job.settings, outcome.run, job.gap, outcome.trace))
            assert takes.current is not None
            timeline = takes.current.timeline
            after = State(
                takes,
                left_to_do(before.target, timeline.extension_seconds, outcome.complete),
                left_to_do(before.prelude_target, timeline.prelude_seconds, outcome.complete),
            )
            self.engine.let_go()
            text = takes.current.name if job.take is None else _TITLES.get(job.gap, "fill")
            self._push(text, after, before=before)
            self.engine.changed.emit()
        self.ended.emit(job, outcome)

    def _failed(self, job: Job, message: str) -> None:
        self._give_up(job)
        self.failed.emit(message)

    def _with_result(self, job: Job, stretch: Stretch) -> Takes:
        """The takes once `job` has made `stretch`."""
        timeline = job.base.with_stretch(stretch)
        takes = self._state.takes
        return takes.added(timeline) if job.take is None else takes.changed(job.take, timeline)

    def _give_up(self, job: Job) -> None:
        """A run that made nothing: what was asked for is asked for again."""
        if is_within(job.gap):
            self._selection = job.gap
        self._let_go()
        self._set_state(self._committed())

    def _let_go(self) -> None:
        self.engine.let_go()
        self.engine.changed.emit()
        self.timeline_changed.emit()

    def _set_state(self, state: State) -> None:
        """Only the lengths have changed."""
        self._state = state
        self.target_changed.emit(state.target)

    def _show(self, state: State) -> None:
        self._state = state
        self.timeline_changed.emit()
        self.takes_changed.emit()
        self.target_changed.emit(state.target)

    def undo(self) -> None:
        if not self.engine.busy:
            self.undo_stack.undo()

    def redo(self) -> None:
        if not self.engine.busy:
            self.undo_stack.redo()
