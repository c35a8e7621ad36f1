"""The thread that runs the network: it loads torch, iterates the engine and leaves pictures in a mailbox."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import PianoDiffError
from core.extension.mending import Mend
from core.extension.recipe import describe_run
from core.study.trace import Trace
from pianodiff_gui.look.wording import went_wrong
from pianodiff_gui.session.history import Recorder
from pianodiff_gui.session.jobs import Frame, Job, Outcome
from pianodiff_gui.session.outline import outline
from pianodiff_gui.session.timeline import Stretch, is_within

if TYPE_CHECKING:
    from core.diffusion.denoiser import Denoiser
    from core.diffusion.samplers import Sampler
    from core.extension.extension import Step
    from core.extension.plan import Plan
    from core.networks.card import NetworkInfo

log = logging.getLogger(__name__)

HEARING, LOADING = "Hearing", "Loading"
"""What is done before the first step."""
_FRAME_INTERVAL = 1 / 40  # s; the window draws 30 times a second at most
_SMOOTHING = 0.15  # weight of the newest step in the time estimate
_STEPS_BEFORE_ESTIMATE = 3


class Engine(Protocol):
    """What the worker needs of core.extension.extension.Extension."""

    plan: Plan
    sampler: Sampler
    evaluations_done: int
    x_T_sha256: str

    def run(self) -> Iterator[Step]: ...

    def audio(self) -> np.ndarray: ...


EngineMaker = Callable[[Job], tuple[Engine, str]]


class TorchEngines:
    """Makes the real engine and keeps the last network. Called in the worker thread only: torch is imported there."""

    def __init__(self) -> None:
        self._loaded: tuple[tuple[object, ...], Denoiser] | None = None

    def __call__(self, job: Job) -> tuple[Engine, str]:
        """(engine, name of the device it runs on). Raises PianoDiffError."""
        from core.device import resolve_device
        from core.extension.extension import Extension
        from core.extension.plan import context_tail_seconds
        from core.networks.checkpoint import load_denoiser

        device = resolve_device(job.settings.device)
        key = (*_stamp(job.network), str(device))
        if self._loaded is None or self._loaded[0] != key:
            self._loaded = None  # free the old network before the new one is read
            self._loaded = (key, load_denoiser(job.settings.network, device))
        before, behind = job.base.around(job.gap, context_tail_seconds(job.network, job.settings))
        engine = Extension(
            self._loaded[1],
            job.network,
            before,
            job.base.sample_rate,
            job.seconds,
            job.settings,
            first_window=job.base.windows,
            following=behind,
            notes=job.notes,
            silent_below=job.base.source.noise_floor,
            mend=mend_of(job),
        )
        return engine, device.type


def _stamp(network: NetworkInfo) -> tuple[object, ...]:
    """What tells one state of a network's file from the next: a training run goes on writing it."""
    try:
        state = network.weights_path.stat()
    except OSError:  # gone: load_denoiser says so
        return (network.path,)
    return (network, network.weights_path, state.st_mtime_ns, state.st_size)


class StepClock:
    """Measures network evaluations and foretells the rest. The first step is warm-up and does not count."""

    def __init__(self, now: float) -> None:
        self.started = self._last = now
        self._measured = self._done = self._timed = 0
        self._sum = 0.0
        self._smooth = 0.0

    def tick(self, now: float, evaluations: int) -> None:
        """A step ended, with so many evaluations done in all."""
        made = evaluations - self._done
        if made <= 0:  # a sampler of the user's own may show a state without asking the network
            return
        step, self._last, self._done = now - self._last, now, evaluations
        self._measured += 1
        if self._measured == 1:
            return
        self._sum += step
        self._timed += made
        if self._measured <= 2 * _STEPS_BEFORE_ESTIMATE:
            self._smooth = self._sum / self._timed
        else:
            self._smooth += _SMOOTHING * (step / made - self._smooth)

    def remaining(self, evaluations: int) -> float | None:
        """Seconds for `evaluations` more, None before there is something to go by."""
        return evaluations * self._smooth if self._measured > _STEPS_BEFORE_ESTIMATE else None

    @property
    def mean(self) -> float | None:
        return self._sum / self._timed if self._timed else None


def picture_of(
    step: Step, sample_rate: int, levels: list[float], similarities: list[float], clock: StepClock, now: float
) -> Frame:
    """What the window draws of `step`. levels and similarities: of every evaluation of this window so far."""
    return Frame(
        window=step.window,
        windows=step.windows,
        level=step.level,
        outline=outline(step.x, step.known_frames, step.after_frames, sample_rate),
        levels=np.asarray(levels, np.float64),
        similarities=np.asarray(similarities, np.float64),
        evaluations=step.evaluations,
        evaluations_total=step.evaluations_total,
        elapsed=now - clock.started,
        remaining=clock.remaining(step.evaluations_total - step.evaluations),
    )


def _describe(
    job: Job, engine: Engine, device: str, new_frames: int, elapsed: float, complete: bool
) -> dict[str, Any]:
    """The run's entries for a recipe."""
    run = describe_run(
        job.settings,
        job.network,
        engine.sampler,
        engine.plan,
        seconds=job.seconds,
        new_frames=new_frames,
        evaluations=engine.evaluations_done,
        elapsed=elapsed,
        x_T_sha256=engine.x_T_sha256,
        device=device,
        complete=complete,
        first_window=job.base.windows,
        gap=job.gap,
        notes=job.notes,
    )
    return run | ({"mended": job.changed.described()} if job.changed is not None else {})


def mend_of(job: Job) -> Mend | None:
    """What was played where the new audio comes, and what changes of it; None where all is made anew."""
    if job.changed is None:
        return None
    assert is_within(job.gap)  # what was played is changed, not what is yet to come
    return Mend(job.base.source.read(*job.gap), job.changed)


def with_heard_beside(job: Job) -> Job:
    """`job` with the notes that are heard beside its new audio among its own, as a run from the command line has them.
    Raises PianoDiffError. Torch is imported here.
    """
    from core.extension.fade import without_fade
    from core.extension.heard import with_heard
    from core.extension.plan import context_tail_seconds

    rate = job.base.sample_rate
    before, after = job.base.around(job.gap, context_tail_seconds(job.network, job.settings))
    if job.settings.hold_level:
        before, after = without_fade(before, rate), without_fade(after, rate, towards_end=False)
    return replace(job, notes=tuple(with_heard(job.notes, before, after, rate, job.seconds)))


class ExtensionWorker(QObject):
    """Lives in its own thread. Every signal carries the job's id, so that late results can be told apart."""

    ready = Signal(list)  # names of the devices there are
    stage = Signal(int, str)  # job, what is done before its first step; "" when that is over
    started = Signal(int, str)  # job, device
    window_done = Signal(int, object)  # job, Stretch: everything complete so far
    finished = Signal(int, object)  # job, Outcome
    failed = Signal(int, str)  # job, message for the user

    def __init__(self, make_engine: EngineMaker | None = None) -> None:
        super().__init__()
        self._make_engine = make_engine if make_engine is not None else TorchEngines()

    @Slot()
    def warm_up(self) -> None:
        """Load torch, which takes seconds, while the window is already there."""
        try:
            from core.device import available_devices

            self.ready.emit(available_devices())
        except Exception:
            log.exception("torch could not be loaded")
            self.ready.emit([])

    @Slot(object)
    def run(self, job: Job) -> None:
        """Run `job` to its end or until it is cancelled. Never raises: every end is one signal."""
        try:
            self._run(job)
        except PianoDiffError as error:
            self.failed.emit(job.id, str(error))
        except MemoryError:
            self.failed.emit(job.id, "There is not enough memory for this. Close other programs or shorten it.")
        except Exception as error:
            log.exception("job %d failed", job.id)
            self.failed.emit(job.id, f"{went_wrong(error)} See the log.")

    def _run(self, job: Job) -> None:
        if job.notes or job.changed is not None:
            self.stage.emit(job.id, HEARING)
            job = with_heard_beside(job)
        self.stage.emit(job.id, LOADING)
        engine, device = self._make_engine(job)
        self.stage.emit(job.id, "")
        self.started.emit(job.id, device)
        clock = StepClock(time.perf_counter())
        recorder, trace = Recorder(job.history_budget), Trace(job.network.levels, job.network.sample_rate)
        error = ""
        complete = False
        steps = engine.run()
        try:
            if not job.cancelled.is_set():
                complete = self._iterate(job, engine, device, steps, clock, (recorder, trace))
        except PianoDiffError as problem:
            error = str(problem)
        finally:
            steps.close()  # type: ignore[attr-defined]  # a generator: closing it ends it within one step
        elapsed = time.perf_counter() - clock.started
        samples = engine.audio()
        run = _describe(job, engine, device, samples.shape[1], elapsed, complete)
        outcome = Outcome(
            samples,
            complete,
            engine.evaluations_done,
            elapsed,
            clock.mean,
            device,
            run,
            error,
            differentiated=engine.plan.gradients > 0,
            history=recorder.history(),
            trace=trace,
        )
        self.finished.emit(job.id, outcome)

    def _iterate(
        self,
        job: Job,
        engine: Engine,
        device: str,
        steps: Iterator[Step],
        clock: StepClock,
        witnesses: tuple[Recorder, Trace],
    ) -> bool:
        """True when the generator ran to its end, False when the job was cancelled. The witnesses note every step."""
        levels: list[float] = []
        similarities: list[float] = []
        window, drawn = -1, 0.0
        for step in steps:
            now = time.perf_counter()
            clock.tick(now, step.evaluations)
            if step.window != window:
                window, levels, similarities = step.window, [], []
            levels.append(step.level)
            similarities.append(step.similarity)
            for witness in witnesses:
                witness.note(step)
            if now - drawn >= _FRAME_INTERVAL or step.window_complete:
                drawn = now
                job.mailbox.put(picture_of(step, job.network.sample_rate, levels, similarities, clock, now))
            if step.window_complete:
                samples = engine.audio()
                run = _describe(job, engine, device, samples.shape[1], now - clock.started, complete=False)
                self.window_done.emit(job.id, Stretch(samples, job.settings, run, job.gap))
            if job.cancelled.is_set():
                return False
        return True
