"""Denoisers: what a network says of x_t, always as both the clean audio and the noise in it.

Networks differ in what they predict (eps, x_0, EDM's mixture); that is converted here, once, and no sampler knows.
"""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from core.diffusion.schedule import NoiseSchedule
from core.errors import SamplerError


class Prediction(NamedTuple):
    """The clean estimate E[x_0 | x_t] and the noise that goes with it (paper, eq. 8):
    x_t = signal * clean + noise_scale * noise.
    """

    clean: Tensor
    noise: Tensor


class Denoiser(Protocol):
    """Anything that splits x_t (B, 1, N) at a level 0 < level <= schedule.top into clean audio and noise."""

    schedule: NoiseSchedule

    def __call__(self, x: Tensor, level: float) -> Prediction: ...


class Metered:
    """A denoiser that counts what it is asked, so that a sampler's cost is seen and not believed.

    evaluations   calls
    gradients     backward passes through a call, whoever takes them

    most: calls after which it says no. Raises SamplerError then.
    """

    def __init__(self, denoiser: Denoiser, most: float = math.inf) -> None:
        self.schedule, self._denoiser, self._most = denoiser.schedule, denoiser, most
        self.evaluations = self.gradients = 0

    def __call__(self, x: Tensor, level: float) -> Prediction:
        if self.evaluations >= self._most:
            most = f"{self._most:g} evaluations a window"
            raise SamplerError(f"The sampler makes more than the {most} that it announced.")
        prediction = self._denoiser(x, level)
        self.evaluations += 1
        if prediction.clean.requires_grad:
            prediction.clean.register_hook(self._count_gradient)
        return prediction

    def _count_gradient(self, _: Tensor) -> None:
        self.gradients += 1


class EpsilonDenoiser:
    """A network that predicts eps from x_t and the timestep index level - 1, as DDPM and DiffWave do.

    Below level 1, where only a sampler of the user's own would go, it is asked as at its cleanest timestep, 0: it was
    never trained on a negative one.

    in_bfloat16: whether the network's matrix products run in bf16. That rounds the shipped DiffWave's eps by 0.3 to
    2 %, where it errs by 11 to 66 %, and takes a quarter of the time where the hardware has it.

    reach: how many samples to either side of it an estimate depends on; None: it depends on all there are.
    """

    def __init__(
        self,
        network: Callable[..., Tensor],
        schedule: NoiseSchedule,
        in_bfloat16: bool = False,
        reach: int | None = None,
    ) -> None:
        self.network, self.schedule, self._in_bfloat16, self._reach = network, schedule, in_bfloat16, reach
        self._around: tuple[Tensor, slice] | None = None

    def around(self, known: Tensor, keep: Tensor, margin: int) -> "EpsilonDenoiser":
        """The same where `keep` (B, 1, N) bool is False, and up to `margin` samples beside that. Farther away it says
        that the clean audio is `known` (B, 1, N), and of that the network sees no more than it has to.
        """
        denoiser = EpsilonDenoiser(self.network, self.schedule, self._in_bfloat16, self._reach)
        unknown = torch.nonzero(~keep.all(dim=0)[0])[:, 0]
        if self._reach is not None and len(unknown):
            first, last = int(unknown[0]) - margin, int(unknown[-1]) + margin
            denoiser._around = known, slice(max(0, first), last + 1)
        return denoiser

    def __call__(self, x: Tensor, level: float) -> Prediction:
        signal, scale = self.schedule.scales(level)
        if self._around is None:
            noise = self._noise(x, level)
        else:
            known, wanted = self._around
            noise = (x - signal * known) / scale
            noise[..., wanted] = self._noise_within(wanted, x, level)
        return Prediction((x - scale * noise) / signal, noise)

    def _noise_within(self, wanted: slice, x: Tensor, level: float) -> Tensor:
        """The network's estimate there, from no more of x than it depends on."""
        assert self._reach is not None
        begin = max(0, wanted.start - self._reach)
        noise = self._noise(x[..., begin : wanted.stop + self._reach], level)
        return noise[..., wanted.start - begin : wanted.stop - begin]

    def _noise(self, x: Tensor, level: float) -> Tensor:
        step = torch.full((len(x),), max(0.0, level - 1), device=x.device, dtype=torch.float32)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self._in_bfloat16):
            noise: Tensor = self.network(x, step)
        return noise


class SigmaDenoiser:
    """A network that estimates clean audio from clean + sigma * noise, as EDM's; x_t is that, times `signal`.

    given: known audio and where it is, for a network that was trained to see it without noise: E[x_0 | x_t] becomes
    E[x_0 | x_t, known]. The sampler's own x_t is as noisy as ever.  sketch: of the notes that are played, for a network
    that was trained to see one.
    """

    def __init__(
        self,
        network: Callable[..., Tensor],
        schedule: NoiseSchedule,
        given: tuple[Tensor, Tensor] | None = None,
        sketch: Tensor | None = None,
    ) -> None:
        self.network, self.schedule, self._given, self._sketch = network, schedule, given, sketch

    def knowing(self, known: Tensor, keep: Tensor) -> "SigmaDenoiser":
        """The same, given the audio `known` (B, 1, N) where `keep` (B, 1, N) bool is True."""
        return SigmaDenoiser(self.network, self.schedule, (known[:, 0], keep[:, 0]), self._sketch)

    def led_by(self, sketch: Tensor) -> "SigmaDenoiser":
        """The same, shown the sketch (B, 1, N) of the notes that are played."""
        return SigmaDenoiser(self.network, self.schedule, self._given, sketch[:, 0])

    def __call__(self, x: Tensor, level: float) -> Prediction:
        signal, scale = self.schedule.scales(level)
        sigma = torch.full((len(x),), scale / signal, device=x.device, dtype=torch.float32)
        noisy = x[:, 0] / signal
        more: dict[str, Tensor] = {}  # only what there is: a network need not be able to see anything
        if self._given is not None:
            known, keep = self._given
            noisy = torch.where(keep, known, noisy)
            more["keep"] = keep
        if self._sketch is not None:
            more["sketch"] = self._sketch
        clean = self.network(noisy, sigma, **more)[:, None]
        return Prediction(clean, (x - signal * clean) / scale)


class VelocityDenoiser:
    """A network that predicts v from x_t and the angle of the noise, as Dance Diffusion's does.

    With signal = cos(phi), noise = sin(phi) and x_t = cos(phi) x_0 + sin(phi) eps (Salimans and Ho 2022, appendix D),

        v = cos(phi) eps - sin(phi) x_0,    x_0 = cos(phi) x_t - sin(phi) v,    eps = sin(phi) x_t + cos(phi) v,

    and the network's time is phi as a share of a right angle: t = 2 / pi atan(noise / signal), in 0..1.
    """

    def __init__(self, network: nn.Module, schedule: NoiseSchedule) -> None:
        self.network, self.schedule = network, schedule

    def __call__(self, x: Tensor, level: float) -> Prediction:
        signal, scale = self.schedule.scales(level)
        time = torch.full((len(x),), 2 / math.pi * math.atan2(scale, signal), device=x.device, dtype=torch.float32)
        velocity = self.network(x, time)
        return Prediction(signal * x - scale * velocity, scale * x + signal * velocity)
