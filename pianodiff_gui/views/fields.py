"""What the panel is made of: its fields, labels and rows, all alike."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pianodiff_gui.look.menus import MenuDelegate
from pianodiff_gui.look.theme import GRID, ICON_SIZE, Theme, font
from pianodiff_gui.session.goal import LONGEST, SNAP
from pianodiff_gui.views.number_boxes import DecimalBox, WholeBox
from pianodiff_gui.views.panel import Line


class LengthBox(DecimalBox):
    """Seconds in steps of 0.1; what is typed counts once it is confirmed."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0.0, LONGEST)
        self.setSingleStep(SNAP)
        self.setDecimals(1)
        self.setSuffix(" s")
        self.setKeyboardTracking(False)
        self.setAccelerated(True)
        self.setFont(font(10.5, font().Weight.Medium, tabular=True))
        settle(self)


def settle(box: QAbstractSpinBox) -> None:
    """Room before the digits, and Return gives the keys back to the window: Space plays again."""
    box.lineEdit().setTextMargins(6, 0, 0, 0)
    box.lineEdit().returnPressed.connect(box.clearFocus)


def number_box(low: int, high: int, tip: str) -> WholeBox:
    box = WholeBox()
    box.setRange(low, high)
    box.setKeyboardTracking(False)
    box.setToolTip(tip)
    box.setFont(font(tabular=True))
    box.setMinimumWidth(64)
    settle(box)
    return box


def share_box(low: float, high: float, step: float, tip: str) -> DecimalBox:
    box = DecimalBox()
    box.setRange(low, high)
    box.setSingleStep(step)
    box.setKeyboardTracking(False)
    box.setToolTip(tip)
    box.setFont(font(tabular=True))
    settle(box)
    return box


def settle_menu(box: QComboBox, theme: Theme, letters: int = 6) -> None:
    """As wide as there is room, for `letters` at least; its lines drawn as those of the menu bar."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(letters)
    box.setItemDelegate(MenuDelegate(theme, box))


def fill(box: QComboBox, lines: Sequence[Line | None]) -> None:
    """List `lines` in place of what was listed; None is a hairline."""
    box.clear()
    for line in lines:
        if line is None:
            box.insertSeparator(box.count())
            continue
        box.addItem(line.text, line.name)
        if line.tip:
            box.setItemData(box.count() - 1, line.tip, Qt.ItemDataRole.ToolTipRole)


def show_choice(box: QComboBox, name: str) -> None:
    """Show the line by which `name` is chosen, where there is one."""
    index = box.findData(name)
    if index >= 0:
        box.setCurrentIndex(index)


def section(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(font(9.5, font().Weight.DemiBold))
    return label


def small(role: str = "muted") -> QLabel:
    """Small text of several lines: "muted" or "warning"."""
    label = QLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setFont(font(8.75))
    return label


def row(title: str, field: QWidget, extra: QWidget | None = None) -> QWidget:
    """A field with its name before it, and something behind it."""
    whole = QWidget()
    layout = QHBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID)
    label = QLabel(title)
    label.setFixedWidth(11 * GRID)
    label.setBuddy(field)
    layout.addWidget(label)
    layout.addWidget(field, 1)
    if extra is not None:
        layout.addWidget(extra)
    return whole


def column(whole: QWidget) -> QVBoxLayout:
    """The layout of a part of the panel: what is put in it looks as if it were in the panel itself."""
    layout = QVBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID)
    return layout


def icon_button(name: str) -> QToolButton:
    button = QToolButton()
    button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
    button.setAccessibleName(name)
    return button


def action_button(action: QAction, primary: bool = False) -> QPushButton:
    """A push button that stands for an action: same name, state and reason."""
    button = QPushButton()
    if primary:
        button.setProperty("role", "primary")
    button.setMinimumHeight(36)
    button.clicked.connect(action.trigger)

    def follow() -> None:
        button.setText(action.iconText())
        button.setEnabled(action.isEnabled())
        button.setToolTip(action.toolTip())

    action.changed.connect(follow)
    follow()
    return button
