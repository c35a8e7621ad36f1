"""What a worker would answer, and histories of runs that never were."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import read_folder
from pianodiff_gui.session.history import History, Recorder
from pianodiff_gui.session.jobs import Job, Outcome
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Stretch

RUN: dict[str, Any] = {"network": {"name": "spectral"}, "sampler": {"name": "replacement"}, "seed": 0}
"""As little as a stretch's entries for a recipe can hold."""


def finish(session: Session, job: Job, seconds: float | None = None, complete: bool = True) -> None:
    """Answer a job as the worker does, with a ramp that tells one job's samples from another's."""
    frames = round((job.seconds if seconds is None else seconds) * job.base.sample_rate)
    samples = np.full((job.base.channels, frames), job.settings.seed / 1e6, np.float32)
    session.engine.on_finished(job.id, Outcome(samples, complete, 5, 1.0, 0.1, "cpu", {"seed": job.settings.seed}))


def extended(session: Session, seconds: float) -> None:
    session.set_target(seconds)
    job = session.extend()
    assert job is not None
    finish(session, job)


def tried_again(session: Session) -> Job | None:
    """What was made last, begun once more from noise, with another seed."""
    errand = session.errand(again=True)
    if errand is None:
        return None
    session.choice.new_seed()
    return session.extend(errand)


FRAMES = 50


def step(number: int, per_window: int, windows: int, frames: int = FRAMES) -> Any:
    window, within = divmod(number, per_window)
    return SimpleNamespace(
        window=window,
        windows=windows,
        level=float(per_window - 1 - within),
        evaluations=number + 1,
        evaluations_total=per_window * windows,
        x=np.full(frames, number, np.float32),
        clean=np.full(frames, -number, np.float32),
        known_frames=frames // 2,
        after_frames=0,
        similarity=0.5,
        window_complete=within == per_window - 1,
    )


def record(per_window: int, windows: int, budget: int) -> History:
    recorder = Recorder(budget)
    for number in range(per_window * windows):
        recorder.note(step(number, per_window, windows))
        assert recorder.history().nbytes <= budget
    return recorder.history()


def only_stretch(folder: Path) -> Stretch:
    """Of the only take that was saved there."""
    ((_, _, (stretch,)),) = read_folder(folder).takes
    return stretch


def crash(autosave: Autosave) -> None:
    """What is left when the program ends without a word: the files, and a lock nobody holds."""
    assert autosave._file_lock is not None
    autosave._file_lock.unlock()
