"""What each kind of denoising network is trained to do: a batch of clean crops in, one loss a crop out."""

from abc import abstractmethod
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.diffusion.schedule import NoiseSchedule
from core.networks.card import NetworkInfo
from core.networks.diffwave import DiffWave
from core.networks.spectral_unet import Seen, SpectralUNet
from core.training.batches import Batch
from core.training.objective import DrawCrops, Objective
from core.training.sketches import SketchTargets


class DenoisingObjective(Objective):
    """A network that takes noise out of audio, and its loss.

    schedule     its noise levels
    sees_known   whether the network can be shown known audio
    sees_notes   whether it can be shown a sketch of the notes
    """

    schedule: NoiseSchedule
    sees_known = False
    sees_notes = False

    def __init__(self, info: NetworkInfo, schedule: NoiseSchedule, network: nn.Module) -> None:
        super().__init__(info.sample_rate, info.data_rms, network)
        self.schedule = schedule

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """See `forward`."""
        return batch.clean, batch.u, batch.noise(), batch.keep, batch.labels

    @abstractmethod
    def forward(self, clean: Tensor, u: Tensor, noise: Tensor, keep: Tensor, sketch: Tensor | None = None) -> Tensor:
        """Loss of each crop, (B,). clean, noise (B, N); u (B,) in [0, 1) is the noise level's place in its law.

        keep (B, N) bool: True where the network may be shown the clean audio, if it can see any. sketch (B, N) of the
        notes, NaN in crops of which they are not given, for a network that can see one; others pass it over.

        1.0 is the loss of a network that knows nothing.
        """

    @abstractmethod
    def validation_levels(self) -> dict[str, float]:
        """The noise levels at which validation reports the loss: a name for each, and its u."""

    def validation_inputs(self, clean: Tensor, labels: Tensor) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
        """At each of the levels, with the same noise. A network that can be shown known audio is judged without, and
        again with the first half shown; one that can be shown notes, without and again with them.
        """
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)).to(clean.device)
        nothing = torch.zeros(clean.shape, dtype=torch.bool, device=clean.device)
        keeps = {"": nothing}
        if self.sees_known:
            frames = clean.shape[1]
            keeps[", half shown"] = torch.arange(frames, device=clean.device).expand_as(nothing) < frames // 2
        sketches = {"": torch.full_like(labels, torch.nan)}
        if self.sees_notes:
            sketches[", led by notes"] = labels
        for name, place in self.validation_levels().items():
            u = torch.full((len(clean),), place, device=clean.device)
            for shown, keep in keeps.items():
                for led, sketch in sketches.items():
                    yield name + shown + led, (clean, u, noise, keep, sketch)


class SpectralObjective(DenoisingObjective):
    """Denoising score matching with EDM's weighting (Karras et al. 2022, eq. 8), bin by bin.

    The network's F is compared with the F that would have given the clean crop. How far they may differ goes by the
    crop's own spectrum, not by the spectrum of all the data: a dark recording lies 20 dB below the data's mean in the
    treble, a bright piano 15 dB above, and an error that is small for one is loud hiss for the other. A network that
    knew no more than how loud each bin of a crop is would have a loss of about 1 at every noise level. Frames given
    without noise count a tenth: there is next to nothing to learn from them.

    sigma^(1/8) is uniform in u, as the sampler's own levels are nearly spaced: a log-normal law around the data's level
    (EDM's choice for images) hardly visits the low levels at which a quiet high band is decided, and hiss remains.
    """

    network: SpectralUNet
    band_weights: Tensor
    added = SpectralUNet.ADDED
    learning_rate = 6e-4
    crop_seconds = (4.0, 8.0)
    POWER = 8.0
    SHOWN = 0.1  # of the weight of others, in frames that the network was shown
    VISIBLE = 0.05  # of the noise's power: what a third of an octave can show over a few seconds
    SPREAD = 300.0  # 25 dB: crops further from the data's mean, as silent ones are, count as if this far
    BEYOND_TOP = 1.2  # the law reaches a little above the noisiest level, which would else be its rarely seen edge

    def __init__(self, info: NetworkInfo, schedule: NoiseSchedule, network: SpectralUNet) -> None:
        super().__init__(info, schedule, network)
        self.frames_multiple, self.sees_known, self.sees_notes = network.hop, network.sees_known, network.sees_notes
        if self.sees_notes:
            self.targets = SketchTargets(info.sample_rate)
        self.register_buffer("band_weights", band_weights(network.bins, self.sample_rate), persistent=False)
        self._low = schedule.sigma(1) ** (1 / self.POWER)
        self._high = (self.BEYOND_TOP * schedule.sigma(schedule.top)) ** (1 / self.POWER)

    def forward(self, clean: Tensor, u: Tensor, noise: Tensor, keep: Tensor, sketch: Tensor | None = None) -> Tensor:
        network = self.network
        sigma = (self._low + u * (self._high - self._low)) ** self.POWER
        bands = network.analyse(clean)
        if not network.sees_known:
            keep = torch.zeros_like(keep)
        seen = network.see(clean + sigma[:, None] * noise * ~keep, sigma, keep)
        scale = network.precondition(seen.sigma)
        target = (bands - scale.skip * seen.bands) / scale.out
        notes = None
        if self.sees_notes and sketch is not None:
            given = ~sketch.isnan().any(dim=1)
            notes = network.views(sketch.nan_to_num()), given
        with torch.autocast(clean.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            prediction = network.predict_bands(seen.views, sigma, seen.sigma, notes)
        error = ((prediction - target).square().mean(dim=1) * self._importance(seen)).mean(dim=1)
        weights = self.SHOWN + (1 - self.SHOWN) * seen.sigma / sigma[:, None]
        return (error * weights).sum(dim=1) / weights.sum(dim=1)

    def _importance(self, seen: Seen) -> Tensor:
        """(B, bins, frames): 1 over what F's error would be, with each bin's power in the crop known and nothing else.

        The power is estimated from the noisy crop. Taken from the clean one, the weight would tell what the input does
        not: the best estimate would no longer be the mean of what may be there, but lean towards the quieter crops,
        which weigh more. Where noise hides a bin's power, it counts as the data's.
        """
        data, noise = self.network.band_std.square(), seen.sigma[:, None].square()
        crop = _third_octaves((seen.bands.square().mean(dim=1) - noise).mean(dim=-1))
        hidden = self.VISIBLE * noise.mean(dim=-1)
        crop = torch.where(crop > hidden, crop, torch.minimum(data, hidden))
        crop = torch.minimum(torch.maximum(crop, data / self.SPREAD), data * self.SPREAD)[..., None]
        data = data[:, None]
        expected = crop * (data + noise) / (data * (crop + noise))
        return self.band_weights[:, None] / expected

    def validation_levels(self) -> dict[str, float]:
        places = {
            f"sigma {sigma:g}": (sigma ** (1 / self.POWER) - self._low) / (self._high - self._low)
            for sigma in (0.0002, 0.001, 0.005, 0.02, 0.1, 0.4, 1.5)
        }
        return {name: place for name, place in places.items() if 0 <= place < 1}

    def measure(self, draw: DrawCrops) -> None:
        """Set the deviation of each STFT bin over the data, smoothed over a third of an octave, floored at -100 dB."""
        network = self.network
        power = torch.zeros(network.bins)
        frames = 4 * self.sample_rate // network.hop * network.hop
        for crop in torch.from_numpy(draw(240, frames)).split(4):
            power += network.analyse(crop).square().mean(dim=(0, 1, 3)) / 60
        smooth = _third_octaves(power)
        network.band_std.copy_(smooth.clamp(min=1e-12).sqrt().clamp(min=1e-5 * network.data_rms))

    def compile_network(self) -> None:
        """All but the transform, which works on complex numbers."""
        self.network.predict_bands = torch.compile(self.network.predict_bands, dynamic=False)  # type: ignore[method-assign]


def _third_octaves(power: Tensor) -> Tensor:
    """Power by bin (..., bins), each the mean of the third of an octave around it."""
    cumulative = F.pad(power.cumsum(-1), (1, 0))
    k = torch.arange(power.shape[-1], device=power.device)
    low = (k * 2 ** (-1 / 6)).floor().long()
    high = (k * 2 ** (1 / 6)).ceil().long().clamp(max=len(k) - 1) + 1
    return (cumulative[..., high] - cumulative[..., low]) / (high - low)


def band_weights(bins: int, sample_rate: int) -> Tensor:
    """(bins,), mean 1: 1 / (f + 700 Hz). Low bins hold the notes; the top counts too, or it would be left as hiss."""
    frequency = torch.arange(bins) * sample_rate / 2 / bins
    weights = 1 / (frequency + 700)
    return weights / weights.mean()


class DiffWaveObjective(DenoisingObjective):
    """The paper's, eq. 13 in terms of eps: mean squared error of eps, the timestep uniform over 0..T-1 (Ho et al. 2020,
    eq. 14).
    """

    network: DiffWave
    scales: Tensor
    learning_rate = 2e-4
    crop_seconds = (1.0,)

    def __init__(self, info: NetworkInfo, schedule: NoiseSchedule, network: DiffWave) -> None:
        super().__init__(info, schedule, network)
        scales = torch.tensor([schedule.scales(level) for level in range(1, schedule.top + 1)])
        self.register_buffer("scales", scales, persistent=False)

    def forward(self, clean: Tensor, u: Tensor, noise: Tensor, keep: Tensor, sketch: Tensor | None = None) -> Tensor:
        index = (u * self.schedule.top).long().clamp(max=self.schedule.top - 1)
        signal, scale = self.scales[index].unsqueeze(-1).unbind(1)
        x = signal * clean + scale * noise
        with torch.autocast(clean.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            prediction = self.network(x[:, None], index.float())[:, 0]
        return (prediction - noise).square().mean(dim=1)

    def validation_levels(self) -> dict[str, float]:
        top = self.schedule.top
        levels = sorted({max(1, round(top * share)) for share in (0.005, 0.025, 0.1, 0.25, 0.5, 1.0)})
        return {f"t {level}": (level - 0.5) / top for level in levels}
