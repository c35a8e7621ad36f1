"""Paired tests."""


import numpy as np
import pytest

from core.study.metrics import COLUMNS
from core.study.paired import compare
from core.study.table import RowResult


def row(values: list[float]) -> RowResult:
    return RowResult("made", "", {}, [{"level_db": value} for value in values], {})


def test_pairs_are_of_clips_and_of_distances_from_the_truth() -> None:
    """Two seeds of one clip are one piece of evidence; too loud by 1 dB is as far off as too quiet by 1."""
    column = next(column for column in COLUMNS if column.name == "level_db")
    clip_of = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    true, near, far = row([1.0] * 10), row([0.0, 2.0] * 5), row([3.0, -1.0] * 5)
    pair = compare(near, far, true, column, clip_of, seed=1)
    assert (pair.difference, pair.nearer, pair.clips) == (-1.0, 5, 5)
    assert pair.p == pytest.approx(0.0625) and pair.interval == (-1.0, -1.0)
    same = compare(near, near, true, column, clip_of, seed=1)
    assert same.difference == 0 and np.isnan(same.p) and same.nearer == 0
    few = compare(near, far, true, column, [0] * 10, seed=1)
    assert few.clips == 1 and np.isnan(few.p) and few.interval is None
    missing = row([float("nan")] * 10)
    assert compare(missing, far, true, column, clip_of, seed=1).clips == 0
