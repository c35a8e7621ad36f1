"""Writing results: the user's own samples bit for bit, the generated ones behind them, and never half a file.

The file is written beside its destination under a temporary name, read back and compared with the source, and
only then renamed. Whatever goes wrong before that leaves the folder as it was.
"""

from __future__ import annotations

import errno
import math
import os
import secrets
import shutil
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile as sf

from core.audio.source import (
    BLOCK_FRAMES,
    FloatArray,
    SampleType,
    Source,
    audio_chunk,
    check_finite,
    pcm_bits,
)
from core.errors import ExportError

EXPORT_SUFFIXES = (".wav", ".flac")
"""Suffixes of the files that can be written."""

_SUBTYPES = {
    "WAV": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    "FLAC": ("PCM_S8", "PCM_16", "PCM_24"),
}
_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
# Encodings that decode to integers, and the bits these need.
_DECODED_BITS = {
    **dict.fromkeys(("ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610", "VOX_ADPCM", "ALAC_16"), 16),
    **dict.fromkeys(("ALAC_20", "ALAC_24"), 24),
    "ALAC_32": 32,
}
_NAMES = {
    "VORBIS": "Ogg Vorbis",
    "OPUS": "Opus",
    "MPEG_LAYER_I": "MP1",
    "MPEG_LAYER_II": "MP2",
    "MPEG_LAYER_III": "MP3",
    "FLOAT": "32-bit float",
    "DOUBLE": "64-bit float",
}
# RIFF counts bytes in 32 bits. Below this there is room for the headers.
_RIFF_LIMIT = 2**32 - 2**16
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DestinationExists(ExportError):
    """There is a file of that name, and it may not be replaced without leave."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} exists already in {path.parent}. Choose another name, or allow it to be overwritten."
        )


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        path: the file, absolute, as it was named.
        original_samples: frames that come from the source; 0 when there was none.
        identical: whether those decode to exactly what the source decodes to (compared after writing).
        note: the line for the user, "" when there was no source.
    """

    path: Path
    original_samples: int
    identical: bool
    note: str


class Insert(NamedTuple):
    """Generated audio, (channels, frames) at the source's rate, in place of the source's frames begin..end: from the
    first to the one after the last. (0, 0) is before everything, (N, N) behind the last of N.
    """

    begin: int
    end: int
    samples: FloatArray


def export_extended(
    source: Source,
    generated: FloatArray,
    destination: str | os.PathLike[str],
    *,
    gap: tuple[int, int] | None = None,
    subtype: str | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Write the source with generated audio behind it (gap None) or in the place of its frames `gap`: see
    :func:`export_inserted`.
    """
    begin, end = gap if gap is not None else (source.frames, source.frames)
    return export_inserted(source, [Insert(begin, end, generated)], destination, subtype=subtype, overwrite=overwrite)


def export_inserted(
    source: Source,
    inserts: Sequence[Insert],
    destination: str | os.PathLike[str],
    *,
    subtype: str | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Write the source's samples, untouched, with generated ones before, behind and between them.

    The originals are streamed from the source's file in its own sample type. Where the target type is
    narrower they are rounded, and the report says so. Generated samples are rounded to the target type;
    integer types cut them at full scale.

    Args:
        source: what was extended.
        inserts: what was generated, finite, in the order of time. Their gaps don't overlap; several in one place
            follow one another.
        destination: .wav or .flac. A symbolic link is followed.
        subtype: libsndfile's name of the sample type ("PCM_16", "PCM_24", "FLOAT"); None for the source's
            own, or the nearest that holds its samples exactly.
        overwrite: whether an existing file may be replaced. The source itself never is.

    Raises:
        ExportError: it can't or mustn't be written there; nothing has changed on disk.
        AudioError: the source is damaged, gone or changed since it was opened.
        ValueError: `inserts` do not fit the source.
    """
    inserts = [insert._replace(samples=np.atleast_2d(np.asarray(insert.samples, np.float32))) for insert in inserts]
    originals, at = source.frames, 0
    for begin, end, samples in inserts:
        if len(samples) != source.channels:
            raise ValueError(f"{len(samples)} generated channels do not fit a source of {source.channels}")
        if not at <= begin <= end <= source.frames:
            raise ValueError(f"there is no gap {begin}..{end} behind frame {at} of {source.frames}")
        check_finite(samples, "The generated audio", source.sample_rate)
        originals, at = originals - (end - begin), end
    frames = originals + sum(insert.samples.shape[1] for insert in inserts)
    target = _Target.choose(destination, source.subtype, subtype, source.channels, source.sample_rate, frames)
    target.check(source, overwrite)
    source.check_unchanged()
    with _replacing(target.path, overwrite) as temporary:
        with target.create(temporary) as out:
            sample_type = _transport(source.subtype, target.subtype)
            for piece in _pieces(source, inserts, sample_type):
                if isinstance(piece, Insert):
                    _write_float(out, piece.samples, target.subtype)
                else:
                    out.write(_fit(piece, target.subtype))
        target.finish(temporary)
        identical = _is_kept(temporary, source, inserts)
        source.check_unchanged()
    return ExportReport(target.named, originals, identical, _note(source, target.subtype, identical, originals))


def export_audio(
    samples: FloatArray,
    sample_rate: int,
    destination: str | os.PathLike[str],
    *,
    subtype: str | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Write (channels, frames) that come from nowhere else, with the same care. Default type: 16 bit.

    Raises:
        ExportError: it can't or mustn't be written there; nothing has changed on disk.
    """
    samples = np.atleast_2d(np.asarray(samples, np.float32))
    check_finite(samples, "The generated audio", sample_rate)
    target = _Target.choose(destination, "PCM_16", subtype, len(samples), sample_rate, samples.shape[1])
    target.check(None, overwrite)
    with _replacing(target.path, overwrite) as temporary:
        with target.create(temporary) as out:
            _write_float(out, samples, target.subtype)
        target.finish(temporary)
    return ExportReport(target.named, 0, True, "")


def check_destination(
    destination: str | os.PathLike[str],
    source: Source | None = None,
    *,
    channels: int = 1,
    sample_rate: int = 44_100,
    new_frames: int = 0,
    subtype: str | None = None,
    overwrite: bool = False,
) -> None:
    """Find out before a long run whether an export would be refused.

    Checks the suffix and type, that the folder exists and can be written, that nothing would be overwritten
    that must not be, and that the disk has room. `channels` and `sample_rate` count only without a source.

    Raises:
        ExportError: says what is in the way.
    """
    own, frames = "PCM_16", new_frames
    if source is not None:
        own, channels, sample_rate = source.subtype, source.channels, source.sample_rate
        frames += source.frames
    target = _Target.choose(destination, own, subtype, channels, sample_rate, frames)
    target.check(source, overwrite)
    probe = _temporary_name(target.path)
    try:
        with _create(probe):
            pass
    except OSError as error:
        raise ExportError(_reason(target.path, error)) from error
    finally:
        probe.unlink(missing_ok=True)


def absolute(path: str | os.PathLike[str]) -> Path:
    """`path` from the root, with ~ for the home folder filled in; symbolic links stay."""
    return Path(os.path.abspath(os.path.expanduser(os.fspath(path))))


def write_text(destination: Path, text: str, *, overwrite: bool) -> None:
    """Write a small text file (UTF-8) with the same care as audio. Raises as :func:`write_bytes` does."""
    write_bytes(destination, text.encode(), overwrite=overwrite)


def write_bytes(destination: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a small file with the same care as audio.

    Raises:
        ExportError: it can't or mustn't be written there; nothing has changed on disk.
    """
    check_text_destination(destination, overwrite=overwrite)
    destination = Path(os.path.realpath(destination))
    with _replacing(destination, overwrite) as temporary, _create(temporary) as file:
        file.write(content)


def check_text_destination(destination: Path, *, overwrite: bool) -> None:
    """What :func:`write_text` would refuse before it writes. Raises ExportError."""
    _check_free_name(Path(os.path.realpath(destination)), overwrite)


@dataclass(frozen=True)
class _Target:
    """A file to be written, its format settled."""

    path: Path
    named: Path
    container: str
    subtype: str
    channels: int
    sample_rate: int
    frames: int

    @classmethod
    def choose(
        cls,
        destination: str | os.PathLike[str],
        own: str,
        subtype: str | None,
        channels: int,
        sample_rate: int,
        frames: int,
    ) -> _Target:
        named = absolute(destination)
        container = {".wav": "WAV", ".flac": "FLAC"}.get(named.suffix.lower())
        if container is None:
            ending = f"'{named.suffix}'" if named.suffix else "no suffix"
            raise ExportError(f"{named.name} has {ending}: choose a name that ends in .wav or .flac.")
        if subtype is None:
            subtype = _nearest_subtype(own, container)
        if subtype not in _SUBTYPES[container]:
            names = ", ".join(_SUBTYPES[container])
            raise ExportError(f"A {container} file can't hold samples of type {subtype}. It can hold: {names}.")
        if container == "FLAC" and (channels > 8 or sample_rate > 655_350):
            raise ExportError(
                f"A FLAC file holds at most 8 channels and 655350 Hz, not {channels} channels at {sample_rate} Hz. "
                "Choose a name that ends in .wav."
            )
        return cls(Path(os.path.realpath(named)), named, container, subtype, channels, sample_rate, frames)

    def check(self, source: Source | None, overwrite: bool) -> None:
        """Everything that can be refused without writing."""
        if source is not None and _same_file(self.path, source.path):
            raise ExportError(
                f"{self.named.name} is the source itself, which is never overwritten. Choose another name."
            )
        _check_free_name(self.path, overwrite)
        size = self.frames * self.channels * _BYTES[self.subtype]
        needed = size // 2 if self.container == "FLAC" else size
        free = shutil.disk_usage(self.path.parent).free
        if needed > free:
            raise ExportError(
                f"The disk that holds {self.path.parent} is full: {_megabytes(needed)} are needed, "
                f"{_megabytes(free)} are free. Make room, or choose another folder."
            )

    def create(self, temporary: Path) -> sf.SoundFile:
        """Open the temporary file for writing."""
        container = self.container
        if container == "WAV" and self.frames * self.channels * _BYTES[self.subtype] > _RIFF_LIMIT:
            container = "RF64"
        elif container == "WAV" and self.channels > 2:
            container = "WAVEX"  # the plain header is defined for mono and stereo only
        with _create(temporary):  # ordinary permissions, and the system's own reason when that is refused
            pass
        return sf.SoundFile(temporary, "w", self.sample_rate, self.channels, subtype=self.subtype, format=container)

    def finish(self, temporary: Path) -> None:
        """Make sure that everything arrived on the disk."""
        if self.container == "WAV":
            _clear_peak_time(temporary)
        written = sf.info(temporary).frames
        if written != self.frames:
            raise OSError(errno.ENOSPC, f"only {written} of {self.frames} frames were written")


@contextmanager
def _replacing(destination: Path, overwrite: bool) -> Iterator[Path]:
    """A temporary name that becomes `destination` when the block succeeds and vanishes when it does not."""
    temporary = _temporary_name(destination)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        _rename(temporary, destination, overwrite)
    except (OSError, sf.SoundFileError) as error:
        raise ExportError(_reason(destination, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _rename(temporary: Path, destination: Path, overwrite: bool) -> None:
    if not overwrite:
        # A rename would replace a file that has appeared meanwhile; a link refuses to.
        try:
            os.link(temporary, destination)
            return
        except FileExistsError:
            raise DestinationExists(destination) from None
        except OSError:  # a file system without hard links
            _check_free_name(destination, overwrite)
    os.replace(temporary, destination)


def _create(path: Path) -> Any:
    return path.open("xb")


def _temporary_name(destination: Path) -> Path:
    return destination.parent / f".pianodiff-{secrets.token_hex(6)}.part"


def _check_free_name(path: Path, overwrite: bool) -> None:
    """Refuse a folder that is missing and a name that is taken or impossible."""
    if not path.parent.is_dir():
        raise ExportError(f"There is no folder {path.parent}. Make it first, or choose another.")
    try:
        os.lstat(path)
    except FileNotFoundError:
        return
    except OSError as error:  # a name that is too long, for one
        raise ExportError(_reason(path, error)) from error
    if path.is_dir():
        raise ExportError(f"{path} is a folder. Choose a file name.")
    if not overwrite:
        raise DestinationExists(path)


def _same_file(first: Path, second: Path) -> bool:
    if os.path.realpath(first) == os.path.realpath(second):
        return True
    try:
        return os.path.samefile(first, second)
    except OSError:  # one of them does not exist
        return False


def _reason(destination: Path, error: Exception) -> str:
    """A failed write in plain words."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None and shutil.disk_usage(destination.parent).free < 4096:
        number = errno.ENOSPC  # libsndfile only says "system error"
    nothing = "Nothing was written."
    if number in _FULL:
        return f"The disk that holds {destination.parent} is full. {nothing} Make room, or choose another folder."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"The folder {destination.parent} can't be written to. {nothing} Choose another folder."
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{destination.name} could not be written: {detail.rstrip('.')}. {nothing}"


def _megabytes(size: int) -> str:
    return f"{math.ceil(size / 1e5) / 10:g} MB"


def _nearest_subtype(own: str, container: str) -> str:
    """The sample type that holds `own` exactly in `container`, or the widest there is."""
    if own in _SUBTYPES[container]:
        return own
    if own in ("PCM_S8", "PCM_U8"):
        return "PCM_U8" if container == "WAV" else "PCM_S8"
    if own in _DECODED_BITS:
        exact = f"PCM_{_DECODED_BITS[own]}"
        return exact if exact in _SUBTYPES[container] else "PCM_24"
    return "PCM_24" if container == "FLAC" else "FLOAT"


def _transport(own: str, target: str) -> SampleType:
    """The type in which samples travel from the source to the target without a needless change."""
    if target == "DOUBLE":
        return "float64"
    if target == "FLOAT":
        return "float32"
    return "int32" if pcm_bits(own) is not None or own in _DECODED_BITS else "float64"


def _fit(block: npt.NDArray[Any], target: str) -> npt.NDArray[Any]:
    """Samples of shape (frames, channels) as libsndfile has to get them to store them in `target` unchanged."""
    bits = pcm_bits(target)
    if bits is None:
        return block
    if block.dtype == np.int32:
        shift = 32 - bits
        if not shift or not (block & ((1 << shift) - 1)).any():
            return block  # nothing to round
        rounded = (block.astype(np.int64) + (1 << (shift - 1))) >> shift
        capped = np.minimum(rounded, (1 << (bits - 1)) - 1)
        return np.asarray(capped << shift, np.int32)
    # Full scale is 2^(bits - 1), as on reading; libsndfile's own conversion of floats writes 2^(bits - 1) -
    # 1.
    scale = float(1 << (bits - 1))
    whole = np.clip(np.rint(block.astype(np.float64) * scale), -scale, scale - 1.0)
    return (whole.astype(np.int64) << (32 - bits)).astype(np.int32)


def _write_float(out: sf.SoundFile, samples: FloatArray, target: str) -> None:
    for begin in range(0, samples.shape[1], BLOCK_FRAMES):
        out.write(_fit(np.ascontiguousarray(samples[:, begin : begin + BLOCK_FRAMES].T), target))


def _pieces(
    source: Source, inserts: Sequence[Insert], sample_type: SampleType
) -> Iterator[npt.NDArray[Any] | Insert]:
    """The source in blocks, but for the frames in whose place something comes, which comes there."""
    rest = list(inserts)
    at = place = 0  # the next frame that is wanted, and the block's first
    for block in source.blocks(sample_type):
        stop = place + len(block)
        while rest and rest[0].begin <= stop:
            if rest[0].begin > at:
                yield block[at - place : rest[0].begin - place]
            at = rest[0].end
            yield rest.pop(0)
        if at < stop:
            yield block[at - place :]
            at = stop
        place = stop
    yield from rest


def _is_kept(path: Path, source: Source, inserts: Sequence[Insert]) -> bool:
    """Whether the file decodes, but for the inserts, to exactly what the source decodes to outside their gaps."""
    with sf.SoundFile(path) as written:
        for piece in _pieces(source, inserts, "float64"):
            if isinstance(piece, Insert):
                written.seek(piece.samples.shape[1], sf.SEEK_CUR)
            elif not np.array_equal(piece, written.read(len(piece), dtype="float64", always_2d=True)):
                return False
    return True


def _note(source: Source, target: str, identical: bool, originals: int) -> str:
    decoded = f"decoded {_name(source.subtype)}"
    if identical:
        what = f" to the {decoded} source" if source.lossy else ""
        return f"original identical{what}: yes, {originals} samples"
    before, after = pcm_bits(source.subtype), pcm_bits(target)
    if before is not None and after is not None:
        return f"original not identical: {before} to {after} bit"
    to = f"{after} bit" if after is not None else _name(target)
    return f"original not identical: {decoded if source.lossy else _name(source.subtype)} to {to}"


def _name(subtype: str) -> str:
    bits = pcm_bits(subtype)
    return f"{bits} bit" if bits is not None else _NAMES.get(subtype, subtype.replace("_", " "))


def _clear_peak_time(path: Path) -> None:
    """Zero the time of writing that libsndfile puts into float files: the same samples shall give the same file."""
    found = audio_chunk(path, (b"PEAK",))
    if found is not None:
        with path.open("rb+") as file:
            file.seek(found[0] + 4)
            file.write(struct.pack("<I", 0))
