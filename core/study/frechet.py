"""Frechet distance between sets of log-mel frames: how far the generated sound is from the true one, as a whole.

Frames are log-mel spectra in dB relative to their clip's known part (so that a quiet recording is not another sound),
MEL_BANDS wide, floored at -80 dB: below that is silence, whose logarithm would otherwise decide everything. For the
Gaussians with the means and covariances of two sets (Dowson and Landau 1982; Heusel et al. 2017, there of an image
network's features),

    d^2 = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)),      in dB^2

Both covariances get a ridge of (1 dB)^2: a few seconds do not span 40 dimensions, and a direction in which neither
set moves by a decibel is no difference anyone hears.

What it can tell: missing or added highs, hiss, blur, too steady or too restless a spectrum, over the whole set at
once. What it can't: anything about the order of frames, so neither rhythm nor melody; and of one case nothing at all.

The bias. d^2 between two finite samples of the same music is not 0 but grows as they get smaller, and frames of one
clip are alike, so the number of clips decides, not that of frames. A number is therefore only comparable with one from
as many clips:

    frechet         all generated against all true, of the same clips. Same contexts on both sides, so it is lower than
                    between different clips; 0 for the true row.
    frechet_halves  the generated half of the clips against the true other half; median over random halvings. The true
                    row has true half against true other half: the same sizes, the same bias, never the same clip on
                    both sides. This is the pair to compare.
    frechet_ratio   frechet_halves over the true row's. About 1 where generated can't be told from true this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.study.bootstrap import Interval, centred_interval, resampled_weights
from core.study.features import MEL_BANDS, Array, Sound

FLOOR_DB = -80.0
RIDGE_DB2 = 1.0
MIN_CLIPS = 4
"""With fewer clips a half would be a single one."""

HALVINGS = 100
RESAMPLES, RESAMPLE_HALVINGS = 200, 4


def mel_frames(new: Sound, known: Sound) -> Array:
    """(frames, MEL_BANDS) in dB relative to the mean square of `known`, floored at FLOOR_DB."""
    relative = new.mel_power / known.power
    return 10.0 * np.log10(np.maximum(relative, 10.0 ** (FLOOR_DB / 10.0)))


@dataclass(frozen=True)
class Moments:
    """Counts, sums and sums of outer products of frames, clip by clip, so that any subset of clips is a sum.

    counts (clips,), sums (clips, bands), outers (clips, bands, bands).
    """

    counts: Array
    sums: Array
    outers: Array

    @classmethod
    def of(cls, frames: Sequence[Array], clip_of: Sequence[int]) -> Moments:
        """From each case's frames; clips are numbered from 0 without gaps."""
        clips = max(clip_of) + 1
        counts, sums = np.zeros(clips), np.zeros((clips, MEL_BANDS))
        outers = np.zeros((clips, MEL_BANDS, MEL_BANDS))
        for case, clip in zip(frames, clip_of, strict=True):
            counts[clip] += len(case)
            sums[clip] += case.sum(axis=0)
            outers[clip] += case.T @ case
        return cls(counts, sums, outers)

    def gaussians(self, weights: Array) -> tuple[Array, Array]:
        """Means (sets, bands) and covariances with ridge (sets, bands, bands) of the clips weighted (sets, clips)."""
        count = (weights @ self.counts)[:, None]
        mean = weights @ self.sums / count
        outer = np.tensordot(weights, self.outers, 1) / count[..., None]
        covariance = outer - mean[:, :, None] * mean[:, None, :]
        return mean, covariance + RIDGE_DB2 * np.eye(MEL_BANDS)


def frechet_distance(first: tuple[Array, Array], second: tuple[Array, Array]) -> Array:
    """(sets,) squared distances between Gaussians, each with means (sets, bands), covariances (sets, bands, bands)."""
    (mean1, cov1), (mean2, cov2) = first, second
    # With C1 = L L^T, C1 C2 has the eigenvalues of the symmetric L^T C2 L.
    factor = np.linalg.cholesky(cov1)
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(factor.transpose(0, 2, 1) @ cov2 @ factor), 0.0)).sum(axis=1)
    traces = np.trace(cov1, axis1=1, axis2=2) + np.trace(cov2, axis1=1, axis2=2)
    return np.maximum(np.square(mean1 - mean2).sum(axis=1) + traces - 2.0 * cross, 0.0)


def halvings(clips: int, count: int, seed: int) -> npt.NDArray[np.bool_]:
    """(count, clips): random halvings of the clips, True in one half (the smaller one when their number is odd)."""
    rng = np.random.default_rng([seed, clips, 1])
    ranks = np.argsort(rng.random((count, clips)), axis=1)
    return ranks < clips // 2


def between_halves(made: Moments, true: Moments, halves: npt.NDArray[np.bool_], weights: Array | None = None) -> float:
    """Median distance between `made` of one half of the clips and `true` of the other, either way round.

    `weights` (clips,) counts clips as often as a resample drew them. A clip is in one half only, however often it was
    drawn: on both sides it would be compared with itself. NaN when every halving leaves a side empty.
    """
    weights = np.ones(len(made.counts)) if weights is None else weights
    one = np.concatenate([halves, ~halves]) * weights
    other = np.concatenate([~halves, halves]) * weights
    filled = (one @ made.counts > 0) & (other @ true.counts > 0)
    if not filled.any():
        return float("nan")
    return float(np.median(frechet_distance(made.gaussians(one[filled]), true.gaussians(other[filled]))))


class FrechetFigures:
    """The three Frechet figures of any number of rows against the same true continuations.

    What concerns only the true ones is computed once.

    Args:
        true: of the true continuations.
        seed: of the halvings and resamples, which all rows share.
    """

    def __init__(self, true: Moments, seed: int) -> None:
        self._true = true
        clips = len(true.counts)
        self._enough = clips >= MIN_CLIPS
        if self._enough:
            self._many = halvings(clips, HALVINGS, seed)
            self._few = halvings(clips, RESAMPLE_HALVINGS, seed)
            self._weights = resampled_weights(clips, seed, RESAMPLES)
            self._between = between_halves(true, true, self._many)
            self._betweens = self._resampled(true)

    def of(self, made: Moments) -> dict[str, tuple[float, Interval | None]]:
        """Each figure and its interval by its column's name; with fewer than MIN_CLIPS clips only the first, and no
        interval."""
        every = np.ones((1, len(self._true.counts)))
        whole = float(frechet_distance(made.gaussians(every), self._true.gaussians(every))[0])
        if not self._enough:
            missing = (float("nan"), None)
            return {"frechet": (whole, None), "frechet_halves": missing, "frechet_ratio": missing}
        wholes = frechet_distance(made.gaussians(self._weights), self._true.gaussians(self._weights))
        itself = made is self._true
        between = self._between if itself else between_halves(made, self._true, self._many)
        betweens = self._betweens if itself else self._resampled(made)
        ratio, ratios = between / self._between, betweens / self._betweens
        return {
            "frechet": (whole, centred_interval(whole, wholes)),
            "frechet_halves": (between, centred_interval(between, betweens)),
            "frechet_ratio": (ratio, centred_interval(ratio, ratios)),
        }

    def _resampled(self, made: Moments) -> Array:
        return np.array([between_halves(made, self._true, self._few, weights) for weights in self._weights])
