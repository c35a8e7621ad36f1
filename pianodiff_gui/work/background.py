"""Short work off the GUI thread: writing a file, saving a take."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from core.errors import PianoDiffError

log = logging.getLogger(__name__)


class _Signals(QObject):
    done = Signal(object)
    failed = Signal(str)


class _Task(QRunnable):
    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self.setAutoDelete(False)  # Python owns it
        self.signals = _Signals()
        self._work = work

    @Slot()
    def run(self) -> None:
        try:
            result = self._work()
        except PianoDiffError as error:
            self.signals.failed.emit(str(error))
        except Exception as error:
            log.exception("background work failed")
            self.signals.failed.emit(f"Something went wrong inside PianoDiff ({type(error).__name__}: {error}).")
        else:
            self.signals.done.emit(result)


class Background(QObject):
    """Runs callables in another thread, one after the other; their results arrive in this object's thread.

    threads: more than one where the order does not matter and one that hangs must not hold up the next.
    """

    def __init__(self, parent: QObject | None = None, threads: int = 1) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._tasks: set[_Task] = set()

    def run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Do `work`; then call `done` with its result, or `failed` with a message for the user."""
        task = _Task(work)
        self._tasks.add(task)
        # A child of this object, so that the calls are queued into its thread.
        receiver = _Receiver(self, lambda: self._tasks.discard(task), done, failed)
        task.signals.done.connect(receiver.receive)
        task.signals.failed.connect(receiver.receive_failure)
        self._pool.start(task)

    def wait(self, milliseconds: int = 10_000) -> bool:
        """Wait until everything is done, for closing."""
        return self._pool.waitForDone(milliseconds)


class _Receiver(QObject):
    """Takes a task's one answer, whichever it is, and goes: what is left of it would keep all that the task knew of."""

    def __init__(
        self,
        parent: QObject,
        ended: Callable[[], object],
        done: Callable[[Any], None] | None,
        failed: Callable[[str], None] | None,
    ) -> None:
        super().__init__(parent)
        self._ended, self._done, self._failed = ended, done, failed

    @Slot(object)
    def receive(self, value: object) -> None:
        self._end(self._done, value)

    @Slot(str)
    def receive_failure(self, message: str) -> None:
        self._end(self._failed, message)

    def _end(self, then: Callable[[Any], None] | None, value: Any) -> None:
        self.deleteLater()
        self._ended()
        if then is not None:
            then(value)
