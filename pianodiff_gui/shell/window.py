"""The window: it puts session, worker threads, player and views together, and answers the user's commands."""

from __future__ import annotations

import dataclasses
import logging
import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QThread, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QActionGroup,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.analysis.peaks import PeakPyramid
from core.analysis.pitch import PitchTrack
from core.assets import asset_path
from core.audio.export import ExportReport, Insert, export_inserted
from core.audio.source import AUDIO_SUFFIXES, Source
from core.diffusion.samplers import SAMPLERS
from core.errors import PianoDiffError
from core.extension.recipe import build_recipe, check_recipe_destination, recipe_path, write_recipe
from core.extension.settings import Settings
from core.networks.registry import shipped_networks
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.duel.audio import playing_from, span_of
from pianodiff_gui.duel.duel import Contender, Duel, title_of
from pianodiff_gui.duel.setup import DuelDialog
from pianodiff_gui.duel.view import DuelView
from pianodiff_gui.look import dialogs, wording
from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import GRID, ICON_SIZE, Theme, font
from pianodiff_gui.networks.networks import Networks, is_network_path
from pianodiff_gui.presenters.listening import LISTEN_TIP, Listening
from pianodiff_gui.presenters.network_choice import NetworkChoice
from pianodiff_gui.presenters.sampler_choice import SamplerChoice
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import SUFFIX, Saved, read_folder, read_session, write_session
from pianodiff_gui.session.goal import SNAP
from pianodiff_gui.session.jobs import Job, Outcome
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE, Gap, Timeline
from pianodiff_gui.shell.help import about_dialog, shortcuts_dialog
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.compare import CompareDialog
from pianodiff_gui.views.controls import Controls
from pianodiff_gui.views.diffusion import DiffusionView
from pianodiff_gui.views.empty import DropVeil, EmptyView
from pianodiff_gui.views.export_dialog import ExportDialog
from pianodiff_gui.views.pitch import PitchView
from pianodiff_gui.views.takes import TakesView
from pianodiff_gui.views.waveform import WaveformView
from pianodiff_gui.work.analysis import AnalysisWorker, PitchRequest, Reading
from pianodiff_gui.work.background import Background
from pianodiff_gui.work.clip_report import drawable, write_clip_report
from pianodiff_gui.work.figures import Figures
from pianodiff_gui.work.worker import EngineMaker, ExtensionWorker

log = logging.getLogger(__name__)

_ZOOM_STEP = 1.5
_PITCH_DELAY = 150  # ms of quiet before the pitch of the generated part is looked for
_SAVE_DELAY = 200  # ms of quiet before takes are written for recovery: a held arrow key trims many times
_VERBS: dict[Gap | None, str] = {None: "Extend", BEFORE: "Prepend"}
_AIMS: dict[Gap | None, str] = {None: "Go on from the end of what is there", BEFORE: "Make what comes before"}
_FILL = "Make what is selected anew, so that it fits to both sides"
_LONGEST_NETWORK = 32  # characters of a network's title in the status bar
_THREAD_PATIENCE = 20_000  # ms to wait for a thread when the window closes


class MainWindow(QMainWindow):
    """PianoDiff's one window."""

    _read_requested = Signal(object)
    _pitch_requested = Signal(object)
    _warm_up_requested = Signal()

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
        self.setAcceptDrops(True)
        self.theme, self.preferences = theme, preferences
        self.data_folder = data_folder
        self.session = Session(self)
        self.duel = Duel(self.session, self._step_seconds, self)
        self.player = Player(self)
        self.commands = Actions(self, theme)
        self.background = Background(self)
        self.figures = Figures(self)
        self.networks = Networks(preferences, self)
        self.network_choice = NetworkChoice(self, self.session, self.networks, preferences)
        self.sampler_choice = SamplerChoice(self, self.session, preferences, self.background)
        self.autosave = Autosave(data_folder / "sessions")
        self._reading: Reading | None = None
        self._pitch_request: PitchRequest | None = None
        self._recovering: Saved | None = None
        self._recovered_from: Path | None = None  # a folder of the autosave, to be removed once it has been taken over
        self._exported: set[Timeline] = set()
        self._gains: dict[int, float] = {}  # of takes by number, as last played
        self._device = ""
        self._closing = False
        self._torch_ready = False
        self._studying = False
        self._recoverable = self.autosave.find() is not None

        self._start_threads(make_engine)
        self._build()
        self._connect()
        self.network_choice.restore()
        self._refresh_actions()
        if preferences.geometry is not None:
            self.restoreGeometry(preferences.geometry)

    # Threads

    def _start_threads(self, make_engine: EngineMaker | None) -> None:
        self.worker = ExtensionWorker(make_engine)
        self._worker_thread = QThread(self)
        self._worker_thread.setObjectName("engine")
        self.worker.moveToThread(self._worker_thread)
        self.analysis = AnalysisWorker()
        self._analysis_thread = QThread(self)
        self._analysis_thread.setObjectName("analysis")
        self.analysis.moveToThread(self._analysis_thread)
        self._worker_thread.start()
        self._analysis_thread.start(QThread.Priority.LowPriority)

    def warm_up(self) -> None:
        """Load torch in the worker, read the network and look for a sound card, now that the window is there."""
        self._warm_up_requested.emit()
        self.network_choice.begin()
        self._look_for_sound()

    def _look_for_sound(self) -> None:
        problem = self.player.card.unavailable()
        self.sound_facts.setText("no sound" if problem else "")
        self.sound_facts.setToolTip(problem)
        if problem:
            log.info(problem)
        self._refresh_actions()

    def _look_for_sound_again(self) -> None:
        self.player.card.look_again()
        self._look_for_sound()
        self._say(self.player.card.unavailable() or "Sound device found")

    # Building

    def _build(self) -> None:
        self.empty = EmptyView(self.theme, self.commands["open"], self.commands["demo"], self.commands["recover"])
        self.waveform = WaveformView(self.session, self.theme)
        self.pitch = PitchView(self.session, self.theme, self.waveform.box)
        self.diffusion = DiffusionView(self.session, self.theme, self.commands)
        self.listening = Listening(self.diffusion, self.player, self.commands, self.theme)
        self.controls = Controls(self.session, self.theme, self.preferences, self.networks, self.commands)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for view, share, least in ((self.waveform, 33, 110), (self.pitch, 34, 110), (self.diffusion, 33, 210)):
            view.setMinimumHeight(least)
            self.splitter.addWidget(view)
            self.splitter.setStretchFactor(self.splitter.count() - 1, share)
        self.splitter.setSizes([330, 340, 300])
        self.takes = TakesView(self.session, self.theme, self.commands)
        work = QWidget()
        work_layout = QVBoxLayout(work)
        work_layout.setContentsMargins(0, 0, 0, 0)
        work_layout.setSpacing(0)
        work_layout.addWidget(self.takes)
        work_layout.addWidget(self.splitter, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(work)
        self.duel_view = DuelView(self.duel, self.figures, self.player, self.theme, self.commands)
        self.pages.addWidget(self.duel_view)
        self.veil = DropVeil(self.theme, self.pages)

        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.pages, 1)
        row.addWidget(self.controls)
        whole = QVBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._make_toolbar())
        whole.addLayout(row, 1)
        central = QWidget()
        central.setLayout(whole)
        self.setCentralWidget(central)
        central.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        central.setFocus()  # not the first button: the keys belong to the plots
        self._make_menus()
        self._make_status_bar()

    def _make_toolbar(self) -> QWidget:
        bar = QFrame()
        bar.setObjectName("toolbar")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(2)
        self._add_tool(layout, "open", text=True)
        self._add_gap(layout)
        for name in ("start", "play", "stop", "loop"):
            self._add_tool(layout, name)
        self.time = QLabel()
        self.time.setFont(font(11.5, font().Weight.Medium, tabular=True))
        self.time.setContentsMargins(12, 0, 0, 0)
        self.time.setMinimumWidth(170)
        layout.addWidget(self.time)
        layout.addStretch(1)
        for name in ("undo", "redo"):
            self._add_tool(layout, name)
        self._add_gap(layout)
        for name in ("zoom_out", "zoom_in", "fit"):
            self._add_tool(layout, name)
        self._add_gap(layout)
        self._add_tool(layout, "export", text=True)
        return bar

    def _add_tool(self, layout: QHBoxLayout, name: str, text: bool = False) -> None:
        button = QToolButton()
        button.setDefaultAction(self.commands[name])
        button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumHeight(34)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if text else Qt.ToolButtonStyle.ToolButtonIconOnly
        button.setToolButtonStyle(style)
        layout.addWidget(button)

    def _add_gap(self, layout: QHBoxLayout) -> None:
        line = QFrame()
        line.setObjectName("hairline")
        line.setFixedSize(1, 20)
        layout.addSpacing(GRID)
        layout.addWidget(line)
        layout.addSpacing(GRID)

    def _make_menus(self) -> None:
        bar = self.menuBar()
        menus: dict[str, tuple[str, ...]] = {
            "&File": (
                *("open", "demo", "recover", ""),
                *("network", "network_folder", "network_info", "sampler", ""),
                *("save", "export", "figures", "", "quit"),
            ),
            "&Edit": (
                *("undo", "redo", "", "longer", "shorter", "longer_second", "shorter_second"),
                *("", "earlier", "later", "", "mark_begin", "mark_end"),
            ),
            "&Run": ("extend", "again", "duel", "cancel", "", "dice"),
            "&Takes": (
                *("recording", *(f"take_{key}" for key in range(1, 10)), ""),
                *("rename_take", "delete_take", "compare"),
            ),
            "&Play": ("play", "stop", "loop", "", "start", "end", "", "listen", "", "sound"),
            "&View": ("fit", "zoom_in", "zoom_out", "", "noisier", "cleaner", ""),
            "&Help": ("shortcuts", "log", "", "about"),
        }
        for title, names in menus.items():
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            for name in names:
                if name:
                    menu.addAction(self.commands[name])
                else:
                    menu.addSeparator()
            if title == "&View":
                group = QActionGroup(self)
                for mode, label in (("system", "Colours as the system"), ("light", "Light"), ("dark", "Dark")):
                    action = menu.addAction(label)
                    action.setCheckable(True)
                    action.setChecked(self.theme.mode == mode)
                    action.triggered.connect(lambda _checked=False, mode=mode: self.set_theme(mode))
                    group.addAction(action)
        self.addActions(bar.actions())

    def _make_status_bar(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self.message = ElidedLabel()
        self.sound_facts, self.file_facts = QLabel(), ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.network_facts, self.device_facts = ElidedLabel(), QLabel()
        bar.addWidget(self.message, 1)
        for label in (self.sound_facts, self.file_facts, self.network_facts, self.device_facts):
            label.setFont(font(8.75, tabular=True))
            bar.addPermanentWidget(label)
        self.message.setFont(font(8.75))
        self.device_facts.setText("PyTorch is loading\u2026")

    def _connect(self) -> None:
        for name, slot in {
            "open": self.choose_file,
            "demo": self.open_demo,
            "recover": self.recover,
            "network": self.network_choice.ask_for_file,
            "network_folder": self.network_choice.ask_for_folder,
            "network_info": self.network_choice.about,
            "sampler": self.sampler_choice.ask_for_file,
            "save": self.save_session,
            "export": self.export,
            "figures": self.export_figures,
            "quit": self.close,
            "undo": self.session.undo,
            "redo": self.session.redo,
            "longer": lambda: self._change_length(SNAP),
            "shorter": lambda: self._change_length(-SNAP),
            "longer_second": lambda: self._change_length(1.0),
            "shorter_second": lambda: self._change_length(-1.0),
            "earlier": lambda: self._change_prelude(SNAP),
            "later": lambda: self._change_prelude(-SNAP),
            "mark_begin": lambda: self._mark(begin=True),
            "mark_end": lambda: self._mark(begin=False),
            "recording": lambda: self.session.show_take(None),
            "rename_take": self.takes.start_naming,
            "delete_take": self._delete_take,
            "compare": self._compare,
            "extend": self._extend,
            "again": self._try_again,
            "duel": self._set_up_duel,
            "cancel": self._cancel,
            "dice": self.session.choice.new_seed,
            "play": self.player.toggle,
            "stop": self.player.stop,
            "start": self._seek_start,
            "end": self._seek_boundary,
            "listen": self.listening.toggle,
            "noisier": lambda: self.diffusion.scrub.step(-1),
            "cleaner": lambda: self.diffusion.scrub.step(1),
            "sound": self._look_for_sound_again,
            "fit": lambda: self._view_in_time.fit(),
            "zoom_in": lambda: self._view_in_time.zoom(1 / _ZOOM_STEP),
            "zoom_out": lambda: self._view_in_time.zoom(_ZOOM_STEP),
            "shortcuts": self._show_shortcuts,
            "log": self._show_log,
            "about": self._show_about,
        }.items():
            self.commands[name].triggered.connect(lambda _checked=False, slot=slot: slot())
        for key in range(1, 10):
            self.commands[f"take_{key}"].triggered.connect(lambda _checked=False, key=key: self._show_take(key))
        self.commands["loop"].toggled.connect(self.player.set_loop)
        self.takes.match.toggled.connect(self._listen)
        self.figures.changed.connect(self._listen)

        session = self.session
        session.engine.job_requested.connect(self.worker.run)
        self.worker.window_done.connect(session.engine.on_window_done)
        self.worker.finished.connect(session.engine.on_finished)
        self.worker.failed.connect(session.engine.on_failed)
        self._connect_duel()
        self.worker.ready.connect(self._torch_loaded)
        self.worker.started.connect(self._job_started)
        self._warm_up_requested.connect(self.worker.warm_up)
        self._read_requested.connect(self.analysis.read)
        self._pitch_requested.connect(self.analysis.study_generated)
        self.analysis.opened.connect(self._opened)
        self.analysis.open_failed.connect(self._open_failed)
        self.analysis.progress.connect(self._analysis_progress)
        self.analysis.peaks_ready.connect(self._peaks_ready)
        self.analysis.pitch_found.connect(self._pitch_found)
        self.analysis.generated_pitch_found.connect(self._generated_pitch_found)
        self.analysis.done.connect(self._analysis_done)

        session.source_changed.connect(self._source_changed)
        session.timeline_changed.connect(self._timeline_changed)
        for signal in (session.takes_changed, session.target_changed, session.choice.settings_changed):
            signal.connect(self._keep)
        session.ended.connect(self._ended)
        session.failed.connect(self._failed)
        for signal in (session.target_changed, session.choice.settings_changed, session.choice.network_changed):
            signal.connect(self._refresh_actions)
        session.engine.changed.connect(self._running_changed)
        session.choice.network_changed.connect(self._show_facts)
        session.undo_stack.indexChanged.connect(self._refresh_actions)
        session.takes_changed.connect(self._refresh_actions)
        self.diffusion.frame_shown.connect(self.controls.set_frame)
        self.controls.network_selected.connect(self.network_choice.select)
        self.controls.forget_network_requested.connect(self.network_choice.forget)
        self.network_choice.problem.connect(self.tell)
        self.network_choice.message.connect(self._say)
        self.controls.sampler_selected.connect(self.sampler_choice.use)
        self.sampler_choice.problem.connect(self.tell)
        self.sampler_choice.message.connect(self._say)
        self.sampler_choice.changed.connect(lambda: self.controls.list_samplers(self.sampler_choice.own))
        self.controls.list_samplers(self.sampler_choice.own)
        self.network_choice.notice.connect(self.controls.show_notice)
        self.networks.reading_changed.connect(self._refresh_actions)
        for view in (self.waveform, self.pitch):
            view.seek_requested.connect(self.player.seek)
            self.player.position_changed.connect(view.set_playhead)
        self.player.position_changed.connect(self._show_time)
        self.player.position_changed.connect(self._follow_playhead)
        self.player.playing_changed.connect(self._playing_changed)
        self.player.trouble.connect(self._player_trouble)
        self.listening.trouble.connect(self._player_trouble)
        for signal in (self.listening.changed, self.diffusion.past_changed):
            signal.connect(self._refresh_actions)
        self.theme.changed.connect(self._playing_changed)
        self._pitch_timer = QTimer(self)
        self._pitch_timer.setSingleShot(True)
        self._pitch_timer.setInterval(_PITCH_DELAY)
        self._pitch_timer.timeout.connect(self._request_pitch)
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(_SAVE_DELAY)
        self._save_timer.timeout.connect(self._save)
        self._show_time()
        self._show_facts()

    def _connect_duel(self) -> None:
        duel, view = self.duel, self.duel_view
        duel.job_requested.connect(self.worker.run)
        self.worker.window_done.connect(duel.on_window_done)
        self.worker.finished.connect(duel.on_finished)
        self.worker.failed.connect(duel.on_failed)
        duel.changed.connect(self._duel_changed)
        duel.heard_changed.connect(self._listen)
        duel.finished.connect(self._contender_finished)
        view.listen_requested.connect(self._listen_to)
        view.keep_requested.connect(self._keep_winner)
        view.keep_all_requested.connect(duel.keep_all)
        view.close_requested.connect(self._close_duel)
        view.seek_requested.connect(self.player.seek)

    # Opening

    def choose_file(self) -> None:
        """Ask which recording to open."""
        patterns = " ".join(f"*{suffix}" for suffix in (*AUDIO_SUFFIXES, SUFFIX))
        kinds = f"Audio and sessions ({patterns});;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Open a piano recording", self.preferences.folder, kinds)
        if path:
            self.open_path(Path(path))

    def open_demo(self) -> None:
        """Open the clip that comes with PianoDiff."""
        try:
            self.open_path(asset_path("demo/demo.wav"))
        except PianoDiffError as error:
            self.tell(str(error))

    def open_path(self, path: Path) -> None:
        """Open a file; what was generated for another one stays recoverable."""
        if not self._may_stop("open another recording", "open"):
            return
        if path.suffix.lower() == SUFFIX:
            self._open_session(path)
            return
        self._recovering = self._recovered_from = None
        self._read(path)

    def _open_session(self, path: Path) -> None:
        self._say(f"Opening {path.name}\u2026")
        self.background.run(lambda: read_session(path), self.open_saved, self.tell)

    def _may_stop(self, then: str, verb: str) -> bool:
        """Ask about what is running, or was not kept, before it is lost."""
        if self.duel.open:
            return self._may_drop_duel(then, verb)
        return not self.session.engine.running or dialogs.ask(
            self, "An extension is running.", f"Stop it and {then}?", f"Stop and {verb}"
        )

    def _may_drop_duel(self, then: str, verb: str) -> bool:
        if self.duel.running:
            lost = "What is done will be lost." if self.duel.done else ""
            return dialogs.ask(self, "A duel is running.", f"Stop it and {then}? {lost}".rstrip(), f"Stop and {verb}")
        return not self.duel.done or dialogs.ask(
            self, "Nothing of this duel was kept.", f"Let go of it and {then}?", f"Let go and {verb}"
        )

    def open_dropped(self, path: Path) -> None:
        """Open a recording, or a network: by its name, or because it is a folder."""
        if is_network_path(path):
            self.network_choice.consider(str(path))
        else:
            self.open_path(path)

    def _read(self, path: Path) -> None:
        if self._reading is not None:
            self._reading.dropped.set()
        self._reading = Reading(path)
        self._studying = True
        self._say(f"Opening {path.name}\u2026")
        self._read_requested.emit(self._reading)

    def recover(self) -> None:
        """Bring back the takes of the last session that were not exported."""
        folder = self.autosave.find()
        if folder is None:
            self._look_for_saved()
            return
        try:
            saved = read_folder(folder)
        except PianoDiffError as error:
            self.autosave.forget(folder)
            self._look_for_saved()
            self.tell(str(error))
            return
        if not self._may_stop("bring back the last session", "recover"):
            return
        self.open_saved(saved, folder)

    def open_saved(self, saved: Saved, folder: Path | None = None) -> None:
        """Open a recording with the takes made from it earlier. folder: where autosave kept them, not needed then."""
        self._recovering, self._recovered_from = saved, folder
        self._read(saved.source)

    def save_session(self) -> None:
        """Ask where to, then write the session as one file."""
        saved, source = self._snapshot(), self.session.source
        if saved is None or source is None:
            return
        home = Path(self.preferences.folder) if is_shipped(source.path) else source.path.parent
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the session", str(home / f"{source.path.stem}{SUFFIX}"), f"PianoDiff sessions (*{SUFFIX})"
        )
        if not name:
            return
        path = Path(name) if name.lower().endswith(SUFFIX) else Path(name + SUFFIX)
        timelines = {take.timeline for take in self.session.takes.all}

        def done(_result: object) -> None:
            self._exported |= timelines
            self._say(f"Saved {path.name}")

        # The dialog has asked about a file of the name it gave; the suffix makes another of it.
        overwrite = path == Path(name)
        rate = source.sample_rate
        self.background.run(lambda: write_session(saved, rate, path, overwrite=overwrite), done, self.tell)

    def _is_current(self, reading_id: int) -> bool:
        return self._reading is not None and self._reading.id == reading_id

    def _opened(self, reading_id: int, source: Source) -> None:
        if not self._is_current(reading_id):
            source.close()
            return
        saved, folder = self._recovering, self._recovered_from
        self._recovering = self._recovered_from = None
        takes = saved.takes_of(source) if saved is not None else None
        if saved is not None and takes is None:
            self.tell(f"{source.path.name} has changed since then, so what was generated does not fit it any more.")
        self.player.stop()
        old = self.session.source
        keep = self._unexported()
        if self._save_timer.isActive():
            self._save()
        self.background.run(lambda: self.autosave.leave(keep), self._look_for_saved)
        self._exported, self._gains = set(), {}
        self.session.open(source, takes)
        if old is not None:
            old.close()
        if saved is not None and takes is not None:
            self._restore(saved)
            if folder is not None:
                self.background.run(lambda: self.autosave.forget(folder), self._look_for_saved)
        if not is_shipped(source.path):
            self.preferences.folder = source.path.parent
        self._say(source.notice or f"Opened {source.path.name}")

    def _restore(self, saved: Saved) -> None:
        """Settings and places of an earlier session; a network or sampler that is gone by now is left as it is."""
        session, settings = self.session, saved.settings
        known = {"network": session.choice.settings.network, "device": session.choice.settings.device}
        if settings.sampler not in SAMPLERS:
            self.sampler_choice.use(settings.sampler)
            known["sampler"] = session.choice.settings.sampler
        session.choice.set_settings(**{**dataclasses.asdict(settings), **known})
        if settings.network != session.choice.settings.network and find_offered(settings.network):
            self.network_choice.select(settings.network)
        if saved.target > session.generated_seconds:
            session.set_target(saved.target)
        elif saved.prelude_target > session.prelude_seconds:
            session.set_target(saved.prelude_target, BEFORE)
        self.player.seek(saved.position)

    def _open_failed(self, reading_id: int, message: str) -> None:
        if self._is_current(reading_id):
            self._recovering = self._recovered_from = None
            self._studying = False
            self._say("")
            self.tell(message)

    def _analysis_progress(self, reading_id: int, what: str, share: float) -> None:
        if not self._is_current(reading_id):
            return
        note = self.pitch.note if what == "Finding pitch" else self.waveform.note
        note.setText(f"{what}\u2026 {100 * share:.0f} %" if share < 0.995 else "")

    def _peaks_ready(self, reading_id: int, pyramid: PeakPyramid) -> None:
        if self._is_current(reading_id):
            self.waveform.note.setText("")
            self.waveform.set_peaks(pyramid)

    def _pitch_found(self, reading_id: int, track: PitchTrack) -> None:
        if self._is_current(reading_id):
            self.pitch.add_known(track)

    @property
    def settled(self) -> bool:
        """Whether all that can be known of what is open has been found and drawn."""
        return not (self._studying or self._pitch_timer.isActive() or self._pitch_request is not None)

    def _analysis_done(self, reading_id: int) -> None:
        if self._is_current(reading_id):
            self._studying = False
            self.pitch.note.setText("")
            self.waveform.note.setText("")

    def _request_pitch(self) -> None:
        timeline = self.session.timeline
        if timeline is None:
            return
        if not self.session.engine.running:
            self.figures.ask(take.timeline for take in self.session.takes.all)
        if self._pitch_request is not None:
            self._pitch_request.dropped.set()
        if not timeline.generated_frames:
            self._pitch_request = None
            self.pitch.set_generated(None)
            return
        self._pitch_request = PitchRequest(timeline)
        self._pitch_requested.emit(self._pitch_request)

    def _generated_pitch_found(self, request_id: int, track: PitchTrack) -> None:
        if self._pitch_request is not None and self._pitch_request.id == request_id:
            self._pitch_request = None
            self.pitch.set_generated(track)

    # The session has changed

    def _source_changed(self) -> None:
        source = self.session.source
        self._show_page()
        self.setWindowTitle(f"{source.path.name} \u2013 PianoDiff" if source is not None else "PianoDiff")
        self._show_facts()

    def _show_page(self) -> None:
        page = 2 if self.duel.open else 1 if self.session.source is not None else 0
        self.pages.setCurrentIndex(page)
        self.controls.setVisible(not self.duel.open)

    def _timeline_changed(self) -> None:
        self._listen()
        self._save_timer.start()
        self._pitch_timer.start()
        self._show_time()
        self._refresh_actions()

    @property
    def _heard(self) -> Timeline | None:
        """What is played: what is shown, or the lane of a duel."""
        return self.duel.heard.timeline if self.duel.heard is not None else self.session.timeline

    def _listen(self, _value: Any = None) -> None:
        """Play what is shown, at the loudness of the other takes where that is wanted."""
        gain, match = 1.0, self.takes.match.isChecked()
        takes = self.session.takes
        timeline = self._heard
        if timeline is not None and self.duel.heard is not None and match:
            gain = self.figures.gain(timeline, self.duel.timelines) or 1.0
        elif takes.current is not None and match:
            found = self.figures.gain(takes.current.timeline, [take.timeline for take in takes.all])
            # One that was trimmed a moment ago stays as loud as it was until it has been measured again.
            before = self._gains.get(takes.current.number, 1.0)
            gain = self._gains[takes.current.number] = before if found is None else found
        self.player.set_timeline(timeline, gain)
        self._show_time()

    def _keep(self, _value: Any = None) -> None:
        if self.session.takes.all:
            self._save_timer.start()

    def _save(self) -> None:
        """Write the session, with the complete windows of a running job, to the recovery folder, in the background."""
        self._save_timer.stop()
        saved, source = self._snapshot(), self.session.source
        if saved is not None and source is not None:
            self.background.run(lambda: self.autosave.save(saved, source.sample_rate), self._saved)

    def _snapshot(self) -> Saved | None:
        session = self.session
        if session.source is None:
            return None
        lengths = (session.target, session.prelude_target, self.player.position)
        return Saved.of(session.source, session.takes, session.choice.settings, *lengths)

    def _saved(self, well: bool) -> None:
        if not well:
            self._say("The extension could not be saved for recovery. Is the disk full? Export it soon.")

    def _running_changed(self) -> None:
        self._refresh_actions()
        self._show_facts()
        if self._closing and not self.session.engine.running:
            QTimer.singleShot(0, self, self.close)

    def _job_started(self, job_id: int, device: str) -> None:
        if self.session.engine.job is not None and self.session.engine.job.id == job_id:
            self._device = device
            self._show_facts()
            self._say(f"Extending by {wording.seconds(self.session.engine.job.seconds)}\u2026")

    def _ended(self, job: Job, outcome: Outcome) -> None:
        self._remember_speed(job, outcome)
        added = wording.seconds(outcome.samples.shape[1] / job.base.sample_rate)
        if outcome.error:
            kept = f" The first {added} are kept." if outcome.samples.shape[1] else ""
            self.tell(outcome.error + kept)
        elif outcome.complete:
            how = "Added" if job.gap in (None, BEFORE) else "Filled"
            self._say(f"{how} {added} in {wording.duration(outcome.elapsed)}")
        elif outcome.samples.shape[1]:
            self._say(f"Cancelled; {added} were complete and are kept")
        else:
            self._say("Cancelled; no window was complete yet")
        self.controls.refresh_cost()

    def _remember_speed(self, job: Job, outcome: Outcome) -> None:
        if outcome.step_seconds is not None:
            self.preferences.add_step_seconds(
                job.settings.network, outcome.device, outcome.step_seconds, outcome.differentiated
            )

    def _step_seconds(self, settings: Settings, differentiated: bool) -> float | None:
        """Of one evaluation, by the runs so far."""
        return self.preferences.step_seconds(settings.network, self.controls.device_in_use(), differentiated)

    def _failed(self, message: str) -> None:
        self._say("")
        self.tell(message)

    def _torch_loaded(self, devices: list[str]) -> None:
        self._torch_ready = True
        self.controls.set_devices(devices)
        if not devices:
            self.tell("PyTorch could not be loaded, so nothing can be extended. Please install PianoDiff again.")
        self._show_facts()

    # What the user does

    def _extend(self) -> None:
        self._take_over_typing()
        self.session.extend()

    def _try_again(self) -> None:
        self._take_over_typing()
        self.session.try_again()

    def _cancel(self) -> None:
        if self.session.engine.running:
            self.session.engine.cancel()
        elif self.duel.open:
            self._close_duel()
        elif self.session.selection is not None:
            self.session.select(0.0, 0.0)
        else:
            self.network_choice.stop()

    # A duel

    def _set_up_duel(self) -> None:
        self._take_over_typing()
        dialog = DuelDialog(self, self.session, self.theme, self.sampler_choice.own, self._step_seconds)
        dialog.chosen.connect(self.duel.start)
        dialog.open()

    def _duel_changed(self) -> None:
        opened = self.duel.open and self.pages.currentIndex() != 2
        self._show_page()
        if opened:
            self.listening.player.pause()
            self.player.seek(span_of(self.duel.contenders[0].job)[0])
        self._refresh_actions()

    def _contender_finished(self, contender: Contender) -> None:
        if contender.outcome is not None:
            self._remember_speed(contender.job, contender.outcome)

    def _listen_to(self, contender: Contender) -> None:
        """Play it from where the playhead is, or pause where it plays already."""
        if contender.timeline is None:
            return
        if contender is self.duel.heard and self.player.playing:
            self.player.pause()
            return
        where = self.player.position if self.duel.heard is not None else None
        self.duel.hear(contender)
        self.player.seek(playing_from(contender, where))
        self.player.play()

    def _hear_lane(self, key: int) -> None:
        """Switch to that lane where the playhead is; what already plays goes on playing."""
        contender = next((other for other in self.duel.done if other.number == key), None)
        if contender is not None and contender is self.duel.heard and self.player.playing:
            return
        if contender is not None:
            self._listen_to(contender)

    def _keep_winner(self, contender: Contender) -> None:
        self.duel.keep(contender)
        if contender.outcome is not None:
            self.diffusion.show_past_run(contender.job, list(contender.pictures.values()), contender.outcome)
        self._say(f"Kept {title_of(contender.settings)}. Undo takes it away again.")

    def _close_duel(self) -> None:
        if self._may_drop_duel("go back", "close"):
            self.duel.close()

    @property
    def _view_in_time(self) -> WaveformView | DuelView:
        """What zooming is about."""
        return self.duel_view if self.duel.open else self.waveform

    @staticmethod
    def _take_over_typing() -> None:
        """A number that was typed but not confirmed counts for what is started now."""
        field = QApplication.focusWidget()
        if isinstance(field, QAbstractSpinBox):
            field.interpretText()

    def _change_length(self, seconds: float) -> None:
        session = self.session
        if session.goal.gap == BEFORE:
            session.set_target(session.prelude_target + seconds, BEFORE)
        else:
            session.set_target(session.target + seconds)

    def _change_prelude(self, seconds: float) -> None:
        self.session.set_target(self.session.prelude_target + seconds, BEFORE)

    def _mark(self, begin: bool) -> None:
        """Move one end of the selection to the playhead; the other stays, or is where the recording begins or ends."""
        source, selection = self.session.source, self.session.selection
        if source is None:
            return
        ends = [0.0, source.seconds] if selection is None else [at / source.sample_rate for at in selection]
        ends[0 if begin else 1] = self.player.position
        if ends[0] < ends[1]:
            self.session.select(*ends)
        else:
            self._say("The selection would end before it begins.")

    def _show_take(self, key: int) -> None:
        if self.duel.open:
            self._hear_lane(key)
            return
        takes = self.session.takes.all
        if key <= len(takes):
            self.session.show_take(takes[key - 1].number)

    def _delete_take(self) -> None:
        shown = self.session.takes.current
        if shown is not None:
            self.session.delete_take(shown.number)
            self._say(f"{shown.name} is deleted. Undo brings it back.")

    def _compare(self) -> None:
        CompareDialog(self, self.session, self.figures, self.theme).open()

    def _seek_start(self) -> None:
        if self.session.timeline is not None:
            self.player.seek(self.session.timeline.begin_seconds)

    def _seek_boundary(self) -> None:
        if self.session.source is not None:
            self.player.seek(self.session.source.seconds)

    def set_theme(self, mode: str) -> None:
        """ "system", "light" or "dark"."""
        self.preferences.theme = mode
        self.theme.set_mode(mode)

    def export(self) -> None:
        """Ask where to, then write the recording with its extension and the recipe beside it."""
        timeline = self.session.timeline
        if timeline is None or not timeline.generated_frames:
            return
        source = timeline.source
        home = source.path.parent
        if is_shipped(source.path) or not os.access(home, os.W_OK):
            home = Path(self.preferences.folder)
        generated = timeline.generated_frames / timeline.sample_rate
        dialog = ExportDialog(self, self.theme, source, generated, home)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.export_dialog = dialog

        def write(path: Path, subtype: str | None, overwrite: bool) -> None:
            def done(report: ExportReport) -> None:
                self._exported.add(timeline)
                self.preferences.folder = report.path.parent
                self._say(f"Exported {report.path.name}: {report.note}")
                dialog.show_report(report)

            self.background.run(lambda: write_export(timeline, path, subtype, overwrite), done, dialog.show_problem)

        dialog.export_requested.connect(write)
        dialog.open()

    def export_figures(self) -> None:
        """Ask where to, then draw the paper's figures of the takes."""
        takes, source = drawable(self.session.takes.all), self.session.source
        if not takes or source is None:
            return
        home = Path(self.preferences.folder) if is_shipped(source.path) else source.path.parent
        name, _ = QFileDialog.getSaveFileName(
            self, "Export figures into a folder", str(home / f"{source.path.stem}-figures"), "Folders (*)"
        )
        if not name:
            return
        measured = {take.number: self.figures.of(take.timeline) for take in takes}
        self._say("Drawing the figures\u2026")
        self.background.run(
            lambda: write_clip_report(takes, measured, Path(name), overwrite=True),
            lambda report: self._say(f"The figures are in {report.parent}"),
            self.tell,
        )

    def _show_shortcuts(self) -> None:
        shortcuts_dialog(self).open()

    def _show_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.data_folder)))

    def _show_about(self) -> None:
        about_dialog(self, self.theme, self._logo).open()

    def _logo(self, size: int) -> QPixmap:
        picture = QPixmap(str(asset_path("icons/pianodiff.png")))
        scaled = picture.scaled(
            2 * size, 2 * size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        scaled.setDevicePixelRatio(2)
        return scaled

    # Showing

    def tell(self, message: str) -> None:
        """Show a problem in a dialog, and put it in the log."""
        log.info("told the user: %s", message)
        self.problem = dialogs.tell(self, message)

    def _say(self, message: str) -> None:
        self.message.setText(message)

    def _show_time(self, _position: float = 0.0) -> None:
        timeline = self._heard
        total = timeline.end_seconds if timeline is not None else 0.0
        muted = self.theme.palette.muted
        now = wording.clock(self.player.position, 1)
        self.time.setText(f'{now}<span style="color:{muted}"> / {wording.clock(total, 1)}</span>')

    def _follow_playhead(self, position: float) -> None:
        if self.player.playing and not self.waveform.dragging:
            self.waveform.follow(position)

    def _show_facts(self) -> None:
        source, job = self.session.source, self.session.engine.job
        network = job.network if job is not None else self.session.choice.network
        self.file_facts.setText(describe_file(source) if source is not None else "")
        self.network_facts.setText(
            f"{wording.short(network.title, _LONGEST_NETWORK)}, {wording.kilohertz(network.sample_rate)}"
            if network is not None
            else "no network"
        )
        if self._torch_ready:
            device = self._device or self.controls.device_in_use()
            self.device_facts.setText(wording.device(device))

    def _playing_changed(self, _playing: bool = False) -> None:
        playing = self.player.playing
        self.commands["play"].setIcon(self.theme.icon("pause" if playing else "play"))
        self.commands["play"].setText("&Pause" if playing else "&Play")
        self._show_time()
        self._refresh_actions()

    def _player_trouble(self, message: str) -> None:
        self._say(message)
        self._refresh_actions()

    def _refresh_actions(self, _value: Any = None) -> None:
        session, actions = self.session, self.commands
        there = session.source is not None
        nothing = "" if there else "Open a recording first."
        running = session.engine.occupied or ("Cancel the running extension first." if session.engine.running else "")
        stack = session.undo_stack
        silent = self.player.card.unavailable() if self.player.card.checked else ""
        generated = session.timeline is not None and session.timeline.generated_frames > 0
        actions.set_state("play", nothing or silent)
        for name in ("stop", "loop"):
            actions.set_state(name, nothing or silent)
        playing = self.player.playing or self.listening.playing
        actions.set_state("sound", "Stop playing first." if playing else "")
        past = session.engine.occupied or self.diffusion.look_back_blocked()
        for name in ("noisier", "cleaner"):
            actions.set_state(name, past)
        actions.set_state("listen", past or silent, LISTEN_TIP)
        for name in ("start", "end", "fit", "zoom_in", "zoom_out"):
            actions.set_state(name, nothing)
        for name in ("longer", "shorter", "longer_second", "shorter_second", "earlier", "later"):
            actions.set_state(name, nothing or session.engine.occupied)
        for name in ("mark_begin", "mark_end"):
            actions.set_state(name, nothing or running)
        takes = session.takes
        busy = nothing or session.engine.busy
        actions.set_state("recording", busy)
        if self.duel.open:
            self._offer_lanes()
        else:
            self._offer_takes(busy)
        for name in ("rename_take", "delete_take"):
            actions.set_state(name, busy or ("" if takes.current is not None else "No take is shown."))
        actions.set_state("compare", busy or ("" if takes.all else "There are no takes yet. Extend first."))
        actions["extend"].setIconText(_VERBS.get(session.goal.gap, "Fill"))
        actions.set_state("extend", session.extend_blocked(), tip=_AIMS.get(session.goal.gap, _FILL))
        actions.set_state("again", session.again_blocked())
        actions.set_state("duel", session.extend_blocked())
        if self.networks.reading and not session.engine.running:
            actions.set_state("cancel", tip="Do not wait for the network that is being read")
        elif self.duel.open and not session.engine.running:
            actions.set_state("cancel", tip="Close the duel")
        elif session.selection is not None:
            actions.set_state("cancel", tip="Take the selection away")
        else:
            stopping = "It is stopping." if session.engine.cancelling else ""
            actions.set_state("cancel", stopping if session.engine.running else "Nothing is running.")
        for name in ("network", "network_folder", "sampler"):
            actions.set_state(name, running)
        actions.set_state("network_info", "" if session.choice.network is not None else "There is no network.")
        actions.set_state("undo", running or ("" if stack.canUndo() else "There is nothing to undo."))
        actions.set_state("redo", running or ("" if stack.canRedo() else "There is nothing to redo."))
        actions["undo"].setText(f"&Undo {stack.undoText()}".rstrip())
        actions["redo"].setText(f"&Redo {stack.redoText()}".rstrip())
        untaken = "" if session.takes.all else "There are no takes yet. Extend first."
        actions.set_state("save", nothing or untaken)
        unshown = "Show a take first, by its number key or its card." if takes.all else "Extend the recording first."
        actions.set_state("export", nothing or ("" if generated else unshown))
        going_on = "" if drawable(takes.all) else "No take goes on from the end of the recording. Extend first."
        actions.set_state("figures", nothing or running or going_on)
        actions.set_state("recover", "" if self._recoverable else "There is nothing to recover.")
        self.empty.set_recoverable(self._recoverable)

    def _offer_takes(self, busy: str) -> None:
        """The number keys show takes."""
        takes, actions = self.session.takes.all, self.commands
        for key in range(1, 10):
            there_is = key <= len(takes)
            actions.set_state(f"take_{key}", busy or ("" if there_is else "There are not so many takes."))
            actions[f"take_{key}"].setText(f"&{key}  {takes[key - 1].name}" if there_is else f"Take &{key}")
            actions[f"take_{key}"].setVisible(there_is)

    def _offer_lanes(self) -> None:
        """The number keys play the lanes of a duel."""
        contenders, actions = self.duel.contenders, self.commands
        for key in range(1, 10):
            contender = contenders[key - 1] if key <= len(contenders) else None
            made = contender is not None and contender.timeline is not None
            actions.set_state(f"take_{key}", "" if made else "There is nothing to listen to yet.", "Play this lane")
            actions[f"take_{key}"].setVisible(contender is not None)
            if contender is not None:
                actions[f"take_{key}"].setText(f"&{key}  {title_of(contender.settings)}")

    def _look_for_saved(self, _result: object = None) -> None:
        self._recoverable = self.autosave.find() is not None
        self._refresh_actions()

    # Dropping files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.empty.set_hovered(True)
            self.veil.setGeometry(self.pages.rect())
            first = next(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
            self.veil.text = "Drop to see this network" if is_network_path(first) else "Drop to open"
            self.veil.setVisible(self.pages.currentIndex() != 0)
            self.veil.raise_()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drag_over()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drag_over()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            # After the drop has been answered: a question to the user must not hold up the other program.
            QTimer.singleShot(0, self, lambda: self.open_dropped(paths[0]))

    def _drag_over(self) -> None:
        self.empty.set_hovered(False)
        self.veil.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.veil.setGeometry(self.pages.rect())

    # Closing

    def mark_exported(self) -> None:
        """What is generated now is safe elsewhere and need not be kept for recovery."""
        self._exported = {take.timeline for take in self.session.takes.all}

    def _unexported(self) -> bool:
        return any(take.timeline not in self._exported for take in self.session.takes.all)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.duel.open and not self._closing:
            self._closing = self._may_drop_duel("close", "close")
            if not self._closing:
                event.ignore()
                return
        if self.session.engine.running:
            event.ignore()
            if self.duel.open or (
                not self._closing
                and dialogs.ask(
                    self,
                    "An extension is running.",
                    "Stop it and close? The windows that are complete can be recovered next time.",
                    "Stop and close",
                )
            ):
                self._closing = True
                self._say("Stopping\u2026")
                self.session.engine.cancel()
            return
        self.hide()
        self.preferences.geometry = self.saveGeometry()
        for player in (self.player, self.listening.player):
            player.close()
        if self._reading is not None:
            self._reading.dropped.set()
        if self._pitch_request is not None:
            self._pitch_request.dropped.set()
        for thread in (self._analysis_thread, self._worker_thread):
            thread.quit()
        self._save()
        self.duel.close()
        self.duel_view.wait()
        self.figures.close()
        self.networks.close()
        self.background.wait()
        self.autosave.leave(keep=self._unexported())
        for thread in (self._analysis_thread, self._worker_thread):
            if not thread.wait(_THREAD_PATIENCE):
                log.error("the thread '%s' did not end", thread.objectName())
        event.accept()


def write_export(timeline: Timeline, path: Path, subtype: str | None, overwrite: bool) -> ExportReport:
    """Write `timeline` to `path` and its recipe beside it. Raises PianoDiffError; nothing is left behind then."""
    check_recipe_destination(path, overwrite=overwrite)
    inserts = []
    for _, stretch in timeline.generated_parts:
        begin, end = stretch.gap if stretch.gap is not None else (timeline.source_frames, timeline.source_frames)
        inserts.append(Insert(begin, end, stretch.samples))
    report = export_inserted(timeline.source, inserts, path, subtype=subtype, overwrite=overwrite)
    recipe = build_recipe([stretch.run for stretch in timeline.stretches], timeline.source, report)
    write_recipe(recipe_path(report.path), recipe, overwrite=True)
    return report


def find_offered(network: str) -> bool:
    """Whether there is a network of that name or path; what it is like is seen when it is read."""
    return any(info.name == network for info in shipped_networks()) or Path(network).exists()


def is_shipped(path: Path) -> bool:
    """Whether a file lies inside the application: nothing of the user's belongs beside it."""
    return asset_path("demo").parent in path.resolve().parents


def describe_file(source: Source) -> str:
    """ "44.1 kHz stereo, 16 bit"."""
    channels = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels} channels")
    kind = source.subtype.removeprefix("PCM_")
    depth = f"{kind} bit" if kind.isdigit() else source.format if source.lossy else kind.lower()
    return f"{source.path.name}: {source.sample_rate / 1000:g} kHz {channels}, {depth}"
