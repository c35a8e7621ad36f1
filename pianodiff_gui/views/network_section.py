"""The panel's part about the network: the menu of networks, what the one in use is, and the one being read."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import GRID, PANEL_WIDTH, Theme, font
from pianodiff_gui.networks.networks import Networks
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.fields import column, fill, icon_button, section, settle_menu, show_choice, small
from pianodiff_gui.views.panel import CHOOSE_NETWORK, network_label, network_menu

_FIELD_WIDTH = PANEL_WIDTH - 4 * GRID  # px of the panel between its margins
_SUMMARY = 150  # characters of a network's summary in the panel; the card has all of it
_BUSY_DELAY = 200  # ms that reading a network may take before it is shown: most take less


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


class NetworkSection(QWidget):
    """Reads the session and the list of networks; what is chosen is told to the window."""

    selected = Signal(str)
    appeared = Signal(QWidget)  # a part that was hidden and is to be seen

    def __init__(self, session: Session, theme: Theme, networks: Networks, commands: Actions) -> None:
        super().__init__()
        self._choice, self._engine, self._theme = session.choice, session.engine, theme
        self._networks, self._commands = networks, commands
        self.menu = NetworkBox()
        self.menu.setMaxVisibleItems(16)
        self.menu.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.menu.setAccessibleName("Network")
        settle_menu(self.menu, theme)
        self.info = icon_button("About this network")
        self.info.setDefaultAction(commands["network_info"])
        self.info.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.summary = small()
        self.summary.setTextFormat(Qt.TextFormat.PlainText)  # it comes from somebody's file
        self.shown = QCheckBox("Show it the known audio")
        self.shown.setToolTip(
            "This network learned to continue what it is shown. Off, it only sees x_t, and the sampler alone leads it, "
            "as any network: zero-shot."
        )
        choice = QHBoxLayout()
        choice.setSpacing(GRID)
        choice.addWidget(self.menu, 1)
        choice.addWidget(self.info)
        layout = column(self)
        layout.addWidget(section("Network"))
        layout.addLayout(choice)
        layout.addWidget(self._make_busy())
        layout.addWidget(self.summary)
        layout.addWidget(self.shown)
        self._connect()
        self.refresh_list()  # and at every change of colours: marks in the menu have one

    def _make_busy(self) -> QWidget:
        """What is there while a network is being read."""
        self.busy = QWidget()
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
        layout = QVBoxLayout(self.busy)
        layout.setContentsMargins(0, 0, 0, GRID // 2)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(bar)
        self.busy.setVisible(False)
        self._busy_timer = QTimer(self)
        self._busy_timer.setSingleShot(True)
        self._busy_timer.setInterval(_BUSY_DELAY)
        self._busy_timer.timeout.connect(self._show_busy)
        return self.busy

    def _connect(self) -> None:
        self.menu.activated.connect(self._chosen)
        self.menu.opened.connect(self._networks.look)
        self.shown.clicked.connect(lambda on: self._choice.set_settings(zero_shot=not on))
        self._networks.changed.connect(self.refresh_list)
        self._networks.reading_changed.connect(self._reading_changed)
        self._choice.settings_changed.connect(self.refresh)
        self._choice.network_changed.connect(self.refresh)
        self._engine.changed.connect(self._running_changed)
        self._theme.changed.connect(self.refresh_list)

    def refresh_list(self) -> None:
        """List what there is to choose from."""
        shipped, own = self._networks.shipped_entries(), self._networks.own_entries()
        box = self.menu
        names = [*(entry.name for entry in (*shipped, *own)), *CHOOSE_NETWORK]
        if names != [data for data in map(box.itemData, range(box.count())) if data is not None]:
            fill(box, network_menu(shipped, own))
        for entry in (*shipped, *own):  # brought up to date where it is: the menu may be open
            index = box.findData(entry.name)
            colour = QColor(self._theme.palette.muted) if entry.trouble is not None else None
            box.setItemText(index, network_label(entry))
            box.setItemData(index, colour, Qt.ItemDataRole.ForegroundRole)
            box.setItemData(index, entry.tip, Qt.ItemDataRole.ToolTipRole)
        self.refresh()

    def refresh(self) -> None:
        """Show the network that is in use, or that is awaited."""
        choice = self._choice
        show_choice(self.menu, choice.awaited or choice.settings.network)
        network = choice.network if not choice.awaited else None
        summary = network.summary if network is not None else ""
        self.summary.setText(wording.breakable(wording.short(summary, _SUMMARY)))
        self.summary.setVisible(bool(summary))
        self.shown.setVisible(network is not None and network.sees_known)
        self.shown.setChecked(not choice.settings.zero_shot)

    def _chosen(self, index: int) -> None:
        name = self.menu.itemData(index)
        self.refresh()  # the menu shows what is in use until the choice has been carried out
        if name in CHOOSE_NETWORK:
            self._commands[name].trigger()
        elif name != (self._choice.awaited or self._choice.settings.network):
            self.selected.emit(name)

    def _running_changed(self) -> None:
        running = self._engine.running
        self.menu.setEnabled(not running)
        self.menu.setToolTip("Cancel the running extension first." if running else "")

    def _reading_changed(self) -> None:
        reading = self._networks.reading
        self.reading.setText(f"Reading {Path(reading).name}\u2026" if reading else "")
        if reading:
            self._busy_timer.start()
        else:
            self._busy_timer.stop()
            self.busy.setVisible(False)

    def _show_busy(self) -> None:
        self.busy.setVisible(bool(self._networks.reading))
        self.appeared.emit(self.busy)
