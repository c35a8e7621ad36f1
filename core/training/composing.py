"""What a composer is trained to do: say of a noisy roll what is played, from what is known around it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.networks.composer import FOLD, Composer
from core.networks.composer_card import ComposerInfo
from core.notes.frames import SLOPE_FRAMES
from core.notes.note import KEYS
from core.notes.roll import CHANNELS, FRAMES_A_SECOND, LEAST, RATE, VALUES, transposed
from core.training.augmentation import Crop
from core.training.batches import Batch, Drawing
from core.training.corpus import Corpus
from core.training.medium import SCORES
from core.training.objective import Objective

FARTHEST = 6
"""Keys by which a crop is moved up or down at most: every key signature, and no other register."""
LOUDER = 0.15
"""By which all velocities of a crop are raised or lowered at most, as a share of 127."""


@dataclass(frozen=True)
class Transposition:
    """Crops of rolls, moved by up to `farthest` keys and made louder or softer by up to `louder`."""

    farthest: int = FARTHEST
    louder: float = LOUDER

    def draw(self, corpus: Corpus, length: int, rng: np.random.Generator) -> Crop:
        """A random crop of `length` values. Takes the same number of draws whatever is chosen."""
        file, start = corpus.place(length, rng)
        keys, louder = int(rng.integers(-self.farthest, self.farthest + 1)), rng.uniform(-self.louder, self.louder)
        roll = transposed(corpus.read(file, start, length).reshape(-1, CHANNELS, KEYS), keys)
        velocity = roll[:, 2]
        there = velocity > 0
        velocity[there] = (velocity[there] + (1 - LEAST) * louder).clip(LEAST, 1)
        return Crop(roll.reshape(-1), file, start, 1.0)


class ComposerObjective(Objective):
    """Cross-entropy of a noisy roll's values, summed over a frame and averaged over those that are not shown, with
    sigma^(1/7) uniform in u, as the sampler's levels are spaced.
    """

    network: Composer
    medium = SCORES
    learning_rate = 1e-3
    crop_seconds = (16.0, 8.0)
    nothing_shown = 0.05
    plays = False
    validation_crops, validation_seconds = 48, 16.0

    def __init__(self, info: ComposerInfo) -> None:
        schedule, network = info.build()
        super().__init__(RATE, 1.0, network)
        self.frames_multiple = FOLD * VALUES
        self._power = float(info.schedule["rho"])
        self._low, self._high = (schedule.sigma(level) ** (1 / self._power) for level in (1, schedule.top))

    def drawing(self, augmentation: str) -> Drawing:
        """See `Objective.drawing`: "mild" moves crops to other keys and other levels."""
        return Transposition(0, 0.0) if augmentation == "none" else Transposition()

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """See `forward`."""
        return batch.clean, batch.u, batch.noise(), batch.keep

    def forward(self, clean: Tensor, u: Tensor, noise: Tensor, keep: Tensor) -> Tensor:
        """Loss of each crop, (B,), in nats a frame. clean, noise (B, N); u (B,) in [0, 1) is the noise level's place;
        keep (B, N) bool: True where the clean roll is shown, as far as whole frames are.
        """
        sigma = (self._low + u * (self._high - self._low)) ** self._power
        roll = clean.unflatten(1, (-1, CHANNELS, KEYS))
        kept = keep.unflatten(1, (-1, VALUES)).all(dim=2)
        hidden = (~kept).to(clean.dtype)
        count = hidden.sum(dim=1).clamp(min=1)
        noisy = roll + (hidden * sigma[:, None])[:, :, None, None] * noise.view_as(roll)
        # An onset's marks add up to the slope's width.
        onsets = (roll[:, :, 0].sum(dim=2) * hidden).sum(dim=1) / SLOPE_FRAMES
        with torch.autocast(clean.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            logits = self.network.logits(noisy, sigma, kept, onsets * FRAMES_A_SECOND / count)
        error = F.binary_cross_entropy_with_logits(logits, roll, reduction="none").sum(dim=(2, 3))
        return (error * hidden).sum(dim=1) / count

    def validation_inputs(self, clean: Tensor, labels: Tensor) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
        """At a few noise levels, the first half shown."""
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)).to(clean.device)
        values = torch.arange(clean.shape[1], device=clean.device)
        keep = (values < clean.shape[1] // 2).expand_as(clean)
        for sigma in (0.1, 0.3, 0.6, 1.0, 2.0, 4.0):
            place = (sigma ** (1 / self._power) - self._low) / (self._high - self._low)
            yield f"sigma {sigma:g}", (clean, torch.full((len(clean),), place, device=clean.device), noise, keep)
