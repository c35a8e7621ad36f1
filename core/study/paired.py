"""Whether one method is nearer the truth than another on the same clips: paired differences, never two averages."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import wilcoxon

from core.study.bootstrap import Interval, median_interval
from core.study.metrics import Column
from core.study.table import RowResult

MIN_PAIRS = 5
"""With fewer clips no test can tell chance from difference: the least p-value of 5 is 0.06."""


@dataclass(frozen=True)
class Paired:
    """How much further from the true continuation the first is than the second, by one figure.

    difference  median over clips of the difference of distances; below 0 the first is nearer
    interval    its 95 % bootstrap interval over clips, None where there are too few
    p           of Wilcoxon's signed-rank test, two-sided; NaN with fewer than MIN_PAIRS clips
    nearer      clips on which the first is nearer, of `clips`
    """

    difference: float
    interval: Interval | None
    p: float
    nearer: int
    clips: int


def compare(
    first: RowResult, second: RowResult, true: RowResult, column: Column, clip_of: list[int], seed: int
) -> Paired:
    """Compare two rows of the same cases and seeds. All continuations of a clip count as one: their mean difference."""
    by_clip: dict[int, list[float]] = {}
    for ours, theirs, real, clip in zip(first.cases, second.cases, true.cases, clip_of, strict=True):
        distances = [column.distance(case[column.name], real[column.name]) for case in (ours, theirs)]
        if all(map(math.isfinite, distances)):
            by_clip.setdefault(clip, []).append(distances[0] - distances[1])
    values = [float(np.mean(of_clip)) for of_clip in by_clip.values()]
    if not values:
        return Paired(math.nan, None, math.nan, 0, 0)
    different = any(value != 0 for value in values)
    p = float(wilcoxon(values).pvalue) if len(values) >= MIN_PAIRS and different else math.nan
    interval = median_interval(values, list(range(len(values))), seed)
    return Paired(float(np.median(values)), interval, p, sum(value < 0 for value in values), len(values))
