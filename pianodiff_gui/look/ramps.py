"""Ramps of colour that are even to the eye: equal steps in them are equal steps of lightness.

Made in OKLab (B. Ottosson, "A perceptual color space for image processing", 2020), whose first coordinate is lightness.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pianodiff_gui.look.theme import Palette

STEPS = 256
_END_CHROMA = 0.4  # of the colour's own, at the end of its ramp: there is no room for more near black and white

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def lab(rgb: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """OKLab (n, 3) of sRGB (n, 3), 0..1."""
    colours = np.atleast_2d(np.asarray(rgb, np.float64))
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T)


def rgb(colours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """sRGB (n, 3), 0..1, of OKLab (n, 3); what no screen can show is cut."""
    linear = np.clip((colours @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T, 0.0, 1.0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def ramp(palette: Palette, colour: str) -> npt.NDArray[np.uint32]:
    """From the surface, through the CSS hex `colour`'s hue, to the lightness of text: 256 times 0xffRRGGBB.

    Lightness goes in equal steps, so that ramps of one palette differ in nothing else than hue.
    """
    paper, through, text = lab([_parts(palette.surface), _parts(colour), _parts(palette.text)])
    share = np.linspace(0.0, 1.0, STEPS)
    lightness = paper[0] + share * (text[0] - paper[0])
    turn = float(np.clip((through[0] - paper[0]) / (text[0] - paper[0]), 0.2, 0.8))
    hues = [np.interp(share, [0.0, turn, 1.0], [paper[i], through[i], _END_CHROMA * through[i]]) for i in (1, 2)]
    red, green, blue = np.rint(255 * rgb(np.stack([lightness, *hues], axis=1))).astype(np.uint32).T
    return np.asarray(0xFF000000 | red << 16 | green << 8 | blue, np.uint32)


def _parts(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
