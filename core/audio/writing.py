"""Files that are written whole or not at all.

A file is written beside its destination under a temporary name, and only then renamed. Whatever goes wrong before that
leaves the folder as it was.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import soundfile as sf

from core.errors import ExportError

ABANDONED_SECONDS = 3600.0
"""Without a change, after which a temporary file belongs to nobody."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DestinationExists(ExportError):
    """There is a file of that name, and it may not be replaced without leave."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} exists already in {path.parent}. Choose another name, or allow it to be overwritten."
        )


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
    with replacing(destination, overwrite) as temporary:
        temporary.write_bytes(content)


def check_text_destination(destination: Path, *, overwrite: bool) -> None:
    """What :func:`write_text` would refuse before it writes. Raises ExportError."""
    check_free_name(Path(os.path.realpath(destination)), overwrite)


@contextmanager
def replacing(destination: Path, overwrite: bool) -> Iterator[Path]:
    """An empty file under a temporary name, which becomes `destination` when the block succeeds and vanishes when it
    does not.

    Raises ExportError: it can't be written there, or a file has appeared there meanwhile.
    """
    temporary = _temporary_name(destination)
    sweep(destination.parent, _temporary("*"))
    try:
        with _create(temporary):
            pass
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        _rename(temporary, destination, overwrite)
    except sf.SoundFileError as error:  # which only says "system error"
        raise ExportError(failed(destination, _refusal(temporary) or error)) from error
    except OSError as error:
        raise ExportError(failed(destination, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _refusal(path: Path) -> OSError | None:
    """What the system says when that file is to grow a little more, None when it lets it: a full disk, or a quota."""
    try:
        with path.open("ab") as file:
            file.write(bytes(1 << 16))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def check_writable(destination: Path) -> None:
    """Try whether the system lets a file be made there; leaves nothing. Raises ExportError."""
    probe = _temporary_name(destination)
    try:
        with _create(probe):
            pass
    except OSError as error:
        raise ExportError(failed(destination, error)) from error
    finally:
        probe.unlink(missing_ok=True)


def check_free_name(path: Path, overwrite: bool) -> None:
    """Refuse a folder that is missing and a name that is taken or impossible. Raises ExportError."""
    if not path.parent.is_dir():
        raise ExportError(f"There is no folder {path.parent}. Make it first, or choose another.")
    try:
        os.lstat(path)
    except FileNotFoundError:
        return
    except OSError as error:  # a name that is too long, for one
        raise ExportError(failed(path, error)) from error
    if path.is_dir():
        raise ExportError(f"{path} is a folder. Choose a file name.")
    if not overwrite:
        raise DestinationExists(path)


def _rename(temporary: Path, destination: Path, overwrite: bool) -> None:
    if not overwrite:
        # A rename would replace a file that has appeared meanwhile; a link refuses to.
        try:
            os.link(temporary, destination)
            return
        except FileExistsError:
            raise DestinationExists(destination) from None
        except OSError:  # a file system without hard links
            check_free_name(destination, overwrite)
    os.replace(temporary, destination)


def _create(path: Path) -> BinaryIO:
    """A new file with ordinary permissions; the system's own reason when that is refused."""
    return path.open("xb")


def sweep(folder: Path, pattern: str) -> None:
    """Remove the temporary files, called like `pattern`, of programs that were killed. One that is at work has written
    within the hour.
    """
    with suppress(OSError):
        for path in folder.glob(pattern):
            with suppress(OSError):  # somebody else was faster
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()


def _temporary_name(destination: Path) -> Path:
    return destination.parent / _temporary(secrets.token_hex(6))


def _temporary(mark: str) -> str:
    return f".pianodiff-{mark}.part"


def failed(destination: Path, error: Exception) -> str:
    """A failed write in plain words."""
    number = error.errno if isinstance(error, OSError) else None
    nothing = "Nothing was written."
    if number in _FULL:
        return f"The disk that holds {destination.parent} is full. {nothing} Make room, or choose another folder."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"The folder {destination.parent} can't be written to. {nothing} Choose another folder."
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{destination.name} could not be written: {detail.rstrip('.')}. {nothing}"
