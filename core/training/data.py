"""Audio folders as a training stream: decoded once into a memory-mapped cache, crops drawn by duration, not by file.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from core.audio import AUDIO_SUFFIXES, active_rms, resample
from core.errors import AudioError

GAIN_SPREAD_DB = 3.0
"""Crops are made up to this much louder or quieter: a clip's own context never sits exactly at the nominal level."""


@dataclass(frozen=True)
class Corpus:
    """A decoded folder: mono float16 audio of every file, end to end, each file at active RMS `data_rms`.

    samples: (total,) float16, memory-mapped.  starts: (files + 1,) first frame of each file, and the end.
    """

    samples: np.ndarray
    starts: np.ndarray

    @property
    def frames(self) -> int:
        """Frames in all."""
        return int(self.starts[-1])

    def crop(self, length: int, rng: np.random.Generator) -> np.ndarray:
        """A random stretch (length,) float32 within one file; files count by the number of places a crop fits.

        A file shorter than `length` is zero-padded at its end.
        """
        lengths = np.diff(self.starts)
        places = np.maximum(lengths - length + 1, 1)
        offsets = np.cumsum(places)
        place = int(rng.integers(offsets[-1]))
        file = int(np.searchsorted(offsets, place, side="right"))
        begin = int(self.starts[file]) + place - int(offsets[file] - places[file])
        stretch = self.samples[begin : min(begin + length, int(self.starts[file + 1]))].astype(np.float32)
        return np.pad(stretch, (0, length - len(stretch)))


def load_corpus(folder: Path, cache: Path, sample_rate: int, data_rms: float) -> Corpus:
    """Decode every audio file under `folder` into `cache` (once; the cache is keyed by names, sizes and dates).

    Raises AudioError when the folder holds no usable audio.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
    if not files:
        raise AudioError(f"No audio files under {folder}.")
    listing = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    key = hashlib.sha256(json.dumps([listing, sample_rate, data_rms]).encode()).hexdigest()[:16]
    audio_path, index_path = cache / f"{key}.f16", cache / f"{key}.json"
    if not index_path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        starts = [0]
        with audio_path.open("wb") as out:
            for path in files:
                samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
                mono = resample(samples.mean(axis=1)[None], rate, sample_rate)[0]
                level = active_rms(mono[None])
                if level == 0 or not np.isfinite(mono).all():
                    continue
                out.write((mono * (data_rms / level)).astype(np.float16).tobytes())
                starts.append(starts[-1] + len(mono))
        if len(starts) == 1:
            raise AudioError(f"Every audio file under {folder} is silent or broken.")
        index_path.write_text(json.dumps(starts))
    starts_array = np.asarray(json.loads(index_path.read_text()), dtype=np.int64)
    return Corpus(np.memmap(audio_path, dtype=np.float16, mode="r"), starts_array)


def draw_batch(
    corpora: Sequence[tuple[Corpus, float]], batch: int, length: int, rng: np.random.Generator
) -> np.ndarray:
    """(batch, length) float32: each crop from a corpus chosen by its weight, with random gain and polarity."""
    weights = np.array([weight for _, weight in corpora])
    chosen = rng.choice(len(corpora), size=batch, p=weights / weights.sum())
    crops = np.stack([corpora[i][0].crop(length, rng) for i in chosen])
    gains = 10 ** (rng.uniform(-GAIN_SPREAD_DB, GAIN_SPREAD_DB, batch) / 20) * rng.choice([-1, 1], batch)
    return crops * gains[:, None].astype(np.float32)
