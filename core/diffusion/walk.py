"""Walks: the order in which a sampler visits noise levels, as a list of edges.

Levels run from T (noisiest) to 0 (clean audio) and may be fractional. An edge down is one network evaluation; an
edge up is a re-noising move. A walk knows nothing of audio, so its counts can be told before anything runs.
"""

from itertools import pairwise
from typing import NamedTuple


class Edge(NamedTuple):
    """A move from level `start` to level `stop`."""

    start: float
    stop: float

    @property
    def upward(self) -> bool:
        """True for a re-noising move, towards more noise."""
        return self.stop > self.start


def strided(top: int, steps: int) -> list[Edge]:
    """`steps` edges straight down from level `top` to 0, evenly spaced; every level in turn when steps == top."""
    levels = [top * (steps - k) / steps for k in range(steps + 1)]
    return [Edge(a, b) for a, b in pairwise(levels)]


def repaint(top: int, steps: int, jump_length: int = 10, resamplings: int = 10) -> list[Edge]:
    """RePaint's walk (Lugmayr et al. 2022, appendix B): straight down, but with jumps back up.

    Counted in steps of the strided walk, with n of them left to go: the first time n is 1, 1 + jump_length,
    1 + 2 jump_length, ... (below steps - jump_length + 1), the walk jumps `jump_length` steps up, one re-noising
    move at a time, and comes down again; `resamplings` - 1 times over. With T = 200, 10 and 10: 1910 evaluations,
    1710 re-noising moves. With steps <= jump_length there are no jumps.
    """
    levels = [top * n / steps for n in range(steps + 1)]
    jumps_left = {1 + n: resamplings - 1 for n in range(0, steps - jump_length, jump_length)}
    walk: list[Edge] = []
    n = steps
    while n > 0:
        walk.append(Edge(levels[n], levels[n - 1]))
        n -= 1
        if jumps_left.get(n, 0) > 0:
            jumps_left[n] -= 1
            for _ in range(jump_length):
                walk.append(Edge(levels[n], levels[n + 1]))
                n += 1
    return walk


def count_evaluations(walk: list[Edge]) -> int:
    """Network evaluations of a walk: its downward edges."""
    return sum(not edge.upward for edge in walk)
