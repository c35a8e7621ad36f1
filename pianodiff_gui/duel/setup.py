"""The dialog before a duel: which samplers, in how many steps, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import PianoDiffError
from core.extension.plan import Plan
from core.extension.settings import MAX_STEPS, Settings
from core.study.methods import parse_method
from pianodiff_gui.duel.duel import FEWEST, MOST, Speeds, refusal
from pianodiff_gui.look import wording
from pianodiff_gui.look.labels import hairline
from pianodiff_gui.look.theme import GRID, Theme, font
from pianodiff_gui.session.choice import options_of
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.fields import fill, settle_menu, small
from pianodiff_gui.views.number_boxes import WholeBox
from pianodiff_gui.views.panel import samplers, solver_menu

DEFAULTS = ("interpolation+ancestral@100", "decoupled@50", "replacement+dpmpp-2m-sde@50", "pigdm@50")
"""The contenders that are offered, the first three at once; written as `pianodiff study` takes them."""
_OFFERED = 3
_WIDTH = 108 * GRID
_SHOWN_KNOWN = (
    "This network is shown the known audio. Samplers that differ only in the known part of x_t, as interpolation and "
    "replacement do, then make the same new audio in the same steps."
)
_UNMEASURED = "not measured yet"


class _Row:
    """The fields of one contender."""

    def __init__(self, theme: Theme, own: Sequence[str]) -> None:
        self.mark = QLabel()
        self.mark.setFixedWidth(2 * GRID)
        self.sampler = QComboBox()
        self.sampler.setMaxVisibleItems(16)
        fill(self.sampler, samplers(own))
        self.solver = QComboBox()
        fill(self.solver, solver_menu())
        self.solver.setToolTip("How a step is taken: DPM-Solver++ needs fewer of them")
        self.own_solver = QLabel("its own")
        self.own_solver.setProperty("role", "muted")
        self.own_solver.setToolTip("This sampler brings its own solver")
        for box in (self.sampler, self.solver):
            settle_menu(box, theme, letters=8)
        self.steps = WholeBox()
        self.steps.setRange(1, MAX_STEPS)
        self.steps.setToolTip("Denoising steps of a window: fewer are faster and rougher")
        self.steps.setFixedWidth(10 * GRID)
        self.steps.lineEdit().setTextMargins(6, 0, 0, 0)
        self.evaluations, self.time = _number(), _number()
        self.remove = QToolButton()
        self.remove.setIconSize(QSize(16, 16))
        self.everything: tuple[QWidget, ...] = (
            *(self.mark, self.sampler, self.solver, self.own_solver),
            *(self.steps, self.evaluations, self.time, self.remove),
        )

    @property
    def settings(self) -> tuple[str, str, int]:
        """Sampler, solver and steps."""
        return self.sampler.currentData(), self.solver.currentData(), self.steps.value()

    def show(self, sampler: str, solver: str, steps: int) -> None:
        self.sampler.setCurrentIndex(max(0, self.sampler.findData(sampler)))
        self.solver.setCurrentIndex(self.solver.findData(solver))
        self.steps.setValue(steps)


class DuelDialog(QDialog):
    """Asks who takes part. What is not asked (seed, network, length, eta, lambda ...) is as in the window."""

    chosen = Signal(list)  # of Settings

    def __init__(self, parent: QWidget, session: Session, theme: Theme, own: Sequence[str], speeds: Speeds) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Duel")
        self.setFixedWidth(_WIDTH)
        self._session, self._theme, self._speeds = session, theme, speeds
        self._count = 0
        self.rows = [_Row(theme, own) for _ in range(MOST)]
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(GRID)
        self._grid.setColumnStretch(1, 1)
        for column, width in ((2, 25), (4, 13), (5, 15)):
            self._grid.setColumnMinimumWidth(column, width * GRID)
        for column, title in enumerate(("Sampler", "Solver", "Steps", "Evaluations", "Time"), 1):
            label = QLabel(title)
            label.setProperty("role", "section")
            label.setFont(font(8.75))
            right = Qt.AlignmentFlag.AlignRight if column >= 4 else Qt.AlignmentFlag.AlignLeft
            self._grid.addWidget(label, 0, column, right)
        for number, row in enumerate(self.rows, 1):
            for column, widget in enumerate((row.mark, row.sampler, row.solver, row.steps), 0):
                self._grid.addWidget(widget, number, column)
            self._grid.addWidget(row.own_solver, number, 2)
            self._grid.addWidget(row.evaluations, number, 4)
            self._grid.addWidget(row.time, number, 5)
            self._grid.addWidget(row.remove, number, 6)
            row.sampler.setAccessibleName(f"Sampler {number}")
            row.solver.setAccessibleName(f"Solver {number}")
            row.steps.setAccessibleName(f"Steps {number}")
            row.remove.setAccessibleName(f"Remove sampler {number}")
            row.remove.clicked.connect(lambda _checked=False, index=number - 1: self.remove(index))
            row.sampler.activated.connect(self.refresh)
            row.solver.activated.connect(self.refresh)
            row.steps.valueChanged.connect(self.refresh)
        self._make_foot()
        for text in DEFAULTS[:_OFFERED]:
            self._append(parse_method(text, session.choice.from_noise))
        for signal in (session.choice.settings_changed, session.choice.network_changed, session.target_changed):
            signal.connect(self.refresh)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.rows[0].sampler.setFocus()

    def _make_foot(self) -> None:
        session = self._session
        self.add = QPushButton("Add a sampler")
        self.add.setProperty("role", "quiet")
        self.add.clicked.connect(self.append)
        self.all_evaluations, self.all_time = _number(font().Weight.DemiBold), _number(font().Weight.DemiBold)
        self._grid.addWidget(hairline(), MOST + 1, 0, 1, 7)
        self._grid.addWidget(self.add, MOST + 2, 1, Qt.AlignmentFlag.AlignLeft)
        in_all = QLabel("In all")
        in_all.setProperty("role", "muted")
        self._grid.addWidget(in_all, MOST + 2, 3, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(self.all_evaluations, MOST + 2, 4)
        self._grid.addWidget(self.all_time, MOST + 2, 5)
        self.same = small()
        self.hint = small()
        self.hint.setText(_SHOWN_KNOWN)
        self.zero_shot = QCheckBox("Don\u2019t show it the known audio (zero-shot)")
        self.zero_shot.setToolTip("The network only sees x_t, and the samplers alone lead it: so they are compared")
        self.zero_shot.setChecked(session.choice.settings.zero_shot)
        self.zero_shot.toggled.connect(self.refresh)
        self.problem = small("warning")
        self.start = QPushButton("Start the duel")
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)
        self.start.clicked.connect(self._choose)
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.add.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.problem, 1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.start)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addLayout(self._grid)
        layout.addWidget(self.same)
        layout.addWidget(self.hint)
        layout.addWidget(self.zero_shot)
        layout.addLayout(buttons)

    # Who takes part

    @property
    def contenders(self) -> list[Settings]:
        """What would be started."""
        settings = self._session.choice.from_noise
        zero_shot = self.zero_shot.isChecked() if self._sees_known else settings.zero_shot
        made = []
        for row in self.rows[: self._count]:
            sampler, solver, steps = row.settings
            made.append(replace(settings, sampler=sampler, solver=solver, steps=steps, zero_shot=zero_shot))
        return made

    @property
    def _sees_known(self) -> bool:
        network = self._session.choice.network
        return network is not None and network.sees_known

    def append(self) -> None:
        """One more: the first of those offered that does not take part yet."""
        taken = {row.settings[0] for row in self.rows[: self._count]}
        offered = [parse_method(text, self._session.choice.from_noise) for text in DEFAULTS]
        self._append(next((settings for settings in offered if settings.sampler not in taken), offered[0]))

    def _append(self, settings: Settings) -> None:
        if self._count < MOST:
            self.rows[self._count].show(settings.sampler, settings.solver, settings.steps)
            self._count += 1
            self.refresh()

    def remove(self, index: int) -> None:
        """Take one out; those behind it move up."""
        if self._count > FEWEST:
            for row, following in zip(self.rows[index:], self.rows[index + 1 : self._count], strict=False):
                row.show(*following.settings)
            self._count -= 1
            self.refresh()

    def _choose(self) -> None:
        contenders = self.contenders
        if not self._blocked(contenders):
            self.accept()
            self.chosen.emit(contenders)

    def _blocked(self, contenders: Sequence[Settings]) -> str:
        return self._session.extend_blocked(led=False) or refusal(contenders)

    # What it costs

    def refresh(self, _value: object = None) -> None:
        """Bring everything up to date with the fields and the session."""
        contenders = self.contenders
        for index, row in enumerate(self.rows):
            for widget in row.everything:
                widget.setVisible(index < self._count)
            if index < self._count:
                open_solver = "solver" in options_of(row.settings[0])
                row.solver.setVisible(open_solver)
                row.own_solver.setVisible(not open_solver)
            row.remove.setEnabled(self._count > FEWEST)
            row.remove.setToolTip("Take it out" if self._count > FEWEST else "A duel takes at least two.")
        self.add.setEnabled(self._count < MOST)
        self.add.setToolTip("" if self._count < MOST else "A duel takes at most four.")
        self._refresh_cost(contenders)
        blocked = self._blocked(contenders)
        self.problem.setText(wording.breakable(blocked))
        self.start.setEnabled(not blocked)
        self.start.setToolTip(blocked)
        seed = self._session.choice.settings.seed
        self.same.setText(
            f"All make {wording.seconds(self._session.goal.seconds)} with the window\u2019s network and seed "
            f"{seed}, so they start from the same x_T and draw the same noises. They run one after the other."
        )
        for widget in (self.hint, self.zero_shot):
            widget.setVisible(self._sees_known)

    def _refresh_cost(self, contenders: Sequence[Settings]) -> None:
        evaluations, seconds = 0, 0.0
        measured = True
        for row, settings in zip(self.rows, contenders, strict=False):
            try:
                plan = self._session.plan(settings)
            except PianoDiffError:
                plan = None
            row.evaluations.setText(_cost(plan))
            speed = self._speeds(settings, plan.gradients > 0) if plan is not None else None
            if plan is None or speed is None:
                row.time.setText("\u2013" if plan is None else _UNMEASURED)
                measured = False
            else:
                row.time.setText(wording.about(speed * plan.evaluations))
                seconds += speed * plan.evaluations
            evaluations += plan.evaluations if plan is not None else 0
        self.all_evaluations.setText(wording.thousands(evaluations))
        self.all_time.setText(wording.about(seconds) if measured else _UNMEASURED)

    def _restyle(self) -> None:
        latest = self._session.takes.latest
        for number, row in enumerate(self.rows, 1):
            colour = self._theme.take_colour(latest + number).name()
            row.mark.setText(f'<span style="color:{colour}">\u25cf</span>')
            row.remove.setIcon(self._theme.icon("cancel"))


def _cost(plan: Plan | None) -> str:
    """ "100", or "99, gradients" where each is differentiated as well."""
    if plan is None:
        return "\u2013"
    return wording.thousands(plan.evaluations) + (", gradients" if plan.gradients else "")


def _number(weight: QFont.Weight = QFont.Weight.Normal) -> QLabel:
    label = QLabel()
    label.setFont(font(9.25, weight, tabular=True))
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
