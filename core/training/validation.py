"""How well the averaged weights remove noise from audio that is never trained on, at each noise level."""


import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from core.training.batches import BatchPlan
from core.training.corpus import Weighted
from core.training.objectives import Objective

CROPS, SECONDS = 8, 4.0


class Validation:
    """Fixed crops and fixed noise, so that the figures of a run can be compared.

    corpora: what was kept back, drawn from by its weights.
    """

    def __init__(
        self, objective: Objective, corpora: Weighted, plan: BatchPlan, device: torch.device
    ) -> None:
        rng = np.random.default_rng(1)
        frames = plan.cut(SECONDS)
        shares = np.array([weight for _, weight in corpora])
        chosen = rng.choice(len(corpora), size=CROPS, p=shares / shares.sum())
        clean = np.stack([corpora[i][0].crop(frames, rng) for i in chosen])
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
        self._objective = objective
        nothing = torch.zeros(clean.shape, dtype=torch.bool, device=device)
        self._keeps = {"": nothing}
        if objective.sees_known:
            self._keeps[", half shown"] = torch.arange(frames, device=device).expand_as(nothing) < frames // 2
        self._clean, self._noise = torch.from_numpy(clean).to(device), noise.to(device)

    @torch.no_grad()
    def losses(self, average: dict[str, Tensor]) -> dict[str, float]:
        """The mean loss at each of the objective's validation levels, with the weights `average` of its network.

        A network that can be shown known audio is judged without, and again with the first half shown.
        """
        weights = {f"network.{name}": value for name, value in average.items()}
        found = {}
        for name, place in self._objective.validation_levels().items():
            u = torch.full((CROPS,), place, device=self._clean.device)
            for shown, keep in self._keeps.items():
                arguments = (self._clean, u, self._noise, keep)
                found[name + shown] = float(functional_call(self._objective, weights, arguments).mean())
        return found
