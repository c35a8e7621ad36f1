"""The window: it makes models, views and presenters, gives each what it needs, and places what is seen."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.duel.duel import Duel
from pianodiff_gui.duel.view import DuelView
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.networks.networks import Networks
from pianodiff_gui.presenters.analysing import Analysing
from pianodiff_gui.presenters.auditioning import Auditioning
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.presenters.duelling import Duelling
from pianodiff_gui.presenters.editing import Editing
from pianodiff_gui.presenters.exporting import Exporting
from pianodiff_gui.presenters.idea_listening import IdeaListening
from pianodiff_gui.presenters.keeping import Keeping
from pianodiff_gui.presenters.leading import Leading
from pianodiff_gui.presenters.listening import Listening
from pianodiff_gui.presenters.looping import Looping
from pianodiff_gui.presenters.metering import Metering
from pianodiff_gui.presenters.network_choice import NetworkChoice
from pianodiff_gui.presenters.note_editing import NoteEditing
from pianodiff_gui.presenters.note_files import NoteFiles
from pianodiff_gui.presenters.offering import Offering
from pianodiff_gui.presenters.opening import Opening
from pianodiff_gui.presenters.picturing import Picturing
from pianodiff_gui.presenters.running import Running
from pianodiff_gui.presenters.sampler_choice import SamplerChoice
from pianodiff_gui.presenters.step_listening import StepListening
from pianodiff_gui.presenters.transcribing import Transcribing
from pianodiff_gui.presenters.when_ready import WhenReady
from pianodiff_gui.session.ideas import Ideas
from pianodiff_gui.session.loop_region import LoopRegion
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.shell import help
from pianodiff_gui.shell.drop_target import DropTarget
from pianodiff_gui.shell.menus import fill_menu_bar
from pianodiff_gui.shell.packing import packed
from pianodiff_gui.shell.palette import CommandPalette
from pianodiff_gui.shell.status_bar import StatusBar
from pianodiff_gui.shell.toolbar import Toolbar
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.controls import Controls
from pianodiff_gui.views.diffusion import DiffusionView
from pianodiff_gui.views.empty import DropVeil, EmptyView
from pianodiff_gui.views.lanes import Lanes
from pianodiff_gui.views.loop_ruler import LoopRuler
from pianodiff_gui.views.pitch import PitchView
from pianodiff_gui.views.roll import RollView
from pianodiff_gui.views.spectrogram import SpectrogramView
from pianodiff_gui.views.takes import TakesView
from pianodiff_gui.views.waveform import WaveformView
from pianodiff_gui.work.background import Background
from pianodiff_gui.work.figures import Figures
from pianodiff_gui.work.worker import EngineMaker

_ZOOM_STEP = 1.5
PATIENCE_MILLISECONDS = 20_000
"""With a run that is to stop before the window closes. A step takes a second or two, but on slow machines."""


class MainWindow(DropTarget):
    """PianoDiff's one window. data_folder: of the log, and of what is kept for recovery."""

    def __init__(
        self,
        theme: Theme,
        preferences: Preferences,
        data_folder: Path,
        make_engine: EngineMaker | None = None,
    ) -> None:
        super().__init__()
        self.setWindowTitle("PianoDiff")
        self.setMinimumSize(960, 640)
        self.resize(1440, 900)
        self.theme, self.preferences, self.data_folder = theme, preferences, data_folder
        self._closing = False
        self._patience = QTimer(self, interval=PATIENCE_MILLISECONDS, singleShot=True)
        self._patience.timeout.connect(self._offer_to_leave)
        self._make_models()
        self._make_views()
        self._make_presenters(make_engine)
        self._place()
        self._connect()
        self.network_choice.restore()
        self.leading.restore()
        self.offering.refresh()
        if preferences.geometry is not None:
            self.restoreGeometry(preferences.geometry)

    def warm_up(self) -> None:
        """What takes time and can wait until the window is there: torch, the network, a sound card."""
        self.running.warm_up()
        self.network_choice.begin()
        self.listening.look_for_sound()

    def set_theme(self, mode: str) -> None:
        """ "system", "light" or "dark"."""
        self.preferences.theme = mode
        self.theme.set_mode(mode)

    # Making

    def _make_models(self) -> None:
        self.conversation = Conversation(self)
        self.commands = Actions(self, self.theme)
        self.background = Background(self)
        self.session = Session(self)
        self.region = LoopRegion(self.session)
        self.duel = Duel(self.session, lambda *of: self.running.step_seconds(*of), self)
        self.player = Player(self)
        self.figures = Figures(self)
        self.networks = Networks(self.preferences, self)
        self.ideas = Ideas(self.session.score, self)

    def _make_views(self) -> None:
        session, theme, actions = self.session, self.theme, self.commands
        self.empty = EmptyView(theme, actions["open"], actions["demo"], actions["recover"])
        self.waveform = WaveformView(session, theme)
        self.roll = RollView(session, theme, self.waveform.box, actions)
        self.pitch = PitchView(session, theme, self.waveform.box)
        self.spectrogram = SpectrogramView(session, theme, self.waveform.box, self.preferences)
        self.lanes = Lanes(
            {
                "lane_notes": (actions["lane_notes"], self.roll),
                "lane_pitch": (actions["lane_pitch"], self.pitch),
                "lane_spectrogram": (actions["lane_spectrogram"], self.spectrogram),
            }
        )
        self.lanes.choose(self.preferences.lane)
        self.diffusion = DiffusionView(session, theme, actions)
        self.takes = TakesView(session, theme, actions)
        self.loop_rulers = [LoopRuler(self.region, lane.plot, theme, actions["loop"]) for lane in self.lanes.all]
        self.duel_view = DuelView(self.duel, self.figures, self.player, theme, actions)
        self.controls = Controls(session, self.ideas, theme, self.preferences, self.networks, actions)
        self.toolbar = Toolbar(actions, theme)
        self.status = StatusBar()

    def _make_presenters(self, make_engine: EngineMaker | None) -> None:
        session, player, figures, theme = self.session, self.player, self.figures, self.theme
        preferences, background = self.preferences, self.background
        common = (self.conversation, self.commands)  # all of them speak to the user, and are spoken to by actions
        self.analysing = Analysing(session, figures, self.waveform, self.pitch, self)
        self.picturing = Picturing(session, self.analysing, self.spectrogram, self)
        self.keeping = Keeping(session, player, preferences, self.data_folder / "sessions", background, *common)
        self.running = Running(session, self.controls, preferences, *common, make_engine)
        self.editing = Editing(session, player, figures, self.takes, theme, *common)
        views = (self.takes, self.waveform, self.lanes.all)
        self.listening = Listening(player, session, self.duel, figures, *views, *common)
        self.looping = Looping(player, session, self.region, *common)
        self.when_ready = WhenReady(player, session, preferences, *common)
        self.steps = StepListening(self.diffusion, player, *common)
        self.metering = Metering((player, self.steps.player), self.toolbar.meter, self)
        self.network_choice = NetworkChoice(session, self.networks, self.controls, preferences, *common)
        self.sampler_choice = SamplerChoice(session, self.controls, preferences, background, *common)
        seen = (self.duel, self.duel_view, session, self.running, player, self.steps, self.diffusion)
        self.duelling = Duelling(*seen, self.sampler_choice, theme, *common)
        self.exporting = Exporting(session, figures, self.keeping, theme, preferences, background, *common)
        self._make_note_presenters()
        self.opening = Opening(
            session,
            player,
            self.analysing,
            self.keeping,
            self.note_files,
            self.duelling,
            self.network_choice,
            self.sampler_choice,
            preferences,
            background,
            *common,
        )
        self.analysing.end_found.connect(self.controls.end.show_end)
        self.controls.end.trim_requested.connect(self.opening.trim)
        self.offering = Offering(
            *(session, player, self.listening, self.steps, self.diffusion, self.networks, self.network_choice),
            duelling=self.duelling,
            editing=self.editing,
            notes=self.note_editing,
            keeping=self.keeping,
            ideas=self.ideas,
            region=self.region,
            actions=self.commands,
        )

    def _make_note_presenters(self) -> None:
        session, player, preferences = self.session, self.player, self.preferences
        common = (self.conversation, self.commands)
        self.transcribing = Transcribing(session, self.roll, self.waveform.box, self)
        self.running.worker.ready.connect(self.transcribing.begin)
        leading = (session, self.ideas, self.controls.notes, preferences, *common)
        self.leading = Leading(*leading, lambda: self.roll.editor.chosen)
        self.idea_listening = IdeaListening(self.ideas, self.controls.notes.cards, player, self.conversation)
        self.note_editing = NoteEditing(self.roll, player, *common)
        self.auditioning = Auditioning(self.roll, player.card, self.conversation)
        self.note_files = NoteFiles(session, preferences, self.background, *common)

    def _place(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for view, share, least in ((self.waveform, 33, 110), (self.lanes, 34, 110), (self.diffusion, 33, 210)):
            view.setMinimumHeight(least)
            self.splitter.addWidget(view)
            self.splitter.setStretchFactor(self.splitter.count() - 1, share)
        self.splitter.setSizes([330, 340, 300])
        work = QWidget()
        column = packed(QVBoxLayout(work))
        column.addWidget(self.takes)
        column.addWidget(self.splitter, 1)
        self.pages = QStackedWidget()
        for page in (self.empty, work, self.duel_view):
            self.pages.addWidget(page)
        self.veil = DropVeil(self.theme, self.pages)
        row = packed(QHBoxLayout())
        row.addWidget(self.pages, 1)
        row.addWidget(self.controls)
        central = QWidget()
        whole = packed(QVBoxLayout(central))
        whole.addWidget(self.toolbar)
        whole.addLayout(row, 1)
        self.setCentralWidget(central)
        central.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        central.setFocus()  # not the first button: the keys belong to the plots
        fill_menu_bar(self.menuBar(), self.commands, self.theme.mode, self.set_theme)
        self.addActions(self.menuBar().actions())
        self.setStatusBar(self.status)

    def _connect(self) -> None:
        actions = self.commands
        actions.on("quit", self.close)
        actions.on("fit", lambda: self._view_in_time.fit())
        actions.on("zoom_in", lambda: self._view_in_time.zoom(1 / _ZOOM_STEP))
        actions.on("zoom_out", lambda: self._view_in_time.zoom(_ZOOM_STEP))
        actions.on("palette", lambda: CommandPalette(self, self.commands, self.theme).open())
        self.lanes.chosen.connect(self._remember_lane)
        actions.on("shortcuts", lambda: help.shortcuts_dialog(self).open())
        actions.on("log", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.data_folder))))
        actions.on("about", lambda: help.about_dialog(self).open())
        self.file_held.connect(self._show_held)
        self.file_dropped.connect(self.opening.open_dropped)
        self.conversation.said.connect(self.status.message.setText)
        self.transcribing.progress_changed.connect(self.status.hearing.setText)
        self.listening.sound_changed.connect(self.status.show_sound)
        self.listening.time_changed.connect(self.toolbar.show_time)
        self.player.waiting_changed.connect(self.toolbar.show_waiting)
        self.theme.changed.connect(self.listening.show_time)
        self.running.device_changed.connect(self._show_facts)
        self.diffusion.frame_shown.connect(self.controls.set_frame)
        self.keeping.recoverable_changed.connect(self.empty.set_recoverable)
        self.session.source_changed.connect(self._source_changed)
        self.session.engine.changed.connect(self._running_changed)
        self.duel.changed.connect(self._show_page)
        self.empty.set_recoverable(self.keeping.recoverable)
        self.listening.show_time()
        self._show_facts()

    # Showing

    def _remember_lane(self, name: str) -> None:
        self.preferences.lane = name

    def _source_changed(self) -> None:
        source = self.session.source
        self._show_page()
        self.setWindowTitle(f"{source.path.name} \u2013 PianoDiff" if source is not None else "PianoDiff")

    def _show_page(self) -> None:
        page = 2 if self.duel.open else 1 if self.session.source is not None else 0
        self.pages.setCurrentIndex(page)
        self.controls.setVisible(not self.duel.open)

    @property
    def _view_in_time(self) -> WaveformView | DuelView:
        """What zooming is about."""
        return self.duel_view if self.duel.open else self.waveform

    def _show_facts(self) -> None:
        job = self.session.engine.job
        network = job.network if job is not None else self.session.choice.network
        self.status.show_facts(self.session.source, network, self.running.device)

    # A file is held over the window

    def _show_held(self, path: Path | None) -> None:
        self.empty.set_hovered(path is not None)
        if path is not None:
            self.veil.setGeometry(self.pages.rect())
            self.veil.tell_of(path)
            self.veil.raise_()
        self.veil.setVisible(path is not None and self.pages.currentIndex() != 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.veil.setGeometry(self.pages.rect())

    # Closing

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.duel.open and not self._closing:
            self._closing = self.duelling.may_drop("close", "close")
            if not self._closing:
                event.ignore()
                return
        if self.session.engine.running:
            event.ignore()
            if self.duel.open or (not self._closing and self._may_stop()):
                self._closing = True
                self.conversation.say("Stopping\u2026")
                self.session.engine.cancel()
                self._patience.start()
            return
        self.hide()
        self.preferences.geometry = self.saveGeometry()
        self._end()
        event.accept()

    def _may_stop(self) -> bool:
        return self.conversation.ask(
            "An extension is running.",
            "Stop it and close? The windows that are complete can be recovered next time.",
            "Stop and close",
        )

    def _offer_to_leave(self) -> None:
        """A sampler of the user's own may hang, and nothing but the end of the program ends its thread."""
        if not self.session.engine.running:
            return
        seconds = PATIENCE_MILLISECONDS / 1000
        if not self.conversation.ask(
            "The run does not stop.",
            f"It has not answered for {seconds:g} seconds: a step takes very long, or its sampler hangs. The takes and "
            "the windows that are complete are kept, and can be recovered next time.",
            "End PianoDiff",
            "Wait",
        ):
            self._patience.start()
        elif self.session.engine.running:  # not while the question stood there
            self.keeping.save()
            self.background.wait()
            os._exit(0)

    def _running_changed(self) -> None:
        if self._closing and not self.session.engine.running:
            QTimer.singleShot(0, self, self.close)

    def _end(self) -> None:
        """End all that is under way in other threads, and wait for it; what was made is written first."""
        for player in (self.player, self.steps.player, self.idea_listening.player):
            player.close()
        self.auditioning.close()
        self.analysing.stop()
        self.picturing.stop()
        self.transcribing.stop()
        self.running.worker_thread.quit()
        self.leading.stop()
        self.keeping.save()
        self.duel.close()
        self.duel_view.wait()
        self.figures.close()
        self.networks.close()
        self.background.wait()
        self.keeping.end()
        for presenter in (self.analysing, self.picturing, self.transcribing, self.leading, self.running):
            presenter.worker_thread.end()
