"""A sound for the files."""

import pytest

from core.audio.signal import FloatArray
from tests.core.tones import piano_tone


@pytest.fixture
def tone() -> FloatArray:
    """Two seconds of a struck string, (1, frames)."""
    return piano_tone(330.0, 2.0)[None]
