"""The two ways to speak to the user in a window of its own: to tell about a problem, and to ask before a loss."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from pianodiff_gui.look.theme import GRID


def tell(parent: QWidget, message: str) -> QMessageBox:
    """Tell the user about a problem, in plain words. Does not block."""
    box = QMessageBox(parent)
    box.setWindowTitle("PianoDiff")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)  # it may quote a file
    box.setText(message)
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    _roomy(box)
    box.open()
    return box


def _roomy(box: QMessageBox) -> None:
    layout = box.layout()
    if layout is not None:
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)


def ask(parent: QWidget, question: str, detail: str, yes: str, no: str = "Cancel") -> bool:
    """Ask before something is lost. `no` is what Escape and Return do."""
    box = QMessageBox(parent)
    box.setWindowTitle("PianoDiff")
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(detail)
    agree = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    decline = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(decline)
    box.setEscapeButton(decline)
    _roomy(box)
    box.exec()
    return box.clickedButton() is agree
