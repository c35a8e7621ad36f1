"""Whether a low period is one string's, or only what several notes have in common.

The notes of a chord repeat together after a period of which each has a whole number: G2 and D3 after G1's. YIN can't
tell that from a low note. A spectrum can: a string has all its partials from the second on (a small piano's soundboard
may leave out the first), a chord's common period only the multiples that some note has, here 2, 3, 4, 6, 8 but not 5
and 7. A partial that noise hides counts as missing, so that a blur is not taken for a string either.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from core.audio.signal import FloatArray

PARTIALS = 8
"""So many are looked at: the hammer strikes near an eighth of the string, and the ones from there on may be weak."""

_WEAKEST = 10.0**-3.5  # power of a partial, of the strongest one's
_ABOVE_FLOOR = 6.0  # power of a partial, of what lies between partials
_STIFFNESS = 3e-4  # B in n f0 sqrt(1 + B n^2), of an ordinary bass string
_STIFFEST = 1e-3  # B up to which a partial is looked for
_BLUR = 0.01  # relative error of f0
_POINTS = 9  # looked at over the width in which a partial may lie


def power_spectra(frames: FloatArray, sample_rate: float) -> tuple[FloatArray, float]:
    """Power spectrum of each row of `frames` (count, length) through a Hann window, (count, bins), and a bin's width in
    Hz. Partials are told apart that lie 4 / `length` of the rate apart."""
    length = frames.shape[1]
    size = fft.next_fast_len(3 * length // 2, real=True)
    spectrum = fft.rfft(frames * np.hanning(length).astype(np.float32), n=size, axis=1)
    return np.square(spectrum.real) + np.square(spectrum.imag), sample_rate / size


def skips_partials(power: FloatArray, bin_width: float, f0: FloatArray) -> npt.NDArray[np.bool_]:
    """Which frames lack a partial, from the second up to the highest present one of the first PARTIALS; or have none.

    Args:
        power: (count, bins), each `bin_width` Hz wide; partials above the last one are left out.
        f0: (count,) in Hz, half of it inside the spectrum.
    """
    number = np.arange(1.0, PARTIALS + 1)
    places = number * np.linspace(1 - _BLUR, np.sqrt(1 + _STIFFEST * number**2) + _BLUR, _POINTS)
    gaps = (number - 0.5) * np.sqrt(1 + _STIFFNESS * (number - 0.5) ** 2)
    partials = np.nan_to_num(_at(power, f0 / bin_width, places)).max(axis=1)
    floor = np.nanmedian(_at(power, f0 / bin_width, gaps[None]), axis=(1, 2))[:, None]
    present = (partials > _WEAKEST * partials.max(axis=1, keepdims=True)) & (partials > _ABOVE_FLOOR * floor)
    reached = np.cumsum(present[:, ::-1], axis=1)[:, ::-1] > 0  # this one or a higher one is present
    return np.asarray((reached & ~present)[:, 1:].any(axis=1) | ~present.any(axis=1))


def _at(power: FloatArray, f0: npt.NDArray[np.floating], multiples: npt.NDArray[np.floating]) -> FloatArray:
    """Power (count, bins) at multiples (points, numbers) of f0, (count,) in bins: (count, points, numbers), NaN above
    the last bin."""
    bins = np.rint(f0[:, None, None] * multiples).astype(np.intp)
    inside = bins < power.shape[1]
    rows = np.arange(len(power))[:, None, None]
    return np.where(inside, power[rows, np.where(inside, bins, 0)], np.nan).astype(np.float32, copy=False)
