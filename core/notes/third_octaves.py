"""Power by third octaves, as far up as a sketch reaches."""

import numpy as np
import numpy.typing as npt

from core.notes.sketch import HIGHEST

_FROM_1_KHZ = np.arange(-16, 14)  # 25 Hz to 20 kHz


def centres(sample_rate: float) -> npt.NDArray[np.float64]:
    """(bands,) Hz, from 25 Hz as far as a sketch at that rate reaches."""
    every = 1000 * 2.0 ** (_FROM_1_KHZ / 3)
    return np.asarray(every[every < HIGHEST * sample_rate])


def in_third_octaves(power: npt.NDArray[np.float64], sample_rate: float) -> npt.NDArray[np.float64]:
    """(frames, bins) power from 0 Hz to half the rate -> (frames, bands), the power in each."""
    frequencies = np.linspace(0, sample_rate / 2, power.shape[1])
    # Power up to a frequency, with straight lines between bins: low bands are narrower than a few of them.
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    edges = np.append(frequencies, frequencies[-1] + frequencies[1]) - frequencies[1] / 2

    def up_to(limits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        after = np.clip(np.searchsorted(edges, limits), 1, len(edges) - 1)
        share = np.clip((limits - edges[after - 1]) / (edges[after] - edges[after - 1]), 0, 1)
        return np.asarray(total[:, after - 1] * (1 - share) + total[:, after] * share)

    middle = centres(sample_rate)
    return np.maximum(up_to(middle * 2 ** (1 / 6)) - up_to(middle * 2 ** (-1 / 6)), 0)
