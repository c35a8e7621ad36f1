"""The lambda schedules of interpolation guidance (paper, section 3.4, eq. 19 and Fig. 2).

A schedule maps the progress of the reverse walk, 0 at the first (noisiest) step and 1 at the last, to lambda in [0,
1]: how much of the network's own version of the known part survives. At 0 the known audio is pasted in, at 1 it is
left alone.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

_LAST_INDEX = 199
"""The paper's schedule is written for 200 steps; fewer or more are rescaled to its indices 0..199."""


def _exponential(progress: float) -> float:
    """((0.3704 e)^(i / 2) - 1)^4 at i = 199 progress: 0 at the start, 0.8954 at the end."""
    return float(((0.3704 * np.e) ** (0.5 * _LAST_INDEX * progress) - 1) ** 4)


def reverse(progress: float) -> float:
    """The paper's: slow at first, steep towards the end, and exactly 1 on the last step."""
    return 1.0 if progress >= 1 else _exponential(progress)


def linear(progress: float) -> float:
    """i / 199, which the paper found worse (footnote 1)."""
    return progress


def forward(progress: float) -> float:
    """The same curve read forwards in t, which the paper found not to harmonise: 0.895 at first, 0 at the end."""
    return _exponential(1 - progress)


LAMBDAS: dict[str, Callable[[float], float]] = {"reverse": reverse, "linear": linear, "forward": forward}


Curve = str | tuple[tuple[float, float], ...]
"""A name in LAMBDAS, or a curve drawn by hand: (progress, lambda) points, straight lines between them."""


def lambda_curve(curve: Curve, steps: int) -> np.ndarray:
    """(steps,) lambda of every reverse step, the noisiest first. A single step is the last one."""
    progress = np.linspace(0.0, 1.0, steps) if steps > 1 else np.ones(1)
    if isinstance(curve, str):
        return np.array([LAMBDAS[curve](p) for p in progress])
    return np.interp(progress, *np.transpose(curve))


def check_points(points: Iterable[Iterable[float]]) -> tuple[tuple[float, float], ...]:
    """Points of a drawn curve as they should be. Raises ValueError unless there are two or more, their progress rises
    from 0 to 1, and lambda stays in 0..1.
    """
    checked = tuple((float(progress), float(value)) for progress, value in points)
    progress = [point[0] for point in checked]
    rising = all(a < b for a, b in pairwise(progress))
    if len(checked) < 2 or not rising or progress[0] != 0 or progress[-1] != 1:
        raise ValueError("the points of a lambda curve must go from 0 to 1, each later than the one before")
    if not all(0 <= value <= 1 for _, value in checked):
        raise ValueError("lambda must stay between 0 and 1")
    return checked
