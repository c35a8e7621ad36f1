"""Short work off the GUI thread: writing a file, saving a take."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from core.errors import PianoDiffError
from pianodiff_gui.look.wording import went_wrong

log = logging.getLogger(__name__)


class Background(QObject):
    """Runs callables in another thread, one after the other; their results arrive in this object's thread.

    threads: more than one where the order does not matter and one that hangs must not hold up the next.
    """

    def __init__(self, parent: QObject | None = None, threads: int = 1) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)

    def run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Do `work`; then call `done` with its result, or `failed` with a message for the user."""
        answer = _Answer(self, done, failed)
        # Not a QRunnable of Python's: Qt would keep that, and with it all that `work` knows of.
        self._pool.start(lambda: answer.give(work))

    def wait(self, milliseconds: int = 10_000) -> bool:
        """Wait until everything is done, for closing."""
        return self._pool.waitForDone(milliseconds)


class _Answer(QObject):
    """Takes a task's one answer into the thread that this was made in, and goes: what is left would keep all that the
    task knew of.
    """

    _done = Signal(object)
    _failed = Signal(str)

    def __init__(
        self, parent: QObject, done: Callable[[Any], None] | None, failed: Callable[[str], None] | None
    ) -> None:
        super().__init__(parent)
        self._then, self._otherwise = done, failed
        self._done.connect(self._receive)
        self._failed.connect(self._receive_failure)

    def give(self, work: Callable[[], Any]) -> None:
        """Do it, in the thread that calls, and send what came of it."""
        try:
            result = work()
        except PianoDiffError as error:
            self._failed.emit(str(error))
        except Exception as error:
            log.exception("background work failed")
            self._failed.emit(went_wrong(error))
        else:
            self._done.emit(result)

    @Slot(object)
    def _receive(self, value: object) -> None:
        self._end(self._then, value)

    @Slot(str)
    def _receive_failure(self, message: str) -> None:
        self._end(self._otherwise, message)

    def _end(self, then: Callable[[Any], None] | None, value: Any) -> None:
        self.deleteLater()
        if then is not None:
            then(value)
