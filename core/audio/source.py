"""Audio files as they are on disk, read on demand.

A :class:`Source` never holds an hour of samples: it opens the file, checks it, and decodes the range that is
asked for. Whatever is wrong with a file is said when it is opened, in words for the person who chose it, not
minutes later.

Arrays are float32 of shape (channels, frames) with full scale at +-1 unless a docstring says otherwise.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

from core.errors import AudioError

FloatArray = npt.NDArray[np.float32]
SampleType = Literal["int16", "int32", "float32", "float64"]

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
"""Suffixes that the open dialog offers. Any other file libsndfile understands opens too."""

SILENCE_RMS = 1e-4
"""-80 dBFS: below this there is no music, neither to continue nor to learn from nor to compare with."""

LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
"""Sample rates in Hz outside of which a header is taken for nonsense."""

BLOCK_FRAMES = 1 << 18
"""Frames decoded at a time when a whole file is streamed: 1 MiB a channel in float32."""

FLOAT_SUBTYPES = ("FLOAT", "DOUBLE")
"""Subtypes that can hold NaN, infinity and values beyond full scale."""

_PCM_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_LOSSLESS = {*_PCM_BITS, *FLOAT_SUBTYPES, "ULAW", "ALAW", "ALAC_16", "ALAC_20", "ALAC_24", "ALAC_32"}
_READABLE = "WAV, FLAC, Ogg, MP3 or AIFF"


def pcm_bits(subtype: str) -> int | None:
    """Bits of an integer sample type by libsndfile's name ("PCM_16" -> 16), None for every other type."""
    return _PCM_BITS.get(subtype)


class Source:
    """An opened audio file. Made by :func:`open_source`; safe to read from several threads.

    Attributes:
        path: the file, absolute, as it was named (symbolic links are kept).
        sample_rate: in Hz.
        channels: 1 or more.
        frames: samples per channel that can really be read, at least 1.
        format: libsndfile's container name, such as "WAV".
        subtype: libsndfile's sample type, such as "PCM_16".
        notice: a sentence for the user when the file is usable but not as its header claims, otherwise "".
    """

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
        return self.subtype not in _LOSSLESS

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        kind = f"{self.sample_rate} Hz, {self.channels} ch, {self.subtype}"
        return f"<Source {self.path.name}: {self.seconds:.3f} s, {kind}>"

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
            raise AudioError(_not_finite_message(self.path.name, bad, nan, first, self.sample_rate))

    def _open(self) -> sf.SoundFile:
        try:
            return sf.SoundFile(self.path)
        except (sf.SoundFileError, OSError) as error:
            raise AudioError(f"{self.path} can't be read any more. Was it moved or deleted?") from error

    def _decode(self, handle: sf.SoundFile, start: int, count: int, sample_type: SampleType) -> npt.NDArray[Any]:
        """Frames start..start + count as (count, channels), without a seek when `handle` stands there."""
        try:
            if handle.tell() != start:
                handle.seek(start)
            data: npt.NDArray[Any] = handle.read(count, dtype=sample_type, always_2d=True)
        except (sf.SoundFileError, OSError) as error:
            raise AudioError(
                f"{self.path.name} is damaged near {start / self.sample_rate:.1f} s and can't be decoded there. "
                "Copy or export the file again."
            ) from error
        if len(data) < count:
            raise AudioError(
                f"{self.path.name} ends at {(start + len(data)) / self.sample_rate:.1f} s, earlier than when it "
                "was opened. Open it again."
            )
        return data


def open_source(path: str | os.PathLike[str]) -> Source:
    """Open an audio file and check that all of it can be worked with.

    A WAV, AIFF, Ogg or MP3 file that was cut short opens with what is there, and says so in
    ``Source.notice``; a cut FLAC file has lost its index and is refused.

    Raises:
        AudioError: missing, a folder, not readable, not audio, damaged, without samples, or with an absurd
            rate.
    """
    path = Path(os.path.abspath(os.path.expanduser(os.fspath(path))))
    name = path.name
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder. Choose an audio file ({_READABLE}).")
        with path.open("rb") as file:
            head = file.read(4)
    except FileNotFoundError:
        raise AudioError(f"There is no file {path}.") from None
    except OSError as error:
        raise AudioError(f"{path} can't be read: {error.strerror or error}.") from error
    if not head:
        raise AudioError(f"{name} is empty: the file has 0 bytes.")
    try:
        handle = sf.SoundFile(path)
    except (sf.SoundFileError, OSError, TypeError, ValueError) as error:
        # TypeError is soundfile's answer to a .raw suffix: samples without a header, which can't be guessed.
        mp3_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
        if mp3_frame or head.startswith((b"OggS", b"fLaC", b"RIFF", b"RF64", b"FORM", b"ID3")):
            raise AudioError(
                f"{name} is damaged or cut short: its audio can't be found. Copy or export the file again."
            ) from error
        raise AudioError(f"{name} is not audio that PianoDiff can read. Use a {_READABLE} file.") from error
    try:
        if not LOWEST_RATE <= handle.samplerate <= HIGHEST_RATE:
            raise AudioError(
                f"{name} claims a sample rate of {handle.samplerate} Hz. "
                f"Rates from {LOWEST_RATE} Hz to {HIGHEST_RATE} Hz can be used."
            )
        frames, notice = _usable_frames(path, handle)
        if frames == 0:
            raise AudioError(f"{name} holds no audio: it has 0 samples.")
        return Source(path, handle, frames, notice)
    except BaseException:
        handle.close()
        raise


def resample(samples: FloatArray, from_rate: float, to_rate: float) -> FloatArray:
    """Change the sample rate of (channels, frames) with soxr at very high quality.

    Returns:
        float32 (channels, round(frames * to_rate / from_rate)), with no delay against the input.
    """
    samples = np.asarray(samples, np.float32)
    if from_rate == to_rate:
        return samples
    channels, frames = samples.shape
    out = np.zeros((channels, round(frames * to_rate / from_rate)), np.float32)
    if frames:
        data = soxr.resample(samples.T, from_rate, to_rate, quality="VHQ").T
        count = min(data.shape[1], out.shape[1])  # soxr may round the other way
        out[:, :count] = data[:, :count]
    return out


def active_rms(samples: FloatArray, sample_rate: float = 22_050) -> float:
    """Loudness of the playing, not of the pauses: RMS of the 50 ms blocks within 40 dB of the loudest one.

    Args:
        samples: (channels, frames) or (frames,).
        sample_rate: in Hz.

    Returns:
        RMS over all channels in those blocks; 0.0 for silence and for no samples at all.
    """
    power = np.square(np.atleast_2d(samples).astype(np.float64)).mean(axis=0) if samples.size else np.zeros(0)
    if not power.size:
        return 0.0
    width = max(1, round(0.05 * sample_rate))
    starts = np.arange(0, power.size, width)
    sums = np.add.reduceat(power, starts)
    counts = np.diff(np.append(starts, power.size))
    means = sums / counts
    active = means >= means.max() * 1e-4
    return float(np.sqrt(sums[active].sum() / counts[active].sum()))


def check_finite(samples: FloatArray, name: str, sample_rate: float) -> None:
    """Refuse an array (channels, frames) that holds NaN or infinity.

    Raises:
        AudioError: says how many samples are wrong and where the first one is.
    """
    wrong = ~np.isfinite(samples)
    if wrong.any():
        first = int(np.argmax(np.atleast_2d(wrong).any(axis=0)))
        nan = int(np.isnan(samples).sum())
        raise AudioError(_not_finite_message(name, int(wrong.sum()), nan, first, sample_rate))


def _not_finite_message(name: str, bad: int, nan: int, first: int, sample_rate: float) -> str:
    kinds = f"{nan} NaN and {bad - nan} infinite" if 0 < nan < bad else "NaN" if nan else "infinite"
    what = "1 sample that is not a number" if bad == 1 else f"{bad} samples that are not numbers"
    return (
        f"{name} has {what} ({kinds}), the first at {first / sample_rate:.3f} s (frame {first}). "
        "Repair the file in an audio editor first."
    )


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


def _usable_frames(path: Path, handle: sf.SoundFile) -> tuple[int, str]:
    """Frames that can be decoded, and a notice when the header promised more."""
    claimed = int(handle.frames)
    rate = int(handle.samplerate)

    def cut_short(promise: str, there: int) -> str:
        return f"{path.name} is cut short{promise}: the {there / rate:.2f} s that are there are used."

    if handle.format in ("WAV", "WAVEX", "RF64", "AIFF"):
        # libsndfile has cut its count to what is there already; this only tells the user.
        promise = claimed / rate / _share_present(path)
        lost = promise - claimed / rate > 0.0005
        return claimed, cut_short(f" (its header promises {promise:.2f} s)", claimed) if lost else ""
    if handle.format == "OGG":
        lost_end = claimed > 0 and "lacks an end-of-stream bit" in handle.extra_info
        return claimed, cut_short("", claimed) if lost_end else ""
    if claimed == 0:
        return 0, ""
    if _reaches(handle, claimed):
        return claimed, ""
    if handle.format == "MP3":
        there = _count_frames(handle)
        if there:
            # Without a frame index the length is a guess from the file size, so a tenth of a second is no
            # news.
            lost = claimed - there > rate // 10
            return there, cut_short(f" (its header promises {claimed / rate:.2f} s)", there) if lost else ""
    raise AudioError(
        f"{path.name} is damaged or cut short: its header promises {claimed / rate:.2f} s, but its end can't "
        "be decoded. Copy or export the file again."
    )


def _reaches(handle: sf.SoundFile, frames: int) -> bool:
    """Whether the last of `frames` frames can be decoded."""
    try:
        handle.seek(frames - 1)
        return len(handle.read(1, dtype="float32", always_2d=True)) == 1
    except sf.SoundFileError:
        return False


def _count_frames(handle: sf.SoundFile) -> int:
    total = 0
    try:
        handle.seek(0)
        while count := len(handle.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
            total += count
    except sf.SoundFileError:
        return 0
    return total


def audio_chunk(path: Path, wanted: tuple[bytes, ...]) -> tuple[int, int] | None:
    """Offset and claimed size in bytes of the first chunk named in `wanted` in a RIFF, RF64 or AIFF file."""
    with path.open("rb") as file:
        order = ">" if file.read(12)[:4] == b"FORM" else "<"
        while len(header := file.read(8)) == 8:
            name, size = header[:4], int(struct.unpack(order + "I", header[4:])[0])
            if name in wanted:
                return file.tell(), size
            file.seek(size + size % 2, os.SEEK_CUR)
    return None


def _share_present(path: Path) -> float:
    """Share of the bytes that the audio chunk's header claims which the file really has, above 0, at most 1."""
    found = audio_chunk(path, (b"data", b"SSND"))
    if found is None:
        return 1.0
    offset, claimed = found
    present = path.stat().st_size - offset
    # A claim of 2 or 4 GiB is what pipes write when they don't know the length; RF64 keeps it elsewhere.
    return present / claimed if 0 < present < claimed < 0x7FFF_0000 else 1.0
