"""A window with a stand-in for the engine, so that what the window does with a run is tested without a network."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.audio.opening import open_source
from core.audio.source import Source
from core.diffusion.own_sampler import find_sampler
from core.errors import PianoDiffError
from core.extension.plan import Plan, plan_extension
from core.networks.registry import shipped_networks
from pianodiff_gui.app import make_application
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.networks.card import CardDialog
from pianodiff_gui.session.choice import NOISE
from pianodiff_gui.session.history import History
from pianodiff_gui.session.jobs import Job
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.shell.window import MainWindow

RATE = 22_050


def job_lengths(job: Job) -> tuple[float, float, float]:
    """Seconds before what a job makes, of it, and behind it: as plan_extension takes them."""
    before, behind = job.base.seconds_around(job.gap)
    return before, job.seconds, behind


class FakeEngine:
    """Yields the steps of a real plan: a walk from noise to a 330 Hz tone, and `hook` before each of them."""

    def __init__(self, job: Job, hook: Callable[[int], None]) -> None:
        self._job, self._hook = job, hook
        self.plan: Plan = plan_extension(job.network, job.settings, *job_lengths(job))
        self.sampler = find_sampler(job.settings.sampler)
        self.evaluations_done = 0
        self.x_T_sha256 = "00"
        self.closed = False
        self._windows_done = 0

    def run(self) -> Iterator[Any]:
        job, plan = self._job, self.plan
        noise = np.random.default_rng(job.settings.seed)
        per_window = plan.cost_per_window.evaluations
        try:
            for index, window in enumerate(plan.windows):
                frames = window.context_frames + window.new_frames + window.after_frames
                for step in range(per_window):
                    self._hook(self.evaluations_done)
                    self.evaluations_done += 1
                    share = (step + 1) / per_window
                    clean = 0.2 * np.sin(2 * np.pi * 330 * np.arange(frames) / job.network.sample_rate)
                    x = (share * clean + (1 - share) * noise.standard_normal(frames)).astype(np.float32)
                    complete = step == per_window - 1
                    self._windows_done += complete
                    yield SimpleNamespace(
                        window=index,
                        windows=len(plan.windows),
                        level=200 * (1 - share),
                        evaluations=self.evaluations_done,
                        evaluations_total=plan.evaluations,
                        x=x,
                        clean=clean.astype(np.float32),
                        known_frames=window.context_frames,
                        after_frames=window.after_frames,
                        similarity=0.5 + 0.4 * share,
                        window_complete=complete,
                    )
        finally:
            self.closed = True

    def audio(self) -> np.ndarray:
        job = self._job
        done = sum(window.new_frames for window in self.plan.windows[: self._windows_done])
        complete = self._windows_done == len(self.plan.windows)
        rate = job.base.sample_rate
        if not complete and job.gap not in (None, BEFORE):
            done = 0  # half of what fills a gap would leave a hole
        frames = round(job.seconds * rate) if complete else round(done * rate / job.network.sample_rate)
        tone = 0.2 * np.sin(2 * np.pi * (330 + job.settings.seed) * np.arange(frames) / rate)
        return np.tile(tone.astype(np.float32), (job.base.channels, 1))


class FakeEngines:
    """Makes FakeEngines. `delay`: s a step; `fail`: an error to raise at a step; `gate`: steps wait until it is set."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.fail: tuple[int, BaseException] | None = None
        self.refuse: PianoDiffError | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.hold_at = -1  # the step before which the gate is asked
        self.held = threading.Event()  # the engine stands there
        self.made: list[FakeEngine] = []
        self.threads: set[int] = set()

    def __call__(self, job: Job) -> tuple[Any, str]:
        self.threads.add(threading.get_ident())
        if self.refuse is not None:
            raise self.refuse

        def hook(step: int) -> None:
            if self.fail is not None and self.fail[0] == step:
                raise self.fail[1]
            if step == self.hold_at:
                self.held.set()
                self.gate.wait(20)
            if self.delay:
                time.sleep(self.delay)

        engine = FakeEngine(job, hook)
        self.made.append(engine)
        return engine, "cpu"

    def hold(self, step: int) -> None:
        """Stand still before `step` until `release`."""
        self.hold_at = step
        self.held.clear()
        self.gate.clear()

    def release(self) -> None:
        self.gate.set()


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application as the product makes it: style, fonts, names."""
    return make_application()


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """One for all tests: a style sheet for the whole application is the dearest part of making a window."""
    return Theme(qapp, "light")


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path) -> None:
    """Every test has a settings file of its own."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """3 s of a 220 Hz tone that decays, mono, 16 bit."""
    return write_clip(tmp_path / "clip.wav", 3.0)


def write_clip(path: Path, seconds: float, rate: int = RATE, channels: int = 1, subtype: str = "PCM_16") -> Path:
    time_axis = np.arange(round(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 220 * time_axis) * np.exp(-time_axis / 3)
    sf.write(path, np.tile(tone[:, None], (1, channels)), rate, subtype=subtype)
    return path


@pytest.fixture
def source(clip: Path) -> Iterator[Source]:
    with open_source(clip) as opened:
        yield opened


@pytest.fixture
def session(qapp: object, source: Source) -> Session:
    """One with the clip open and the default network, without a window."""
    made = Session()
    network = shipped_networks()[0]
    made.choice.set_network(network, network.name)
    made.open(source)
    return made


@pytest.fixture
def engines() -> FakeEngines:
    return FakeEngines()


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user was told in dialogs, in order."""
    told: list[str] = []
    monkeypatch.setattr("pianodiff_gui.look.dialogs.tell", lambda _parent, message: told.append(message))
    return told


@pytest.fixture
def window(
    qtbot: QtBot, theme: Theme, tmp_path: Path, engines: FakeEngines, problems: list[str]
) -> Iterator[MainWindow]:
    """The window, shown. Closing it at the end of the test must end both threads."""
    made = MainWindow(theme, Preferences(), tmp_path / "data", engines)
    made.session.choice.set_lead(NOISE)
    made.session.choice.set_settings(steps=5)
    made.show()
    qtbot.waitExposed(made)
    yield made
    engines.release()
    if made.session.engine.running:
        made.session.engine.cancel()
        qtbot.waitUntil(lambda: not made.session.engine.running, timeout=10_000)
    made.duel.close()  # or it would ask
    made.close()
    workers = (made.running, made.leading, made.analysing, made.picturing, made.transcribing)
    threads = [presenter.worker_thread for presenter in workers]
    assert all(thread.isFinished() for thread in threads), "a thread was left running"
    made.deleteLater()


@pytest.fixture
def loaded(window: MainWindow, qtbot: QtBot, clip: Path) -> MainWindow:
    """The window with the clip open, its pitch found."""
    open_clip(window, qtbot, clip)
    return window


def open_clip(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    window.opening.open_path(path)
    qtbot.waitUntil(lambda: window.session.source is not None and window.session.source.path == path, timeout=10_000)
    qtbot.waitUntil(lambda: window.analysing.settled, timeout=20_000)


def use_network(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    """Read the network at `path` and use it without looking at its card."""
    window.network_choice.use(str(path))
    qtbot.waitUntil(lambda: window.session.choice.settings.network == str(path), timeout=10_000)


def run_to_end(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.session.engine.running, timeout=20_000)


def watch_event_loop() -> tuple[list[float], QTimer]:
    """Seconds between the turns of the event loop, from now on until the timer is stopped; 0 first."""
    gaps, last = [0.0], time.perf_counter()

    def tick() -> None:
        nonlocal last
        gaps.append(time.perf_counter() - last)
        last = time.perf_counter()

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(5)
    return gaps, timer


def two_takes(window: MainWindow, qtbot: QtBot) -> None:
    """Two extensions of 2 s, by two seeds; the second is shown."""
    for command in ("extend", "again"):
        window.commands[command].trigger()
        run_to_end(window, qtbot)


def shown_history(window: MainWindow) -> History:
    return window.diffusion.scrub.history


def extend(window: MainWindow, qtbot: QtBot, seconds: float = 2.0) -> None:
    window.session.set_target(seconds)
    assert window.session.extend() is not None
    run_to_end(window, qtbot)


def choose(box: object, data: str) -> None:
    index = box.findData(data)  # type: ignore[attr-defined]
    assert index >= 0, f"{data} is not in the menu"
    box.setCurrentIndex(index)  # type: ignore[attr-defined]
    box.activated.emit(index)  # type: ignore[attr-defined]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    from tests.core.tiny_network import write_tiny_network  # loads torch, which most of these tests need not

    return write_tiny_network(tmp_path / "nets" / "tiny", trained_on="Two hours of a music box.")


def card_of(window: MainWindow, qtbot: QtBot) -> CardDialog:
    qtbot.waitUntil(lambda: window.network_choice.card is not None, timeout=10_000)
    card = window.network_choice.card
    assert card is not None
    return card


def menu(window: MainWindow) -> list[str]:
    box = window.controls.network.menu
    return [box.itemText(i) for i in range(box.count()) if box.itemText(i)]
