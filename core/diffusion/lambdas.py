"""The lambda schedules of interpolation guidance (paper, section 3.4, eq. 19 and Fig. 2).

A schedule maps the progress of the reverse walk, 0 at the first (noisiest) step and 1 at the last, to lambda in [0,
1]: how much of the network's own version of the known part survives. At 0 the known audio is pasted in, at 1 it is
left alone.
"""

from collections.abc import Callable

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


def lambda_curve(name: str, steps: int) -> np.ndarray:
    """(steps,) lambda of every reverse step, the noisiest first. A single step is the last one."""
    progress = np.linspace(0.0, 1.0, steps) if steps > 1 else np.ones(1)
    return np.array([LAMBDAS[name](p) for p in progress])
