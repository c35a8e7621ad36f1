"""A damaged file that was found in use, whose decoder promises more than there is."""

from pathlib import Path

import numpy as np

from core.analysis.peaks import PeakPyramid
from core.audio.export import Insert, export_inserted
from core.audio.opening import open_source
from core.errors import AudioError

BROKEN = Path(__file__).with_name("broken_stereo_mp3.wav")
"""An MP3 stream of two channels under another name, frames broken; synthesised, then mutated."""


def test_a_broken_stream_is_refused_in_words(tmp_path: Path) -> None:
    """Breaks as it did: "unexpected ValueError: negative dimensions" when the tail of a broken MP3 stream is read."""
    for use in (
        lambda source: source.tail(1.0),
        lambda source: list(source.blocks()),
        lambda source: PeakPyramid.of(source),
        lambda source: export_inserted(
            source,
            [Insert(source.frames, source.frames, np.zeros((source.channels, 100), np.float32))],
            tmp_path / "out.wav",
        ),
    ):
        try:
            with open_source(BROKEN) as source:
                use(source)
        except AudioError as error:
            assert BROKEN.name in str(error)
        assert not (tmp_path / "out.wav").exists()
