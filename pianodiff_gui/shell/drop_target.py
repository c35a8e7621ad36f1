"""A window on which files can be dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow


class DropTarget(QMainWindow):
    """Says which file is held over it, and which was dropped: the first, of several."""

    file_held = Signal(object)  # Path; None when it is no longer
    file_dropped = Signal(object)  # Path

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if path := _first_file(event.mimeData()):
            event.acceptProposedAction()
            self.file_held.emit(path)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.file_held.emit(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self.file_held.emit(None)
        if path := _first_file(event.mimeData()):
            event.acceptProposedAction()
            # After the drop has been answered: a question to the user must not hold up the other program.
            QTimer.singleShot(0, self, lambda: self.file_dropped.emit(path))


def _first_file(data: QMimeData) -> Path | None:
    return next((Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()), None)
