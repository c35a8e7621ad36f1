"""Malformed audio: 19 kinds of files, mutated, under right and wrong names."""

import io
import random
from functools import cache
from pathlib import Path

import numpy as np
import soundfile as sf

from core.analysis.peaks import PeakPyramid
from core.audio.export import Insert, export_inserted
from core.audio.opening import open_source
from core.audio.recording_end import recording_end
from tests.fuzz.mutations import bent_bytes

LAYOUTS = (
    *(("WAV", kind) for kind in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT", "IMA_ADPCM", "MS_ADPCM", "ULAW")),
    *(("WAVEX", "PCM_24"), ("RF64", "PCM_16"), ("W64", "PCM_16"), ("AIFF", "PCM_16"), ("AIFF", "FLOAT")),
    *(("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")),
    *(("CAF", "ALAC_16"), ("AU", "PCM_16"), ("VOC", "PCM_16")),
)
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".caf", ".raw", "")


@cache
def sound_file(layout: tuple[str, str], channels: int) -> bytes:
    """A third of a second of noise that dies away."""
    container, subtype = layout
    rate = 48_000 if subtype == "OPUS" else 22_050
    rng = np.random.default_rng(channels)
    samples = rng.normal(0, 0.1, (rate // 3, channels)) * np.linspace(1, 0, rate // 3)[:, None]
    held = io.BytesIO()
    sf.write(held, samples, rate, format=container, subtype=subtype)
    return held.getvalue()


def attempt(rng: random.Random, folder: Path) -> None:
    """Open it, and do what is done with a recording: its tail, its picture, its end, an export."""
    layout = rng.choice(LAYOUTS)
    content = bent_bytes(sound_file(layout, rng.choice((1, 2))), rng, header=100)
    path = folder / f"in{rng.choice(SUFFIXES)}"
    path.write_bytes(content)
    with open_source(path) as source:
        assert source.frames > 0 and source.tail(0.2).shape[0] == source.channels
        PeakPyramid.of(source)
        source.check_finite()
        recording_end(source)
        new = np.zeros((source.channels, 100), np.float32)
        report = export_inserted(source, [Insert.of(source, None, new)], folder / f"out{rng.choice(('.wav', '.flac'))}")
        assert report.original_samples == source.frames
