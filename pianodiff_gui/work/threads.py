"""The threads that live as long as the window."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, QThread

log = logging.getLogger(__name__)

_PATIENCE = 20_000  # ms to wait for a thread when the window closes


class WorkerThread(QThread):
    """A thread in which `worker` answers signals, from now on until `end`."""

    def __init__(
        self,
        worker: QObject,
        name: str,
        parent: QObject,
        priority: QThread.Priority = QThread.Priority.InheritPriority,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        worker.moveToThread(self)
        self.start(priority)

    def end(self) -> None:
        """Wait until what the worker is doing is done. `quit` first, to many threads at once. Never terminates it."""
        if not self.wait(_PATIENCE):
            log.error("the thread '%s' did not end", self.objectName())
