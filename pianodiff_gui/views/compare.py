"""All takes in one table: how they were made, what they cost, and figures of how they sound."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pianodiff_gui.look.theme import GRID, Theme, font
from pianodiff_gui.session.session import Session
from pianodiff_gui.work.comparison import TITLES, cells_of
from pianodiff_gui.work.figures import Figures


class CompareDialog(QDialog):
    """Follows the session and the figures while it is open. A double click shows a take."""

    def __init__(self, parent: QWidget, session: Session, figures: Figures, theme: Theme) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compare takes")
        self._session, self._figures, self._theme = session, figures, theme
        self.table = QTableWidget(0, len(TITLES))
        for column, (title, tip) in enumerate(TITLES.items()):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            self.table.setHorizontalHeaderItem(column, item)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.setFont(font(9, tabular=True))
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.verticalHeader().setDefaultSectionSize(32)
        self.table.cellDoubleClicked.connect(lambda row, _column: session.show_take(session.takes.all[row].number))
        about = QLabel("The figures are of what was made last, against what it goes on from. None of them hears music.")
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        copy, close = QPushButton("Copy table"), QPushButton("Close")
        copy.clicked.connect(self.copy)
        close.clicked.connect(self.accept)
        close.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addWidget(about, 1)
        buttons.addWidget(copy)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.table, 1)
        layout.addLayout(buttons)
        session.takes_changed.connect(self._fill)
        figures.changed.connect(self._fill)
        self._fill()
        header = self.table.horizontalHeader()
        rows = min(max(len(session.takes.all), 3), 10)
        self.resize(min(header.length() + 5 * GRID, parent.width() - 4 * GRID), 32 * rows + 140)

    def _fill(self) -> None:
        takes = self._session.takes
        self.table.setRowCount(len(takes.all))
        for row, take in enumerate(takes.all):
            for column, text in enumerate(cells_of(take, self._figures.of(take.timeline))):
                item = QTableWidgetItem(text)
                if column >= 3 and column != 4:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if column == 0:
                    item.setForeground(QBrush(self._theme.take_colour(take.number)))
                    item.setFont(font(9, font().Weight.DemiBold))
                if take.number == takes.shown:
                    item.setBackground(QBrush(self._theme.colour("hover")))
                self.table.setItem(row, column, item)

    def copy(self) -> None:
        """Put the table on the clipboard, with tabs between the columns."""
        takes = self._session.takes.all
        rows = [list(TITLES), *(cells_of(take, self._figures.of(take.timeline)) for take in takes)]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))
