"""The seam between the recording and what is added."""


import numpy as np

from core.extension.seam import joined, seam_correction


def test_seam_correction_continues_a_tone_and_dies_within_20_ms() -> None:
    """It may touch generated audio only briefly, and must begin where the recording ends."""
    rate = 22050
    t = np.arange(4000) / rate
    tone = np.sin(2 * np.pi * 300 * t).astype(np.float32)[None]
    correction = seam_correction(tone[:, :3000], 1000, rate)
    assert np.abs(correction[0, :20] - tone[0, 3000:3020]).max() < 0.05
    assert np.all(correction[:, round(0.02 * rate) :] == 0)


def test_a_sketch_joins_what_is_known_without_a_step() -> None:
    """On both sides, and known audio stays as it is; in between, beyond 20 ms, so does the sketch. Breaks when a low
    start begins with a click, which the little noise there can't hide.
    """
    rate = 22050
    t = np.arange(6000) / rate
    known, sound = np.sin(2 * np.pi * 300 * t), 0.5 * np.cos(2 * np.pi * 300 * t)
    both = joined(sound, 2000, 1500, known, rate)
    assert np.array_equal(both[:2000], known[:2000]) and np.array_equal(both[4500:], known[4500:])
    fade = round(0.02 * rate)
    assert np.array_equal(both[2000 + fade : 4500 - fade], sound[2000 + fade : 4500 - fade])
    assert np.abs(np.diff(both)).max() < 1.5 * np.abs(np.diff(known)).max()
    assert np.array_equal(joined(sound, 0, 0, known, rate), sound)
