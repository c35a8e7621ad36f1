"""The colours of the spectrogram."""

from __future__ import annotations

import numpy as np
import pytest

from pianodiff_gui.look.ramps import STEPS, lab, ramp, rgb
from pianodiff_gui.look.theme import DARK, LIGHT, Palette, contrast

THEMES = [LIGHT, DARK]


def colours(palette: Palette, colour: str) -> np.ndarray:
    """(256, 3), 0..1."""
    table = ramp(palette, colour)
    return np.stack([table >> shift & 255 for shift in (16, 8, 0)], axis=1) / 255


def test_colours_come_back() -> None:
    """Breaks when a coefficient of OKLab is wrong."""
    every = np.random.default_rng(0).random((100, 3))
    np.testing.assert_allclose(rgb(lab(every)), every, atol=1e-5)
    np.testing.assert_allclose(lab([[1, 1, 1]]), [[1, 0, 0]], atol=1e-4)
    np.testing.assert_allclose(lab([[1, 0, 0]]), [[0.628, 0.225, 0.126]], atol=1e-3)  # as published


@pytest.mark.parametrize("palette", THEMES, ids=lambda palette: palette.name)
def test_every_ramp_is_even_and_goes_from_paper_to_ink(palette: Palette) -> None:
    """Breaks when a step of 10 dB looks larger at one level than at another, or a take is drawn fainter than the
    recording: then two ramps would differ in more than hue.
    """
    shades = [lab(colours(palette, colour))[:, 0] for colour in (palette.ink, *palette.takes)]
    for lightness in shades:
        steps = np.diff(lightness[:: STEPS // 15])
        assert np.ptp(steps) < 0.25 * abs(steps.mean())
        np.testing.assert_allclose(lightness, shades[0], atol=0.03)


@pytest.mark.parametrize("palette", THEMES, ids=lambda palette: palette.name)
def test_the_loudest_stands_out_from_the_paper(palette: Palette) -> None:
    """Breaks when the loudest partials are hard to see: WCAG AAA asks for 7 : 1."""
    for colour in (palette.ink, *palette.takes):
        table = ramp(palette, colour)
        assert f"#{table[0] & 0xFFFFFF:06x}" == palette.surface
        assert contrast(palette.surface, f"#{table[-1] & 0xFFFFFF:06x}") > 7


@pytest.mark.parametrize("palette", THEMES, ids=lambda palette: palette.name)
def test_a_take_is_told_from_the_recording_by_its_hue(palette: Palette) -> None:
    """Breaks when what was generated looks as if it were recorded."""
    recorded = lab(colours(palette, palette.ink))
    for colour in palette.takes:
        distance = np.linalg.norm(lab(colours(palette, colour))[:, 1:] - recorded[:, 1:], axis=1)
        assert distance.max() > 0.08
