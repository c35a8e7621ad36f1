"""One program at a time: on a folder that is worked in for hours, and on a file that is written with another beside it.

The system lets go of these locks when a program ends, however it does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from core.errors import ExportError

LOCK_NAME = "lock"

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        # A lock of this process, and not (as flock's) of the workers that it forks, which outlive it for seconds.
        fcntl.lockf(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def alone_in(folder: Path, doing: str) -> Iterator[None]:
    """Within it, nobody else gets into this for the folder, which is there. `doing`: "training", in the message.

    Raises ExportError: somebody else is, or the lock's file can't be written.
    """
    try:
        file = (folder / LOCK_NAME).open("ab")
    except OSError as error:
        raise ExportError(f"The folder {folder} can't be written to ({error.strerror}). Choose another.") from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            # Where a file system knows no locks, nobody is kept out.
            if isinstance(error, BlockingIOError | PermissionError):
                raise ExportError(
                    f"Another PianoDiff is {doing} in {folder}. Wait until it has ended, or choose another folder."
                ) from error
        yield


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Within it, others that want the same of the folder wait: what belongs together is written together. Leaves no
    file; where folders can't be locked, as on Windows, nobody waits.
    """
    handle = None
    if sys.platform != "win32":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
