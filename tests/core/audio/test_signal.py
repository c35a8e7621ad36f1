"""Samples in memory: rate and level come out as they should, and what is no number is found."""


import numpy as np
import pytest

from core.audio.signal import active_rms, resample


@pytest.mark.parametrize(("before", "after"), [(44_100, 22_050), (22_050, 44_100), (8_000, 22_050), (192_000, 22_050)])
def test_resampling_keeps_time_and_level(before: int, after: int) -> None:
    """A delay of one sample at the boundary would be a click at every seam."""
    samples = np.stack([np.sin(2 * np.pi * f * np.arange(before) / before) for f in (200.0, 700.0, 2500.0)])
    expected = np.stack([np.sin(2 * np.pi * f * np.arange(after) / after) for f in (200.0, 700.0, 2500.0)])
    result = resample(samples.astype(np.float32), before, after)
    assert result.shape == (3, after) and result.dtype == np.float32
    inner = slice(after // 20, -after // 20)
    np.testing.assert_allclose(result[:, inner], expected[:, inner], atol=2e-5)


@pytest.mark.parametrize("frames", [0, 1, 2, 333, 1000])
def test_resampled_lengths(frames: int) -> None:
    for before, after in ((44_100, 22_050), (22_050, 48_000), (192_000, 8_000), (8_000, 8_000)):
        assert resample(np.zeros((6, frames), np.float32), before, after).shape == (6, round(frames * after / before))


def test_active_rms_leaves_pauses_out() -> None:
    rate = 22_050
    tone = np.full((1, rate), 0.2, np.float32)
    pause = np.full((1, 3 * rate), 1e-4, np.float32)
    assert active_rms(tone, rate) == pytest.approx(0.2)
    assert active_rms(np.concatenate([tone, pause], axis=1), rate) == pytest.approx(0.2, rel=0.03)
    assert active_rms(np.concatenate([tone, 0.5 * tone], axis=1), rate) == pytest.approx(0.158, rel=0.01)
    assert active_rms(tone[0], rate) == pytest.approx(0.2)
    assert active_rms(np.zeros((2, rate), np.float32), rate) == 0.0
    assert active_rms(np.zeros((2, 0), np.float32), rate) == 0.0
