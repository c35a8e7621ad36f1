"""The stereo image of what a mono network adds."""


import numpy as np
import pytest

from core.audio.image import ChannelImage
from core.audio.signal import active_rms
from tests.core.tones import chord


def test_a_stereo_image_survives() -> None:
    """Left-heavy stays left-heavy, wide stays wide, and the channels' levels are kept; mono is passed through."""
    rng = np.random.default_rng(0)
    middle, side = rng.standard_normal((2, 88200)).astype(np.float32) * np.array([[0.1], [0.03]], np.float32)
    stereo = np.stack([1.5 * middle + side, 0.7 * middle - side])
    image = ChannelImage(stereo, 22050)
    rendered = image.render(image.downmix(stereo))

    def level(x: np.ndarray) -> np.ndarray:
        return np.asarray(20 * np.log10(np.sqrt(np.mean(x[:, 4000:-4000] ** 2, axis=1))))

    assert np.allclose(level(rendered), level(stereo), atol=1.0)
    assert np.corrcoef(rendered)[0, 1] == pytest.approx(np.corrcoef(stereo)[0, 1], abs=0.15)
    mono = middle[None]
    assert ChannelImage(mono, 22050).render(ChannelImage(mono, 22050).downmix(mono)) is not None
    assert np.array_equal(ChannelImage(mono, 22050).render(middle)[0], middle)


def test_opposite_channels_do_not_cancel() -> None:
    """A recording with one channel inverted has no plain mono sum to hear."""
    tone = chord(1.0, 22050)[0]
    image = ChannelImage(np.stack([tone, -tone]), 22050)
    assert active_rms(image.downmix(np.stack([tone, -tone]))[None]) > 0.1
