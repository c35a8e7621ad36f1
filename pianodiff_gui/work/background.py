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

        def finish(then: Callable[[Any], None] | None, value: Any) -> None:
            self._tasks.discard(task)
            if then is not None:
                then(value)

        # Connected through this object, so that the calls are queued into its thread.
        task.signals.done.connect(_Receiver(self, lambda value: finish(done, value)).receive)
        task.signals.failed.connect(_Receiver(self, lambda value: finish(failed, value)).receive)
        self._pool.start(task)

    def wait(self, milliseconds: int = 10_000) -> bool:
        """Wait until everything is done, for closing."""
        return self._pool.waitForDone(milliseconds)


class _Receiver(QObject):
    def __init__(self, parent: QObject, call: Callable[[Any], None]) -> None:
        super().__init__(parent)
        self._call = call

    @Slot(object)
    def receive(self, value: object) -> None:
        self.deleteLater()
        self._call(value)
