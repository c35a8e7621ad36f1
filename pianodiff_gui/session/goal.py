"""How much is wanted: the grid of lengths, and what the next run would make. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

from pianodiff_gui.session.timeline import Gap, Timeline

LONGEST = 3600.0  # s of generated audio
SNAP = 0.1  # s
SHORTEST_GAP = 0.02  # s


@dataclass(frozen=True)
class Goal:
    """What the next run would make: so many seconds of audio, at a gap (as in `Stretch`)."""

    seconds: float
    gap: Gap | None = None


def snapped(seconds: float, lowest: float, made: float) -> float:
    """A wanted length on the grid, or exactly what was made where that is next to it."""
    wanted = round(min(max(round(seconds / SNAP) * SNAP, lowest), LONGEST), 6)
    return made if abs(wanted - made) < SNAP / 2 else wanted


def left_to_do(asked: float, made: float, complete: bool) -> float:
    """The length wanted after a run: what was made, or more where the run was cancelled or more was asked meanwhile."""
    return made if complete and asked <= made + SNAP / 2 else max(asked, made)


def selected(timeline: Timeline, begin: float, end: float) -> Gap | None:
    """The frames of the recording between two seconds, in either order; None where that is next to nothing."""
    rate, frames = timeline.sample_rate, timeline.source_frames
    first, last = (min(max(round(at * rate), 0), frames) for at in sorted((begin, end)))
    return (first, last) if last - first >= SHORTEST_GAP * rate else None
