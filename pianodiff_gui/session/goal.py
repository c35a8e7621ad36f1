"""How much is wanted: the grid of lengths, and what the next run would make. No Qt here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.notes.note import Note
from pianodiff_gui.session.timeline import BEFORE, Gap, Timeline, is_within

LONGEST = 3600.0  # s of generated audio
SNAP = 0.1  # s
SHORTEST_GAP = 0.02  # s


@dataclass(frozen=True)
class Goal:
    """What the next run would make: so many seconds of audio, at a gap (as in `Stretch`)."""

    seconds: float
    gap: Gap | None = None


@dataclass(frozen=True, eq=False)
class Errand:
    """A run that could begin now: `goal` of `base`. take: the number of the take that grows by it; None: a new one."""

    base: Timeline
    goal: Goal
    take: int | None = None

    @property
    def seconds(self) -> float:
        """How much it makes: a gap to the frame, as its two ends are frames."""
        return self.goal.seconds if is_within(self.goal.gap) else round(self.goal.seconds, 6)

    @property
    def begin(self) -> float:
        """Where its new audio begins, in seconds from the recording's first sample."""
        begin, _ = self.base.edges(self.goal.gap)
        return begin / self.base.sample_rate - (self.seconds if self.goal.gap == BEFORE else 0.0)

    @property
    def end(self) -> float:
        """Where it ends, likewise."""
        return self.begin + self.seconds

    def within(self, notes: Iterable[Note]) -> tuple[Note, ...]:
        """Those that begin where its new audio will be, as they are."""
        begin, end = self.begin, self.end
        return tuple(note for note in notes if begin <= note.onset < end)

    @property
    def lengths(self) -> tuple[float, float]:
        """How much there will be behind the recording, and before it."""
        behind, before = self.base.extension_seconds, self.base.prelude_seconds
        gap = self.goal.gap
        return (behind + self.seconds if gap is None else behind), (before + self.seconds if gap == BEFORE else before)


def snapped(seconds: float, lowest: float, made: float) -> float:
    """A wanted length on the grid, or exactly what was made where that is next to it."""
    wanted = round(min(max(round(seconds / SNAP) * SNAP, lowest), LONGEST), 6)
    return made if abs(wanted - made) < SNAP / 2 else wanted


def reach(timeline: Timeline, goal: Goal, target: float, prelude_target: float) -> tuple[float, float]:
    """From where to where `goal` reaches, in seconds from the recording's first sample."""
    if goal.gap is None:
        ends = (timeline.end_seconds, timeline.source.seconds + target)
    elif goal.gap == BEFORE:
        ends = (timeline.begin_seconds, -prelude_target)
    else:
        ends = (goal.gap[0] / timeline.sample_rate, goal.gap[1] / timeline.sample_rate)
    return min(ends), max(ends)


def unmakeable(timeline: Timeline, goal: Goal, length: float) -> str:
    """Why there is nothing to make of `goal`; empty when there is. length: what is asked for on its side."""
    if is_within(goal.gap):
        if timeline.is_filled(goal.gap):
            return "A part of the selection was filled before. Undo that, or try it again with another seed."
    elif goal.seconds < -SNAP / 2:
        return f"Let go to cut the generated part to {length:.1f} s. The recording itself is never cut."
    elif goal.seconds <= SNAP / 2:
        if timeline.extension_seconds:
            return "The extension is as long as you asked. Drag the handle further right to go on."
        return "The extension has no length yet. Drag the handle to the right."
    return ""


def left_to_do(asked: float, made: float, complete: bool) -> float:
    """The length wanted after a run: what was made, or more where the run was cancelled or more was asked meanwhile."""
    return made if complete and asked <= made + SNAP / 2 else max(asked, made)


def selected(timeline: Timeline, begin: float, end: float) -> Gap | None:
    """The frames of the recording between two seconds, in either order; None where that is next to nothing."""
    rate, frames = timeline.sample_rate, timeline.source_frames
    first, last = (min(max(round(at * rate), 0), frames) for at in sorted((begin, end)))
    return (first, last) if last - first >= SHORTEST_GAP * rate else None
