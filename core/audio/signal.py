"""Samples in memory: their type, their rate, their level, and whether they are numbers at all.

Arrays are float32 of shape (channels, frames) with full scale at +-1 unless a docstring says otherwise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from core.errors import AudioError

FloatArray = npt.NDArray[np.float32]


def resample(samples: FloatArray, from_rate: float, to_rate: float) -> FloatArray:
    """Change the sample rate of (channels, frames) with soxr at very high quality.

    Returns:
        float32 (channels, round(frames * to_rate / from_rate)), with no delay against the input.
    """
    samples = np.asarray(samples, np.float32)
    if from_rate == to_rate:
        return samples
    channels, frames = samples.shape
    out = np.zeros((channels, round(frames * to_rate / from_rate)), np.float32)
    if frames:
        data = soxr.resample(samples.T, from_rate, to_rate, quality="VHQ").T
        count = min(data.shape[1], out.shape[1])  # soxr may round the other way
        out[:, :count] = data[:, :count]
    return out


def rms(samples: npt.NDArray[np.floating]) -> float:
    """Root mean square of all samples, summed in float64; 0.0 for none at all."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0


def active_rms(samples: FloatArray, sample_rate: float = 22_050) -> float:
    """Loudness of the playing, not of the pauses: RMS of the 50 ms blocks within 40 dB of the loudest one.

    Args:
        samples: (channels, frames) or (frames,).
        sample_rate: in Hz.

    Returns:
        RMS over all channels in those blocks; 0.0 for silence and for no samples at all.
    """
    power = np.square(np.atleast_2d(samples).astype(np.float64)).mean(axis=0) if samples.size else np.zeros(0)
    if not power.size:
        return 0.0
    starts = np.arange(0, power.size, level_block(sample_rate))
    return rms_of_active(np.add.reduceat(power, starts), np.diff(np.append(starts, power.size)))


def level_block(sample_rate: float) -> int:
    """Frames of the blocks that :func:`active_rms` looks at, 50 ms."""
    return max(1, round(0.05 * sample_rate))


def rms_of_active(sums: npt.NDArray[np.float64], counts: npt.NDArray[np.integer]) -> float:
    """:func:`active_rms` of a signal by the sums of squares of its blocks, and how many frames (above 0) each has."""
    means = sums / counts
    active = means >= means.max() * 1e-4
    return float(np.sqrt(sums[active].sum() / counts[active].sum()))


def check_finite(samples: FloatArray, name: str, sample_rate: float) -> None:
    """Refuse an array (channels, frames) that holds NaN or infinity.

    Raises:
        AudioError: says how many samples are wrong and where the first one is.
    """
    wrong = ~np.isfinite(samples)
    if wrong.any():
        first = int(np.argmax(np.atleast_2d(wrong).any(axis=0)))
        nan = int(np.isnan(samples).sum())
        raise AudioError(not_finite_message(name, int(wrong.sum()), nan, first, sample_rate))


def not_finite_message(name: str, bad: int, nan: int, first: int, sample_rate: float) -> str:
    """What to tell the user of `bad` samples that are no numbers, `nan` of them NaN, the first in frame `first`."""
    kinds = f"{nan} NaN and {bad - nan} infinite" if 0 < nan < bad else "NaN" if nan else "infinite"
    what = "1 sample that is not a number" if bad == 1 else f"{bad} samples that are not numbers"
    return (
        f"{name} has {what} ({kinds}), the first at {first / sample_rate:.3f} s (frame {first}). "
        "Repair the file in an audio editor first."
    )
