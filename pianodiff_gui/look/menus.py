"""How the lines of a drop-down menu are drawn: as those of the menu bar are, with their own colour and hairlines."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QStyleOptionViewItem

from pianodiff_gui.look.theme import GRID, Theme


class MenuDelegate(QStyledItemDelegate):
    """For a QComboBox. Qt's own ignores the colour of an item, and the style sheet's of the chosen one."""

    def __init__(self, theme: Theme, box: QComboBox) -> None:
        super().__init__(box)
        self._theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        if not _is_separator(index):
            super().paint(painter, option, index)
            return
        rect = option.rect
        painter.fillRect(
            rect.left() + GRID, rect.center().y(), rect.width() - 2 * GRID, 1, self._theme.colour("hairline")
        )

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(1, GRID + 1) if _is_separator(index) else super().sizeHint(option, index)


def _is_separator(index: QModelIndex | QPersistentModelIndex) -> bool:
    return bool(index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "separator")
