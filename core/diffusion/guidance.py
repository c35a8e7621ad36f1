"""Guidance by the gradient: the clean estimate is moved until its known part agrees with the known audio.

Both methods differentiate the network's clean estimate with respect to x_t: beside each evaluation they cost one
backward pass, about twice the work, and the memory for it.
"""

import torch
from torch import Tensor

from core.diffusion.conditioning import WithKnown
from core.diffusion.denoiser import Denoiser, Prediction
from core.diffusion.schedule import NoiseSchedule

XI = 0.25
"""Reconstruction guidance's strength in CQT-Diff+."""
FADE_FRAMES = 50
"""Length of the Hann fade of its projection, in frames on each side of the unknown part."""


class _Guidance(WithKnown):
    def predict(self, denoiser: Denoiser, x: Tensor, level: float) -> Prediction:
        """The network's prediction, its clean estimate corrected; one evaluation and one backward pass."""
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            clean = denoiser(x, level).clean
            missed = torch.where(self.keep, self.known - clean, 0.0)
            # J^T (known - clean): where x would have to move to for the known part to come out right
            (pull,) = torch.autograd.grad(clean, x, missed.detach())
        clean, x = clean.detach(), x.detach()
        signal, scale = self.schedule.scales(level)
        clean = self._corrected(clean, pull, level)
        return Prediction(clean, (x - signal * clean) / scale)

    def _corrected(self, clean: Tensor, pull: Tensor, level: float) -> Tensor:
        raise NotImplementedError


class Reconstruct(_Guidance):
    """Reconstruction guidance with projection, as CQT-Diff+ has it (Moliner and Valimaki 2024, section 2.3).

    The clean estimate goes down the gradient of ||known - clean|| by XI sigma for the root mean square sample, and
    then its known part is overwritten by the known audio, fading over FADE_FRAMES within the known part.
    """

    def __init__(self, schedule: NoiseSchedule, known: Tensor, keep: Tensor) -> None:
        super().__init__(schedule, known, keep)
        self._mask = hann_edges(keep, FADE_FRAMES)

    def _corrected(self, clean: Tensor, pull: Tensor, level: float) -> Tensor:
        size = pull.square().mean((1, 2), keepdim=True).sqrt().clamp_min(torch.finfo(pull.dtype).tiny)
        return torch.lerp(clean + XI * self.schedule.sigma(level) / size * pull, self.known, self._mask)


class PseudoinverseGuide(_Guidance):
    """Pseudoinverse guidance (PiGDM: Song et al. 2023, eq. 8): p(x_0 | x_t) taken for a Gaussian around the clean
    estimate, as wide in every direction as it would be for white audio of variance 1, the paper's r_t.

    With r^2 = n^2 / (s^2 + n^2) that variance, s and n the signal and noise scale:

        clean + n^2 / (s r^2) J^T (known - clean),    J = d clean / d x_t.

    Audio is much quieter than that, and none of it white. The r of its own power would be the better one for white
    audio; but music has some hundred times that power in a few narrow bands, there the step would then be some
    hundred times too far, and a real network's samples grow without end.
    """

    def _corrected(self, clean: Tensor, pull: Tensor, level: float) -> Tensor:
        signal, scale = self.schedule.scales(level)
        return clean + (signal**2 + scale**2) / signal * pull


def hann_edges(keep: Tensor, frames: int) -> Tensor:
    """keep (B, 1, N) bool -> float weights: 1 where known, 0 where not, rising from every edge into the known part as
    a Hann window of 2 `frames` does. Known parts shorter than that stay below 1.
    """
    place = torch.arange(keep.shape[-1], device=keep.device)
    unknown = torch.where(keep, keep.shape[-1] + frames, place)
    before = torch.where(keep, -frames - 1, place).cummax(-1).values
    after = unknown.flip(-1).cummin(-1).values.flip(-1)
    distance = torch.minimum(place - before, after - place).clamp(0, frames)
    return torch.sin(0.5 * torch.pi * distance / frames) ** 2
