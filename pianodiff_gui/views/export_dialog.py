"""The export dialog: where to and as what, and then what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.audio.endings import CUT, FADE, LONGEST_FADE_SECONDS, RING, Ending
from core.audio.export import ExportReport
from core.audio.sample_types import pcm_bits
from core.audio.source import Source
from core.extension.recipe import recipe_path
from pianodiff_gui.look import dialogs
from pianodiff_gui.look.labels import ElidedLabel, paragraph
from pianodiff_gui.look.menus import MenuDelegate
from pianodiff_gui.look.theme import GRID, Theme, font, icon_pixmap
from pianodiff_gui.views.fields import LengthBox


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


ENDINGS = ((RING, "Ring out"), (FADE, "Fade"), (CUT, "As it was made, to go on from there"))
"""Kinds of endings and what the dialog calls them."""


def promise(source: Source, kind: FileKind) -> str:
    """What becomes of the original in this format."""
    if source.lossy:
        return f"The original part stays identical to the decoded {source.path.suffix.lstrip('.').upper()} file."
    have, want = pcm_bits(source.subtype), pcm_bits(kind.subtype or source.subtype)
    if have is not None and want is not None and want < have:
        return f"The original has {have} bits; {want} bits cannot hold all of them. Choose a wider format to keep it."
    if have is None and want is not None:
        return f"The original is floating point; {want} bits cannot hold all of it. Choose WAV float to keep it."
    return "The original part stays identical, sample by sample."


class ExportDialog(QDialog):
    """Asks where and as what to export, and shows what came of it."""

    export_requested = Signal(object, object, bool, object)  # Path, subtype or None, overwrite, Ending

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        source: Source,
        seconds: float,
        folder: Path,
        ending: Ending,
        ends: tuple[str, ...],
    ) -> None:
        """ending: what is chosen at first; ends: which ends of the file are new, of "start" and "end"."""
        super().__init__(parent)
        self._ends = ends
        self._theme, self._source, self._seconds, self._folder = theme, source, seconds, folder
        self._written: Path | None = None
        self.setWindowTitle("Export")
        self.setFixedWidth(560)  # a long name is shortened, not shown on a wider dialog
        self.pages = QStackedWidget()
        self.pages.addWidget(self._make_form())
        self.pages.addWidget(self._make_result())
        self._choose_ending(ending)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)
        self._kind_changed()

    def _make_form(self) -> QWidget:
        self.kind = QComboBox()
        self.kind.setItemDelegate(MenuDelegate(self._theme, self.kind))
        for kind in FILE_KINDS:
            self.kind.addItem(kind.title, kind)
        self.ending = QComboBox()
        self.ending.setItemDelegate(MenuDelegate(self._theme, self.ending))
        for name, title in ENDINGS:
            self.ending.addItem(title, name)
        self.ending.setToolTip("What becomes of new audio where the file begins or ends. The takes stay as they are.")
        self.fade = LengthBox()
        self.fade.setRange(0.1, LONGEST_FADE_SECONDS)
        self.fade.setToolTip("How long the fade is")
        self.fade.setMinimumWidth(96)
        self.ending.currentIndexChanged.connect(self._ending_changed)
        self.path = QLineEdit(str(self._folder / f"{self._source.path.stem}-extended.wav"))
        self.path.setMinimumWidth(320)
        choose = QPushButton("Choose\u2026")
        choose.clicked.connect(self._choose)
        self.promise = paragraph("muted")
        self.problem = paragraph("warning")
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
        heading.setText(f"{self._source.path.stem}, extended by {self._seconds:.1f} s")
        heading.setFont(font(12, font().Weight.DemiBold))
        grid.addWidget(heading, 0, 0, 1, 3)
        grid.addWidget(QLabel("Format"), 1, 0)
        grid.addWidget(self.kind, 1, 1, 1, 2)
        grid.addWidget(QLabel("File"), 2, 0)
        grid.addWidget(self.path, 2, 1)
        grid.addWidget(choose, 2, 2)
        if self._ends:
            grid.addWidget(QLabel("Ending" if "end" in self._ends else "Beginning"), 3, 0)
            grid.addWidget(self.ending, 3, 1)
            grid.addWidget(self.fade, 3, 2)
        grid.addWidget(self.promise, 4, 1, 1, 2)
        grid.addWidget(self.problem, 5, 1, 1, 2)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save)
        grid.addLayout(buttons, 6, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        return form

    def _make_result(self) -> QWidget:
        self.report = paragraph()
        self.carried = paragraph("muted")
        self.recipe = paragraph("muted")
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
        mark.setPixmap(icon_pixmap("check", self._theme.palette.accent, 24))
        self.outcome = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.outcome.setFont(font(12, font().Weight.DemiBold))
        head.addWidget(mark)
        head.addWidget(self.outcome)
        head.addStretch(1)
        layout.addLayout(head)
        layout.addWidget(self.report)
        layout.addWidget(self.carried)
        layout.addWidget(self.recipe)
        layout.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch(1)
        row.addWidget(show)
        row.addWidget(close)
        layout.addLayout(row)
        return result

    def _current(self) -> FileKind:
        kind: FileKind = self.kind.currentData()
        return kind

    def chosen_ending(self) -> Ending:
        """What the fields say."""
        return Ending(self.ending.currentData(), self.fade.value())

    def _choose_ending(self, ending: Ending) -> None:
        self.fade.setValue(ending.seconds)
        self.ending.setCurrentIndex(self.ending.findData(ending.kind))
        self._ending_changed()

    def _ending_changed(self) -> None:
        """There is no length but a fade's; its place stays, so that nothing moves."""
        self.fade.setEnabled(self.ending.currentData() == FADE)

    def _kind_changed(self) -> None:
        kind = self._current()
        path = Path(self.path.text())
        if path.suffix.lower() in (".wav", ".flac"):
            self.path.setText(str(path.with_suffix(kind.suffix)))
        self.promise.setText(promise(self._source, kind))

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
            overwrite = dialogs.ask(self, f"{path.name} exists already.", "Replace it?", "Replace")
            if not overwrite:
                return
        self.problem.setText("")
        self.save.setEnabled(False)
        self.save.setText("Exporting\u2026")
        self.export_requested.emit(path, self._current().subtype, overwrite, self.chosen_ending())

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
        self.carried.setText(report.carried[:1].upper() + report.carried[1:])
        self.carried.setVisible(bool(report.carried))
        self.recipe.setText(f"Its recipe lies beside it: {recipe_path(report.path).name}\nFolder: {report.path.parent}")
        self.pages.setCurrentIndex(1)

    def _show_in_folder(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written.parent)))


def _same(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:
        return False
