"""The foot of the panel: what the next run costs and the buttons that start it; or how far the running one is."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import GRID, font
from pianodiff_gui.session.engine import Engine
from pianodiff_gui.session.jobs import Frame
from pianodiff_gui.views.fields import action_button, small
from pianodiff_gui.views.panel import CostShown

_PROGRESS_INTERVAL = 250  # ms


class Foot(QStackedWidget):
    """Follows the engine. What a run costs is told to it."""

    def __init__(self, engine: Engine, commands: Actions) -> None:
        super().__init__()
        self._engine = engine
        self._run_started = 0.0
        self._frame: Frame | None = None
        self._make_cost()
        self.extend_button = action_button(commands["extend"], primary=True)
        self.again_button = action_button(commands["again"])
        self.cancel_button = action_button(commands["cancel"])
        self.addWidget(self._make_idle())
        self.addWidget(self._make_running())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._clock = QTimer(self)
        self._clock.setInterval(_PROGRESS_INTERVAL)
        self._clock.timeout.connect(self._show_progress)
        engine.changed.connect(self._running_changed)
        engine.stage_changed.connect(self._show_progress)

    # Building

    def _make_cost(self) -> None:
        self.cost = QStackedWidget()
        self.cost.setObjectName("cost")
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(12, GRID, 12, GRID)
        grid.setVerticalSpacing(4)
        self.cost_names: list[QLabel] = []
        self.cost_values: list[QLabel] = []
        for line, title in enumerate(("Windows", "Network evaluations", "With gradients", "Time")):
            name = QLabel(title)
            name.setProperty("role", "muted")
            name.setFont(font(8.75))
            value = QLabel()
            value.setFont(font(9.25, font().Weight.Medium, tabular=True))
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.cost_names.append(name)
            grid.addWidget(name, line, 0)
            grid.addWidget(value, line, 1)
            self.cost_values.append(value)
        self.cost_message = small()
        self.cost_message.setContentsMargins(12, GRID, 12, GRID)
        self.cost.addWidget(table)
        self.cost.addWidget(self.cost_message)

    def _make_idle(self) -> QWidget:
        page, layout = _page(2 * GRID)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.again_button, 2)
        buttons.addWidget(self.extend_button, 3)
        layout.addWidget(self.cost)
        layout.addLayout(buttons)
        return page

    def _make_running(self) -> QWidget:
        page, layout = _page(GRID)
        self.stage = QLabel()
        self.stage.setFont(font(9.75, font().Weight.DemiBold))
        self.percent = QLabel()
        self.percent.setFont(font(9.75, font().Weight.DemiBold, tabular=True))
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.elapsed, self.left = small(), small()
        for label in (self.elapsed, self.left):
            label.setFont(font(8.75, tabular=True))
            label.setWordWrap(False)
        top, times = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.stage)
        top.addStretch(1)
        top.addWidget(self.percent)
        self.left.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        times.addWidget(self.elapsed)
        times.addWidget(self.left, 1)
        layout.addLayout(top)
        layout.addWidget(self.progress)
        layout.addLayout(times)
        layout.addSpacing(GRID)
        layout.addWidget(self.cancel_button)
        return page

    # What it shows

    def show_cost(self, cost: CostShown) -> None:
        for label, text in zip(
            self.cost_values, (cost.windows, cost.evaluations, cost.gradients, cost.time), strict=True
        ):
            label.setText(text)
        for label in (self.cost_names[2], self.cost_values[2]):
            label.setVisible(bool(cost.gradients))
        self.cost.setCurrentIndex(0)

    def show_message(self, text: str) -> None:
        """Why there is nothing to run."""
        self.cost_message.setText(text)
        self.cost.setCurrentIndex(1)

    def set_frame(self, frame: Frame) -> None:
        """How far the running job is."""
        self._frame = frame

    def _running_changed(self) -> None:
        running = self._engine.running
        if running and not self._clock.isActive():
            self._run_started = time.monotonic()
            self._frame = None
            self.progress.setRange(0, 0)
            self.percent.setText("")
            self.left.setText("")
            self._clock.start()
        elif not running:
            self._clock.stop()
        self.setCurrentIndex(1 if running else 0)
        self.stage.setText("Stopping\u2026" if self._engine.cancelling else "Extending")
        self._show_progress()

    def _show_progress(self, _stage: str = "") -> None:
        if not self._engine.running:
            return
        self.elapsed.setText(f"{wording.clock(time.monotonic() - self._run_started)} elapsed")
        frame = self._frame
        if frame is None:
            self.left.setText(f"{self._engine.stage}\u2026" if self._engine.stage else "preparing\u2026")
            return
        share = frame.evaluations / max(1, frame.evaluations_total)
        self.progress.setRange(0, 1000)
        self.progress.setValue(round(1000 * share))
        self.percent.setText(f"{100 * share:.0f} %")
        self.left.setText("estimating\u2026" if frame.remaining is None else f"{wording.about(frame.remaining)} left")


def _page(spacing: int) -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    page.setObjectName("panelFoot")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    layout = QVBoxLayout(page)
    layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
    layout.setSpacing(spacing)
    return page, layout
