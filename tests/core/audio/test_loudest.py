"""The loudest stretch of a recording."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.audio.loudest import loudest_stretch
from core.audio.opening import open_source


@pytest.mark.parametrize(("loud", "expected"), [((0, 2), 0), ((30, 32), 30), ((78, 80), 78)])
def test_it_is_where_it_is_loud(tmp_path: Path, loud: tuple[int, int], expected: int) -> None:
    """Breaks when the place is off, at the ends or across the parts that are read at once."""
    rate = 1000
    samples = np.full(80 * rate, 0.01, np.float32)
    samples[loud[0] * rate : loud[1] * rate] = 0.5
    sf.write(tmp_path / "in.wav", samples, rate)
    with open_source(tmp_path / "in.wav") as source:
        begin, end = loudest_stretch(source, 2 * rate)
        assert (begin, end - begin) == (expected * rate, 2 * rate)


def test_a_shorter_recording_is_taken_whole(tmp_path: Path) -> None:
    """Breaks when a stretch begins before its first frame."""
    sf.write(tmp_path / "in.wav", np.full(500, 0.1, np.float32), 1000)
    with open_source(tmp_path / "in.wav") as source:
        assert loudest_stretch(source, 2000) == (0, 500)
