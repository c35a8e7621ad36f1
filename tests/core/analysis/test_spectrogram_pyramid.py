"""The pyramid of a spectrogram against levels gathered directly."""

import numpy as np
import pytest

from core.analysis.spectrogram import Levels
from core.analysis.spectrogram_pyramid import BLOCK_COLUMNS, Block, SpectrogramPyramid

ROWS = 7
FIRST, LAST = -2, 6  # blocks


@pytest.fixture(scope="module")
def columns() -> Levels:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, ((LAST - FIRST) * BLOCK_COLUMNS, ROWS), np.uint8)


@pytest.fixture(scope="module")
def pyramid(columns: Levels) -> SpectrogramPyramid:
    made = SpectrogramPyramid(ROWS)
    for index in np.random.default_rng(1).permutation(np.arange(FIRST, LAST)).tolist():
        at = (index - FIRST) * BLOCK_COLUMNS
        made.blocks[index] = Block.of(columns[at : at + BLOCK_COLUMNS])
    return made


@pytest.mark.parametrize("width", [2, 3, 100, 3000])
def test_every_column_holds_the_largest_of_what_it_shows(
    pyramid: SpectrogramPyramid, columns: Levels, width: int
) -> None:
    """Breaks when a resolution or a block is taken for another one."""
    rng = np.random.default_rng(width)
    whole = (FIRST * BLOCK_COLUMNS, LAST * BLOCK_COLUMNS)
    for begin, end in [*(sorted(rng.uniform(*whole, 2)) for _ in range(4)), whole, (-0.5, 0.5), (1023, 1025)]:
        picture = pyramid.picture(begin, end, width)
        count = len(picture.levels)
        assert count <= width
        assert picture.first <= begin and picture.first + count * picture.step >= end
        for index in range(count):
            low = max(0, picture.first + index * picture.step - whole[0])
            high = max(0, picture.first + (index + 1) * picture.step - whole[0])
            expected = columns[low:high].max(axis=0, initial=0)
            np.testing.assert_array_equal(picture.levels[index], expected)


def test_columns_stay_put_when_the_view_moves(pyramid: SpectrogramPyramid) -> None:
    """Columns that follow the view regroup as it pans, and the picture flickers."""
    for width in (700.0, 3_000.0):
        seen: dict[int, bytes] = {}
        for begin in np.arange(-1500.0, 1500.0, 77.7):
            picture = pyramid.picture(begin, begin + width, 500)
            assert picture.first % picture.step == 0
            for index, column in enumerate(picture.levels):
                at = picture.first + index * picture.step
                assert seen.setdefault(at, column.tobytes()) == column.tobytes()


def test_what_is_not_there_yet_is_silence_and_what_comes_is_shown() -> None:
    """Breaks when a view of an hour that is worked through needs all of it, or a block replaced goes on being shown."""
    pyramid = SpectrogramPyramid(ROWS)
    assert pyramid.picture(0, 3000, 100).levels.max() == 0
    assert pyramid.counts().tolist() == [0] * 256
    for level in (200, 100):
        pyramid.blocks[1] = Block.of(np.full((10, ROWS), level, np.uint8), at=5)
        picture = pyramid.picture(0, 3 * BLOCK_COLUMNS, 3 * BLOCK_COLUMNS)
        there = np.flatnonzero(picture.levels.max(axis=1))
        assert (there[0], there[-1]) == (BLOCK_COLUMNS + 5, BLOCK_COLUMNS + 14)
        assert picture.levels.max() == level
        assert pyramid.counts()[level] == 10 * ROWS


def test_an_hour_takes_64_megabytes() -> None:
    """Breaks when a point takes more than a byte, or a resolution more than a quarter of the one before."""
    block = Block.of(np.zeros((BLOCK_COLUMNS, 307), np.uint8))
    assert sum(level.nbytes for level in block.levels) * 3600 / (BLOCK_COLUMNS * 512 / 22_050) < 64e6


def test_a_picture_of_one_column_is_refused(pyramid: SpectrogramPyramid) -> None:
    with pytest.raises(ValueError, match="2 columns"):
        pyramid.picture(0, 10, 1)
