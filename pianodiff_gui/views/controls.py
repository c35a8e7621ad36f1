"""The panel at the right: how far, by which sampler, with what cost, and the button that starts it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from core.errors import PianoDiffError
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import GRID, PANEL_WIDTH, Theme
from pianodiff_gui.networks.networks import Networks
from pianodiff_gui.session.ideas import Ideas
from pianodiff_gui.session.jobs import Frame
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.end_notice import EndNotice
from pianodiff_gui.views.fields import LengthBox, fill, row, section, settle_menu, show_choice
from pianodiff_gui.views.foot import Foot
from pianodiff_gui.views.network_section import NetworkSection
from pianodiff_gui.views.notes_section import NotesSection
from pianodiff_gui.views.notice import Notice
from pianodiff_gui.views.panel import Line, cost_shown, device_in_use, length_shown
from pianodiff_gui.views.sampler_section import SamplerSection


class Controls(QFrame):
    """Reads and sets the session; what starts and stops a run are the window's actions."""

    network_selected = Signal(str)
    sampler_selected = Signal(str)  # a file of the user's own
    forget_network_requested = Signal(str)

    def __init__(
        self,
        session: Session,
        ideas: Ideas,
        theme: Theme,
        preferences: Preferences,
        networks: Networks,
        commands: Actions,
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setFixedWidth(PANEL_WIDTH)
        self._session, self._preferences = session, preferences
        self._devices: list[str] = []
        self.length_title = section("Extend by")
        self.length = LengthBox()
        self.length.setAccessibleName("Length of the extension")
        self.end = EndNotice(session.choice)
        self.notes = NotesSection(session, ideas, theme, commands)
        self.sampler = SamplerSection(session.choice, theme, commands["sampler"])
        self.network = NetworkSection(session, theme, networks, commands)
        self.notice = Notice()
        self.device = QComboBox()
        settle_menu(self.device, theme)
        self.foot = Foot(session.engine, commands)
        self._place()
        self._connect()
        self.set_devices([])
        self._settings_changed()
        self._target_changed()
        self._source_changed()

    def _place(self) -> None:
        body = QWidget()
        body.setObjectName("panelBody")
        self._body = layout = QVBoxLayout(body)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.length_title)
        layout.addWidget(self.length)
        layout.addWidget(self.end)
        layout.addSpacing(GRID)
        layout.addWidget(self.notes)
        layout.addSpacing(GRID)
        layout.addWidget(self.sampler)
        layout.addSpacing(GRID)
        layout.addWidget(self.network)
        layout.addWidget(self.notice)
        layout.addWidget(row("Runs on", self.device))
        layout.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 0, 0, 0)  # room for the hairline at the left
        whole.setSpacing(0)
        whole.addWidget(self._area, 1)
        whole.addWidget(self.foot)

    def _connect(self) -> None:
        session, choice = self._session, self._session.choice
        self.length.valueChanged.connect(self._length_changed)
        self.device.activated.connect(lambda index: choice.set_settings(device=self.device.itemData(index)))
        self.sampler.selected.connect(self.sampler_selected)
        self.network.selected.connect(self.network_selected)
        self.network.appeared.connect(self._reveal)
        self.notice.forget_requested.connect(self.forget_network_requested)
        session.source_changed.connect(self._source_changed)
        session.target_changed.connect(self._target_changed)
        session.timeline_changed.connect(self._target_changed)
        choice.settings_changed.connect(self._settings_changed)
        choice.network_changed.connect(self._settings_changed)
        session.engine.changed.connect(self.refresh_cost)

    def list_samplers(self, own: Sequence[str]) -> None:
        """own: files of the user's own samplers, in the order of the menu."""
        self.sampler.list_samplers(own)

    # The length

    def _source_changed(self) -> None:
        there = self._session.source is not None
        self.end.show_end(None)  # until that of another recording is found
        self.length.setEnabled(there)
        self.length.setToolTip(
            "Length of the extension, counted from the end of the recording" if there else "Open a recording first."
        )

    def _target_changed(self, _value: float = 0.0) -> None:
        shown = length_shown(self._session.goal, self._session.target, self._session.prelude_target)
        self.length_title.setText(shown.title)
        with QSignalBlocker(self.length):
            self.length.setDecimals(shown.decimals)
            self.length.setValue(shown.seconds)
        self.refresh_cost()

    def _length_changed(self, seconds: float) -> None:
        """Of what the title says."""
        session, source = self._session, self._session.source
        if session.selection is not None and source is not None:
            begin = session.selection[0] / source.sample_rate
            session.select(begin, begin + seconds)
        else:
            session.set_target(seconds, session.goal.gap)

    # What it runs on

    def set_devices(self, devices: list[str]) -> None:
        """Fill in what torch found; empty while it is still loading."""
        self._devices = devices
        fill(self.device, [Line(wording.device(name), name) for name in ("auto", *devices)])
        self.device.setEnabled(bool(devices))
        self.device.setToolTip(
            "Where the network runs. Automatic takes the fastest there is." if devices else "PyTorch is still loading."
        )
        self._settings_changed()

    def device_in_use(self) -> str:
        """The device the next run will take, as far as is known: what automatic means once torch has loaded."""
        return device_in_use(self._session.choice.settings.device, self._devices)

    # What it costs

    def _settings_changed(self) -> None:
        show_choice(self.device, self._session.choice.settings.device)
        self.refresh_cost()

    def refresh_cost(self) -> None:
        """What the next run will take, by the times measured so far."""
        try:
            plan = self._session.plan()
        except PianoDiffError:
            plan = None
        if plan is None:
            self.foot.show_message(self._session.extend_blocked())
            return
        settings, device = self._session.choice.settings, self.device_in_use()
        step = self._preferences.step_seconds(settings.network, device, plan.gradients > 0, settings.start < 1)
        self.foot.show_cost(cost_shown(plan, step))

    def set_frame(self, frame: Frame) -> None:
        """How far the running job is."""
        self.foot.set_frame(frame)

    # What it says

    def show_notice(self, text: str, name: str) -> None:
        """Say something about the network `name` until it is answered; "" takes it away."""
        self.notice.say(text, name)
        self._reveal(self.notice)

    def _reveal(self, part: QWidget) -> None:
        """Scroll a part of the panel into view, once it has been laid out."""

        def reveal() -> None:
            self._body.activate()
            if part.isVisible():
                self._area.ensureWidgetVisible(part, 0, GRID)

        QTimer.singleShot(0, self, reveal)
