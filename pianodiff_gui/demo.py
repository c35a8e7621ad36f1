"""What `pianodiff demo` does where there is no display: the same job, and a picture of the window after it."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.audio.endings import RING, Ending
from core.audio.opening import open_source
from core.audio.source import Source
from core.commands.progress import ProgressReport
from core.extension.recipe import read_recipe
from core.extension.run import Result, run_extension
from core.extension.settings import DEFAULT, Settings
from core.networks.registry import find_network

if TYPE_CHECKING:
    from core.extension.extension import Step
    from pianodiff_gui.session.jobs import Frame

log = logging.getLogger(__name__)

SECONDS = 2.0


def extend_without_display(clip: Path, out: Path, settings: Settings | None = None) -> int:
    """Extend `clip` by 2 s into `out`, with recipe and window.png. Returns the exit code; raises PianoDiffError."""
    settings = settings if settings is not None else DEFAULT
    audio, picture = out / f"{clip.stem}-extended.wav", out / "window.png"
    print(f"There is no display here, so the window cannot be shown. Extending {clip.name} by {SECONDS:g} s instead.")
    sys.stdout.flush()
    out.mkdir(parents=True, exist_ok=True)
    watcher = _Watcher(find_network(settings.network).sample_rate)
    with open_source(clip) as source:
        try:
            result = run_extension(source, audio, SECONDS, settings, True, watcher, ending=Ending(RING))
        finally:
            watcher.progress.close()
        if result.report is None or result.cancelled:
            print("pianodiff: cancelled", file=sys.stderr)
            return 130
        print(f"{audio}: {source.seconds:.2f} s original + {result.seconds:.2f} s new in {result.elapsed:.1f} s")
        print(result.report.note)
        if result.report.carried:
            print(result.report.carried)
        print(f"recipe: {result.recipe}")
        try:
            paint_window(source, result, settings, watcher.pictures, picture)
        except ImportError as error:  # a bare machine without Qt's libraries; the audio is what counts
            print(f"pianodiff: the picture of the window could not be made ({error})", file=sys.stderr)
            return 1
    print(f"picture of the window: {picture}")
    return 0


class _Watcher:
    """Shows progress and keeps the last picture of every window."""

    def __init__(self, sample_rate: int) -> None:
        self.progress = ProgressReport()
        self.pictures: list[Frame] = []
        self._sample_rate = sample_rate
        self._levels: list[float] = []
        self._similarities: list[float] = []

    def __call__(self, step: Step) -> None:
        self.progress(step)
        self._levels.append(step.level)
        self._similarities.append(step.similarity)
        if step.window_complete:
            from pianodiff_gui.work.worker import StepClock, picture_of

            now = time.perf_counter()
            self.pictures.append(
                picture_of(step, self._sample_rate, self._levels, self._similarities, StepClock(now), now)
            )
            self._levels, self._similarities = [], []


def paint_window(source: Source, result: Result, settings: Settings, pictures: list[Frame], path: Path) -> None:
    """Write a picture of the real window with the result of a run loaded."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QSettings

    from pianodiff_gui.app import make_application, make_window, pump
    from pianodiff_gui.session.files import Saved
    from pianodiff_gui.session.jobs import Job, Outcome
    from pianodiff_gui.session.takes import Takes
    from pianodiff_gui.session.timeline import Stretch, Timeline

    assert result.report is not None and result.recipe is not None
    run = read_recipe(result.recipe)
    with open_source(result.report.path) as written:
        samples = written.read(source.frames)
    application = make_application()
    with tempfile.TemporaryDirectory() as folder:
        # Neither the user's settings nor the user's autosaved takes are touched by this picture.
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
        window = make_window(application, folder=Path(folder))
        session = window.session
        session.choice.set_settings(seed=settings.seed, steps=settings.steps, sampler=settings.sampler)
        session.choice.set_network(find_network(settings.network), settings.network)
        window.resize(1440, 900)
        window.show()
        window.warm_up()  # torch is there already, so this only tells the window what there is
        takes = Takes().added(Timeline(source, (Stretch(samples, settings, run),)))
        window.opening.open_saved(Saved.of(source, takes, settings, SECONDS, 0.0, 0.0))
        pump(application, lambda: session.timeline is not None)
        assert session.choice.network is not None
        job = Job(Timeline(source), settings, session.choice.network, SECONDS)
        outcome = Outcome(samples, True, result.evaluations, result.elapsed, None, run["device"], run)
        window.diffusion.show_past_run(job, pictures, outcome)
        studying = (window.analysing, window.transcribing)
        pump(
            application,
            lambda: all(each.settled for each in studying) and window.controls.device.isEnabled(),
            settle=0.3,
        )
        saved = window.grab().save(str(path))
        window.keeping.mark_all_safe()
        window.close()
        application.processEvents()
    if not saved:
        raise OSError(f"{path} could not be written")
