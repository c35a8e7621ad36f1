"""A soak of the window: the same things over and over, after which threads, handles and memory are as they were.

    MALLOC_ARENA_MAX=1 QT_QPA_PLATFORM=offscreen python -m tests.fuzz.soak MINUTES

Each round opens a recording, extends it, plays, undoes and redoes, fights a duel and drops it; every hundredth closes
the window and makes another. The real window and engine, with a network that takes milliseconds. An hour is a soak;
three minutes see a leak of a thread or a handle, and of memory a tenth of a megabyte a round. Exits with 1 where the
last third of the rounds takes more than 1 % more than the first third behind the warm-up. (glibc gives each thread an
arena of its own; with one for all, what is free is not spread over them, and what grows is what is kept.)
"""

import ctypes
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication

from core.study.methods import parse_method
from pianodiff_gui.app import make_application, pump
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from tests.core.tiny_network import write_tiny_network
from tests.pianodiff_gui.conftest import write_clip

WARM_UP = 12
"""Rounds that don't count: caches fill, torch and Qt start what they keep."""
ROUNDS_A_WINDOW = 100
"""A new window leaves 80 kB in Qt, under an application-wide style sheet; a bare widget with ten menus leaves 9 kB. The
product makes one."""
MOST_MORE = 0.01


class Taken(NamedTuple):
    """What the process has after a round."""

    threads: int
    handles: int
    megabytes: float


def taken() -> Taken:
    """What it has now, and can't give back."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)  # what is free, but not returned, is no leak
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    threads, handles = (len(os.listdir(f"/proc/self/{what}")) for what in ("task", "fd"))
    return Taken(threads, handles, pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


class Soak:
    """The rounds. folder: of what is kept; recordings: opened by turns."""

    def __init__(self, application: QApplication, folder: Path) -> None:
        self._application, self._folder = application, folder
        self._theme = Theme(application, "light")
        self._network = str(write_tiny_network(folder / "nets" / "tiny", sample_rate=8000))
        self._recordings = [write_clip(folder / f"{name}.wav", 3.0) for name in ("one", "two")]
        self._window = self._make_window()

    def _make_window(self) -> MainWindow:
        window = MainWindow(self._theme, Preferences(), self._folder / "data")
        window.show()
        window.warm_up()
        self._wait(lambda: window.controls.device.isEnabled())
        window.network_choice.use(self._network)
        self._wait(lambda: window.session.choice.settings.network == self._network)
        window.session.choice.set_settings(steps=4, device="cpu")
        return window

    def _wait(self, reached: Callable[[], bool]) -> None:
        pump(self._application, reached, 0.02, 60.0)
        self._let_go()

    def _let_go(self) -> None:
        """Delete what is to be deleted later. The application's own loop does; one that only pumps events does not."""
        self._application.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def _wait_for_run(self) -> None:
        window = self._window
        self._wait(lambda: not window.session.engine.running and window.analysing.settled)

    def round(self, number: int) -> None:
        """One round."""
        if number % ROUNDS_A_WINDOW == ROUNDS_A_WINDOW - 1:
            self.close()
            self._window = self._make_window()
        window, recording = self._window, self._recordings[number % 2]
        session = window.session
        window.opening.open_path(recording)
        self._wait(lambda: session.source is not None and session.source.path == recording)
        self._wait_for_run()
        session.set_target(0.5)
        window.commands["extend"].trigger()
        self._wait_for_run()
        assert len(session.takes.all) == 1, "it was not extended"
        window.player.play()
        self._wait(lambda: True)
        window.player.stop()
        window.commands["undo"].trigger()
        window.commands["redo"].trigger()
        self._wait_for_run()
        session.set_target(1.0)
        settings = replace(session.choice.settings, zero_shot=True)
        methods = [parse_method(method, settings) for method in ("replacement@3", "decoupled@3")]
        assert window.duel.start(methods), "the duel could not be started"
        self._wait(lambda: not window.duel.running)
        assert len(window.duel.done) == 2, "the duel was not fought"
        window.duel.close()
        window.keeping.mark_all_safe()
        self._wait_for_run()

    def close(self) -> None:
        """Close the window, as its user does."""
        self._window.keeping.mark_all_safe()
        self._window.close()
        self._window.deleteLater()
        self._application.processEvents()
        self._let_go()


def more(rounds: Sequence[Taken]) -> dict[str, float]:
    """By how much the last third takes more than the first, of each: 0.01 is 1 %."""
    third = max(1, len(rounds) // 3)
    first, last = rounds[:third], rounds[-third:]
    return {
        name: statistics.median(getattr(r, name) for r in last) / statistics.median(getattr(r, name) for r in first) - 1
        for name in Taken._fields
    }


def main(arguments: Sequence[str]) -> int:
    """See above."""
    minutes = float(arguments[0]) if arguments else 60.0
    with tempfile.TemporaryDirectory() as home:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, home)
        soak = Soak(make_application(), Path(home))
        rounds: list[Taken] = []
        began, number = time.monotonic(), 0
        while time.monotonic() - began < 60 * minutes or len(rounds) < 3:
            soak.round(number)
            number += 1
            if number > WARM_UP:
                rounds.append(taken())
            if number % ROUNDS_A_WINDOW == 0:
                print(f"{(time.monotonic() - began) / 60:6.1f} min  round {number}  {taken()}", flush=True)
        soak.close()
    found = more(rounds)
    print(f"{len(rounds)} rounds counted: " + ", ".join(f"{name} {share:+.2%}" for name, share in found.items()))
    return int(any(share > MOST_MORE for share in found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
