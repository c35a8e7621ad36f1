"""What a training run says of itself: lines to read, log.jsonl, TensorBoard, and continuations to listen to."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.audio.export import export_audio
from core.audio.signal import FloatArray
from core.audio.writing import failed, write_text
from core.errors import ExportError, PianoDiffError
from core.extension.extension import Extension
from core.extension.settings import Settings
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from core.training.corpus import Corpus
from core.training.state import Progress
from core.wording import clock

SECONDS_BETWEEN_LINES = 15.0
KNOWN_SECONDS, NEW_SECONDS, STEPS = 4.0, 2.0, 25  # of the continuations


class Journal:
    """The leader's log of a run in `folder`; entries of an earlier session beyond `first_step` are dropped."""

    def __init__(self, folder: Path, first_step: int) -> None:
        self._folder = folder
        self._path = folder / "log.jsonl"
        if self._path.exists():
            lines = self._path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _step_of(line) <= first_step]
            write_text(self._path, "".join(line + "\n" for line in kept), overwrite=True)
        self.notice = ""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self.notice = "TensorBoard is not installed (pip install tensorboard): figures go to log.jsonl only."
            self._board: Any = None
        else:
            self._board = SummaryWriter(folder / "tensorboard", purge_step=first_step + 1)
        self._losses: list[Tensor] = []
        self._audio, self._since = 0.0, time.monotonic()

    def close(self) -> None:
        """Write out what TensorBoard still holds."""
        self._show(lambda board: board.close())

    def step(self, progress: Progress, loss: Tensor, rate: float, audio_seconds: float, done: float) -> str:
        """Note a step; now and then returns a line to print, else "".

        loss: of this process' crops.  audio_seconds: of all processes.  done: share of the run, 0..1.
        """
        self._losses.append(loss)
        self._audio += audio_seconds
        spent = time.monotonic() - self._since
        if spent < SECONDS_BETWEEN_LINES:
            return ""
        mean = float(torch.stack(self._losses).nanmean())
        speed = self._audio / spent
        figures = {"loss": mean, "learning_rate": rate, "audio_seconds_per_second": speed, "skipped": progress.skipped}
        self._write(progress, figures)
        self._losses.clear()
        self.restart_clock()
        left = f"{clock(progress.seconds * (1 - done) / done)} left" if done > 0 else ""
        skipped = f"  {progress.skipped} skipped" if progress.skipped else ""
        return f"step {progress.step}  loss {mean:.4f}  {speed:.2f} s of audio a second{skipped}  {left}"

    def restart_clock(self) -> None:
        """Leave out of the speed what was not training."""
        self._audio, self._since = 0.0, time.monotonic()

    def validation(self, progress: Progress, losses: dict[str, float]) -> str:
        """Note the validation loss at each noise level; returns a line to print."""
        self._write(progress, {f"validation/{name}": loss for name, loss in losses.items()})
        return "validation  " + "  ".join(f"{name}: {loss:.4f}" for name, loss in losses.items())

    def continuation(self, progress: Progress, corpus: Corpus, seed: int, device: str) -> str:
        """Let the network published in the folder go on with a clip, samples/step-N.wav; returns a line to print.

        Always the same clip and noise, so that the files of a run can be compared. 25 steps: a sketch.
        """
        try:
            known, new, rate = self._continue(corpus, seed, device)
        except PianoDiffError as error:  # an early network may produce anything: that must not end the training
            return f"no sample: {error}"
        path = self._folder / "samples" / f"step-{progress.step:07d}.wav"
        path.parent.mkdir(exist_ok=True)
        joined = np.concatenate([known, new])
        export_audio(joined[None], rate, path, overwrite=True)
        self._show(lambda board: board.add_audio("continuation", joined[:, None], progress.step, rate))
        return f"sample: {path}"

    def _continue(self, corpus: Corpus, seed: int, device: str) -> tuple[FloatArray, FloatArray, int]:
        path = str(self._folder.resolve())  # absolute: a run called "spectral" is not the shipped network
        info = find_network(path)
        rng = np.random.default_rng(seed)
        context = corpus.crop(round(min(KNOWN_SECONDS, info.context_seconds) * info.sample_rate), rng)
        settings = Settings(steps=STEPS, seed=seed, network=path, device=device)
        denoiser = load_denoiser(path, torch.device(device))
        seconds = min(NEW_SECONDS, info.hop_seconds)
        extension = Extension(denoiser, info, context[None], info.sample_rate, seconds, settings)
        for _ in extension.run():
            pass
        return context, extension.audio()[0], info.sample_rate

    def _write(self, progress: Progress, figures: dict[str, float]) -> None:
        entry = {"step": progress.step, "seconds": round(progress.seconds, 1),
                 "audio_seconds": round(progress.audio_seconds, 1)}  # fmt: skip
        try:
            with self._path.open("a", encoding="utf-8") as log:
                log.write(json.dumps(entry | figures) + "\n")
        except OSError as error:
            raise ExportError(failed(self._path, error)) from error
        for name, value in figures.items():
            self._show(partial(_add_scalar, name, value, progress.step))

    def _show(self, what: Callable[[Any], object]) -> None:
        """On TensorBoard, as long as its files can be written: the figures are in the log as well."""
        if self._board is None:
            return
        try:
            what(self._board)
        except OSError:
            self._board = None


def _add_scalar(name: str, value: float, step: int, board: Any) -> None:
    board.add_scalar(name, value, step)


def _step_of(line: str) -> float:
    """The step of a line of the log; infinite for one that a crash cut short."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
