"""Walks: the order in which a sampler visits noise levels, as a list of edges.

Levels run from T (noisiest) to 0 (clean audio) and may be fractional. An edge down is one network evaluation; an
edge up is a re-noising move. A walk knows nothing of audio, so its counts can be told before anything runs.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from core.diffusion.schedule import NoiseSchedule


class Edge(NamedTuple):
    """A move from level `start` to level `stop`."""

    start: float
    stop: float

    @property
    def upward(self) -> bool:
        """True for a re-noising move, towards more noise."""
        return self.stop > self.start


def spread_levels(top: int, steps: int) -> list[float]:
    """The `steps` + 1 levels of a walk, from 0 up: 0, then evenly from 1 to `top`; every level when steps == top.

    However few the steps are, the last one starts from level 1, the least noise: what is left there is never heard.
    """
    if steps == 1:
        return [0.0, float(top)]
    return [0.0, *(1 + (top - 1) * k / (steps - 1) for k in range(steps))]


def strided(top: int, steps: int) -> list[Edge]:
    """`steps` edges straight down from level `top` to 0."""
    return [Edge(b, a) for a, b in pairwise(spread_levels(top, steps))][::-1]


def repaint(top: int, steps: int, jump_length: int = 10, resamplings: int = 10) -> list[Edge]:
    """RePaint's walk (Lugmayr et al. 2022, appendix B): straight down, but with jumps back up.

    Counted in steps of the strided walk, with n of them left to go: the first time n is 1, 1 + jump_length,
    1 + 2 jump_length, ... (below steps - jump_length + 1), the walk jumps `jump_length` steps up, one re-noising
    move at a time, and comes down again; `resamplings` - 1 times over. With T = 200, 10 and 10: 1910 evaluations,
    1710 re-noising moves. With steps <= jump_length there are no jumps.
    """
    levels = spread_levels(top, steps)
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


def begun_late(walk: list[Edge], level: float) -> list[Edge]:
    """What of a walk is at `level` and below: the rest of it, for audio that is noised only to there (SDEdit, Meng et
    al. 2022). Jumps back up go no higher either.
    """
    return [edge for edge in walk if max(edge) <= level]


def churned(walk: list[Edge], schedule: NoiseSchedule, churn: float) -> list[Edge]:
    """A straight walk with noise added before every step (Karras et al. 2022, algorithm 2): sigma grows by the factor
    1 + min(churn / steps, sqrt(2) - 1), as far as the schedule goes.
    """
    growth = 1 + min(churn / len(walk), math.sqrt(2) - 1)
    edges: list[Edge] = []
    for start, stop in walk:
        risen = schedule.level(growth * schedule.sigma(start))
        edges += [Edge(start, risen), Edge(risen, stop)] if risen > start else [Edge(start, stop)]
    return edges


def steps_down(walk: list[Edge]) -> int:
    """Downward edges of a walk, each of which costs at least one network evaluation."""
    return sum(not edge.upward for edge in walk)
