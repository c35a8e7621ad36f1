"""The command palette: every command by its name, with its keys, found by typing a part of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from pianodiff_gui.actions.actions import GROUPS, Actions
from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.look.theme import GRID, Theme, font

_WIDTH, _ROWS, _ROW_HEIGHT = 560, 11, 32
_NAME, _GROUP, _KEYS, _TIP, _POSSIBLE = (Qt.ItemDataRole.UserRole + k for k in range(5))
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


def matches(words: str, text: str) -> bool:
    """Whether every one of `words` begins a word of `text`, in any order and case."""
    begun = text.casefold().replace("\u2026", "").split()
    return all(any(word.startswith(part) for word in begun) for part in words.casefold().split())


class CommandPalette(QDialog):
    """All commands that the menus have. What can't be done now is there as well, and says why.

    It closes before the command is done, so that a command which opens a window of its own opens it over the main one.
    """

    def __init__(self, parent: QWidget, actions: Actions, theme: Theme) -> None:
        super().__init__(parent)
        self.setWindowTitle("Commands")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(_WIDTH)
        self._actions = actions
        self.field = QLineEdit()
        self.field.setPlaceholderText("What to do")
        self.field.setAccessibleName("Command")
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._filter)
        self.list = QListView()
        self.list.setObjectName("commands")
        self.list.setAccessibleName("Commands")
        self.list.setModel(QStandardItemModel(self))
        self.list.setItemDelegate(_CommandDelegate(theme, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFixedHeight(_ROWS * _ROW_HEIGHT)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys are the field's
        self.list.setMouseTracking(True)
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(lambda _index: self._choose())
        self.list.selectionModel().currentChanged.connect(self._explain)
        self.explanation = QLabel()
        self.explanation.setProperty("role", "muted")
        self.explanation.setWordWrap(True)
        self.explanation.setMinimumHeight(2 * self.explanation.fontMetrics().lineSpacing())
        self.explanation.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        layout.setSpacing(GRID)
        for widget in (self.field, self.list, self.explanation):
            layout.addWidget(widget)
        self._filter("")

    def shown(self) -> list[str]:
        """The names of the commands that are listed, as the declarations have them."""
        model = self.list.model()
        return [str(model.index(row, 0).data(_NAME)) for row in range(model.rowCount())]

    def _filter(self, words: str) -> None:
        model = self.list.model()
        assert isinstance(model, QStandardItemModel)
        model.clear()
        by_name, by_tip = [], []
        for group, specs in GROUPS.items():
            for spec in specs:
                item = self._item(group, spec)
                if not self._actions[spec.name].isVisible() or spec.name == "palette":
                    continue
                if matches(words, f"{group} {item.text()}"):
                    by_name.append(item)
                elif matches(words, f"{group} {item.text()} {spec.tip}"):
                    by_tip.append(item)
        for item in by_name + by_tip:
            model.appendRow(item)
        self.list.setCurrentIndex(self._first())

    def _item(self, group: str, spec: Spec) -> QStandardItem:
        action = self._actions[spec.name]
        item = QStandardItem(action.text().replace("&", ""))
        keys = QKeySequence(spec.keys[0]) if spec.keys else QKeySequence()
        item.setData(spec.name, _NAME)
        item.setData(group, _GROUP)
        item.setData(keys.toString(QKeySequence.SequenceFormat.NativeText), _KEYS)
        item.setData(spec.tip if action.isEnabled() else action.toolTip(), _TIP)
        item.setData(action.isEnabled(), _POSSIBLE)
        return item

    def _first(self) -> QModelIndex:
        """The first that can be done, else the first of all."""
        model = self.list.model()
        rows = [model.index(row, 0) for row in range(model.rowCount())]
        possible = [index for index in rows if index.data(_POSSIBLE)]
        return (possible or rows or [QModelIndex()])[0]

    def _explain(self, index: QModelIndex) -> None:
        self.explanation.setText(str(index.data(_TIP)) if index.isValid() else "No command is called so.")

    def _choose(self) -> None:
        index = self.list.currentIndex()
        if not index.data(_POSSIBLE):
            return
        action = self._actions[str(index.data(_NAME))]
        self.accept()
        action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _MOVES:
                self.list.keyPressEvent(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose()
                return True
        return False


class _CommandDelegate(QStyledItemDelegate):
    """A line: what it is called, the menu it is in, and its keys at the right edge."""

    def __init__(self, theme: Theme, parent: QListView) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(_WIDTH // 2, _ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        possible = bool(index.data(_POSSIBLE))
        rect: QRect = option.rect.adjusted(GRID, 0, -GRID, 0)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, self._theme.colour("hover"))
        painter.setPen(self._theme.colour("text" if possible else "disabled"))
        painter.setFont(font())
        middle = Qt.AlignmentFlag.AlignVCenter
        text = str(index.data())
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignLeft, text)
        painter.setPen(self._theme.colour("muted" if possible else "disabled"))
        beside = rect.adjusted(painter.fontMetrics().horizontalAdvance(text) + 2 * GRID, 0, 0, 0)
        painter.setFont(font(8.5))
        painter.drawText(beside, middle | Qt.AlignmentFlag.AlignLeft, str(index.data(_GROUP)))
        painter.setFont(font(9, tabular=True))
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignRight, str(index.data(_KEYS)))
        painter.restore()
