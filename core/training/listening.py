"""What a listener is trained to do: say where keys are struck, where they sound, and how hard they were struck."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.audio.signal import FloatArray
from core.networks.listener import Listener
from core.networks.listener_card import ListenerInfo
from core.notes.frames import frames_of
from core.training.batches import Batch
from core.training.objective import Objective
from core.training.scores import as_notes


@dataclass(frozen=True)
class ListenerTargets:
    """(3, frames, 88) float32 of a crop's notes: the three of `core.notes.frames.Frames`."""

    sample_rate: int
    hop: int
    required: bool = True
    dropped: float = 0.0

    def __call__(self, notes: np.ndarray | None, audio: FloatArray) -> np.ndarray:
        """See `core.training.scores.Targets`."""
        assert notes is not None
        return np.stack(frames_of(as_notes(notes), len(audio) // self.hop + 1, self.sample_rate / self.hop))


class ListenerObjective(Objective):
    """Cross-entropy of onsets and of sounding keys, summed over the keys, and the squared error of velocities where
    there is an onset: of each frame, on average (Kong et al. 2021, eq. 8 to 10).
    """

    network: Listener
    learning_rate = 2e-3
    crop_seconds = (6.0,)
    plays = False
    validation_crops, validation_seconds = 24, 6.0
    VELOCITY_WEIGHT = 4.0
    """Of onsets and velocities: a step of 16 in velocity then counts about as much as a missed tenth of an onset."""

    def __init__(self, info: ListenerInfo) -> None:
        network = info.build()
        super().__init__(info.sample_rate, info.data_rms, network)
        self.frames_multiple = network.hop
        self.targets = ListenerTargets(info.sample_rate, network.hop)

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """See `forward`."""
        return batch.clean, batch.labels

    def forward(self, clean: Tensor, labels: Tensor) -> Tensor:
        """Loss of each crop, (B,), in nats a frame. clean (B, N); labels (B, 3, frames, 88): see `ListenerTargets`."""
        onset, sounding, velocity = labels.unbind(1)
        with torch.autocast(clean.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            heard = self.network(clean)
        struck = F.binary_cross_entropy_with_logits(heard.onset, onset, reduction="none")
        sounds = F.binary_cross_entropy_with_logits(heard.sounding, sounding, reduction="none")
        speed = onset * (heard.velocity - velocity).square()
        return (struck + sounds + self.VELOCITY_WEIGHT * speed).sum(dim=2).mean(dim=1)

    def validation_inputs(self, clean: Tensor, labels: Tensor) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
        """One figure: the loss."""
        yield "notes", (clean, labels)
