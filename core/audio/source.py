"""An audio file as it is on disk, read on demand.

A :class:`Source` never holds an hour of samples: it decodes the range that is asked for. `core.audio.opening` makes it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile as sf

from core.audio.decoding import HOSTILE, UndecodableError, decode
from core.audio.sample_types import FLOAT_SUBTYPES, SampleType, is_lossy, noise_floor
from core.audio.signal import FloatArray, not_finite_message
from core.errors import AudioError

BLOCK_FRAMES = 1 << 18
"""Frames decoded at a time when a whole file is streamed: 1 MiB a channel in float32."""


class Source:
    """An opened audio file. Made by :func:`core.audio.opening.open_source`; safe to read from several threads.

    Attributes:
        path: the file, absolute, as it was named (symbolic links are kept).
        sample_rate: in Hz.
        channels: 1 or more.
        frames: samples per channel that can really be read, at least 1.
        format: libsndfile's container name, such as "WAV".
        subtype: libsndfile's sample type, such as "PCM_16".
        notice: a sentence for the user when the file is usable but not as its header claims, otherwise "".
    """

    left_out = 0
    """Frames of the file behind its last, which are no part of it (:meth:`until`)."""

    def __init__(self, path: Path, handle: sf.SoundFile, frames: int, notice: str) -> None:
        self.path = path
        self.sample_rate = int(handle.samplerate)
        self.channels = int(handle.channels)
        self.frames = frames
        self.format = str(handle.format)
        self.subtype = str(handle.subtype)
        self.notice = notice
        self._handle: sf.SoundFile | None = handle
        self._lock = threading.Lock()
        self._stamp = _stamp(path)
        self._sha256 = ""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    @property
    def lossy(self) -> bool:
        """Whether the encoding is lossy (MP3, Ogg Vorbis, ...), so that only its decode can be kept."""
        return is_lossy(self.subtype)

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        kind = f"{self.sample_rate} Hz, {self.channels} ch, {self.subtype}"
        return f"<Source {self.path.name}: {self.seconds:.3f} s, {kind}>"

    def until(self, frames: int) -> Source:
        """The same file, opened once more, as a recording of its first `frames` only (1 to all).

        Raises:
            AudioError: the file is gone.
        """
        shorter = Source(self.path, self._open(), frames, self.notice)
        shorter.left_out = self.left_out + self.frames - frames
        return shorter

    def close(self) -> None:
        """Let go of the file. A later read opens it again."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def read(self, start: int = 0, stop: int | None = None) -> FloatArray:
        """Decode frames start..stop (cut to what exists) as float32 (channels, frames).

        Raises:
            AudioError: the file is gone, or damaged inside that range.
        """
        stop = self.frames if stop is None else min(stop, self.frames)
        start = max(start, 0)
        if stop <= start:
            return np.zeros((self.channels, 0), np.float32)
        with self._lock:
            if self._handle is None:
                self._handle = self._open()
            data = self._decode(self._handle, start, stop - start, "float32")
        return np.ascontiguousarray(data.T)

    def tail(self, seconds: float) -> FloatArray:
        """The last `seconds` (or the whole file, when it is shorter) as float32 (channels, frames)."""
        return self.read(max(0, self.frames - round(seconds * self.sample_rate)))

    def blocks(
        self, sample_type: SampleType = "float32", block_frames: int = BLOCK_FRAMES
    ) -> Iterator[npt.NDArray[Any]]:
        """Stream the whole file in its own handle, as arrays of shape (frames, channels).

        Integers come left-aligned as libsndfile gives them: a 16-bit sample read as int32 is shifted up by 16
        bits, so nothing is lost or rounded.

        Raises:
            AudioError: the file is gone or damaged.
        """
        with self._open() as handle:
            done = 0
            while done < self.frames:
                data = self._decode(handle, done, min(block_frames, self.frames - done), sample_type)
                done += len(data)
                yield data

    @property
    def noise_floor(self) -> float:
        """RMS below which it is silent (:func:`core.audio.sample_types.noise_floor`)."""
        return noise_floor(self.subtype)

    def sha256(self) -> str:
        """SHA-256 of the file's bytes in hexadecimal: streamed once, then remembered.

        Raises:
            AudioError: the file is gone, or was changed after it was opened.
        """
        if not self._sha256:
            digest = _file_sha256(self.path)
            if _stamp(self.path) != self._stamp:
                raise AudioError(f"{self.path.name} was changed while it was open. Open it again.")
            self._sha256 = digest
        return self._sha256

    def check_unchanged(self) -> None:
        """Make sure that the file still holds what was opened.

        Compares the hash when :meth:`sha256` was asked before (a file that was only touched then still
        passes), otherwise size, time and inode.

        Raises:
            AudioError: the file is gone or was changed.
        """
        same = _file_sha256(self.path) == self._sha256 if self._sha256 else _stamp(self.path) == self._stamp
        if not same:
            raise AudioError(
                f"{self.path.name} was changed after it was opened, so the original part can't be kept. Open it again."
            )

    def check_finite(self) -> None:
        """Look through the file for samples that are not numbers; integer files can't hold any.

        Raises:
            AudioError: there are NaN or infinite samples; says how many and where the first one is.
        """
        if self.subtype not in FLOAT_SUBTYPES:
            return
        bad = nan = 0
        first = -1
        done = 0
        for block in self.blocks("float32"):
            wrong = ~np.isfinite(block)
            if wrong.any():
                if first < 0:
                    first = done + int(np.argmax(wrong.any(axis=1)))
                bad += int(wrong.sum())
                nan += int(np.isnan(block).sum())
            done += len(block)
        if bad:
            raise AudioError(not_finite_message(self.path.name, bad, nan, first, self.sample_rate))

    def _open(self) -> sf.SoundFile:
        try:
            handle = sf.SoundFile(self.path)
        except HOSTILE as error:
            raise AudioError(f"{self.path} can't be read any more. Was it moved or deleted?") from error
        if (handle.samplerate, handle.channels) != (self.sample_rate, self.channels):
            handle.close()
            raise AudioError(f"{self.path.name} was changed after it was opened. Open it again.")
        return handle

    def _decode(self, handle: sf.SoundFile, start: int, count: int, sample_type: SampleType) -> npt.NDArray[Any]:
        """Frames start..start + count as (count, channels), without a seek when `handle` stands there."""
        try:
            data = decode(handle, start, count, sample_type)
        except UndecodableError as error:
            raise AudioError(
                f"{self.path.name} is damaged near {start / self.sample_rate:.1f} s and can't be decoded there. "
                "Copy or export the file again."
            ) from error
        if len(data) < count:
            there = f"{(start + len(data)) / self.sample_rate:.1f} s"
            if _stamp(self.path) == self._stamp:
                raise AudioError(
                    f"{self.path.name} is damaged: it ends at {there}, and its header promises {self.seconds:.1f} s. "
                    "Copy or export the file again."
                )
            raise AudioError(f"{self.path.name} ends at {there}, earlier than when it was opened. Open it again.")
        return data


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        info = path.stat()
    except OSError as error:
        raise AudioError(f"{path} can't be read any more. Was it moved or deleted?") from error
    return info.st_size, info.st_mtime_ns, info.st_ino


def _file_sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioError(f"{path} can't be read any more. Was it moved or deleted?") from error
