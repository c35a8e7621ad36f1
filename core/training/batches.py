"""Batches keyed by step: what the training sees at step k is a function of (seed, k) and the data, nothing else.

There is no generator state to save: a resumed run goes on at its step, and however many processes share a batch,
together they see the same crops, augmentations, noise levels and noise.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from core.errors import SettingsError
from core.training.augmentation import Crop
from core.training.corpus import Corpus, Weighted
from core.training.masks import NONE, draw_mask
from core.training.scores import Labels

_CROP, _LEVEL, _NOISE, _MEASURE, _MASK = range(5)  # streams of random numbers


@dataclass(frozen=True)
class Batch:
    """A process's share of a step: clean (b, N) float32, u (b,) in [0, 1), keep (b, N) bool, noise_seeds (b,).

    labels: what the network is to say, or is told, of the crops' notes, (b, ...) float32; (b, 0) where that is nothing.
    """

    step: int
    clean: Tensor
    u: Tensor
    keep: Tensor
    noise_seeds: tuple[int, ...]
    labels: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        overlap = device.type == "cuda"  # from page-locked memory; elsewhere the copy could outlive its source
        return self._with(lambda part: part.to(device, non_blocking=overlap))

    def pin_memory(self) -> "Batch":
        """The same in page-locked memory, for DataLoader."""
        return self._with(lambda part: part.pin_memory())

    def _with(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        clean, u, keep, labels = (change(part) for part in (self.clean, self.u, self.keep, self.labels))
        return replace(self, clean=clean, u=u, keep=keep, labels=labels)

    def noise(self) -> Tensor:
        """(b, N) white noise of deviation 1, made where the batch is: each crop's from its own seed."""
        noise = torch.empty_like(self.clean)
        generator = torch.Generator(self.clean.device)
        for row, seed in zip(noise, self.noise_seeds, strict=True):
            row.normal_(generator=generator.manual_seed(seed))
        return noise


@dataclass(frozen=True)
class BatchPlan:
    """Which lengths and how many crops a step has.

    crop_seconds     lengths, taken in turn
    batch_seconds    audio in a step, over all processes
    frames_multiple  lengths are cut to a multiple of this
    """

    sample_rate: int
    crop_seconds: tuple[float, ...]
    batch_seconds: float
    frames_multiple: int = 1

    def shape(self, step: int) -> tuple[int, int]:
        """(crops, frames) of a step, all processes together."""
        seconds = self.crop_seconds[step % len(self.crop_seconds)]
        return max(1, round(self.batch_seconds / seconds)), self.cut(seconds)

    def cut(self, seconds: float) -> int:
        """Frames of a crop of that length."""
        return round(seconds * self.sample_rate) // self.frames_multiple * self.frames_multiple

    def seconds(self, step: int) -> float:
        """Audio in a step, all processes together."""
        crops, frames = self.shape(step)
        return crops * frames / self.sample_rate

    def check(self, world: int) -> None:
        """Raises SettingsError when `world` processes can't share each batch evenly, or a crop has no frames."""
        for step in range(len(self.crop_seconds)):
            crops, frames = self.shape(step)
            if frames < 1:
                raise SettingsError(f"Crops of {self.crop_seconds[step]:g} s are too short for this network.")
            if crops % world:
                raise SettingsError(
                    f"{crops} crops a step can't be shared evenly by {world} processes: choose another "
                    f"--batch-seconds (now {self.batch_seconds:g}, with crops of {self.crop_seconds[step]:g} s)."
                )


class Drawing(Protocol):
    """How crops of a corpus are drawn, and what is done to them."""

    def draw(self, corpus: Corpus, length: int, rng: np.random.Generator) -> Crop: ...


class Batches(Dataset[Batch]):
    """Batches by step, of the process `rank` of `world`. Corpora are drawn from in proportion to their weights.

    nothing_shown: share of crops of which the network is shown nothing.
    """

    def __init__(
        self,
        corpora: Weighted,
        augmentation: Drawing,
        plan: BatchPlan,
        seed: int,
        rank: int = 0,
        world: int = 1,
        labels: Labels | None = None,
        nothing_shown: float = NONE,
    ) -> None:
        self._corpora = [corpus for corpus, _ in corpora]
        self._shares = np.array([weight for _, weight in corpora]) / sum(weight for _, weight in corpora)
        self._augmentation, self._plan, self._seed = augmentation, plan, seed
        self._rank, self._world, self._labels = rank, world, labels
        self._nothing_shown = nothing_shown

    def __getitem__(self, step: int) -> Batch:
        crops, frames = self._plan.shape(step)
        mine = range(self._rank, crops, self._world)
        clean = np.empty((len(mine), frames), np.float32)
        labels = []
        for row, index in zip(clean, mine, strict=True):
            rng = np.random.default_rng([self._seed, _CROP, step, index])
            chosen = int(rng.choice(len(self._corpora), p=self._shares))
            crop = self._augmentation.draw(self._corpora[chosen], frames, rng)
            row[:] = crop.audio
            if self._labels is not None:
                labels.append(self._labels.of(self._corpora[chosen], crop, rng))
        # stratified: each step sees low, middle and high noise
        rng = np.random.default_rng([self._seed, _LEVEL, step])
        u = (rng.permutation(crops) + rng.random(crops)) / crops
        masks = [
            draw_mask(frames, np.random.default_rng([self._seed, _MASK, step, index]), self._nothing_shown)
            for index in mine
        ]
        seeds = [np.random.SeedSequence([self._seed, _NOISE, step, index]) for index in mine]
        return Batch(
            step,
            torch.from_numpy(clean),
            torch.from_numpy(u[mine.start :: mine.step].astype(np.float32)).clamp(max=1 - 2**-24),
            torch.from_numpy(np.stack(masks)) if masks else torch.zeros(0, frames, dtype=torch.bool),
            tuple(int(s.generate_state(1, np.uint64)[0]) >> 1 for s in seeds),
            torch.from_numpy(np.stack(labels)) if labels else torch.zeros(len(mine), 0),
        )

    def draw(self, crops: int, frames: int) -> np.ndarray:
        """(crops, frames) float32, the same at every call: to measure the data with."""
        rng = np.random.default_rng([self._seed, _MEASURE])
        chosen = rng.choice(len(self._corpora), size=crops, p=self._shares)
        return np.stack([self._augmentation.draw(self._corpora[i], frames, rng).audio for i in chosen])

    def loader(self, first_step: int, workers: int, pin_memory: bool) -> DataLoader[Batch]:
        """All batches from `first_step` on, without end, made in `workers` background processes (0: in this one)."""
        return DataLoader(
            self,
            batch_size=None,
            sampler=_StepsFrom(first_step),
            num_workers=workers,
            pin_memory=pin_memory,
            worker_init_fn=_leave_signals_to_the_parent,
            prefetch_factor=4 if workers else None,
        )


class _StepsFrom:
    def __init__(self, first: int) -> None:
        self._first = first

    def __iter__(self) -> Iterator[int]:
        step = self._first
        while True:
            yield step
            step += 1


def _leave_signals_to_the_parent(_: int) -> None:
    """Ctrl-C reaches the whole process group; a worker that died of it would take the save down with it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
