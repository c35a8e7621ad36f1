"""The state of the window: the open recording, what was generated, the length wanted, and undo over it.

Views read the session and listen to its signals; setters emit only when something changed. Times are in seconds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.errors import PianoDiffError
from core.extension.settings import DEFAULT, Settings
from pianodiff_gui.session.jobs import Job, Outcome
from pianodiff_gui.session.takes import Takes
from pianodiff_gui.session.timeline import BEFORE, Gap, Stretch, Timeline

if TYPE_CHECKING:
    from core.audio.source import Source
    from core.extension.plan import Plan
    from core.networks.card import NetworkInfo

DEFAULT_TARGET = 2.0  # s, of a freshly opened recording
LONGEST = 3600.0  # s of generated audio
SNAP = 0.1  # s
SHORTEST_GAP = 0.02  # s
LONGEST_NAME = 40  # characters of a take's name
_TITLES: dict[Gap | None, str] = {None: "extend", BEFORE: "prepend"}
_RUNNING = "An extension is running. Cancel it, or wait until it is done."


@dataclass(frozen=True)
class Goal:
    """What the next run would make: so many seconds of audio, at a gap (as in `Stretch`)."""

    seconds: float
    gap: Gap | None = None


@dataclass(frozen=True, eq=False)
class State:
    """All that undo brings back."""

    takes: Takes = field(default_factory=Takes)
    target: float = DEFAULT_TARGET
    prelude_target: float = 0.0


@dataclass(frozen=True)
class Occupation:
    """Why the session can't be changed now although no run of its own is under way, such as a duel.

    running: the engine is at work on it; cancelling: it was asked to stop.
    """

    reason: str
    running: bool
    cancelling: bool = False


class _Change(QUndoCommand):
    """Any change of the takes: from one state to another. Changes of one `kind` that follow one another (trims by arrow
    keys or the spin box) are undone together; kind 0 stands for itself.
    """

    def __init__(self, session: Session, text: str, before: State, after: State, kind: int = 0) -> None:
        super().__init__(text)
        self._session, self._before, self._after, self._kind = session, before, after, kind

    def redo(self) -> None:
        self._session._show(self._after)

    def undo(self) -> None:
        self._session._show(self._before)

    def id(self) -> int:
        return self._kind or -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change):
            return False
        self._after = other._after
        return True


class Session(QObject):
    """One open recording and everything that happens to it."""

    source_changed = Signal()
    timeline_changed = Signal()  # what is heard and seen: a take, or windows of the running job
    takes_changed = Signal()  # the list, or which is shown
    target_changed = Signal(float)  # any of the lengths, or the selection
    settings_changed = Signal()
    network_changed = Signal()
    running_changed = Signal()
    job_requested = Signal(object)  # Job, for the worker
    cancel_requested = Signal()  # of what occupies the session
    ended = Signal(object, object)  # Job, Outcome
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._source: Timeline | None = None  # the recording by itself
        self._state = State()
        self._selection: Gap | None = None
        self._live: Stretch | None = None  # complete windows of the running job
        self._settings = DEFAULT
        self._network: NetworkInfo | None = None
        self._awaited = ""
        self._job: Job | None = None
        self._occupation: Occupation | None = None

    # What there is

    @property
    def source(self) -> Source | None:
        return self._source.source if self._source is not None else None

    @property
    def takes(self) -> Takes:
        """All there are now, with the complete windows of a running job as if it had ended."""
        job = self._job
        if job is None or self._live is None or not self._live.frames:
            return self._state.takes
        return self._with_result(job, self._live)

    @property
    def timeline(self) -> Timeline | None:
        """What is heard and seen now. During a run: what the run goes on from, and its complete windows."""
        if self._job is None:
            take = self._state.takes.current
            return take.timeline if take is not None else self._source
        if self._live is None or not self._live.frames:
            return self._job.base
        return self._job.base.with_stretch(self._live)

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
        timeline, goal = self.timeline, self.goal
        if timeline is None:
            return 0.0, 0.0
        if goal.gap is None:
            ends = (timeline.end_seconds, timeline.source.seconds + self.target)
        elif goal.gap == BEFORE:
            ends = (timeline.begin_seconds, -self.prelude_target)
        else:
            ends = (goal.gap[0] / timeline.sample_rate, goal.gap[1] / timeline.sample_rate)
        return min(ends), max(ends)

    @property
    def take_number(self) -> int:
        """Of the take that is shown, or that the next run will make."""
        takes = self._state.takes
        number = self._job.take if self._job is not None else takes.shown
        return number if number is not None else takes.latest + 1

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def network(self) -> NetworkInfo | None:
        return self._network

    @property
    def awaited(self) -> str:
        """What the settings will call the network that was chosen and is still being read; "" when there is none."""
        return self._awaited

    @property
    def job(self) -> Job | None:
        return self._job

    @property
    def running(self) -> bool:
        """Whether the engine is at work, on a job of the session or on what occupies it."""
        return self._job is not None or (self._occupation is not None and self._occupation.running)

    @property
    def cancelling(self) -> bool:
        if self._occupation is not None:
            return self._occupation.cancelling
        return self._job is not None and self._job.cancelled.is_set()

    @property
    def occupied(self) -> str:
        """Why nothing can be changed although no job runs; empty when nothing occupies the session."""
        return self._occupation.reason if self._occupation is not None else ""

    def occupy(self, occupation: Occupation | None) -> None:
        """Let nothing be changed until it is called with None: no run, no trim, no undo, no other take."""
        if occupation != self._occupation:
            self._occupation = occupation
            self.running_changed.emit()

    # Opening

    def open(self, source: Source, takes: Takes | None = None) -> None:
        """Start afresh with `source` (and the takes of an earlier session). A running job is cancelled and dropped."""
        if self._job is not None:
            self._job.cancelled.set()
            self._set_job(None)
        self.undo_stack.clear()
        self._source = Timeline(source)
        self._selection = None
        self._state = State() if takes is None else self._at_rest(takes)
        self.source_changed.emit()
        self.timeline_changed.emit()
        self.takes_changed.emit()
        self.target_changed.emit(self.target)

    def _at_rest(self, takes: Takes) -> State:
        """With nothing asked for beyond what there is, but on a recording without anything the default."""
        take = takes.current
        if take is None:
            return State(takes)
        return State(takes, take.timeline.extension_seconds, take.timeline.prelude_seconds)

    # Settings

    def set_settings(self, **changes: Any) -> None:
        """Change some settings. Raises SettingsError; nothing has changed then."""
        settings = replace(self._settings, **changes)
        if settings != self._settings:
            self._settings = settings
            self.settings_changed.emit()

    def set_network(self, network: NetworkInfo | None, name: str) -> None:
        """Use `network`; `name` is what the settings call it (a shipped name, or a path)."""
        changed = network != self._network or bool(self._awaited)
        self._network, self._awaited = network, ""
        self.set_settings(network=name)
        if changed:
            self.network_changed.emit()

    def await_network(self, name: str) -> None:
        """`name` was chosen and is being read: nothing can be run until it is there. "" goes back to what was."""
        if name != self._awaited:
            self._awaited = name
            self.network_changed.emit()

    def new_seed(self) -> int:
        """Draw another seed, never the same one again."""
        seed = self._settings.seed
        while seed == self._settings.seed:
            seed = random.randrange(100_000)
        self.set_settings(seed=seed)
        return seed

    # The lengths

    def set_target(self, seconds: float, final: bool = True) -> None:
        """Set the length of the extension, snapped to 0.1 s. Shorter than what is generated trims it once `final`.
        While something runs that is no extension, nothing happens.
        """
        timeline, job = self.timeline, self._job
        if timeline is None or self.occupied or (job is not None and job.gap is not None):
            return
        lowest = job.base.extension_seconds + job.seconds if job is not None else 0.0
        wanted = _snapped(seconds, lowest, timeline.extension_seconds)
        if final and job is None and wanted < timeline.extension_seconds:
            self._trim("trim", timeline.cut(round(wanted * timeline.sample_rate)), 0)
        elif wanted != self.target:
            self._set_state(replace(self._state, target=wanted, prelude_target=self.prelude_seconds))

    def set_prelude_target(self, seconds: float, final: bool = True) -> None:
        """As `set_target`, for what comes before the recording."""
        timeline, job = self.timeline, self._job
        if timeline is None or self.occupied or (job is not None and job.gap != BEFORE):
            return
        lowest = job.base.prelude_seconds + job.seconds if job is not None else 0.0
        wanted = _snapped(seconds, lowest, timeline.prelude_seconds)
        if final and job is None and wanted < timeline.prelude_seconds:
            self._trim("trim at the start", timeline.cut_prelude(round(wanted * timeline.sample_rate)), 1)
        elif wanted != self.prelude_target:
            self._set_state(replace(self._state, prelude_target=wanted, target=self.generated_seconds))

    def select(self, begin: float, end: float) -> None:
        """Select seconds begin..end of the recording, to be filled anew; next to nothing takes the selection away."""
        if self._source is None or self.takes_blocked():
            return
        rate, frames = self._source.sample_rate, self._source.source_frames
        first, last = (min(max(round(at * rate), 0), frames) for at in sorted((begin, end)))
        selection = (first, last) if last - first >= SHORTEST_GAP * rate else None
        if selection != self._selection:
            self._selection = selection
            self.target_changed.emit(self.target)

    def _trim(self, text: str, after: Timeline, side: int) -> None:
        number = self._state.takes.shown
        assert number is not None
        takes = self._state.takes.changed(number, after)
        state = State(takes, after.extension_seconds, after.prelude_seconds)
        self._push(text, state, kind=2 * number + side)

    def _push(self, text: str, after: State, kind: int = 0, before: State | None = None) -> None:
        self.undo_stack.push(_Change(self, text, before or self._committed(), after, kind))

    def _committed(self) -> State:
        """The state to come back to: what a drag was about to trim is asked for no more."""
        timeline = self.timeline
        assert timeline is not None
        target = max(self.target, timeline.extension_seconds)
        return replace(self._state, target=target, prelude_target=max(self.prelude_target, timeline.prelude_seconds))

    # Takes

    def takes_blocked(self) -> str:
        """Why the takes can't be changed now; empty when they can."""
        return _RUNNING if self._job is not None else self.occupied

    def show_take(self, number: int | None) -> None:
        """Show another take, or (None) the recording by itself."""
        takes = self._state.takes
        if not self.takes_blocked() and number != takes.shown and (number is None or takes.find(number) is not None):
            self._show(self._at_rest(takes.showing(number)))

    def delete_take(self, number: int) -> None:
        """Take it off the list; undo brings it back."""
        take = self._state.takes.find(number)
        if take is not None and not self.takes_blocked():
            self._push(f"delete {take.name}", self._at_rest(self._state.takes.without(number)))

    def rename_take(self, number: int, name: str) -> None:
        """Call it something else; nothing happens for an empty name."""
        take, name = self._state.takes.find(number), " ".join(name.split())[:LONGEST_NAME]
        if take is not None and not self.takes_blocked() and name and name != take.name:
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
        self._push(text, self._at_rest(takes.showing(first + shown)))

    # Running

    def cost(self) -> Plan | None:
        """The plan of the next run; None when there is nothing to plan. Raises PianoDiffError."""
        return self.plan_with(self._settings)

    def plan_with(self, settings: Settings) -> Plan | None:
        """As `cost`, were the settings others."""
        timeline, goal = self.timeline, self.goal
        if timeline is None or self._network is None or self._awaited or self.takes_blocked():
            return None
        if goal.seconds <= SNAP / 2 and goal.gap in (None, BEFORE):
            return None
        from core.extension.plan import plan_extension

        before, behind = timeline.seconds_around(goal.gap)
        return plan_extension(self._network, settings, before, goal.seconds, behind)

    def _run_blocked(self) -> str:
        """Why nothing can be run now, whatever it is; empty when it can."""
        if self._source is None:
            return "Open a recording first."
        if reason := self.takes_blocked():
            return reason
        if self._awaited:
            return "The network is still being read."
        if self._network is None:
            return "There is no network to extend with. Choose one under Network."
        return ""

    def extend_blocked(self) -> str:
        """Why Extend cannot be pressed now; empty when it can."""
        if reason := self._run_blocked():
            return reason
        timeline, goal = self.timeline, self.goal
        assert timeline is not None
        if goal.gap not in (None, BEFORE):
            if timeline.is_filled(goal.gap):
                return "A part of the selection was filled before. Undo that, or try it again with another seed."
        elif goal.seconds < -SNAP / 2:
            length = self.target if goal.gap is None else self.prelude_target
            return f"Let go to cut the generated part to {length:.1f} s. The recording itself is never cut."
        elif goal.seconds <= SNAP / 2:
            if timeline.extension_seconds:
                return "The extension is as long as you asked. Drag the handle further right to go on."
            return "The extension has no length yet. Drag the handle to the right."
        try:
            self.cost()
        except PianoDiffError as error:
            return str(error)
        return ""

    def again_blocked(self) -> str:
        """Why "Try again" cannot be pressed now; empty when it can."""
        if reason := self._run_blocked():
            return reason
        if self._state.takes.current is None:
            return "There is nothing to try again yet. Extend first."
        return ""

    def undo_blocked(self) -> bool:
        return bool(self.takes_blocked())

    def extend(self) -> Job | None:
        """Go on from what is shown to what is asked for. None where extend_blocked() says why not.

        What is shown grows by it; the recording by itself stays as it is, and there is a new take.
        """
        timeline = self.timeline
        if self.extend_blocked() or timeline is None:
            return None
        return self._start(timeline, self.goal, self._state.takes.shown)

    def try_again(self) -> Job | None:
        """Make what was made last once more, with a new seed and to the target, as a take of its own."""
        timeline = self.timeline
        if self.again_blocked() or timeline is None:
            return None
        self.new_seed()
        *earlier, last = timeline.stretches
        base = replace(timeline, stretches=tuple(earlier))
        seconds = last.frames / timeline.sample_rate
        if last.gap is None:
            seconds = max(self.target, timeline.extension_seconds) - base.extension_seconds
        elif last.gap == BEFORE:
            seconds = max(self.prelude_target, timeline.prelude_seconds) - base.prelude_seconds
        return self._start(base, Goal(seconds, last.gap), None)

    def _start(self, base: Timeline, goal: Goal, take: int | None) -> Job:
        assert self._network is not None
        job = Job(base, self._settings, self._network, round(goal.seconds, 6), goal.gap, take)
        self._selection = None
        self._set_job(job)
        behind, before = base.extension_seconds, base.prelude_seconds
        if goal.gap is None:
            behind += job.seconds
        elif goal.gap == BEFORE:
            before += job.seconds
        self._set_state(replace(self._state, target=behind, prelude_target=before))
        self.job_requested.emit(job)
        return job

    def cancel(self) -> None:
        """Ask the running job to stop; it does within one step and keeps its complete windows."""
        if self._occupation is not None:
            self.cancel_requested.emit()
        elif self._job is not None and not self._job.cancelled.is_set():
            self._job.cancelled.set()
            self.running_changed.emit()

    def _set_job(self, job: Job | None) -> None:
        self._job = job
        self._live = None
        self.running_changed.emit()
        self.timeline_changed.emit()

    # Results; those of a job that is not the running one are late and dropped

    def on_window_done(self, job_id: int, stretch: Stretch) -> None:
        if self._job is not None and self._job.id == job_id:
            self._live = stretch
            self.timeline_changed.emit()

    def on_finished(self, job_id: int, outcome: Outcome) -> None:
        job = self._job
        if job is None or job.id != job_id:
            return
        if outcome.samples.shape[1]:
            before = self._state
            takes = self._with_result(job, Stretch(outcome.samples, job.settings, outcome.run, job.gap, outcome.trace))
            assert takes.current is not None
            timeline = takes.current.timeline
            after = State(
                takes,
                _left_to_do(before.target, timeline.extension_seconds, outcome.complete),
                _left_to_do(before.prelude_target, timeline.prelude_seconds, outcome.complete),
            )
            self._job, self._live = None, None
            text = takes.current.name if job.take is None else _TITLES.get(job.gap, "fill")
            self._push(text, after, before=before)
            self.running_changed.emit()
        else:
            self._give_up(job)
        self.ended.emit(job, outcome)

    def on_failed(self, job_id: int, message: str) -> None:
        job = self._job
        if job is None or job.id != job_id:
            return
        self._give_up(job)
        self.failed.emit(message)

    def _with_result(self, job: Job, stretch: Stretch) -> Takes:
        """The takes once `job` has made `stretch`."""
        timeline = job.base.with_stretch(stretch)
        takes = self._state.takes
        return takes.added(timeline) if job.take is None else takes.changed(job.take, timeline)

    def _give_up(self, job: Job) -> None:
        """A run that made nothing: what was asked for is asked for again."""
        if job.gap not in (None, BEFORE):
            self._selection = job.gap
        self._set_job(None)
        self._set_state(self._committed())

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
        if not self.undo_blocked():
            self.undo_stack.undo()

    def redo(self) -> None:
        if not self.undo_blocked():
            self.undo_stack.redo()


def _snapped(seconds: float, lowest: float, made: float) -> float:
    """A wanted length on the grid, or exactly what was made where that is next to it."""
    wanted = round(min(max(round(seconds / SNAP) * SNAP, lowest), LONGEST), 6)
    return made if abs(wanted - made) < SNAP / 2 else wanted


def _left_to_do(asked: float, made: float, complete: bool) -> float:
    """The length wanted after a run: what was made, or more where the run was cancelled or more was asked meanwhile."""
    return made if complete and asked <= made + SNAP / 2 else max(asked, made)
