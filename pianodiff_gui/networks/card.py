"""A network's card: what it is, how it hears and writes, what it learned from, and where it lies."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from pianodiff_gui.look import wording
from pianodiff_gui.look.labels import ElidedLabel, hairline
from pianodiff_gui.look.theme import GRID, font
from pianodiff_gui.networks.networks import Found

KIND_TITLES = {"spectral_unet": "Spectral U-Net", "diffwave": "DiffWave", "dance_diffusion": "Dance Diffusion"}
_WIDTH = 480  # px
_NAMES_WIDTH = 13 * GRID
_LEAST_BODY, _REST = 240, 20 * GRID  # px: of the scrolled part, and of everything else the window must leave room for


def kind_title(kind: str) -> str:
    """An architecture's name for people."""
    return KIND_TITLES.get(kind, kind.replace("_", " "))


def card_rows(found: Found) -> list[tuple[str, str]]:
    """What a card says, line by line, apart from title and summary."""
    info = found.info
    rate = wording.kilohertz(info.sample_rate)
    shorter = info.context_with_notes_seconds
    led = f" ({shorter:.3g} s where notes lead)" if shorter is not None else ""
    return [
        ("File", info.weights_path.name),
        ("Kind", kind_title(info.kind)),
        ("Sample rate", f"{rate}, so sound up to {wording.kilohertz(round(info.sample_rate / 2, -2))}"),
        ("Window", f"{info.window_seconds:.3g} s, what it sees at once"),
        ("Context", f"{info.context_seconds:.3g} s, what it hears before it writes{led}"),
        ("New audio", f"{info.hop_seconds:.3g} s a window"),
        ("Noise levels", f"T = {info.levels}"),
        ("Size", wording.file_size(found.size)),
        ("Trained on", " ".join(info.trained_on.split()) or "not said"),
        ("Folder", wording.place(info.weights_path.parent)),
    ]


class CardDialog(QDialog):
    """Shows a card. For a `new` network it is accepted when the user wants to use it."""

    forget_requested = Signal()

    def __init__(self, parent: QWidget, found: Found, new: bool) -> None:
        super().__init__(parent)
        self._folder = found.info.weights_path.parent
        self.setWindowTitle("Use this network?" if new else "About this network")
        self.setFixedWidth(_WIDTH)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = self._make_body(found)
        self.area.setWidget(body)
        room = max(_LEAST_BODY, parent.height() - _REST)
        wanted = body.heightForWidth(_WIDTH)
        self.area.setFixedHeight(min(wanted, room))
        if wanted <= room:
            self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing to scroll, so no stop for the Tab key
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.area)
        outer.addLayout(self._make_buttons(new, can_forget=not new and not found.shipped))
        (self.use if new else self.close_button).setFocus()

    def _make_body(self, found: Found) -> QWidget:
        rows = card_rows(found)
        self.setAccessibleDescription("; ".join(f"{name}: {value}" for name, value in rows))
        self.rows: dict[str, QLabel] = {}
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, GRID)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        self.heading = _plain(" ".join(found.info.title.split()) or found.title)
        self.heading.setFont(font(13, font().Weight.DemiBold))
        grid.addWidget(self.heading, 0, 0, 1, 2)
        summary = " ".join(found.info.summary.split())
        if summary:
            grid.addWidget(_plain(summary), 1, 0, 1, 2)
        grid.addWidget(hairline(), 2, 0, 1, 2)
        for name, value in rows:
            row = grid.rowCount()
            term = QLabel(name)
            term.setProperty("role", "muted")
            term.setFixedWidth(_NAMES_WIDTH)
            grid.addWidget(term, row, 0, Qt.AlignmentFlag.AlignTop)
            self.rows[name] = _one_line(value) if name in ("File", "Folder") else _plain(value)
            grid.addWidget(self.rows[name], row, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        return body

    def _make_buttons(self, new: bool, can_forget: bool) -> QHBoxLayout:
        buttons = QHBoxLayout()
        buttons.setContentsMargins(3 * GRID, GRID, 3 * GRID, 3 * GRID)
        buttons.setSpacing(GRID)
        self.forget = QPushButton("Forget")
        self.forget.setToolTip("Take it off the list; its files stay where they are")
        self.forget.clicked.connect(self._forget)
        self.show_folder = QPushButton("Show in folder")
        self.show_folder.clicked.connect(self._show_in_folder)
        self.close_button = QPushButton("Cancel" if new else "Close")
        self.close_button.clicked.connect(self.reject)
        self.use = QPushButton("Use this network")
        self.use.setProperty("role", "primary")
        self.use.clicked.connect(self.accept)
        self.forget.setVisible(can_forget)
        self.use.setVisible(new)
        for button in (self.forget, self.show_folder, self.close_button, self.use):
            button.setAutoDefault(False)
        (self.use if new else self.close_button).setDefault(True)
        buttons.addWidget(self.forget)
        buttons.addWidget(self.show_folder)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.use)
        return buttons

    def _forget(self) -> None:
        self.reject()
        self.forget_requested.emit()

    def _show_in_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._folder).resolve())))


def _plain(text: str) -> QLabel:
    """Wrapped text from a file: shown as it is, whatever is in it."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setText(wording.breakable(text))
    return label


def _one_line(text: str) -> ElidedLabel:
    label = ElidedLabel(Qt.TextElideMode.ElideMiddle)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # as wide as the card, never wider
    label.setText(text)
    return label
