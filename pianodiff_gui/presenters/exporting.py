"""Exporting: the recording with what was added, and the paper's figures of the takes."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QObject, Qt

from core.audio.endings import AS_MADE, Ending
from core.audio.export import ExportReport, Insert
from core.extension.recipe import check_recipe_destination
from core.extension.writing import write_extended
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.presenters.keeping import Keeping
from pianodiff_gui.presenters.places import folder_beside
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Timeline
from pianodiff_gui.views.export_dialog import ExportDialog
from pianodiff_gui.work.background import Background
from pianodiff_gui.work.clip_report import drawable, write_clip_report
from pianodiff_gui.work.figures import Figures


class Exporting(QObject):
    """Between the session and the files that are made of it."""

    def __init__(
        self,
        session: Session,
        figures: Figures,
        keeping: Keeping,
        theme: Theme,
        preferences: Preferences,
        background: Background,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._session, self._figures, self._keeping, self._theme = session, figures, keeping, theme
        self._preferences, self._background, self._conversation = preferences, background, conversation
        self.dialog: ExportDialog  # the last one that was opened
        actions.on("export", self.export)
        actions.on("figures", self.export_figures)

    def export(self) -> None:
        """Ask where to, then write the recording with its extension and the recipe beside it."""
        timeline = self._session.timeline
        if timeline is None or not timeline.generated_frames:
            return
        source = timeline.source
        home = folder_beside(source.path, self._preferences)
        if not os.access(home, os.W_OK):
            home = Path(self._preferences.folder)
        generated = timeline.generated_frames / timeline.sample_rate
        ending, ends = self._preferences.ending, new_ends(timeline)
        dialog = ExportDialog(self._conversation.window, self._theme, source, generated, home, ending, ends)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog = dialog

        def write(path: Path, subtype: str | None, overwrite: bool, ending: Ending) -> None:
            self._preferences.ending = ending

            def done(report: ExportReport) -> None:
                self._keeping.mark_safe(timeline)
                self._preferences.folder = report.path.parent
                self._conversation.say(f"Exported {report.path.name}: {report.note}")
                dialog.show_report(report)

            self._background.run(
                lambda: write_export(timeline, path, subtype, overwrite, ending), done, dialog.show_problem
            )

        dialog.export_requested.connect(write)
        dialog.open()

    def export_figures(self) -> None:
        """Ask where to, then draw the paper's figures of the takes."""
        takes, source = drawable(self._session.takes.all), self._session.source
        if not takes or source is None:
            return
        home = folder_beside(source.path, self._preferences)
        name = self._conversation.choose_destination(
            "Export figures into a folder", home / f"{source.path.stem}-figures", "Folders (*)"
        )
        if not name:
            return
        measured = {take.number: self._figures.of(take.timeline) for take in takes}
        self._conversation.say("Drawing the figures\u2026")
        self._background.run(
            lambda: write_clip_report(takes, measured, Path(name), overwrite=True),
            lambda report: self._conversation.say(f"The figures are in {report.parent}"),
            self._conversation.tell,
        )


def new_ends(timeline: Timeline) -> tuple[str, ...]:
    """Where the file begins or ends with generated audio: of "start" and "end"."""
    first, last = timeline.parts[0], timeline.parts[-1]
    return tuple(name for name, part in (("start", first), ("end", last)) if part.stretch is not None)


def write_export(
    timeline: Timeline, path: Path, subtype: str | None, overwrite: bool, ending: Ending = AS_MADE
) -> ExportReport:
    """Write `timeline` to `path` and its recipe beside it. Raises PianoDiffError; nothing is left behind then."""
    check_recipe_destination(path, overwrite=overwrite)
    source = timeline.source
    inserts = [Insert.of(source, stretch.gap, stretch.samples) for _, stretch in timeline.generated_parts]
    runs = [stretch.run for stretch in timeline.stretches]
    return write_extended(source, inserts, runs, path, subtype=subtype, overwrite=overwrite, ending=ending)
