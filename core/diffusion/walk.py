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


def start_level(top: int, start: float) -> float:
    """The level that a walk begins at which is to begin at the share `start` of all T levels."""
    return start * top


def steps_from(steps: int, start: float) -> int:
    """Steps of a walk from there, when one from T has `steps`: as dense as that, and at least one."""
    return max(1, round(start * steps))


def spread_levels(top: float, steps: int) -> list[float]:
    """The `steps` + 1 levels of a walk, from 0 up: 0, then evenly from 1 to `top`; every level when steps == top.

    However few the steps are, the last one starts from level 1, the least noise: what is left there is never heard.
    From a `top` of 1 or below they are even all the way.
    """
    if steps == 1:
        return [0.0, float(top)]
    lowest = 1 if top > 1 else top / steps
    return [0.0, *(lowest + (top - lowest) * k / (steps - 1) for k in range(steps))]


def strided(top: float, steps: int) -> list[Edge]:
    """`steps` edges straight down from level `top` to 0."""
    return [Edge(b, a) for a, b in pairwise(spread_levels(top, steps))][::-1]


def repaint(top: float, steps: int, jump_length: int = 10, resamplings: int = 10) -> list[Edge]:
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


def churned(walk: list[Edge], schedule: NoiseSchedule, churn: float, steps: int) -> list[Edge]:
    """A straight walk with noise added before every step (Karras et al. 2022, algorithm 2): sigma grows by the factor
    1 + min(churn / steps, sqrt(2) - 1), as far as the schedule goes. steps: of the whole walk from T.
    """
    growth = 1 + min(churn / steps, math.sqrt(2) - 1)
    edges: list[Edge] = []
    for start, stop in walk:
        risen = schedule.level(growth * schedule.sigma(start))
        edges += [Edge(start, risen), Edge(risen, stop)] if risen > start else [Edge(start, stop)]
    return edges


def steps_down(walk: list[Edge]) -> int:
    """Downward edges of a walk, each of which costs at least one network evaluation."""
    return sum(not edge.upward for edge in walk)
