"""Audio as a training stream: a corpus is one folder of audio, decoded (`core.training.cache`); crops are drawn by
duration.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.audio.signal import FloatArray
from core.errors import AudioError, SettingsError


@dataclass(frozen=True, eq=False, repr=False)
class Corpus:
    """Decoded audio, or a part of it: mono float16 on disk, each file at active RMS `data_rms`.

    Pickled, it is a path and the files' bounds; whoever unpickles it opens the cache again at the first read.

    audio: the cache file.  folder: where the recordings lie.  begins, ends: (files,) first frame of each file (or what
    of it is in this view) in the cache, and the frame behind its last.  origins: (files,) the first frame of each whole
    file.  files: names relative to the folder.  piece_of: the piece of each file.  skipped: (name, reason) of each file
    that could not be used.  grain: of frames, in whole numbers of which crops and cuts are placed.
    """

    audio: Path
    folder: Path
    sample_rate: int
    data_rms: float
    begins: np.ndarray
    ends: np.ndarray
    origins: np.ndarray
    files: tuple[str, ...]
    piece_of: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    grain: int = 1

    def __repr__(self) -> str:
        return f"<Corpus: {len(self.files)} files, {len(self.pieces)} pieces, {self.seconds:.1f} s>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @property
    def frames(self) -> int:
        """Frames in all."""
        return int((self.ends - self.begins).sum())

    @property
    def seconds(self) -> float:
        """Duration of all of it."""
        return self.frames / self.sample_rate

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Names of the pieces, sorted. See `piece_name`."""
        return tuple(sorted(set(self.piece_of)))

    @property
    def piece_seconds(self) -> dict[str, float]:
        """Duration of each piece, in the order of `pieces`."""
        seconds = dict.fromkeys(self.pieces, 0.0)
        for piece, frames in zip(self.piece_of, self.ends - self.begins, strict=True):
            seconds[piece] += int(frames) / self.sample_rate
        return seconds

    @cached_property
    def _samples(self) -> np.ndarray:
        try:
            return np.memmap(self.audio, np.float16, "r", shape=(int(self.ends.max()),))
        except (OSError, ValueError) as error:
            raise AudioError(f"The decoded audio {self.audio} is gone. Start again to decode it anew.") from error

    @cached_property
    def _offsets(self) -> np.ndarray:
        return np.cumsum(self.ends - self.begins)

    def place(self, length: int, rng: np.random.Generator) -> tuple[int, int]:
        """A random file and the first frame, within it, of a stretch of `length`.

        Files are drawn by their duration, the places within one are equally likely. A file shorter than `length` has
        one place, its beginning.
        """
        file = int(np.searchsorted(self._offsets, rng.integers(self._offsets[-1]), side="right"))
        frames = int(self.ends[file] - self.begins[file])
        return file, int(rng.integers(max(frames - length, 0) // self.grain + 1)) * self.grain

    def read(self, file: int, start: int, length: int) -> FloatArray:
        """Frames start..start + length of one file as (length,) float32; zeros where the file has none."""
        begin, end = int(self.begins[file]), int(self.ends[file])
        first = min(max(begin + start, begin), end)
        last = min(max(begin + start + length, first), end)
        out = np.zeros(length, np.float32)
        out[first - begin - start : last - begin - start] = self._samples[first:last]
        return out

    def seconds_in(self, file: int, start: float) -> float:
        """When, in its whole recording, frame `start` of a file in this view is."""
        return (int(self.begins[file] - self.origins[file]) + start) / self.sample_rate

    def crop(self, length: int, rng: np.random.Generator) -> FloatArray:
        """A random stretch (length,) float32 within one file, drawn as `place` does.

        A file shorter than `length` is zero-padded at its end.
        """
        file, start = self.place(length, rng)
        return self.read(file, start, length)

    def fingerprint(self) -> str:
        """What decides the crops, and nothing else: names and lengths of the files in this view, not their place."""
        identity = [self.files, (self.ends - self.begins).tolist(), self.sample_rate, self.data_rms]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]

    def only(self, pieces: Collection[str]) -> "Corpus":
        """The files of some pieces, in the same cache.

        Raises SettingsError when there are none.
        """
        wanted = set(pieces)
        return self._view(np.array([piece in wanted for piece in self.piece_of], bool), self.begins, self.ends)

    def with_files(self, names: Collection[str]) -> "Corpus":
        """Some of the files, in the same cache. Raises SettingsError when there are none."""
        return self._view(np.array([name in names for name in self.files], bool), self.begins, self.ends)

    def stretch(self, start: int, stop: int) -> "Corpus":
        """Frames start..stop of all the files laid end to end, in the same cache; files outside are left out.

        Raises SettingsError when nothing is left.
        """
        start, stop = (frame // self.grain * self.grain for frame in (start, stop))
        offsets = self._offsets - (self.ends - self.begins)
        begins = self.begins + np.clip(start - offsets, 0, self.ends - self.begins)
        ends = self.begins + np.clip(stop - offsets, 0, self.ends - self.begins)
        return self._view(begins < ends, begins, ends)

    def _view(self, kept: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> "Corpus":
        if not kept.any():
            raise SettingsError("This part of the audio is empty.")
        which = np.flatnonzero(kept)
        return replace(
            self,
            begins=begins[which],
            ends=ends[which],
            origins=self.origins[which],
            files=tuple(self.files[i] for i in which),
            piece_of=tuple(self.piece_of[i] for i in which),
        )


Weighted = Sequence[tuple[Corpus, float]]
"""Corpora, each with its weight: its share of the crops is that over the sum of all."""
