"""How well the averaged weights do on audio that is never trained on."""

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from core.training.augmentation import Crop
from core.training.batches import BatchPlan
from core.training.corpus import Weighted
from core.training.objective import Objective
from core.training.scores import Labels


class Validation:
    """Fixed crops and fixed noise, so that the figures of a run can be compared.

    corpora: what was kept back, drawn from by its weights.  labels: for a network that learns notes.
    """

    def __init__(
        self,
        objective: Objective,
        corpora: Weighted,
        labels: Labels | None,
        plan: BatchPlan,
        device: torch.device,
    ) -> None:
        rng = np.random.default_rng(1)
        frames = plan.cut(objective.validation_seconds)
        shares = np.array([weight for _, weight in corpora])
        chosen = rng.choice(len(corpora), size=objective.validation_crops, p=shares / shares.sum())
        clean, said = [], []
        for index in chosen:
            corpus = corpora[index][0]
            file, start = corpus.place(frames, rng)
            crop = Crop(corpus.read(file, start, frames), file, start, 1.0)
            clean.append(crop.audio)
            said.append(np.zeros(0, np.float32) if labels is None else labels.of(corpus, crop))
        self._objective = objective
        self._clean, self._labels = (torch.from_numpy(np.stack(part)).to(device) for part in (clean, said))

    @torch.no_grad()
    def losses(self, average: dict[str, Tensor]) -> dict[str, float]:
        """The mean loss by the name of each figure, with the weights `average` of the objective's network."""
        weights = {f"network.{name}": value for name, value in average.items()}
        return {
            name: float(functional_call(self._objective, weights, inputs).mean())
            for name, inputs in self._objective.validation_inputs(self._clean, self._labels)
        }
