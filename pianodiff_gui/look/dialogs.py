"""The small windows: export, shortcuts, about, and the one way in which a problem is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core import __version__
from core.audio.export import ExportReport
from core.audio.sample_types import pcm_bits
from core.audio.source import Source
from core.extension.recipe import recipe_path
from pianodiff_gui.actions.actions import GROUPS
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.menus import MenuDelegate
from pianodiff_gui.look.theme import GRID, Theme, font, icon_pixmap


def tell(parent: QWidget, message: str) -> QMessageBox:
    """Tell the user about a problem, in plain words. Does not block."""
    box = QMessageBox(parent)
    box.setWindowTitle("PianoDiff")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)  # it may quote a file
    box.setText(message)
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    _roomy(box)
    box.open()
    return box


def _roomy(box: QMessageBox) -> None:
    layout = box.layout()
    if layout is not None:
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)


def ask(parent: QWidget, question: str, detail: str, yes: str, no: str = "Cancel") -> bool:
    """Ask before something is lost. `no` is what Escape and Return do."""
    box = QMessageBox(parent)
    box.setWindowTitle("PianoDiff")
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(detail)
    agree = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    decline = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(decline)
    box.setEscapeButton(decline)
    _roomy(box)
    box.exec()
    return box.clickedButton() is agree


@dataclass(frozen=True)
class FileKind:
    """A choice of the export dialog."""

    title: str
    suffix: str
    subtype: str | None


FILE_KINDS = (
    FileKind("WAV, as the original", ".wav", None),
    FileKind("WAV, 16 bit", ".wav", "PCM_16"),
    FileKind("WAV, 24 bit", ".wav", "PCM_24"),
    FileKind("WAV, 32-bit float", ".wav", "FLOAT"),
    FileKind("FLAC, 16 bit", ".flac", "PCM_16"),
    FileKind("FLAC, 24 bit", ".flac", "PCM_24"),
)


class ExportDialog(QDialog):
    """Asks where and as what to export, and shows what came of it."""

    export_requested = Signal(object, object, bool)  # Path, subtype or None, overwrite

    def __init__(self, parent: QWidget, theme: Theme, source: Source, seconds: float, folder: Path) -> None:
        super().__init__(parent)
        self._theme, self._source = theme, source
        self._written: Path | None = None
        self.setWindowTitle("Export")
        self.setFixedWidth(560)  # a long name is shortened, not shown on a wider dialog
        self.kind = QComboBox()
        self.kind.setItemDelegate(MenuDelegate(theme, self.kind))
        for kind in FILE_KINDS:
            self.kind.addItem(kind.title, kind)
        self.path = QLineEdit(str(folder / f"{source.path.stem}-extended.wav"))
        self.path.setMinimumWidth(320)
        choose = QPushButton("Choose\u2026")
        choose.clicked.connect(self._choose)
        self.promise = _text("muted")
        self.problem = _text("warning")
        self.save = QPushButton("Export")
        self.save.setProperty("role", "primary")
        self.save.setDefault(True)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.reject)
        self.save.clicked.connect(self._request)
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.path.textChanged.connect(lambda _: self.problem.setText(""))

        form = QWidget()
        grid = QGridLayout(form)
        grid.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(12)
        heading = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        heading.setText(f"{source.path.stem}, extended by {seconds:.1f} s")
        heading.setFont(font(12, font().Weight.DemiBold))
        grid.addWidget(heading, 0, 0, 1, 3)
        grid.addWidget(QLabel("Format"), 1, 0)
        grid.addWidget(self.kind, 1, 1, 1, 2)
        grid.addWidget(QLabel("File"), 2, 0)
        grid.addWidget(self.path, 2, 1)
        grid.addWidget(choose, 2, 2)
        grid.addWidget(self.promise, 3, 1, 1, 2)
        grid.addWidget(self.problem, 4, 1, 1, 2)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save)
        grid.addLayout(buttons, 5, 0, 1, 3)
        grid.setColumnStretch(1, 1)

        self.report = _text()
        self.recipe = _text("muted")
        show = QPushButton("Show in folder")
        show.clicked.connect(self._show_in_folder)
        close = QPushButton("Done")
        close.setProperty("role", "primary")
        close.clicked.connect(self.accept)
        result = QWidget()
        layout = QVBoxLayout(result)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        layout.setSpacing(GRID)
        head = QHBoxLayout()
        head.setSpacing(12)
        mark = QLabel()
        mark.setPixmap(icon_pixmap("check", theme.palette.accent, 24))
        self.outcome = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.outcome.setFont(font(12, font().Weight.DemiBold))
        head.addWidget(mark)
        head.addWidget(self.outcome, 1)
        layout.addLayout(head)
        layout.addWidget(self.report)
        layout.addWidget(self.recipe)
        layout.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch(1)
        row.addWidget(show)
        row.addWidget(close)
        layout.addLayout(row)

        self.pages = QStackedWidget()
        self.pages.addWidget(form)
        self.pages.addWidget(result)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)
        self._kind_changed()

    def _current(self) -> FileKind:
        kind: FileKind = self.kind.currentData()
        return kind

    def _kind_changed(self) -> None:
        kind = self._current()
        path = Path(self.path.text())
        if path.suffix.lower() in (".wav", ".flac"):
            self.path.setText(str(path.with_suffix(kind.suffix)))
        self.promise.setText(self._promise(kind))

    def _promise(self, kind: FileKind) -> str:
        """What becomes of the original in this format."""
        source = self._source
        if source.lossy:
            return f"The original part stays identical to the decoded {source.path.suffix.lstrip('.').upper()} file."
        have, want = pcm_bits(source.subtype), pcm_bits(kind.subtype or source.subtype)
        if have is not None and want is not None and want < have:
            return (
                f"The original has {have} bits; {want} bits cannot hold all of them. Choose a wider format to keep it."
            )
        if have is None and want is not None:
            return f"The original is floating point; {want} bits cannot hold all of it. Choose WAV float to keep it."
        return "The original part stays identical, sample by sample."

    def _choose(self) -> None:
        kind = self._current()
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            "Export",
            self.path.text(),
            f"Audio (*{kind.suffix})",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if chosen:
            path = Path(chosen)
            self.path.setText(str(path if path.suffix else path.with_suffix(kind.suffix)))

    def _request(self) -> None:
        text = self.path.text().strip()
        if not text:
            self.problem.setText("Give the file a name.")
            return
        path = Path(text).expanduser()
        overwrite = False
        if path.exists() and not _same(path, self._source.path):
            overwrite = ask(self, f"{path.name} exists already.", "Replace it?", "Replace")
            if not overwrite:
                return
        self.problem.setText("")
        self.save.setEnabled(False)
        self.save.setText("Exporting\u2026")
        self.export_requested.emit(path, self._current().subtype, overwrite)

    def show_problem(self, message: str) -> None:
        """It could not be written; the user can choose another place."""
        self.problem.setText(message)
        self.save.setEnabled(True)
        self.save.setText("Export")

    def show_report(self, report: ExportReport) -> None:
        """It was written."""
        self._written = report.path
        self.outcome.setText(f"Exported {report.path.name}")
        self.report.setText(report.note[:1].upper() + report.note[1:])
        self.recipe.setText(f"Its recipe lies beside it: {recipe_path(report.path).name}\nFolder: {report.path.parent}")
        self.pages.setCurrentIndex(1)

    def _show_in_folder(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written.parent)))


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
    mouse = _text("muted")
    mouse.setText(
        "Wheel: zoom around the cursor.  Drag: pan.  Shift and drag: select what is filled anew.  Click: place the "
        "playhead.  Handles: length of what comes behind, and before."
    )
    outer.addWidget(mouse)
    return dialog


def _keys(keys: tuple[str, ...]) -> QLabel:
    native = QKeySequence.SequenceFormat.NativeText
    label = QLabel(" or ".join(QKeySequence(key).toString(native) for key in keys))
    label.setProperty("role", "muted")
    label.setFont(font(9, tabular=True))
    return label


def about_dialog(parent: QWidget, theme: Theme, logo: Callable[[int], object]) -> QDialog:
    """What PianoDiff is and what it is made of."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("About PianoDiff")
    dialog.setFixedWidth(460)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 3 * GRID)
    layout.setSpacing(12)
    picture = QLabel()
    picture.setPixmap(logo(72))  # type: ignore[arg-type]
    picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    title = QLabel("PianoDiff")
    title.setFont(font(17, font().Weight.DemiBold))
    title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    version = QLabel(f"Version {__version__}")
    version.setProperty("role", "muted")
    version.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    what = _text()
    what.setText(
        "Extends piano recordings with a diffusion model. New audio grows out of noise while the recording you "
        "already have guides it; your own samples are never changed."
    )
    method = _text("muted")
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


def _text(role: str = "") -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("role", role)
    return label


def _same(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:
        return False
