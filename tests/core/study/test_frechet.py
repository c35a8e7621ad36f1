"""The Frechet distance against closed forms, and its sizes kept comparable."""

import math

import numpy as np
import pytest
from scipy.linalg import sqrtm

from core.study.bootstrap import Interval
from core.study.features import MEL_BANDS, RATE, Array, Sound
from core.study.frechet import (
    FLOOR_DB,
    FrechetFigures,
    Moments,
    between_halves,
    frechet_distance,
    halvings,
    mel_frames,
)
from tests.core.tones import melody


def music(rng: np.random.Generator, clips: int, frames: int = 60, spread: float = 4.0, offset: float = 0.0) -> Moments:
    """Frames of made-up clips: each has a mean of its own, as pieces have."""
    sets: list[Array] = []
    for _ in range(clips):
        sets.append(offset + spread * rng.standard_normal(MEL_BANDS) + 3.0 * rng.standard_normal((frames, MEL_BANDS)))
    return Moments.of(sets, range(clips))


def figures_of(made: Moments, true: Moments) -> dict[str, tuple[float, Interval | None]]:
    return FrechetFigures(true, seed=0).of(made)


def test_distance_of_known_gaussians() -> None:
    """With diagonal covariances it is the sum of (m1 - m2)^2 + (s1 - s2)^2."""
    rng = np.random.default_rng(0)
    mean1, mean2 = rng.standard_normal((2, 3, MEL_BANDS))
    std1, std2 = rng.uniform(0.5, 4.0, (2, 3, MEL_BANDS))
    eye = np.eye(MEL_BANDS)
    measured = frechet_distance((mean1, std1[..., None] ** 2 * eye), (mean2, std2[..., None] ** 2 * eye))
    np.testing.assert_allclose(measured, np.sum((mean1 - mean2) ** 2 + (std1 - std2) ** 2, axis=1), rtol=1e-9)


def test_distance_by_its_definition() -> None:
    rng = np.random.default_rng(1)
    first, second = (x @ x.T / 60 + np.eye(MEL_BANDS) for x in rng.standard_normal((2, MEL_BANDS, 60)))
    mean = np.zeros((1, MEL_BANDS))
    expected = np.trace(first + second - 2 * np.real(sqrtm(first @ second)))
    assert frechet_distance((mean, first[None]), (mean, second[None]))[0] == pytest.approx(expected, rel=1e-6)


def test_moments_are_those_of_the_frames_put_together() -> None:
    rng = np.random.default_rng(2)
    frames = [rng.standard_normal((n, MEL_BANDS)) for n in (30, 40, 50, 20)]
    moments = Moments.of(frames, [0, 1, 1, 2])
    mean, covariance = moments.gaussians(np.array([[1.0, 0.0, 2.0]]))
    together = np.concatenate([frames[0], frames[3], frames[3]])
    np.testing.assert_allclose(mean[0], together.mean(axis=0))
    np.testing.assert_allclose(covariance[0], np.cov(together.T, bias=True) + np.eye(MEL_BANDS))


def test_frames_are_relative_to_the_known_part_and_floored() -> None:
    """A quiet recording is not another sound, and digital silence is not infinitely far."""
    tones = melody(["C4", "E4", "G4"], 0.4, RATE)
    loud = mel_frames(Sound(tones), Sound(tones))
    np.testing.assert_allclose(mel_frames(Sound(0.01 * tones), Sound(0.01 * tones)), loud, atol=1e-3)
    assert np.all(mel_frames(Sound(np.zeros(RATE, np.float32)), Sound(tones)) == FLOOR_DB)


def test_halvings_take_every_clip_once() -> None:
    halves = halvings(7, 50, seed=0)
    assert np.all(halves.sum(axis=1) == 3)
    assert len({tuple(row) for row in halves}) > 20


def test_a_clip_is_never_on_both_sides() -> None:
    """However often a resample drew it: here it drew one clip only, so one side is always empty."""
    moments = music(np.random.default_rng(3), 4)
    assert math.isnan(between_halves(moments, moments, halvings(4, 20, seed=0), np.array([4.0, 0.0, 0.0, 0.0])))


def test_the_true_row_is_the_measure() -> None:
    true = music(np.random.default_rng(4), 8)
    figures = figures_of(true, true)
    assert figures["frechet"][0] == pytest.approx(0.0, abs=1e-6)
    assert figures["frechet_ratio"] == (1.0, (1.0, 1.0))
    value, interval = figures["frechet_halves"]
    assert interval is not None and interval[0] < value < interval[1]


@pytest.mark.parametrize("clips", [6, 12, 40])
def test_as_good_as_true_is_about_one_at_any_size(clips: int) -> None:
    """The distance itself depends on how many clips there are; the ratio must not."""
    rng = np.random.default_rng(5)
    true, made = music(rng, clips), music(rng, clips)
    assert figures_of(made, true)["frechet_ratio"][0] == pytest.approx(1.0, abs=0.25)


def test_the_distance_itself_depends_on_the_number_of_clips() -> None:
    """The bias that the halves are for."""
    rng = np.random.default_rng(6)
    few, many = (figures_of(m := music(rng, clips), m)["frechet_halves"][0] for clips in (6, 40))
    assert few > 2.0 * many


def test_worse_is_farther() -> None:
    rng = np.random.default_rng(7)
    true = music(rng, 10)
    near, far = (figures_of(music(rng, 10, offset=offset), true) for offset in (1.0, 10.0))
    for name in ("frechet", "frechet_halves", "frechet_ratio"):
        assert near[name][0] < far[name][0]
    low, high = far["frechet_ratio"][1] or (0.0, 0.0)
    assert 1.0 < low < far["frechet_ratio"][0] < high


def test_three_clips_have_no_halves() -> None:
    true = music(np.random.default_rng(8), 3)
    figures = figures_of(true, true)
    assert math.isnan(figures["frechet_halves"][0]) and math.isnan(figures["frechet_ratio"][0])
