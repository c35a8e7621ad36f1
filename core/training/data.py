"""Audio as a training stream: decoded once into a memory-mapped cache, crops drawn by duration, split by piece.

A corpus is one folder (or one file) of audio of any rates and channels. Its cache is a single file: mono float16 of
all files end to end, then an index in JSON, then a mark. It gets its name only when it is complete, so that a
decode that was cut off, or several at once, leave nothing that looks finished and is not.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import struct
import tempfile
import time
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soxr

from core.audio.opening import AUDIO_SUFFIXES, open_source
from core.audio.signal import SILENCE_RMS, FloatArray
from core.audio.source import BLOCK_FRAMES, Source
from core.errors import AudioError, SettingsError

SUFFIXES = (*AUDIO_SUFFIXES, ".aifc", ".au", ".caf", ".oga", ".opus", ".rf64", ".snd", ".w64")
"""Suffixes that count as audio in a folder. A file that is named itself may have any."""

VALIDATION_SECONDS = 600.0
"""More than ten minutes tell nothing more about a loss, and would be lost to the training."""

LEAST_SECONDS_TO_CUT = 60.0
"""A single piece shorter than this is not cut: a tenth of it is less than one crop."""

_FORMAT = 1
_MARK = b"PianoDiff corpus"
_TRAILER = struct.Struct(f"<Q{len(_MARK)}s")
_SPOOL_BYTES = 1 << 26
_ABANDONED_SECONDS = 3600.0
_DISK_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}

_NUMBER = r"\d[\d.,:]*(?:ms|s|secs?|seconds?|m|min|h)?(?:\d+(?:ms|s|secs?|m|min))*"
_WORD = (
    r"(?:at|chunk|clip|copy|crop|cut|end|excerpt|from|offset|part|pt|seg|segment|slice|split|start|take|to|v|ver|"
    r"version)"
)
_CUT = re.compile(rf"(?:^|[\s_.,+~#\-–(\[{{]+)(?:{_WORD}[\s_.\-]*{_NUMBER}|{_NUMBER}|copy)[)\]}}\s]*$")


def piece_name(name: str) -> str:
    """The piece that a file belongs to, of its name relative to the corpus' folder ("bach/prelude01_030s.flac").

    Cuts, takes and other renderings of one piece must never sit on both sides of the split, so files whose names
    differ only in the following count as one piece:

    1. the suffix, and upper or lower case;
    2. whatever follows "__" ("nocturne__upright", "nocturne__grand");
    3. numbers at the end that are set off by a space, "_", "-", ".", "#" or a bracket, with a unit or one of a few
       words before them or not, and "copy": "_030s", "-03", " (2)", "_1m30s", "_30-60", " (take 2)", "_part1",
       " v2", " copy". A number that belongs to a word stays: "prelude01", "op9".

    Subfolders are part of the name. A name of which nothing is left ("0001.wav") is called "#": all such files of a
    folder are one piece. Where the rule is wrong it puts too much into one piece, which only makes the split coarser.
    """
    *folders, stem = unicodedata.normalize("NFC", name).casefold().split("/")
    stem = stem.rpartition(".")[0] or stem
    rendering = stem.find("__", 1)
    if rendering > 0:
        stem = stem[:rendering]
    while (shorter := _CUT.sub("", stem)) != stem:
        stem = shorter
    return "/".join([*folders, stem.strip(" _.-") or "#"])


@dataclass(frozen=True, eq=False, repr=False)
class Corpus:
    """Decoded audio, or a part of it: mono float16 on disk, each file at active RMS `data_rms`.

    Pickled, it is a path and the files' bounds; whoever unpickles it opens the cache again at the first read.

    audio: the cache file.  begins, ends: (files,) first frame of each file (or what of it is in this view) in the
    cache, and the frame behind its last.  files: names relative to the folder.  piece_of: the piece of each file.
    skipped: (name, reason) of each file that could not be used.
    """

    audio: Path
    sample_rate: int
    data_rms: float
    begins: np.ndarray
    ends: np.ndarray
    files: tuple[str, ...]
    piece_of: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()

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
        return file, int(rng.integers(max(frames - length, 0) + 1))

    def read(self, file: int, start: int, length: int) -> FloatArray:
        """Frames start..start + length of one file as (length,) float32; zeros where the file has none."""
        begin, end = int(self.begins[file]), int(self.ends[file])
        first = min(max(begin + start, begin), end)
        last = min(max(begin + start + length, first), end)
        out = np.zeros(length, np.float32)
        out[first - begin - start : last - begin - start] = self._samples[first:last]
        return out

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

    def stretch(self, start: int, stop: int) -> "Corpus":
        """Frames start..stop of all the files laid end to end, in the same cache; files outside are left out.

        Raises SettingsError when nothing is left.
        """
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
            files=tuple(self.files[i] for i in which),
            piece_of=tuple(self.piece_of[i] for i in which),
        )


def load_corpus(
    folder: Path,
    cache_folder: Path,
    sample_rate: int,
    data_rms: float,
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Decode every audio file under `folder` (or the one file that it is) into `cache_folder`, once.

    Files are found in all subfolders, through links too; names that begin with a dot are passed over. Channels are
    averaged. The cache is keyed by place, names, sizes, dates, rate and level, so a folder that changes is decoded
    anew. The caches of what it once was stay: a running training may read them.

    Args:
        sample_rate: of the network, in Hz.
        data_rms: active RMS that each file is brought to.
        progress: called with (files done, files in all) before the first file and after each.

    Returns:
        All that can be used; `Corpus.skipped` says what could not, and why: show it.

    Raises:
        AudioError: there is nothing usable, or no room for the cache.
    """
    folder = Path(os.path.abspath(folder.expanduser()))
    files = _find(folder)
    stamps = {name: _stamp(path) for name, path in files.items()}
    identity = json.dumps([_FORMAT, str(folder), sorted(stamps.items()), sample_rate, data_rms])
    final = cache_folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}.corpus"
    index = _read_index(final)
    if index is None:
        try:
            cache_folder.mkdir(parents=True, exist_ok=True)
            _sweep(cache_folder)
            index = _write(final, folder, files, stamps, sample_rate, data_rms, progress or (lambda done, files: None))
        except OSError as error:
            if error.errno in _DISK_FULL:
                raise AudioError(
                    f"There is no room in {cache_folder} for the decoded audio of {folder} (2 bytes a sample at "
                    f"{sample_rate} Hz, {2 * sample_rate * 3600 / 1e6:.0f} MB an hour). Free some space or choose "
                    "another folder."
                ) from error
            raise AudioError(
                f"The decoded audio of {folder} can't be written to {cache_folder}: {error.strerror or error}."
            ) from error
    names = tuple(index["files"])
    bounds = np.asarray(index["bounds"], np.int64)
    return Corpus(
        audio=final,
        sample_rate=sample_rate,
        data_rms=data_rms,
        begins=bounds[:-1],
        ends=bounds[1:],
        files=names,
        piece_of=tuple(piece_name(name) for name in names),
        skipped=tuple((name, reason) for name, reason in index["skipped"]),
    )


def split_validation(corpus: Corpus, share: float = 0.05) -> tuple[Corpus, Corpus | None]:
    """Set whole pieces aside for validation: (training, validation). They have no frame in common.

    Pieces are taken in the order of a hash of their names, so that added files change nothing about the others' turn,
    until `share` of the duration is reached, or VALIDATION_SECONDS. A piece that would take more than twice that
    is passed over (unless it is no longer than the median piece: there may be few). No more than half of the pieces are
    taken.

    A single piece is cut: its last tenth, at most VALIDATION_SECONDS, is held out. Below LEAST_SECONDS_TO_CUT, and
    for a share of 0, there is no validation.

    Raises SettingsError for a share outside 0 to 0.5.
    """
    if not 0 <= share <= 0.5:
        raise SettingsError(f"The share held out for validation is {share:g}. It can be 0 to 0.5.")
    if share == 0:
        return corpus, None
    if len(corpus.pieces) == 1:
        if corpus.seconds < LEAST_SECONDS_TO_CUT:
            return corpus, None
        held = round(min(corpus.frames / 10, VALIDATION_SECONDS * corpus.sample_rate))
        cut = corpus.frames - held
        return corpus.stretch(0, cut), corpus.stretch(cut, corpus.frames)

    seconds = corpus.piece_seconds
    target = min(share * corpus.seconds, VALIDATION_SECONDS)
    most = max(2 * target, float(np.median(list(seconds.values()))))
    chosen: list[str] = []
    total = 0.0
    for piece in sorted(seconds, key=lambda name: hashlib.sha256(name.encode(errors="surrogatepass")).digest()):
        if total >= target or len(chosen) == len(seconds) // 2:
            break
        if total + seconds[piece] <= most:
            chosen.append(piece)
            total += seconds[piece]
    return corpus.only(set(seconds).difference(chosen)), corpus.only(chosen)


def _find(folder: Path) -> dict[str, Path]:
    """Audio files by their names relative to `folder`, with "/", sorted."""
    if folder.is_file():
        return {folder.name: folder}
    if not folder.is_dir():
        raise AudioError(f"There is no folder or file {folder}.")
    found: dict[str, Path] = {}
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link back up, or a second way to the same folder
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(place, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith("."):
                found[path.relative_to(folder).as_posix()] = path
    if not found:
        raise AudioError(f"No audio files under {folder} ({', '.join(suffix[1:] for suffix in SUFFIXES)}).")
    return dict(sorted(found.items()))


def _stamp(path: Path) -> tuple[int, int, bool]:
    """Size, date, and whether it may be read: a file whose permission is repaired keeps its date."""
    try:
        info = path.stat()
    except OSError:  # a dangling link: decoding it says so
        return 0, 0, False
    return info.st_size, info.st_mtime_ns, os.access(path, os.R_OK)


def _read_index(path: Path) -> dict[str, Any] | None:
    """Index of a complete cache file, None when there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size < _TRAILER.size:
                return None
            file.seek(-_TRAILER.size, os.SEEK_END)
            length, mark = _TRAILER.unpack(file.read())
            if mark != _MARK or length > size - _TRAILER.size:
                return None
            file.seek(-_TRAILER.size - length, os.SEEK_END)
            index: dict[str, Any] = json.loads(file.read(length))
            return index if 2 * index["bounds"][-1] == size - _TRAILER.size - length else None
    except (OSError, ValueError, KeyError):
        return None


def _write(
    final: Path,
    folder: Path,
    files: dict[str, Path],
    stamps: dict[str, tuple[int, int, bool]],
    sample_rate: int,
    data_rms: float,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Decode into a file of this process' own, which gets its name when all is there. Returns the index."""
    part = final.with_name(f".{final.stem}-{secrets.token_hex(8)}.part")
    bounds, usable, skipped = [0], [], []
    try:
        with part.open("xb") as out:
            progress(0, len(files))
            for done, (name, path) in enumerate(files.items(), 1):
                before = out.tell()
                try:
                    frames = _decode(path, sample_rate, data_rms, final.parent, out)
                    if _stamp(path) != stamps[name]:
                        raise AudioError(f"{path.name} was changed while it was read.")
                    usable.append(name)
                    bounds.append(bounds[-1] + frames)
                except AudioError as error:
                    skipped.append((name, str(error)))
                    out.seek(before)
                    out.truncate()
                progress(done, len(files))
            if not usable:
                what = "The file" if len(files) == 1 else f"None of the {len(files)} audio files under {folder}"
                raise AudioError(f"{what} can{'not' if len(files) == 1 else ''} be used: {skipped[0][1]}")
            index = {"bounds": bounds, "files": usable, "skipped": skipped}
            text = json.dumps(index).encode()
            out.write(text + _TRAILER.pack(len(text), _MARK))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.replace(part, final)
        except PermissionError:  # Windows, where another process was faster and already reads its own
            if _read_index(final) is None:
                raise
    finally:
        part.unlink(missing_ok=True)
    return index


def _decode(path: Path, sample_rate: int, data_rms: float, spool_folder: Path, out: BinaryIO) -> int:
    """Append one file to `out` and return its frames. Raises AudioError when it can't be used."""
    with (
        open_source(path) as source,
        # The level is known only at the end. Long files wait for it on disk, nameless where the system can do that.
        tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=str(spool_folder), prefix=".", suffix=".part") as spool,
    ):
        source.check_finite()
        level = _ActiveLevel(sample_rate)
        frames = 0
        for block in _mono(source, sample_rate):
            level.add(block)
            spool.write(block.tobytes())
            frames += len(block)
        rms = level.rms()
        if not np.isfinite(rms):
            raise AudioError(f"{path.name} is too loud to be worked with: its samples are beyond any level.")
        if rms < SILENCE_RMS:  # lifted to the nominal level, its dither would be music
            if any((np.abs(block) > 100 * SILENCE_RMS).any() for block in source.blocks()):
                raise AudioError(f"{path.name} has channels that cancel each other: their mean is silence.")
            raise AudioError(f"{path.name} is silent.")
        spool.seek(0)
        while data := spool.read(4 * BLOCK_FRAMES):
            out.write((np.frombuffer(data, np.float32) * np.float32(data_rms / rms)).astype(np.float16).tobytes())
    return frames


def _mono(source: Source, sample_rate: int) -> Iterator[FloatArray]:
    """Mean of the channels in blocks, at `sample_rate`: what `core.audio.signal.resample` would give for the whole."""
    if source.sample_rate == sample_rate:
        for block in source.blocks():
            yield block.mean(axis=1)
        return
    # A run of blocks is the same to soxr as the whole at once.
    stream = soxr.ResampleStream(source.sample_rate, sample_rate, 1, dtype="float32", quality="VHQ")
    wanted = max(1, round(source.frames * sample_rate / source.sample_rate))
    taken = given = 0
    for block in source.blocks():
        taken += len(block)
        data = stream.resample_chunk(block.mean(axis=1), last=taken >= source.frames)[: wanted - given]
        given += len(data)
        yield data
    if given < wanted:
        yield np.zeros(wanted - given, np.float32)


class _ActiveLevel:
    """`core.audio.signal.active_rms` of a signal that comes in blocks."""

    def __init__(self, sample_rate: int) -> None:
        self._width = max(1, round(0.05 * sample_rate))
        self._rest = np.zeros(0, np.float32)
        self._sums: list[np.ndarray] = []

    def add(self, block: FloatArray) -> None:
        samples = np.concatenate([self._rest, block])
        whole = len(samples) // self._width * self._width
        self._sums.append(np.square(samples[:whole], dtype=np.float64).reshape(-1, self._width).sum(axis=1))
        self._rest = samples[whole:]

    def rms(self) -> float:
        sums = np.concatenate([*self._sums, [np.square(self._rest, dtype=np.float64).sum()]])
        counts = np.full(len(sums), self._width)
        counts[-1] = len(self._rest)
        sums, counts = sums[counts > 0], counts[counts > 0]
        means = sums / counts
        active = means >= means.max() * 1e-4
        return float(np.sqrt(sums[active].sum() / counts[active].sum()))


def _sweep(cache_folder: Path) -> None:
    """Remove what decodes that were killed have left. One that is at work has written within the hour."""
    for path in cache_folder.glob(".*.part"):
        try:
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()
        except OSError:  # somebody else was faster
            continue
