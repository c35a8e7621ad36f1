"""What a network is trained to do: a batch in, one loss a crop out.

An objective is a module around its network, so that data-parallel training sees one forward pass. It draws nothing
itself: all that is random comes with the batch, keyed by crop, and the loss of a crop is the same in whatever batch or
process it lands.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np
from torch import Tensor, nn

from core.training.augmentation import Augmentation
from core.training.batches import Batch, Drawing
from core.training.masks import NONE
from core.training.medium import AUDIO
from core.training.scores import Targets

DrawCrops = Callable[[int, int], np.ndarray]
"""(count, frames) -> (count, frames) float32: random crops of the training data."""


class Objective(nn.Module, ABC):
    """A network and its loss.

    network            what is trained
    sample_rate        Hz
    data_rms           the active RMS that recordings are brought to
    medium             what it learns from
    frames_multiple    crops are cut to a multiple of this
    learning_rate, crop_seconds    defaults for training from scratch
    added              beginnings of the names of parameters that weights to start from may lack
    in_bfloat16        whether matrix products run in bf16 (autocast; weights and optimiser stay float32)
    targets            what a network is to say, or is told, of a crop's notes; None for one that needs none
    nothing_shown      share of crops of which it is shown nothing, if it can be shown any of the clean signal
    plays              whether it can continue a recording, to be listened to
    validation_crops, validation_seconds    what it is validated on
    """

    network: nn.Module
    frames_multiple = 1
    added: tuple[str, ...] = ()
    learning_rate: float
    crop_seconds: tuple[float, ...]
    targets: Targets | None = None
    medium = AUDIO
    nothing_shown = NONE
    plays = True
    validation_crops, validation_seconds = 8, 4.0

    def __init__(self, sample_rate: int, data_rms: float, network: nn.Module) -> None:
        super().__init__()
        self.sample_rate, self.data_rms, self.network = sample_rate, data_rms, network
        self.in_bfloat16 = False

    @abstractmethod
    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """What `forward` takes of a batch."""

    @abstractmethod
    def validation_inputs(self, clean: Tensor, labels: Tensor) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
        """What `forward` takes to be judged on crops (B, N) and their labels, by the name of each figure."""

    def drawing(self, augmentation: str) -> Drawing:
        """How crops are drawn: `augmentation` is "mild" or "none"."""
        return Augmentation.none(self.sample_rate) if augmentation == "none" else Augmentation(self.sample_rate)

    def measure(self, draw: DrawCrops) -> None:
        """Set what the network has to know of the data before training from scratch: nothing, for most."""

    def compile_network(self) -> None:
        """torch.compile the part where the time goes, once for each length of crop: there are few."""
        self.network.compile(dynamic=False)
