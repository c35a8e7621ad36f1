"""Exporting: the user's own samples bit for bit, the generated ones before, behind and between them.

What was written is read back and compared with the source before the file gets its name (`core.audio.writing`).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile as sf

from core.audio.decoding import UndecodableError, decode
from core.audio.metadata.carrying import pack
from core.audio.metadata.moves import Moves
from core.audio.sample_types import SampleType, fit, pcm_bits, transport, type_name
from core.audio.signal import FloatArray, check_finite
from core.audio.source import BLOCK_FRAMES, Source
from core.audio.target import Target
from core.audio.writing import check_writable, replacing


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        path: the file, absolute, as it was named.
        original_samples: frames that come from the source; 0 when there was none.
        identical: whether those decode to exactly what the source decodes to (compared after writing).
        note: the line for the user, "" when there was no source.
        carried: what the source's file held beside its audio, and is in this one or left out; "" for nothing.
    """

    path: Path
    original_samples: int
    identical: bool
    note: str
    carried: str = ""


class Insert(NamedTuple):
    """Generated audio, (channels, frames) at the source's rate, in place of the source's frames begin..end: from the
    first to the one after the last. (0, 0) is before everything, (N, N) behind the last of N.
    """

    begin: int
    end: int
    samples: FloatArray

    @classmethod
    def of(cls, source: Source, gap: tuple[int, int] | None, samples: FloatArray) -> Insert:
        """`samples` in place of the frames `gap` of `source`, None: behind its last."""
        begin, end = place_of(source, gap)
        return cls(begin, end, samples)


def place_of(source: Source, gap: tuple[int, int] | None) -> tuple[int, int]:
    """The frames of `source` in whose place new audio comes; None is behind its last."""
    return gap if gap is not None else (source.frames, source.frames)


def export_inserted(
    source: Source,
    inserts: Sequence[Insert],
    destination: str | os.PathLike[str],
    *,
    subtype: str | None = None,
    overwrite: bool = False,
    how: str = "",
) -> ExportReport:
    """Write the source's samples, untouched, with generated ones before, behind and between them, and what else its
    file held: tags, pictures, Broadcast WAV data, cue points and loops, moved to where their frames are now.

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
        how: what the comment says of how the new audio was made, "" for nothing.

    Raises:
        ExportError: it can't or mustn't be written there; nothing has changed on disk.
        AudioError: the source is damaged, gone or changed since it was opened.
        ValueError: `inserts` do not fit the source.
    """
    inserts = _checked(source, inserts)
    originals = source.frames - sum(end - begin for begin, end, _ in inserts)
    frames = originals + sum(insert.samples.shape[1] for insert in inserts)
    target = Target.choose(destination, source.subtype, subtype, source.channels, source.sample_rate, frames)
    source.check_unchanged()
    moves = Moves(source.frames, [(begin, end, samples.shape[1]) for begin, end, samples in inserts])
    luggage = pack(source, moves, target.container, target.subtype, how)
    target = replace(target, extra=luggage.size)
    target.check(source, overwrite)
    with replacing(target.path, overwrite) as temporary:
        with target.create(temporary) as out:
            sample_type = transport(source.subtype, target.subtype)
            for piece in _pieces(source, inserts, sample_type):
                if isinstance(piece, Insert):
                    _write_float(out, piece.samples, target.subtype)
                else:
                    _write(out, fit(piece, target.subtype))
        luggage.write(temporary)
        target.finish(temporary)
        identical = _is_kept(temporary, source, inserts)
        source.check_unchanged()
    note = _note(source, target.subtype, identical, originals)
    return ExportReport(target.named, originals, identical, note, luggage.said)


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
    target = Target.choose(destination, "PCM_16", subtype, len(samples), sample_rate, samples.shape[1])
    target.check(None, overwrite)
    with replacing(target.path, overwrite) as temporary:
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
    target = Target.choose(destination, own, subtype, channels, sample_rate, frames)
    target.check(source, overwrite)
    check_writable(target.path)


def _checked(source: Source, inserts: Sequence[Insert]) -> list[Insert]:
    """The inserts as float32 of two dimensions. Raises ValueError: they do not fit the source, AudioError: NaN."""
    inserts = [insert._replace(samples=np.atleast_2d(np.asarray(insert.samples, np.float32))) for insert in inserts]
    at = 0
    for begin, end, samples in inserts:
        if len(samples) != source.channels:
            raise ValueError(f"{len(samples)} generated channels do not fit a source of {source.channels}")
        if not at <= begin <= end <= source.frames:
            raise ValueError(f"there is no gap {begin}..{end} behind frame {at} of {source.frames}")
        check_finite(samples, "The generated audio", source.sample_rate)
        at = end
    return inserts


def _write_float(out: sf.SoundFile, samples: FloatArray, target: str) -> None:
    for begin in range(0, samples.shape[1], BLOCK_FRAMES):
        _write(out, fit(np.ascontiguousarray(samples[:, begin : begin + BLOCK_FRAMES].T), target))


def _write(out: sf.SoundFile, block: npt.NDArray[Any]) -> None:
    """`block` (frames, channels). Raises OSError, soundfile.SoundFileError."""
    try:
        out.write(block)
    except AssertionError as error:  # soundfile's, when fewer frames arrived than it gave
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


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
    """Whether the file decodes, but for the inserts, to exactly what the source decodes to outside their gaps.

    Raises OSError: it doesn't decode.
    """
    at = 0
    with sf.SoundFile(path) as written:
        for piece in _pieces(source, inserts, "float64"):
            if isinstance(piece, Insert):
                at += piece.samples.shape[1]
                continue
            try:
                if not np.array_equal(piece, decode(written, at, len(piece), "float64")):
                    return False
            except UndecodableError as error:
                raise OSError("what was written can't be read back") from error
            at += len(piece)
    return True


def _note(source: Source, target: str, identical: bool, originals: int) -> str:
    decoded = f"decoded {type_name(source.subtype)}"
    if identical:
        what = f" to the {decoded} source" if source.lossy else ""
        return f"original identical{what}: yes, {originals} samples"
    before, after = pcm_bits(source.subtype), pcm_bits(target)
    if before is not None and after is not None:
        return f"original not identical: {before} to {after} bit"
    to = f"{after} bit" if after is not None else type_name(target)
    return f"original not identical: {decoded if source.lossy else type_name(source.subtype)} to {to}"
