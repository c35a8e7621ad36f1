"""The noise of a room, an instrument and a recorder, as it shows between the partials and between the notes."""

import numpy as np

from core.analysis.spectrum import stft_magnitude
from core.audio.signal import FloatArray

N_FFT = 2048
_QUIET = 0.1
"""Share of the frames and bins of a third octave that count as lying between the partials, and between the notes."""
_LEAST_FRAMES = 8


def floor_spectrum(samples: FloatArray) -> FloatArray:
    """(N,) -> (1025,) power of white noise that would lie as high in each bin as what is quietest around it, by the
    scale of `stft_magnitude`; 0 where the audio is too short to tell.
    """
    magnitude = stft_magnitude(samples, N_FFT)
    bins = magnitude.shape[1]
    if len(magnitude) < _LEAST_FRAMES:
        return np.zeros(bins, np.float32)
    quiet = np.quantile(magnitude, _QUIET, axis=0)
    # Of noise of power 1, a share q of the magnitudes is below sqrt(-ln(1 - q)).
    power = quiet**2 / -np.log1p(-_QUIET)
    result = np.empty(bins, np.float32)
    for k in range(bins):
        low, high = int(k * 2 ** (-1 / 6)), int(np.ceil(k * 2 ** (1 / 6))) + 2
        result[k] = np.quantile(power[low:high], _QUIET)
    return result
