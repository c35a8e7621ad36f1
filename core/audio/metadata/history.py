"""What was done to a recording, in a line for its comment."""

from __future__ import annotations

from collections.abc import Iterator

from core import __version__
from core.audio.metadata.moves import Moves


def what_was_done(moves: Moves, sample_rate: int, how: str) -> str:
    """ "Extended by 4 s with PianoDiff 0.1.0 (...); original: first 132300 samples". It has no date in it: the same
    samples shall give the same file. how: what stands between the brackets, "" for none.
    """
    behind = sum(new for begin, _, new in moves.inserts if begin == moves.frames)
    done = [f"begun {_seconds(moves.before, sample_rate)} earlier"] if moves.before else []
    done += [
        f"filled from {_seconds(begin, sample_rate)} to {_seconds(end, sample_rate)}"
        for begin, end, _ in moves.inserts
        if begin < end
    ]
    done += [f"extended by {_seconds(behind, sample_rate)}"] if behind else []
    said = " and ".join(done) or "written"
    brackets = f" ({how})" if how else ""
    return f"{said[0].upper()}{said[1:]} with PianoDiff {__version__}{brackets}; original: {_original(moves)}"


def _original(moves: Moves) -> str:
    new = list(_new(moves))
    if not new:
        return "all samples"
    if len(new) == 1 and moves.before:
        return f"last {moves.frames} samples"
    if len(new) == 1 and new[0][0] == moves.frames:
        return f"first {moves.frames} samples"
    ranges = ", ".join(f"{begin} to {end - 1}" for begin, end in new)
    return f"all but samples {ranges}, counted from 0"


def _new(moves: Moves) -> Iterator[tuple[int, int]]:
    """The frames of the result that are new, from the first to the one after the last; neighbours joined."""
    grown, last = 0, (0, 0)
    for begin, end, new in moves.inserts:
        stretch = begin + grown, begin + grown + new
        grown += new - (end - begin)
        if stretch[0] == last[1] and last[1]:
            last = last[0], stretch[1]
            continue
        if last[1] > last[0]:
            yield last
        last = stretch
    if last[1] > last[0]:
        yield last


def _seconds(frames: int, sample_rate: int) -> str:
    return f"{round(frames / sample_rate, 3):g} s"
