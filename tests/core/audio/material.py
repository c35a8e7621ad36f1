"""Audio files to open."""

from pathlib import Path

import soundfile as sf

from core.audio.signal import FloatArray


def write(path: Path, samples: FloatArray, rate: int = 22_050, subtype: str | None = None) -> Path:
    """A file of `samples` (channels, frames); its format is that of its suffix."""
    sf.write(path, samples.T, rate, subtype=subtype)
    return path
