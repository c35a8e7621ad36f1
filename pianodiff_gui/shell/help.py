"""The windows of the Help menu: the shortcuts, and what PianoDiff is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QPixmap
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core import __version__
from core.assets import asset_path
from pianodiff_gui.actions.actions import GROUPS
from pianodiff_gui.look.labels import paragraph
from pianodiff_gui.look.theme import GRID, font

_LIKE_THE_FIRST = frozenset(f"take_{key}" for key in range(2, 10))


def shortcuts_dialog(parent: QWidget) -> QDialog:
    """All shortcuts, by group."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Keyboard shortcuts")
    outer = QVBoxLayout(dialog)
    outer.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
    outer.setSpacing(2 * GRID)
    columns = QHBoxLayout()
    columns.setSpacing(5 * GRID)
    outer.addLayout(columns)
    for groups in (("File", "Edit", "Run"), ("Takes", "Play", "View", "Help")):
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(6)
        for group in groups:
            title = QLabel(group)
            title.setFont(font(9.75, font().Weight.DemiBold))
            title.setContentsMargins(0, GRID if grid.count() else 0, 0, 0)
            grid.addWidget(title, grid.rowCount(), 0, 1, 2)
            for spec in GROUPS[group]:
                if spec.keys and spec.name not in _LIKE_THE_FIRST:
                    row = grid.rowCount()
                    grid.addWidget(QLabel(spec.tip), row, 0)
                    grid.addWidget(_keys(spec.keys[:2]), row, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        columns.addLayout(grid)
    mouse = paragraph("muted")
    mouse.setText(
        "Wheel: zoom around the cursor.  Drag: pan.  Shift and drag: select what is filled anew.  Click: place the "
        "playhead.  Handles: length of what comes behind, and before.\n"
        "On the notes that are planned \u2013 double-click: draw.  Drag: move, at the right end lengthen, with Alt "
        "change velocity.  Ctrl and drag: choose several.  Arrows, Delete, Escape: those that are chosen.  "
        "Shift and wheel: other keys."
    )
    outer.addWidget(mouse)
    return dialog


def _keys(keys: tuple[str, ...]) -> QLabel:
    native = QKeySequence.SequenceFormat.NativeText
    label = QLabel(" or ".join(QKeySequence(key).toString(native) for key in keys))
    label.setProperty("role", "muted")
    label.setFont(font(9, tabular=True))
    return label


def about_dialog(parent: QWidget) -> QDialog:
    """What PianoDiff is and what it is made of."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("About PianoDiff")
    dialog.setFixedWidth(460)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 3 * GRID)
    layout.setSpacing(12)
    picture = QLabel()
    picture.setPixmap(_logo(72))
    picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    title = QLabel("PianoDiff")
    title.setFont(font(17, font().Weight.DemiBold))
    title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    version = QLabel(f"Version {__version__}")
    version.setProperty("role", "muted")
    version.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    what = paragraph()
    what.setText(
        "Extends piano recordings with a diffusion model. New audio grows out of noise while the recording you "
        "already have guides it; your own samples are never changed."
    )
    method = paragraph("muted")
    method.setText(
        "The method is Wang and Kang, \u201cPseudo autoregressive inference using diffusion model for piano audio "
        "synthesis\u201d, with RePaint (Lugmayr et al., 2022), DiffWave (Kong et al., 2021) and YIN "
        "(de Cheveign\u00e9 and Kawahara, 2002).\n\nMade with PyTorch, NumPy, SciPy, libsndfile, soxr, PortAudio, "
        "Qt for Python (LGPL) and pyqtgraph. The typeface is Inter (SIL Open Font License)."
    )
    close = QPushButton("Close")
    close.clicked.connect(dialog.accept)
    for widget in (picture, title, version, what, method):
        layout.addWidget(widget)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(close)
    layout.addLayout(row)
    return dialog


def _logo(size: int) -> QPixmap:
    """`size` logical pixels square, sharp where a logical pixel is two."""
    picture = QPixmap(str(asset_path("icons/pianodiff.png")))
    scaled = picture.scaled(
        2 * size, 2 * size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    scaled.setDevicePixelRatio(2)
    return scaled
