"""Starting and ending the application: log, unforeseen errors, fonts, theme, the window."""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import torch  # noqa: F401  # on Windows torch has to be loaded before Qt, or its libraries do not load at all

from PySide6.QtCore import QCoreApplication, QObject, QSettings, QStandardPaths, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from core import __version__
from core.assets import asset_path
from core.errors import PianoDiffError
from pianodiff_gui.look import theme as theming
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work.worker import EngineMaker

log = logging.getLogger(__name__)

_LOG_BYTES, _LOG_FILES = 512 * 1024, 3


def make_application(arguments: list[str] | None = None) -> QApplication:
    """The one QApplication, with its name, style and fonts."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(arguments or ["pianodiff"])
    QCoreApplication.setOrganizationName("PianoDiff")
    QCoreApplication.setApplicationName("PianoDiff")
    QCoreApplication.setApplicationVersion(__version__)
    application.setStyle("Fusion")
    theming.load_fonts()
    application.setFont(theming.font())
    try:
        application.setWindowIcon(QIcon(str(asset_path("icons/pianodiff.png"))))
    except PianoDiffError:
        log.warning("the application icon is missing")
    return application


def data_folder() -> Path:
    """Where the log and the autosaved takes go."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation))


def start_log(folder: Path) -> None:
    """Write a rotating log to `folder`, or to stderr where that folder cannot be written."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            folder / "pianodiff.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)


class ErrorCatcher(QObject):
    """Turns what nobody caught into a log entry and one dialog. Safe from any thread."""

    _caught = Signal(str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._caught.connect(self._tell)

    def install(self) -> None:
        sys.excepthook = self._hook
        threading.excepthook = lambda args: self._hook(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.critical("unforeseen error", exc_info=(kind, error, trace))
        self._caught.emit(f"{kind.__name__}: {error}")

    def _tell(self, what: str) -> None:
        self._window.conversation.tell(
            f"Something went wrong inside PianoDiff ({what}).\n\nWhat was generated is saved. "
            "If the window behaves oddly, close it and start again; Help > Show the log has the details."
        )


def make_window(
    application: QApplication, make_engine: EngineMaker | None = None, folder: Path | None = None
) -> MainWindow:
    """The window, not yet shown."""
    preferences = Preferences()
    theme = Theme(application, preferences.theme)
    return MainWindow(theme, preferences, folder if folder is not None else data_folder(), make_engine)


def pump(application: QApplication, reached: Callable[[], bool], settle: float = 0.0, patience: float = 600.0) -> None:
    """Let the window work until `reached`, and `settle` seconds more. For pictures of it. Raises TimeoutError."""
    end = time.monotonic() + patience
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
        application.processEvents()
        time.sleep(0.005)
    end = time.monotonic() + settle
    while time.monotonic() < end:
        application.processEvents()
        time.sleep(0.005)


def run(clip: Path | None = None, started: float | None = None, time_startup: bool = False) -> int:
    """Show the window, with `clip` opened, until it is closed.

    started: time.perf_counter() when the program began; with `time_startup` the seconds from there to the first
    painted window are printed and the window closes again.
    """
    application = make_application()
    start_log(data_folder())
    log.info("PianoDiff %s starts, Python %s, %s", __version__, sys.version.split()[0], sys.platform)
    window = make_window(application)
    ErrorCatcher(window).install()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in the terminal; the takes are on disk
    window.show()
    if clip is not None:
        window.opening.open_path(clip)

    def shown() -> None:
        if time_startup:
            print(f"window shown after {time.perf_counter() - (started or 0.0):.2f} s", flush=True)
            window.close()
        else:
            window.warm_up()

    # A zero timer fires after the events that paint the window for the first time.
    QTimer.singleShot(0, window, lambda: QTimer.singleShot(0, window, shown))
    return application.exec()


def smoke() -> int:
    """For the packaged application: open the demo clip offscreen, say so in one line and leave."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = make_application()
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    window = make_window(application)
    result = 1

    def opened() -> None:
        nonlocal result
        source = window.session.source
        if source is not None:
            print(f"pianodiff smoke: opened {source.path.name}, {source.seconds:.1f} s", flush=True)
            result = 0
        window.close()

    window.session.source_changed.connect(lambda: QTimer.singleShot(0, window, opened))
    QTimer.singleShot(60_000, window, window.close)
    window.show()
    window.opening.open_demo()
    application.exec()
    return result
