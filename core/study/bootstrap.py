"""How far a figure would have moved with other clips: percentile bootstrap intervals (Efron 1979).

Clips are drawn again, with replacement, not cuts: two cuts of one clip are one player at one piano, and counting them
as two would promise more than there is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RESAMPLES = 4000
MIN_CLIPS = 3
"""With fewer clips there is no interval: a resample of two clips has three outcomes."""

Interval = tuple[float, float]


def draws(clips: int, seed: int, resamples: int = RESAMPLES) -> npt.NDArray[np.intp]:
    """(resamples, clips): which clips each resample holds. The same for every row and figure of a table, so that the
    rows are moved by the same luck."""
    return np.random.default_rng([seed, clips]).integers(0, clips, (resamples, clips))


def median_interval(values: Sequence[float], clip_of: Sequence[int], seed: int) -> Interval | None:
    """95 % interval of the median over cases.

    Args:
        values: (cases,) figures; NaN for cases that have none, which are left out.
        clip_of: (cases,) number of each case's clip.
        seed: of the draws.

    Returns:
        (low, high), or None when fewer than MIN_CLIPS clips have a value.
    """
    by_clip: dict[int, list[float]] = {}
    for value, clip in zip(values, clip_of, strict=True):
        if np.isfinite(value):
            by_clip.setdefault(clip, []).append(float(value))
    if len(by_clip) < MIN_CLIPS:
        return None
    table = np.full((len(by_clip), max(map(len, by_clip.values()))), np.nan)
    for row, clip in enumerate(sorted(by_clip)):
        table[row, : len(by_clip[clip])] = by_clip[clip]
    drawn = table[draws(len(table), seed)]
    return percentiles(np.nanmedian(drawn.reshape(len(drawn), -1), axis=1))


def percentiles(replicates: npt.NDArray[np.float64]) -> Interval:
    """(2.5 %, 97.5 %) of the replicates."""
    low, high = np.quantile(replicates, (0.025, 0.975))
    return float(low), float(high)


def resampled_weights(clips: int, seed: int, resamples: int) -> npt.NDArray[np.float64]:
    """(resamples, clips): how often each resample draws each clip, for figures of the whole set."""
    return np.stack([np.bincount(draw, minlength=clips) for draw in draws(clips, seed, resamples)]).astype(np.float64)


def centred_interval(estimate: float, replicates: npt.NDArray[np.float64]) -> Interval | None:
    """95 % interval of a positive figure of the whole set whose size depends on the number of different clips.

    A resample holds only 63 % different clips, and a distance between distributions grows as samples get fewer. The
    replicates are therefore scaled so that their median is the estimate; their spread, as a ratio, is what is kept.

    Args:
        estimate: the figure of the clips as they are.
        replicates: (resamples,) of the resamples; NaN where it can't be had.
    """
    replicates = replicates[np.isfinite(replicates)]
    if not np.isfinite(estimate) or not replicates.size:
        return None
    middle = float(np.median(replicates))
    return percentiles(replicates * (estimate / middle)) if middle > 0.0 else (estimate, estimate)
