"""The panel's part about the sampler: which one, what it leaves open, in how many steps, from which seed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from core.diffusion.samplers import SAMPLERS
from core.extension.settings import MAX_STEPS
from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.choice import Choice
from pianodiff_gui.views.fields import (
    column,
    fill,
    icon_button,
    number_box,
    row,
    section,
    settle_menu,
    share_box,
    show_choice,
    small,
)
from pianodiff_gui.views.lambda_points import points_of
from pianodiff_gui.views.panel import (
    CHOOSE_SAMPLER,
    DRAWN,
    LAMBDA_TITLES,
    Line,
    sampler_menu,
    sampler_shown,
    solver_menu,
)


class SamplerSection(QWidget):
    """Reads and sets the settings. choose: the command that asks for a sampler of the user's own."""

    selected = Signal(str)  # a file of the user's own

    def __init__(self, choice: Choice, theme: Theme, choose: QAction) -> None:
        super().__init__()
        self._choice, self._theme, self._choose = choice, theme, choose
        self._make_fields()
        self.rows = {
            "lambda_schedule": row("\u03bb schedule", self.schedule),
            "jump_length": row("Jump length", self.jump),
            "resamplings": row("Resamplings", self.resamplings),
            "solver": row("Solver", self.solver),
            "eta": row("Eta", self.eta),
        }
        layout = column(self)
        layout.addWidget(section("Sampler"))
        layout.addWidget(self.menu)
        layout.addWidget(self.summary)
        for option in self.rows.values():
            layout.addWidget(option)
        layout.addWidget(row("Steps", self.steps))
        layout.addWidget(row("Seed", self.seed, self.dice))
        self._connect()
        self._restyle()
        self.refresh()

    def _make_fields(self) -> None:
        self.menu = QComboBox()
        self.menu.setMaxVisibleItems(16)
        self.menu.setAccessibleName("Sampler")
        self.summary = small()
        self.schedule = QComboBox()
        fill(self.schedule, [Line(title, name) for name, title in LAMBDA_TITLES.items()])
        self.schedule.setToolTip(
            "How the known part is handed over to the network as the noise goes (\u03bb below). Drawn by hand: drag "
            "the points of the curve; a double click adds one or takes one away."
        )
        self.solver = QComboBox()
        fill(self.solver, solver_menu())
        self.solver.setToolTip("How a step is taken: DPM-Solver++ needs fewer of them")
        self.eta = share_box(0.05, 1.0, 0.05, "How much of the noise is drawn anew in each step: 1 is ancestral")
        self.jump = number_box(1, 1000, "Length of a jump back to noisier levels, in steps")
        self.resamplings = number_box(1, 100, "How often each jump is repeated")
        about = "Denoising steps of a window: fewer are faster and rougher. The paper uses 200."
        self.steps = number_box(1, MAX_STEPS, about)
        self.seed = number_box(0, 2**31 - 1, "The same seed gives the same music again")
        self.dice = icon_button("Draw another seed")
        self.dice.setToolTip("Draw another seed")
        for box in (self.menu, self.schedule, self.solver):
            settle_menu(box, self._theme)

    def _connect(self) -> None:
        choice = self._choice
        self.menu.activated.connect(self._sampler_chosen)
        self.schedule.activated.connect(self._schedule_chosen)
        self.solver.activated.connect(lambda index: choice.set_settings(solver=self.solver.itemData(index)))
        self.eta.valueChanged.connect(lambda value: choice.set_settings(eta=round(value, 2)))
        self._bind(self.steps, "steps")
        self._bind(self.seed, "seed")
        self._bind(self.jump, "jump_length")
        self._bind(self.resamplings, "resamplings")
        self.dice.clicked.connect(choice.new_seed)
        choice.settings_changed.connect(self.refresh)
        self._theme.changed.connect(self._restyle)

    def _bind(self, box: QSpinBox, setting: str) -> None:
        box.valueChanged.connect(lambda value: self._choice.set_settings(**{setting: value}))

    def list_samplers(self, own: Sequence[str]) -> None:
        """Fill the menu: the methods, the authors' versions of them, the user's own files, and the way to more."""
        fill(self.menu, sampler_menu(own))
        self.refresh()

    def refresh(self) -> None:
        """Show the settings as they are."""
        settings = self._choice.settings
        show_choice(self.menu, settings.sampler)
        show_choice(
            self.schedule, settings.lambda_schedule if isinstance(settings.lambda_schedule, str) else DRAWN
        )
        show_choice(self.solver, settings.solver)
        for spin, number in (
            (self.steps, settings.steps),
            (self.seed, settings.seed),
            (self.jump, settings.jump_length),
            (self.resamplings, settings.resamplings),
        ):
            with QSignalBlocker(spin):
                spin.setValue(number)
        with QSignalBlocker(self.eta):
            self.eta.setValue(settings.eta)
        shown = sampler_shown(settings)
        self.summary.setText(wording.breakable(shown.summary))
        for name, option in self.rows.items():
            option.setVisible(name in shown.rows)

    def _sampler_chosen(self, index: int) -> None:
        name = self.menu.itemData(index)
        self.refresh()  # the menu shows what is in use until the choice has been carried out
        if name == CHOOSE_SAMPLER:
            self._choose.trigger()
        elif name in SAMPLERS:
            self._choice.set_settings(sampler=name)
        else:
            self.selected.emit(name)

    def _schedule_chosen(self, index: int) -> None:
        name = self.schedule.itemData(index)
        curve = points_of(self._choice.settings.lambda_schedule) if name == DRAWN else name
        self._choice.set_settings(lambda_schedule=curve)

    def _restyle(self) -> None:
        self.dice.setIcon(self._theme.icon("dice"))
