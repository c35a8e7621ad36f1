"""The takes as a row of cards: a click or a number key shows one, a double click names it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import GRID, Theme, font
from pianodiff_gui.session.session import LONGEST_NAME, Session
from pianodiff_gui.session.takes import Take, summary_of

_HEIGHT = 6 * GRID
_WIDTH = 27 * GRID
_WIDTH_OF_RECORDING = 14 * GRID
_BAR = 4  # px of a take's colour at its card's left edge


class NameEdit(QLineEdit):
    """Typing over a card's name: Return keeps it, Escape and a click elsewhere do not."""

    closed = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


class TakeCard(QFrame):
    """One take, or (None) the recording by itself."""

    chosen = Signal()
    renamed = Signal(str)
    naming_requested = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, theme: Theme, take: Take | None, key: int, shown: bool, enabled: bool) -> None:
        super().__init__()
        self.take, self.shown = take, shown
        self._theme = theme
        self.setEnabled(enabled)
        self.setFixedHeight(_HEIGHT)
        self.setFixedWidth(_WIDTH if take is not None else _WIDTH_OF_RECORDING)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.name = ElidedLabel()
        self.name.setText(take.name if take is not None else "Recording")
        self.name.setFont(font(9.25, font().Weight.DemiBold))
        self.key = QLabel(str(key) if key <= 9 else "")
        self.key.setFont(font(8.5, tabular=True))
        self.key.setProperty("role", "muted")
        self.about = ElidedLabel()
        self.about.setFont(font(8.5, tabular=True))
        self.about.setProperty("role", "muted")
        self.about.setText(summary_of(take) if take is not None else "as it is")
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self.name, 1)
        top.addWidget(self.key)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + _BAR, 4, GRID, 4)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.about)
        self.setAccessibleName(self.name.text())
        self.edit: NameEdit | None = None

    def start_naming(self) -> None:
        """Type another name in place of the old one."""
        if self.take is None or not self.isEnabled() or self.edit is not None:
            return
        self.edit = edit = NameEdit(self.take.name, self)
        edit.setMaxLength(LONGEST_NAME)
        edit.setGeometry(GRID, 4, self.width() - 2 * GRID, self.height() - 8)
        edit.selectAll()
        edit.returnPressed.connect(lambda: self.renamed.emit(edit.text()))
        edit.returnPressed.connect(lambda: self._stop_naming(edit))
        edit.closed.connect(lambda: self._stop_naming(edit))
        edit.show()
        edit.setFocus()

    def _stop_naming(self, edit: NameEdit) -> None:
        if edit is self.edit:  # an earlier one that is being deleted loses the focus as well
            self.edit = None
            edit.deleteLater()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()
        elif event.button() == Qt.MouseButton.RightButton and self.take is not None:
            self.chosen.emit()
            self.menu_requested.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.naming_requested.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        colour = theme.take_colour(self.take.number) if self.take is not None else theme.colour("ink")
        area = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.setPen(QPen(colour if self.shown else theme.colour("hairline"), 1.5))
        painter.setBrush(theme.colour("surface" if self.shown else "window"))
        painter.drawRoundedRect(area, 7, 7)
        painter.setPen(Qt.PenStyle.NoPen)
        if not self.isEnabled():
            colour.setAlphaF(0.4)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(5, 8, _BAR, self.height() - 16), 2, 2)
        painter.end()


class _Row(QScrollArea):
    """Scrolls sideways, by the wheel as well."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar, delta = self.horizontalScrollBar(), event.angleDelta()
        bar.setValue(bar.value() - (delta.x() or delta.y()))
        event.accept()


class TakesView(QFrame):
    """Reads the session; there only while it has takes. The commands are the window's actions."""

    def __init__(self, session: Session, theme: Theme, commands: Actions) -> None:
        super().__init__()
        self.setObjectName("takes")
        self._session, self._theme, self._commands = session, theme, commands
        self.cards: list[TakeCard] = []
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GRID)
        self._row.addStretch(1)
        inner = QWidget()
        inner.setObjectName("takesRow")
        inner.setLayout(self._row)
        self._area = _Row()
        self._area.setWidget(inner)
        self._area.setWidgetResizable(True)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the wheel moves it
        self._area.setFixedHeight(_HEIGHT)
        self.match = QCheckBox("Match levels")
        self.match.setToolTip(
            "Play all takes as loud as the quietest one, so that the louder one doesn't win. Exports are not changed."
        )
        self.match.setFont(font(8.75))
        self.match.setChecked(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 12, 2 * GRID, 4)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self._area, 1)
        layout.addWidget(self.match)
        for signal in (session.takes_changed, session.engine.changed, session.source_changed, theme.changed):
            signal.connect(self._rebuild)
        self._rebuild()

    def _rebuild(self) -> None:
        for card in self.cards:
            self._row.removeWidget(card)
            card.hide()
            card.deleteLater()
        session = self._session
        takes, enabled = session.takes, not session.engine.busy
        self.cards = []
        for key, take in enumerate((None, *takes.all)):
            number = take.number if take is not None else None
            card = TakeCard(self._theme, take, key, takes.shown == number, enabled)
            card.setToolTip(session.engine.busy or self._tip(take, key))
            card.chosen.connect(partial(session.show_take, number))
            if number is not None:
                card.renamed.connect(partial(session.rename_take, number))
            card.naming_requested.connect(self.start_naming)
            card.menu_requested.connect(self._open_menu)
            self._row.insertWidget(key, card)
            self.cards.append(card)
        self.setVisible(bool(takes.all))
        self.match.setVisible(len(takes.all) > 1)
        shown = next((card for card in self.cards if card.shown), None)
        if shown is not None:
            QTimer.singleShot(0, shown, lambda: self._area.ensureWidgetVisible(shown))

    @staticmethod
    def _tip(take: Take | None, key: int) -> str:
        how = f"  ({key})" if key <= 9 else ""
        if take is None:
            return f"Show the recording by itself{how}"
        return f"Show {take.name}{how}; double-click to name it\n{summary_of(take)}"

    def start_naming(self) -> None:
        """Type a name for the take that is shown."""
        card = next((card for card in self.cards if card.shown), None)
        if card is not None:
            card.start_naming()

    def _open_menu(self, where: QPoint) -> None:
        menu = QMenu(self)
        for name in ("rename_take", "delete_take", "compare", "export"):
            menu.addAction(self._commands[name])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)
