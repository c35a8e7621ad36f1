"""The row under the waveform that shows one of several things over the same time: tabs in its header choose which."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from pianodiff_gui.look.theme import GRID, font
from pianodiff_gui.views.time_lane import TimeLane


class Lanes(QWidget):
    """One lane at a time. lanes: by the name of the checkable action that shows it, the first being shown at first.

    A lane that is not shown is hidden, and draws nothing.
    """

    chosen = Signal(str)  # the name of the lane that is shown now

    def __init__(self, lanes: Mapping[str, tuple[QAction, TimeLane]]) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._lanes = dict(lanes)
        self._group = QActionGroup(self)
        self._heads, self._bodies = QStackedWidget(), QStackedWidget()
        tabs = QFrame()
        tabs.setObjectName("segments")
        row = QHBoxLayout(tabs)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        for name, (action, lane) in self._lanes.items():
            self._group.addAction(action)
            row.addWidget(_tab(action))
            lane.title.hide()  # the tab says it
            self._heads.addWidget(lane.head)
            self._bodies.addWidget(lane)
            action.toggled.connect(lambda on, name=name: self._show(name) if on else None)
        head = QHBoxLayout()
        head.setContentsMargins(2 * GRID, GRID // 2, 0, 0)
        head.setSpacing(0)
        head.addWidget(tabs)
        head.addWidget(self._heads, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self._bodies, 1)
        self.choose(next(iter(self._lanes)))

    @property
    def all(self) -> tuple[TimeLane, ...]:
        """In the order of the tabs."""
        return tuple(lane for _, lane in self._lanes.values())

    @property
    def shown(self) -> str:
        """The name of the lane that is shown."""
        return next(name for name, (action, _) in self._lanes.items() if action.isChecked())

    def choose(self, name: str) -> None:
        """Show another lane; a name that there is none of changes nothing."""
        if name in self._lanes:
            self._lanes[name][0].setChecked(True)

    def _show(self, name: str) -> None:
        lane = self._lanes[name][1]
        self._heads.setCurrentWidget(lane.head)
        self._bodies.setCurrentWidget(lane)
        self.chosen.emit(name)


def _tab(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFont(font(9, font().Weight.Medium))
    return button
