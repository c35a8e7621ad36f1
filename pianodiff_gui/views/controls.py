"""The panel at the right: how far, by which sampler, with what cost, and the button that starts it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import SAMPLERS, SOLVERS
from core.errors import PianoDiffError
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.menus import MenuDelegate
from pianodiff_gui.look.theme import GRID, ICON_SIZE, PANEL_WIDTH, Theme, font
from pianodiff_gui.networks.networks import Entry, Networks
from pianodiff_gui.session.goal import LONGEST, SNAP
from pianodiff_gui.session.jobs import Frame
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE, is_within
from pianodiff_gui.views.lambda_points import points_of
from pianodiff_gui.views.plots import clock

_DRAWN = "drawn"
LAMBDA_TITLES = {
    "reverse": "Reverse (paper)",
    "linear": "Linear",
    "forward": "Forward",
    _DRAWN: "Drawn by hand",
}
DEVICE_TITLES = {"auto": "Automatic", "cpu": "Processor (CPU)", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU"}
_CHOOSE = {"network": "Choose a network\u2026", "network_folder": "Choose a network folder\u2026"}  # by command
_CHOOSE_SAMPLER = "Choose a sampler\u2026"
_FIRST_OF_THE_AUTHORS = "interpolation-authors"
_FIELD_WIDTH = PANEL_WIDTH - 4 * GRID  # px of the panel between its margins
_SUMMARY = 150  # characters of a network's summary in the panel; the card has all of it
_BUSY_DELAY = 200  # ms that reading a network may take before it is shown: most take less


class LengthBox(QDoubleSpinBox):
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
        settle_field(self)


def settle_field(box: QAbstractSpinBox) -> None:
    """Room before the digits, and Return gives the keys back to the window: Space plays again."""
    box.lineEdit().setTextMargins(6, 0, 0, 0)
    box.lineEdit().returnPressed.connect(box.clearFocus)


class NetworkBox(QComboBox):
    """The menu of networks. It tells when it is about to be opened, so that what it shows can be looked after."""

    opened = Signal()

    def showPopup(self) -> None:
        view = self.view()  # as wide as its longest line, within reason: two networks may differ at their ends only
        view.setMinimumWidth(min(max(self.width(), view.sizeHintForColumn(0) + 3 * GRID), _FIELD_WIDTH))
        super().showPopup()
        self.opened.emit()

    def shown_text(self) -> str:
        """What there is room for."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        return self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideMiddle, field.width() - GRID // 2
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.shown_text()  # Qt itself would cut a letter in half
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class Controls(QFrame):
    """Reads and sets the session; what starts and stops a run are the window's actions."""

    network_selected = Signal(str)
    sampler_selected = Signal(str)  # a file of the user's own
    forget_network_requested = Signal(str)

    def __init__(
        self, session: Session, theme: Theme, preferences: Preferences, networks: Networks, commands: Actions
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setFixedWidth(PANEL_WIDTH)
        self._session, self._theme, self._preferences = session, theme, preferences
        self._networks, self._commands = networks, commands
        self._devices: list[str] = []
        self._noticed = ""
        self._run_started = 0.0
        self._frame: Frame | None = None

        self.length = LengthBox()
        self.length.setToolTip("Length of the extension, counted from the end of the recording")
        self.sampler = QComboBox()
        self.sampler.setMaxVisibleItems(16)
        self.sampler_summary = self._muted()
        self.schedule = QComboBox()
        for name, title in LAMBDA_TITLES.items():
            self.schedule.addItem(title, name)
        self.schedule.setToolTip(
            "How the known part is handed over to the network as the noise goes (\u03bb below). Drawn by hand: drag "
            "the points of the curve; a double click adds one or takes one away."
        )
        self.solver = QComboBox()
        for name, title in SOLVERS.items():
            self.solver.addItem(title, name)
        self.solver.setToolTip("How a step is taken: DPM-Solver++ needs fewer of them")
        self.eta = QDoubleSpinBox()
        self.eta.setRange(0.05, 1.0)
        self.eta.setSingleStep(0.05)
        self.eta.setKeyboardTracking(False)
        self.eta.setToolTip("How much of the noise is drawn anew in each step: 1 is ancestral")
        self.eta.setFont(font(tabular=True))
        settle_field(self.eta)
        self.jump = self._spin(1, 1000, "Length of a jump back to noisier levels, in steps")
        self.resamplings = self._spin(1, 100, "How often each jump is repeated")
        self.steps = self._spin(
            1, 1000, "Denoising steps of a window: fewer are faster and rougher. The paper uses 200."
        )
        self.seed = self._spin(0, 2**31 - 1, "The same seed gives the same music again")
        self.dice = QToolButton()
        self.dice.setToolTip("Draw another seed")
        self.dice.setAccessibleName("Draw another seed")
        self.dice.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.dice.clicked.connect(session.choice.new_seed)
        self.network = NetworkBox()
        self.network.setMaxVisibleItems(16)
        self.network.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.network_info = QToolButton()
        self.network_info.setDefaultAction(commands["network_info"])
        self.network_info.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.network_info.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.network_info.setAccessibleName("About this network")
        self.network_summary = self._muted()
        self.network_summary.setTextFormat(Qt.TextFormat.PlainText)  # it comes from somebody's file
        self.shown = QCheckBox("Show it the known audio")
        self.shown.setToolTip(
            "This network learned to continue what it is shown. Off, it only sees x_t, and the sampler alone leads it, "
            "as any network: zero-shot."
        )
        self.shown.clicked.connect(lambda on: session.choice.set_settings(zero_shot=not on))
        self.length.setAccessibleName("Length of the extension")
        self.sampler.setAccessibleName("Sampler")
        self.network.setAccessibleName("Network")
        self.device = QComboBox()
        for box in (self.sampler, self.schedule, self.solver, self.network, self.device):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
            box.setItemDelegate(MenuDelegate(theme, box))

        body = QWidget()
        body.setObjectName("panelBody")
        self._body = layout = QVBoxLayout(body)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        self.length_title = self._section("Extend by")
        layout.addWidget(self.length_title)
        layout.addWidget(self.length)
        layout.addSpacing(GRID)
        layout.addWidget(self._section("Sampler"))
        layout.addWidget(self.sampler)
        layout.addWidget(self.sampler_summary)
        self.lambda_row = self._row("\u03bb schedule", self.schedule)
        self.jump_row = self._row("Jump length", self.jump)
        self.resamplings_row = self._row("Resamplings", self.resamplings)
        self.solver_row = self._row("Solver", self.solver)
        self.eta_row = self._row("Eta", self.eta)
        for row in (self.lambda_row, self.jump_row, self.resamplings_row, self.solver_row, self.eta_row):
            layout.addWidget(row)
        layout.addWidget(self._row("Steps", self.steps))
        layout.addWidget(self._row("Seed", self.seed, self.dice))
        layout.addSpacing(GRID)
        layout.addWidget(self._section("Network"))
        choice = QHBoxLayout()
        choice.setSpacing(GRID)
        choice.addWidget(self.network, 1)
        choice.addWidget(self.network_info)
        layout.addLayout(choice)
        layout.addWidget(self._make_busy())
        layout.addWidget(self.network_summary)
        layout.addWidget(self.shown)
        layout.addWidget(self._make_notice())
        layout.addWidget(self._row("Runs on", self.device))
        layout.addStretch(1)
        self._area = scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)

        self.foot = QStackedWidget()
        self.foot.addWidget(self._make_idle_foot(commands["extend"], commands["again"]))
        self.foot.addWidget(self._make_running_foot(commands["cancel"]))
        self.foot.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 0, 0, 0)  # room for the hairline at the left
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addWidget(self.foot)

        self._clock = QTimer(self)
        self._clock.setInterval(250)
        self._clock.timeout.connect(self._show_progress)

        self._connect()
        self.set_devices([])
        self._restyle()
        self._settings_changed()
        self._target_changed()
        self._source_changed()

    # Building

    def _section(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setFont(font(9.5, font().Weight.DemiBold))
        return label

    def _muted(self) -> QLabel:
        label = QLabel()
        label.setProperty("role", "muted")
        label.setWordWrap(True)
        label.setFont(font(8.75))
        return label

    def _spin(self, low: int, high: int, tip: str) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        box.setKeyboardTracking(False)
        box.setToolTip(tip)
        box.setFont(font(tabular=True))
        box.setMinimumWidth(64)
        settle_field(box)
        return box

    def _row(self, title: str, field: QWidget, extra: QWidget | None = None) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        label = QLabel(title)
        label.setFixedWidth(11 * GRID)
        label.setBuddy(field)
        layout.addWidget(label)
        layout.addWidget(field, 1)
        if extra is not None:
            layout.addWidget(extra)
        return row

    def _make_busy(self) -> QWidget:
        """What is there while a network is being read."""
        self.network_busy = QWidget()
        self.reading = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.reading.setFont(font(8.75))
        self.reading.setProperty("role", "muted")
        self.stop_reading = QPushButton("Cancel")
        self.stop_reading.setProperty("role", "quiet")
        self.stop_reading.clicked.connect(self._commands["cancel"].trigger)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        row = QHBoxLayout()
        row.addWidget(self.reading, 1)
        row.addWidget(self.stop_reading)
        layout = QVBoxLayout(self.network_busy)
        layout.setContentsMargins(0, 0, 0, GRID // 2)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(bar)
        self.network_busy.setVisible(False)
        self._busy_timer = QTimer(self)
        self._busy_timer.setSingleShot(True)
        self._busy_timer.setInterval(_BUSY_DELAY)
        self._busy_timer.timeout.connect(self._show_busy)
        return self.network_busy

    def _make_notice(self) -> QWidget:
        """Says that a remembered network is not in use, and why."""
        self.notice = QFrame()
        self.notice.setObjectName("notice")
        self.notice_text = QLabel()
        self.notice_text.setTextFormat(Qt.TextFormat.PlainText)
        self.notice_text.setWordWrap(True)
        self.notice_text.setFont(font(8.75))
        self.notice_forget = QPushButton("Forget it")
        self.notice_forget.setToolTip("Take it off the list; its files stay where they are")
        self.notice_forget.clicked.connect(lambda: self.forget_network_requested.emit(self._noticed))
        self.notice_close = QPushButton("OK")
        self.notice_close.setToolTip("Keep it on the list: it is tried again at the next start")
        self.notice_close.clicked.connect(lambda: self.show_notice("", ""))
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID // 2)
        buttons.addStretch(1)
        for button in (self.notice_forget, self.notice_close):
            button.setProperty("role", "quiet")
            buttons.addWidget(button)
        layout = QVBoxLayout(self.notice)
        layout.setContentsMargins(12, GRID, GRID, GRID // 2)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.notice_text)
        layout.addLayout(buttons)
        self.notice.setVisible(False)
        return self.notice

    def _make_idle_foot(self, extend: QAction, again: QAction) -> QWidget:
        foot = QWidget()
        foot.setObjectName("panelFoot")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
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
            value = QLabel("\u2013")
            value.setFont(font(9.25, font().Weight.Medium, tabular=True))
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.cost_names.append(name)
            grid.addWidget(name, line, 0)
            grid.addWidget(value, line, 1)
            self.cost_values.append(value)
        self.cost_message = self._muted()
        self.cost_message.setContentsMargins(12, GRID, 12, GRID)
        self.cost.addWidget(table)
        self.cost.addWidget(self.cost_message)
        self.extend_button = self._button(extend, primary=True)
        self.again_button = self._button(again)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.again_button, 2)
        buttons.addWidget(self.extend_button, 3)
        layout = QVBoxLayout(foot)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.cost)
        layout.addLayout(buttons)
        return foot

    def _make_running_foot(self, cancel: QAction) -> QWidget:
        foot = QWidget()
        foot.setObjectName("panelFoot")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.stage = QLabel()
        self.stage.setFont(font(9.75, font().Weight.DemiBold))
        self.percent = QLabel()
        self.percent.setFont(font(9.75, font().Weight.DemiBold, tabular=True))
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.elapsed, self.left = self._muted(), self._muted()
        for label in (self.elapsed, self.left):
            label.setFont(font(8.75, tabular=True))
            label.setWordWrap(False)
        self.cancel_button = self._button(cancel)
        top, times = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.stage)
        top.addStretch(1)
        top.addWidget(self.percent)
        self.left.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        times.addWidget(self.elapsed)
        times.addWidget(self.left, 1)
        layout = QVBoxLayout(foot)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self.progress)
        layout.addLayout(times)
        layout.addSpacing(GRID)
        layout.addWidget(self.cancel_button)
        return foot

    def _button(self, action: QAction, primary: bool = False) -> QPushButton:
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

    # Between the session and the fields

    def _connect(self) -> None:
        session = self._session
        self.length.valueChanged.connect(self._length_changed)
        self.sampler.activated.connect(self._sampler_chosen)
        self.schedule.activated.connect(self._schedule_chosen)
        self._bind_box(self.solver, "solver")
        self.eta.valueChanged.connect(lambda value: self._session.choice.set_settings(eta=round(value, 2)))
        self._bind_box(self.device, "device")
        self._bind_spin(self.steps, "steps")
        self._bind_spin(self.seed, "seed")
        self._bind_spin(self.jump, "jump_length")
        self._bind_spin(self.resamplings, "resamplings")
        self.network.activated.connect(self._network_chosen)
        self.network.opened.connect(self._networks.look)
        self._networks.changed.connect(self.refresh_networks)
        self._networks.reading_changed.connect(self._reading_changed)
        session.source_changed.connect(self._source_changed)
        session.target_changed.connect(self._target_changed)
        session.timeline_changed.connect(self._target_changed)
        session.choice.settings_changed.connect(self._settings_changed)
        session.choice.network_changed.connect(self._settings_changed)
        session.engine.changed.connect(self._running_changed)
        self._theme.changed.connect(self._restyle)

    def _bind_box(self, box: QComboBox, setting: str) -> None:
        box.activated.connect(lambda index: self._session.choice.set_settings(**{setting: box.itemData(index)}))

    def _bind_spin(self, box: QSpinBox, setting: str) -> None:
        box.valueChanged.connect(lambda value: self._session.choice.set_settings(**{setting: value}))

    def _source_changed(self) -> None:
        there = self._session.source is not None
        self.length.setEnabled(there)
        self.length.setToolTip(
            "Length of the extension, counted from the end of the recording" if there else "Open a recording first."
        )

    def _target_changed(self, _value: float = 0.0) -> None:
        session, goal = self._session, self._session.goal
        fills = is_within(goal.gap)
        self.length_title.setText("Fill" if fills else "Prepend" if goal.gap == BEFORE else "Extend by")
        with QSignalBlocker(self.length):
            self.length.setDecimals(2 if fills else 1)
            self.length.setValue(goal.seconds if fills else session.prelude_target if goal.gap else session.target)
        self.refresh_cost()

    def _length_changed(self, seconds: float) -> None:
        """Of what the title says."""
        session, source = self._session, self._session.source
        if session.selection is not None and source is not None:
            begin = session.selection[0] / source.sample_rate
            session.select(begin, begin + seconds)
        elif session.goal.gap == BEFORE:
            session.set_target(seconds, BEFORE)
        else:
            session.set_target(seconds)

    def _settings_changed(self) -> None:
        settings = self._session.choice.settings
        for box, value in (
            (self.sampler, settings.sampler),
            (self.schedule, settings.lambda_schedule if isinstance(settings.lambda_schedule, str) else _DRAWN),
            (self.solver, settings.solver),
            (self.device, settings.device),
            (self.network, self._session.choice.awaited or settings.network),
        ):
            index = box.findData(value)
            if index >= 0:
                box.setCurrentIndex(index)
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
        try:
            sampler = find_sampler(settings.sampler)
            summary, options = sampler.summary, sampler.options
        except PianoDiffError as error:  # the user's own, which may change or vanish at any time
            summary, options = str(error), ()
        self.sampler_summary.setText(wording.breakable(summary))
        self.lambda_row.setVisible("lambda_schedule" in options)
        self.jump_row.setVisible("jump_length" in options)
        self.resamplings_row.setVisible("resamplings" in options)
        self.solver_row.setVisible("solver" in options)
        self.eta_row.setVisible("eta" in options and settings.solver == "ddim")
        network = self._session.choice.network if not self._session.choice.awaited else None
        summary = network.summary if network is not None else ""
        self.network_summary.setText(wording.breakable(wording.short(summary, _SUMMARY)))
        self.network_summary.setVisible(bool(summary))
        self.shown.setVisible(network is not None and network.sees_known)
        self.shown.setChecked(not settings.zero_shot)
        self.refresh_cost()

    # Samplers

    def list_samplers(self, own: Sequence[str]) -> None:
        """Fill the menu: the methods, the authors' versions of them, the user's own files, and the way to more."""
        box = self.sampler
        box.clear()
        for sampler in SAMPLERS.values():
            if sampler.name == _FIRST_OF_THE_AUTHORS:
                box.insertSeparator(box.count())
            box.addItem(sampler.title, sampler.name)
            box.setItemData(box.count() - 1, sampler.summary, Qt.ItemDataRole.ToolTipRole)
        box.insertSeparator(box.count())
        for path in own:
            box.addItem(Path(path).name, path)
            box.setItemData(box.count() - 1, path, Qt.ItemDataRole.ToolTipRole)
        box.addItem(_CHOOSE_SAMPLER, _CHOOSE_SAMPLER)
        self._settings_changed()

    def _sampler_chosen(self, index: int) -> None:
        name = self.sampler.itemData(index)
        self._settings_changed()  # the menu shows what is in use until the choice has been carried out
        if name == _CHOOSE_SAMPLER:
            self._commands["sampler"].trigger()
        elif name in SAMPLERS:
            self._session.choice.set_settings(sampler=name)
        else:
            self.sampler_selected.emit(name)

    def _schedule_chosen(self, index: int) -> None:
        name = self.schedule.itemData(index)
        curve = points_of(self._session.choice.settings.lambda_schedule) if name == _DRAWN else name
        self._session.choice.set_settings(lambda_schedule=curve)

    # Networks

    def refresh_networks(self) -> None:
        """List what ships, what is the user's own, and the ways to more."""
        shipped, own = self._networks.shipped_entries(), self._networks.own_entries()
        box = self.network
        names = [*(entry.name for entry in (*shipped, *own)), *_CHOOSE]
        if names != [data for data in map(box.itemData, range(box.count())) if data is not None]:
            box.clear()
            for part in (shipped, own):
                if part and box.count():
                    box.insertSeparator(box.count())
                for entry in part:
                    box.addItem(entry.label, entry.name)
            if box.count():
                box.insertSeparator(box.count())
            for name, text in _CHOOSE.items():
                box.addItem(text, name)
        for entry in (*shipped, *own):
            self._describe_network(box.findData(entry.name), entry)
        self._settings_changed()

    def _describe_network(self, index: int, entry: Entry) -> None:
        """Bring an item up to date where it is: the menu may be open."""
        trouble = entry.trouble
        state = "" if trouble is None else " \u2013 missing" if trouble.missing else " \u2013 cannot be used"
        colour = QColor(self._theme.palette.muted) if trouble is not None else None
        self.network.setItemText(index, entry.label + state)
        self.network.setItemData(index, colour, Qt.ItemDataRole.ForegroundRole)
        self.network.setItemData(index, entry.tip, Qt.ItemDataRole.ToolTipRole)

    def _network_chosen(self, index: int) -> None:
        name = self.network.itemData(index)
        self._settings_changed()  # the menu shows what is in use until the choice has been carried out
        if name in _CHOOSE:
            self._commands[name].trigger()
        elif name != (self._session.choice.awaited or self._session.choice.settings.network):
            self.network_selected.emit(name)

    def _reading_changed(self) -> None:
        reading = self._networks.reading
        self.reading.setText(f"Reading {Path(reading).name}\u2026" if reading else "")
        if reading:
            self._busy_timer.start()
        else:
            self._busy_timer.stop()
            self.network_busy.setVisible(False)

    def _show_busy(self) -> None:
        self.network_busy.setVisible(bool(self._networks.reading))
        self._reveal(self.network_busy)

    def _reveal(self, part: QWidget) -> None:
        """Scroll a part of the panel into view, once it has been laid out."""

        def reveal() -> None:
            self._body.activate()
            if part.isVisible():
                self._area.ensureWidgetVisible(part, 0, GRID)

        QTimer.singleShot(0, self, reveal)

    def show_notice(self, text: str, name: str) -> None:
        """Say something about the network `name` until it is answered; "" takes it away."""
        self._noticed = name
        self.notice_text.setText(wording.breakable(text))
        self.notice.setVisible(bool(text))
        self._reveal(self.notice)

    def set_devices(self, devices: list[str]) -> None:
        """Fill in what torch found; empty while it is still loading."""
        self._devices = devices
        self.device.clear()
        self.device.addItem(DEVICE_TITLES["auto"], "auto")
        for name in devices:
            self.device.addItem(DEVICE_TITLES.get(name, name), name)
        self.device.setEnabled(bool(devices))
        self.device.setToolTip(
            "Where the network runs. Automatic takes the fastest there is." if devices else "PyTorch is still loading."
        )
        self._settings_changed()

    def device_in_use(self) -> str:
        """The device the next run will take, as far as is known: what automatic means once torch has loaded."""
        chosen = self._session.choice.settings.device
        if chosen != "auto":
            return chosen
        return next((name for name in ("cuda", "mps") if name in self._devices), "cpu")

    # Cost and progress

    def refresh_cost(self) -> None:
        """What the next run will take, by the times measured so far."""
        windows, evaluations, gradients, run_time = self.cost_values
        try:
            plan = self._session.plan()
        except PianoDiffError:
            plan = None
        if plan is None:
            self.cost_message.setText(self._session.extend_blocked())
            self.cost.setCurrentIndex(1)
            return
        self.cost.setCurrentIndex(0)
        windows.setText(wording.thousands(len(plan.windows)))
        evaluations.setText(wording.thousands(plan.evaluations))
        gradients.setText(wording.thousands(plan.gradients))
        for label in (self.cost_names[2], gradients):
            label.setVisible(plan.gradients > 0)
        network = self._session.choice.network
        used = self._session.choice.settings.network
        step = None
        if network is not None:
            step = self._preferences.step_seconds(used, self.device_in_use(), plan.gradients > 0)
        run_time.setText(wording.about(step * plan.evaluations) if step is not None else "not measured yet")

    def _running_changed(self) -> None:
        running = self._session.engine.running
        self.network.setEnabled(not running)
        self.network.setToolTip("Cancel the running extension first." if running else "")
        if running and not self._clock.isActive():
            self._run_started = time.monotonic()
            self._frame = None
            self.progress.setRange(0, 0)
            self.percent.setText("")
            self.left.setText("")
            self._clock.start()
        elif not running:
            self._clock.stop()
        self.foot.setCurrentIndex(1 if running else 0)
        self.stage.setText("Stopping\u2026" if self._session.engine.cancelling else "Extending")
        self._show_progress()
        self.refresh_cost()

    def set_frame(self, frame: Frame) -> None:
        """How far the running job is."""
        self._frame = frame

    def _show_progress(self) -> None:
        if not self._session.engine.running:
            return
        self.elapsed.setText(f"{clock(time.monotonic() - self._run_started)} elapsed")
        frame = self._frame
        if frame is None:
            self.left.setText("preparing\u2026")
            return
        share = frame.evaluations / max(1, frame.evaluations_total)
        self.progress.setRange(0, 1000)
        self.progress.setValue(round(1000 * share))
        self.percent.setText(f"{100 * share:.0f} %")
        self.left.setText("estimating\u2026" if frame.remaining is None else f"{wording.about(frame.remaining)} left")

    def _restyle(self) -> None:
        self.dice.setIcon(self._theme.icon("dice"))
        self.refresh_networks()  # marks in the menu have a colour
