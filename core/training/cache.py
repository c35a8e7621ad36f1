"""The decoded audio of a folder: one file on disk, memory-mapped, made once.

A corpus' cache is mono float16 of all its files end to end, then an index in JSON, then a mark. It gets its name only
when it is complete, so that a decode that was cut off, or several at once, leave nothing that looks finished and is
not.
"""

import errno
import hashlib
import json
import os
import secrets
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.audio.writing import sweep
from core.errors import AudioError
from core.json_text import parse_json
from core.training.corpus import Corpus
from core.training.medium import AUDIO, Medium
from core.training.pieces import piece_name

_FORMAT = 1
_MARK = b"PianoDiff corpus"
_TRAILER = struct.Struct(f"<Q{len(_MARK)}s")
_DISK_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def load_corpus(
    folder: Path,
    cache_folder: Path,
    sample_rate: int,
    data_rms: float,
    progress: Callable[[int, int], None] | None = None,
    medium: Medium = AUDIO,
) -> Corpus:
    """Decode every file of the medium under `folder` (or the one file that it is) into `cache_folder`, once.

    Files are found in all subfolders, through links too; names that begin with a dot are passed over. Channels are
    averaged. The cache is keyed by place, names, sizes, dates, rate and level, so a folder that changes is decoded
    anew. The caches of what it once was stay: a running training may read them.

    Args:
        sample_rate: of the network, in Hz.
        data_rms: active RMS that each file is brought to.
        progress: called with (files done, files in all) before the first file and after each.
        medium: which files those are, and how they are decoded.

    Returns:
        All that can be used; `Corpus.skipped` says what could not, and why: show it.

    Raises:
        AudioError: there is nothing usable, or no room for the cache.
    """
    folder = Path(os.path.abspath(folder.expanduser()))
    files = _find(folder, medium)
    stamps = {name: _stamp(path) for name, path in files.items()}
    identity = json.dumps([_FORMAT, str(folder), sorted(stamps.items()), sample_rate, data_rms])
    final = cache_folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}.corpus"
    index = _read_index(final)
    if index is None:
        try:
            cache_folder.mkdir(parents=True, exist_ok=True)
            sweep(cache_folder, ".*.part")
            told = progress or (lambda done, files: None)
            index = _write(final, folder, files, stamps, sample_rate, data_rms, told, medium)
        except OSError as error:
            raise _not_written(error, folder, cache_folder, sample_rate) from error
    names = tuple(index["files"])
    bounds = np.asarray(index["bounds"], np.int64)
    return Corpus(
        audio=final,
        folder=folder,
        sample_rate=sample_rate,
        data_rms=data_rms,
        begins=bounds[:-1],
        ends=bounds[1:],
        origins=bounds[:-1],
        files=names,
        piece_of=tuple(piece_name(name) for name in names),
        skipped=tuple((name, reason) for name, reason in index["skipped"]),
        grain=medium.grain,
    )


def _not_written(error: OSError, folder: Path, cache_folder: Path, sample_rate: int) -> AudioError:
    """What to say when a cache can't be written."""
    if error.errno in _DISK_FULL:
        return AudioError(
            f"There is no room in {cache_folder} for the decoded audio of {folder} (2 bytes a sample at "
            f"{sample_rate} Hz, {2 * sample_rate * 3600 / 1e6:.0f} MB an hour). Free some space or choose "
            "another folder."
        )
    return AudioError(f"The decoded audio of {folder} can't be written to {cache_folder}: {error.strerror or error}.")


def _find(folder: Path, medium: Medium) -> dict[str, Path]:
    """Its files by their names relative to `folder`, with "/", sorted."""
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
            if path.suffix.lower() in medium.suffixes and not name.startswith("."):
                found[path.relative_to(folder).as_posix()] = path
    if not found:
        suffixes = ", ".join(suffix[1:] for suffix in medium.suffixes)
        raise AudioError(f"No {medium.name} files under {folder} ({suffixes}).")
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
            index: dict[str, Any] = parse_json(file.read(length))
            return index if 2 * index["bounds"][-1] == size - _TRAILER.size - length else None
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def _write(
    final: Path,
    folder: Path,
    files: dict[str, Path],
    stamps: dict[str, tuple[int, int, bool]],
    sample_rate: int,
    data_rms: float,
    progress: Callable[[int, int], None],
    medium: Medium,
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
                    frames = medium.decode(path, sample_rate, data_rms, final.parent, out)
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
                what = "The file" if len(files) == 1 else f"None of the {len(files)} {medium.name} files under {folder}"
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
