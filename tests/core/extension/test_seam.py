"""The seam between the recording and what is added."""


import numpy as np

from core.extension.seam import seam_correction


def test_seam_correction_continues_a_tone_and_dies_within_20_ms() -> None:
    """It may touch generated audio only briefly, and must begin where the recording ends."""
    rate = 22050
    t = np.arange(4000) / rate
    tone = np.sin(2 * np.pi * 300 * t).astype(np.float32)[None]
    correction = seam_correction(tone[:, :3000], 1000, rate)
    assert np.abs(correction[0, :20] - tone[0, 3000:3020]).max() < 0.05
    assert np.all(correction[:, round(0.02 * rate) :] == 0)
