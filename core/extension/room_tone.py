"""The noise of a room, an instrument and a recorder, which goes on where notes are played.

A sketch of notes has none, and the little noise that a low start adds doesn't make the network invent it: between the
partials new audio would be quieter than the recording, and the hiss would stop at the seam. What is missing there, by
third octaves, is added as noise: never more than the recording itself has.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import fft

from core.analysis.noise_floor import N_FFT, floor_spectrum
from core.analysis.spectrum import stft_magnitude
from core.audio.signal import FloatArray


def room_tone(floor: FloatArray, made: FloatArray, fade: int, rng: np.random.Generator) -> FloatArray:
    """(M,) noise to be added to `made` (M,), so that it has the `floor_spectrum` of the recording, `floor`, both at one
    rate and level.

    It comes and goes over `fade` samples at both ends: rumble that began with any sample but 0 would be a click.
    """
    missing = np.maximum(floor - floor_spectrum(made), 0)
    length = len(made)
    spectrum = fft.rfft(rng.standard_normal(length).astype(np.float32))
    shape = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, len(missing)), np.sqrt(missing))
    noise = fft.irfft(spectrum * shape, length) / _unit()
    ramp = np.sin(0.5 * np.pi * np.minimum(1, (np.arange(length) + 1) / (fade + 1))) ** 2
    return np.asarray(noise * np.minimum(ramp, ramp[::-1]), np.float32)


@cache
def _unit() -> float:
    """The root mean square magnitude of white noise of deviation 1 in `stft_magnitude`."""
    noise = np.random.default_rng(0).standard_normal(N_FFT * 64).astype(np.float32)
    return float(np.sqrt(np.square(stft_magnitude(noise, N_FFT)).mean()))
