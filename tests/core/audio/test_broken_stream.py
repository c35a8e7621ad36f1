"""A damaged file that was found in use, whose decoder promises more than there is."""

from pathlib import Path

import numpy as np

from core.analysis.peaks import PeakPyramid
from core.audio.export import Insert, export_inserted
from core.audio.opening import open_source

BROKEN = Path(__file__).with_name("broken_stereo_mp3.wav")
"""An MP3 stream of two channels under another name, frames broken; synthesised, then mutated."""


def test_what_is_left_of_a_broken_stream_is_used_and_said(tmp_path: Path) -> None:
    """Breaks as it did: "unexpected ValueError: negative dimensions" when the tail of a broken MP3 stream is read."""
    with open_source(BROKEN) as source:
        assert "is cut short" in source.notice
        assert source.tail(1.0).shape == (2, source.frames)
        assert sum(len(block) for block in source.blocks()) == source.frames
        PeakPyramid.of(source)
        new = Insert(source.frames, source.frames, np.zeros((2, 100), np.float32))
        assert export_inserted(source, [new], tmp_path / "out.wav").identical
