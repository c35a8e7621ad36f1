"""The stereo image: a mono network for recordings of any number of channels.

The network continues one signal, the principal component of the channels. Each channel is then made from it by a
filter that reproduces, band by band, how that channel related to it in the context: the coherent part by the
least-squares filter S_cm / S_mm, the rest (room, width) at its measured level through a short decorrelating tail,
with opposite signs so that the sum to mono stays as it is. A mono recording passes through untouched.
"""

import numpy as np
from scipy.signal import csd, oaconvolve

_BINS = 1024
_TAIL_SECONDS = 0.03


class ChannelImage:
    """Measured on context (channels, M) at `sample_rate`; M may be 0 where there is one channel only."""

    def __init__(self, context: np.ndarray, sample_rate: int) -> None:
        self.channels = len(context)
        if self.channels == 1:
            return
        covariance = context.astype(np.float64) @ context.T.astype(np.float64)
        _, vectors = np.linalg.eigh(covariance)
        principal = vectors[:, -1]
        self._weights = principal * (np.sign(principal.sum()) or 1.0)
        self._filters = self._fit(context, np.sign(vectors[:, -2]), sample_rate)

    def downmix(self, samples: np.ndarray) -> np.ndarray:
        """(channels, N) -> (N,): the signal that the network hears."""
        if self.channels == 1:
            return samples[0]
        return (self._weights @ samples).astype(np.float32)

    def render(self, mono: np.ndarray) -> np.ndarray:
        """(N,) -> (channels, N)."""
        if self.channels == 1:
            return mono[None]
        padded = np.pad(mono, (_BINS, _BINS))  # the filters are centred on tap _BINS
        spread = oaconvolve(np.broadcast_to(padded, (self.channels, len(padded))), self._filters, axes=1)
        return spread[:, 2 * _BINS : 2 * _BINS + len(mono)].astype(np.float32)

    def _fit(self, context: np.ndarray, signs: np.ndarray, sample_rate: int) -> np.ndarray:
        """(channels, 2 _BINS) impulse responses from the downmix to each channel."""
        mono = self.downmix(context)
        segment = min(2 * _BINS, len(mono))

        def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            _, spectrum = csd(a, b, fs=sample_rate, nperseg=segment, nfft=2 * _BINS)
            return _smooth(spectrum)

        power = cross(mono, mono).real
        power = power + 1e-7 * power.max() + 1e-30
        rng = np.random.default_rng(0)  # the tail is part of the method, not of the seed
        taps = round(_TAIL_SECONDS * sample_rate)
        tail = rng.standard_normal(taps) * np.exp(-4 * np.arange(taps) / taps)
        diffuser = np.fft.rfft(tail / np.linalg.norm(tail), 2 * _BINS)
        filters = []
        for channel, sign in zip(context, signs, strict=True):
            coherent = cross(mono, channel) / power
            rest = np.maximum(cross(channel, channel).real / power - np.abs(coherent) ** 2, 0)
            response = coherent + sign * np.sqrt(rest) * diffuser
            impulse = np.fft.irfft(response, 2 * _BINS)
            filters.append(np.roll(impulse, _BINS) * np.hanning(2 * _BINS))
        return np.array(filters)


def _smooth(spectrum: np.ndarray) -> np.ndarray:
    """Mean over a sixth of an octave around each bin: single bins of a few seconds of music are too uncertain to
    divide by.
    """
    k = np.arange(len(spectrum))
    low = np.floor(k * 2 ** (-1 / 12)).astype(int)
    high = np.minimum(np.ceil(k * 2 ** (1 / 12)).astype(int), len(spectrum) - 1) + 1
    total = np.concatenate([[0], np.cumsum(spectrum)])
    return np.asarray((total[high] - total[low]) / (high - low))
