"""Training: `pianodiff train`, alone or under torchrun.

Each step draws crops of audio, adds noise, and moves the weights towards removing it. From folder to loss:

    material, cache, decoding   the folders, decoded once           split, pieces   some of it kept back
    corpus, augmentation, masks crops as the network will hear them batches         those of a step, keyed by its number
    objectives                  noise and loss, for each network    set_up          all of that made ready

A run lives in a folder, which is also a network that can be used at any time:

    config.json, weights.safetensors   the network: the moving average of the weights, in half precision
    state.safetensors                  all that `--resume` needs
    log.jsonl, tensorboard/            losses, learning rate, speed; validation loss by noise level
    samples/                           4 s of a validation piece and 2 s that the network adds, at every save
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import NetworkError, SettingsError
from core.folder_lock import alone_in
from core.networks.card import CONFIG_NAME, WEIGHTS_NAME
from core.training.batches import Batch
from core.training.leader import Leader
from core.training.set_up import Run, Tell, set_up
from core.training.settings import TrainingSettings
from core.training.state import STATE_NAME, Progress
from core.training.team import Team

FINAL_RATE = 0.02  # of the peak learning rate, at the end of the cosine
AVERAGE_RAMP = 0.1  # the moving average never reaches further back than this share of the audio seen
DIVERGED_AFTER = 100  # steps in a row without a finite gradient


@dataclass(frozen=True)
class Outcome:
    """How a session ended: the run's progress, all sessions together, and whether it reached its end."""

    progress: Progress
    finished: bool


def train(settings: TrainingSettings, out: Path, resume: bool = False, say: Callable[[str], object] = print) -> Outcome:
    """Train in the folder `out` until the settings' end, Ctrl-C or SIGTERM; all three save.

    With `resume` the run in `out` goes on where it was saved last; on one CPU thread in float32 its weights at the
    end are then, bit for bit, those of a run that was never interrupted.

    Raises SettingsError, AudioError, NetworkError, ExportError: all that can be known is checked before the first step.
    """
    with Team(settings.device) as team, ExitStack() as stack:
        tell: Tell = say if team.leads else lambda _: None
        if team.leads:
            _check_folder(out, resume)
            stack.enter_context(alone_in(out, "training"))
        team.wait()
        run = set_up(settings, out, resume, team, tell)
        model = team.share(run.objective)
        leader = Leader(run, team, tell) if team.leads else None
        if leader is not None:
            leader.introduce(resume)
        with _stop_requests() as stop_requested:
            finished = _steps(run, model, team, leader, stop_requested)
            if leader is not None:
                leader.save()
                leader.close()
        team.wait()
        return Outcome(run.progress, finished)


def _steps(
    run: Run, model: nn.Module, team: Team, leader: Leader | None, stop_requested: Callable[[], bool]
) -> bool:
    """Take steps to the run's end, or until a stop is asked for. Returns whether it was the end.

    Raises NetworkError when the training has diverged.
    """
    settings, progress = run.settings, run.progress
    began = time.monotonic() - progress.seconds
    failures, finished = 0, False
    for batch in run.batches.loader(progress.step, settings.workers, team.device.type == "cuda"):
        # All processes go by the leader's clock, and stop when any of them is asked to.
        clock = time.monotonic() - began if team.leads else 0.0
        progress.seconds, stopping = team.latest(clock, float(stop_requested()))
        done = share_done(settings, progress)
        finished = done >= 1
        if finished or stopping:
            break
        rate = (settings.learning_rate or run.objective.learning_rate) * rate_factor(settings, progress.step, done)
        audio = run.plan.seconds(batch.step)
        loss, taken = _step(run, model, batch.to(team.device), rate, audio)
        failures = 0 if taken else failures + 1
        if failures == DIVERGED_AFTER:
            raise NetworkError(
                f"The training has diverged: {DIVERGED_AFTER} steps in a row had no finite gradient. What was "
                "saved before is kept; start from there with a smaller --learning-rate."
            )
        if leader is not None:
            leader.note(loss, rate, audio, done)
    return finished


def _step(run: Run, model: nn.Module, batch: Batch, rate: float, audio_seconds: float) -> tuple[Tensor, bool]:
    """One step at that learning rate: the loss, and whether it was taken."""
    progress, optimiser, network = run.progress, run.optimiser, run.objective.network
    for group in optimiser.param_groups:
        group["lr"] = rate
    loss = model(*run.objective.inputs(batch)).mean()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), run.settings.clip)
    taken = bool(torch.isfinite(norm))
    if taken:
        optimiser.step()
        progress.audio_seconds += audio_seconds
        half_life = run.settings.half_life
        update_average(run.average, network.state_dict(), audio_seconds, progress.audio_seconds, half_life)
    else:  # one bad crop, or the odd overflow: the weights must not see it
        progress.skipped += 1
    optimiser.zero_grad(set_to_none=True)
    progress.step += 1
    return loss.detach(), taken


def share_done(settings: TrainingSettings, progress: Progress) -> float:
    """How much of the run is behind it: 0 at the start, 1 and more at its end."""
    if settings.steps is not None:
        return progress.step / settings.steps
    assert settings.minutes is not None
    return progress.seconds / 60 / settings.minutes


def rate_factor(settings: TrainingSettings, step: int, done: float) -> float:
    """The learning rate over its peak: a linear warm-up over `warm_up` steps, then half a cosine down to FINAL_RATE."""
    decay = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
    return min(1.0, (step + 1) / (settings.warm_up + 1)) * decay


def update_average(
    average: dict[str, Tensor], weights: dict[str, Tensor], audio_seconds: float, seen: float, half_life: float
) -> None:
    """Exponential moving average with a half-life in seconds of audio, after a step of `audio_seconds`.

    A half-life in audio does not change with the batch; it is short at first, while the weights still move far
    (Karras et al. 2022, appendix F.2).  seen: audio so far, this step included.
    """
    kept = 0.5 ** (audio_seconds / min(half_life, AVERAGE_RAMP * seen))
    for name, value in weights.items():
        average[name].lerp_(value, 1 - kept)


def _check_folder(out: Path, resume: bool) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The folder {out} can't be made ({error.strerror}).") from error
    if resume:
        return
    if (out / STATE_NAME).exists():
        raise SettingsError(f"{out} already holds a run. Go on with it (--resume), or choose another folder.")
    if (out / CONFIG_NAME).exists() or (out / WEIGHTS_NAME).exists():
        raise SettingsError(f"{out} already holds a network, which the run would replace. Choose another folder.")


@contextmanager
def _stop_requests() -> Iterator[Callable[[], bool]]:
    """Within it, Ctrl-C and SIGTERM only make a note, so that the step at hand is finished and saved."""
    asked = threading.Event()
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handlers[number] = signal.signal(number, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
