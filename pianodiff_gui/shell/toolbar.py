"""The bar under the menus: the actions that are used most, and where the playhead is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look.theme import GRID, ICON_SIZE, Theme, font
from pianodiff_gui.look.wording import clock
from pianodiff_gui.views.meter import LevelMeter


class Toolbar(QFrame):
    """Buttons in groups; those that are about files stand at the ends."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("toolbar")
        self._actions, self._theme = actions, theme
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(GRID, 6, GRID, 6)
        self._layout.setSpacing(2)
        self._add("open", text=True)
        self._add_gap()
        for name in ("start", "play", "stop", "loop"):
            self._add(name)
        self.time = QLabel()
        self.time.setFont(font(11.5, font().Weight.Medium, tabular=True))
        self.time.setMinimumWidth(170)
        self.waiting = QLabel("Waiting for the next window\u2026")
        self.waiting.setFont(font(8))
        self.waiting.setProperty("role", "muted")
        self.waiting.hide()
        times = QVBoxLayout()
        times.setContentsMargins(GRID, 0, 0, 0)
        times.setSpacing(0)
        for label in (self.time, self.waiting):
            times.addWidget(label)
        self._layout.addLayout(times)
        self._layout.addStretch(1)
        self.meter = LevelMeter(theme)
        self._layout.addWidget(self.meter)
        self._layout.addSpacing(GRID // 2)
        for name in ("undo", "redo"):
            self._add(name)
        self._add_gap()
        for name in ("zoom_out", "zoom_in", "fit"):
            self._add(name)
        self._add_gap()
        self._add("export", text=True)

    def show_time(self, position: float, total: float) -> None:
        """Seconds: where the playhead is, and where what is heard ends."""
        muted = self._theme.palette.muted
        self.time.setText(f'{clock(position, 1)}<span style="color:{muted}"> / {clock(total, 1)}</span>')

    def show_waiting(self, waiting: bool) -> None:
        """Whether playing stands at the end of what there is until there is more."""
        self.waiting.setVisible(waiting)

    def _add(self, name: str, text: bool = False) -> None:
        button = QToolButton()
        button.setDefaultAction(self._actions[name])
        button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumHeight(34)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if text else Qt.ToolButtonStyle.ToolButtonIconOnly
        button.setToolButtonStyle(style)
        self._layout.addWidget(button)

    def _add_gap(self) -> None:
        line = QFrame()
        line.setObjectName("hairline")
        line.setFixedSize(1, 20)
        self._layout.addSpacing(GRID)
        self._layout.addWidget(line)
        self._layout.addSpacing(GRID)
