"""The min/max pyramid against minima and maxima taken directly."""

import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.analysis.peaks import PeakPyramid, mix
from core.audio.opening import open_source

FRAMES = 5 * 65536 + 777


@pytest.fixture(scope="module")
def stereo() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2, FRAMES)).astype(np.float32)


@pytest.fixture(scope="module")
def pyramid(stereo: np.ndarray) -> PeakPyramid:
    """Built from blocks of odd lengths, as a file or a running extension delivers them."""
    rng = np.random.default_rng(1)
    pyramid = PeakPyramid()
    done = 0
    while done < FRAMES:
        count = int(rng.integers(1, 90_000))
        pyramid.append(stereo[:, done : done + count])
        done += count
    return pyramid


@pytest.mark.parametrize("columns", [2, 3, 7, 100, 1000, 5000])
def test_every_bin_holds_the_extremes_of_its_frames(pyramid: PeakPyramid, stereo: np.ndarray, columns: int) -> None:
    rng = np.random.default_rng(columns)
    mono = stereo.mean(axis=0)
    ranges = [sorted(rng.integers(0, FRAMES + 1, 2)) for _ in range(30)]
    for start, stop in [*ranges, (0, FRAMES), (FRAMES - 1, FRAMES), (65536, 131072)]:
        if start == stop:
            continue
        low, high, edges = pyramid.envelope(int(start), int(stop), columns, lambda a, b: stereo[:, a:b])
        assert len(low) == len(high) == len(edges) - 1 <= columns
        assert edges[0] <= start and edges[-1] >= stop
        for index in range(len(low)):
            part = mono[edges[index] : edges[index + 1]]
            assert low[index] == part.min() and high[index] == part.max()


def test_bins_stay_put_when_the_view_moves(pyramid: PeakPyramid, stereo: np.ndarray) -> None:
    """Bins that follow the view regroup samples as it pans, and the waveform shimmers."""
    for width in (3_000, 60_000, 250_000):
        seen: dict[tuple[int, int], tuple[float, float]] = {}
        for start in range(1000, 9000, 577):
            low, high, edges = pyramid.envelope(start, start + width, 500, lambda a, b: stereo[:, a:b])
            steps = np.diff(edges)
            assert len(set(steps.tolist())) == 1 and edges[0] % steps[0] == 0
            for index in range(len(low)):
                key = (int(edges[index]), int(edges[index + 1]))
                value = (float(low[index]), float(high[index]))
                assert seen.setdefault(key, value) == value


def test_samples_themselves_when_there_is_room(pyramid: PeakPyramid, stereo: np.ndarray) -> None:
    low, high, edges = pyramid.envelope(1000, 1050, 50, lambda a, b: stereo[:, a:b])
    np.testing.assert_array_equal(low, stereo.mean(axis=0)[1000:1050])
    np.testing.assert_array_equal(low, high)
    assert edges.tolist() == list(range(1000, 1051))


def test_the_last_partial_bin_is_there() -> None:
    """The seam lies in it: without it a fresh recording's last 255 frames, or 65535, would not be drawn."""
    pyramid = PeakPyramid()
    pyramid.append(np.zeros((1, 3 * 65536 + 300), np.float32))
    pyramid.append(np.ones((1, 7), np.float32))
    total = 3 * 65536 + 307
    for columns in (4, 1000):
        _, high, edges = pyramid.envelope(0, total, columns, lambda a, b: np.zeros((1, b - a), np.float32))
        assert edges[-1] == total
        assert high[-1] == 1.0 and high[:-1].max() == 0.0


def cut(samples: np.ndarray, start: int, stop: int) -> np.ndarray:
    return samples[:, start:stop]


def test_grows_while_it_is_looked_at() -> None:
    """Live audio is appended between two drawings; the earlier partial bin must be replaced, not kept."""
    pyramid = PeakPyramid()
    rng = np.random.default_rng(2)
    everything = np.zeros((1, 0), np.float32)
    for count in (1, 254, 1, 1, 65_279, 1, 300_000):
        new = rng.standard_normal((1, count)).astype(np.float32)
        everything = np.concatenate([everything, new], axis=1)
        pyramid.append(new)
        low, high, _ = pyramid.envelope(0, everything.shape[1], 2, partial(cut, everything))
        assert low.min() == everything.min() and high.max() == everything.max()


def test_a_range_outside_is_cut_and_an_empty_one_is_empty(pyramid: PeakPyramid, stereo: np.ndarray) -> None:
    _, _, edges = pyramid.envelope(-5000, FRAMES + 5000, 1000, lambda a, b: stereo[:, a:b])
    assert edges[0] == 0 and edges[-1] == FRAMES
    for start, stop in ((10, 10), (20, 10), (FRAMES, FRAMES + 10)):
        low, high, edges = pyramid.envelope(start, stop, 100, lambda a, b: stereo[:, a:b])
        assert len(low) == len(high) == 0 and len(edges) == 1
    with pytest.raises(ValueError, match="2 columns"):
        pyramid.envelope(0, 100, 1, lambda a, b: stereo[:, a:b])


def test_samples_that_are_not_numbers_draw_as_nothing() -> None:
    samples = np.array([[0.5, np.nan, np.inf, -np.inf, -0.25]], np.float32)
    np.testing.assert_array_equal(mix(samples), [0.5, 0, 0, 0, -0.25])
    pyramid = PeakPyramid()
    pyramid.append(samples)
    low, high, _ = pyramid.envelope(0, 5, 2, lambda a, b: samples[:, a:b])
    assert low.min() == -0.25 and high.max() == 0.5


def test_an_hour_is_streamed(tmp_path: Path) -> None:
    """Memory must not grow with the length: an hour at 8 kHz is 115 MB in float32, its peaks are 1 MB."""
    path = tmp_path / "hour.wav"
    rate, minute = 8_000, 8_000 * 60
    ramp = np.linspace(-0.5, 0.5, minute, dtype=np.float32)
    with sf.SoundFile(path, "w", rate, 1, subtype="PCM_16") as file:
        for _ in range(60):
            file.write(ramp)
    shares: list[float] = []
    tracemalloc.start()
    try:
        with open_source(path) as source:
            assert source.seconds == 3600
            pyramid = PeakPyramid.of(source, shares.append)
            low, high, _ = pyramid.envelope(0, source.frames, 1200, source.read)
            near = source.read(source.frames - 100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12e6
    assert pyramid.frames == 60 * minute
    assert low.min() == -0.5 and high.max() == pytest.approx(0.5, abs=1e-4)
    assert near.shape == (1, 100)
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_progress_can_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    sf.write(path, np.zeros(1_000_000, np.float32), 8_000)

    def stop(share: float) -> None:
        raise InterruptedError(share)

    with open_source(path) as source, pytest.raises(InterruptedError):
        PeakPyramid.of(source, stop)
