"""One continuation, made from nothing but what is handed over, so that it can be made on any machine."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.audio.signal import FloatArray
from core.diffusion.denoiser import Denoiser
from core.extension.extension import Extension
from core.extension.recipe import versions
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from core.notes.note import Note
from core.study.features import RATE
from core.study.memory import PeakMemory
from core.study.trace import Trace


@dataclass(frozen=True)
class Task:
    """What decides a continuation, but for the weights.

    network     the card; its files are not looked at
    settings    sampler, steps, seed
    known       (N,) float32 at :data:`RATE`
    seconds     how much to make
    frames      how many of its frames, at :data:`RATE`, are kept
    device      where it runs: "cpu", "cuda", "mps"
    notes       that lead it, and what was heard in the known audio, in seconds from the first new sample
    """

    network: NetworkInfo
    settings: Settings
    known: FloatArray
    seconds: float
    frames: int
    device: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Made:
    """A continuation.

    audio   (N + M,) float32 at :data:`RATE`: the known audio and the new
    trace   how it came about
    costs   what it took, and what it was made with, as it is kept beside the audio
    """

    audio: FloatArray
    trace: Trace
    costs: dict[str, Any]


def continuation(task: Task, denoiser: Denoiser) -> Iterator[int | Made]:
    """Make it: yields the number of evaluations done after every step, and at last what was made.

    Raises:
        AudioError, SettingsError, SamplerError: as an Extension does.
        NetworkError, PianoDiffError: samples are not numbers, or memory is short.
    """
    memory = PeakMemory(torch.device(task.device))
    began = time.perf_counter()
    known = task.known[None]
    extension = Extension(denoiser, task.network, known, RATE, task.seconds, task.settings, notes=task.notes)
    trace = Trace(task.network.levels, task.network.sample_rate)
    for step in extension.run():
        trace.note(step)
        yield step.evaluations
    new = extension.audio()[0]
    seconds = time.perf_counter() - began
    peak = memory.megabytes()
    costs = {
        "evaluations": extension.evaluations_done,
        "gradients": extension.plan.gradients,
        "seconds": round(seconds, 3),
        "memory_mb": round(peak, 1) if math.isfinite(peak) else None,
        "memory_kind": memory.kind,
        "raw_level": float(np.sqrt(np.mean(np.square(extension.raw_levels)))),
        "x_T_sha256": extension.x_T_sha256,
        "versions": versions(),
    }
    yield Made(np.concatenate([task.known, new[: task.frames]]), trace, costs)
