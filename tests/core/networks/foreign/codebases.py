"""Small checkpoints in the layouts of other people's codebases, and what those codebases would compute.

The reference networks are written from the layouts' descriptions, without any code of `core`, so that an agreement
means that gate order, timestep embedding, weight norm and scalings were understood.
"""

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

LMNT_BETAS = np.linspace(1e-4, 0.05, 50).tolist()
CHANNELS, SKIP, LAYERS, CYCLE = 8, 12, 5, 3


def shake(network: nn.Module, seed: int = 0) -> None:
    """Random weights everywhere: what starts at zero would hide a mistake."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator))


class LmntBlock(nn.Module):
    """Gate first: sigmoid(first half) tanh(second half)."""

    def __init__(self, dilation: int, mels: int = 0) -> None:
        super().__init__()
        self.dilated_conv = nn.Conv1d(CHANNELS, 2 * CHANNELS, 3, padding=dilation, dilation=dilation)
        self.diffusion_projection = nn.Linear(512, CHANNELS)
        if mels:
            self.conditioner_projection = nn.Conv1d(mels, 2 * CHANNELS, 1)
        self.output_projection = nn.Conv1d(CHANNELS, 2 * CHANNELS, 1)

    def forward(self, x: Tensor, e: Tensor) -> tuple[Tensor, Tensor]:
        y = self.dilated_conv(x + self.diffusion_projection(e)[..., None])
        y = self.output_projection(y[:, :CHANNELS].sigmoid() * y[:, CHANNELS:].tanh())
        return (x + y[:, :CHANNELS]) / 2**0.5, y[:, CHANNELS:]


class LmntEmbedding(nn.Module):
    """A table of sines and cosines at 10^(4 k / 63) a step, and straight lines between its rows."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        # In single precision, as there: the fastest phases lose a fifth of a radian by it, and the training saw that.
        angles = torch.outer(torch.arange(levels).float(), 10.0 ** (torch.arange(64) * 4.0 / 63.0))
        self.table = torch.cat([angles.sin(), angles.cos()], dim=1)
        self.projection1, self.projection2 = nn.Linear(128, 512), nn.Linear(512, 512)

    def forward(self, step: float) -> Tensor:
        low, high = math.floor(step), math.ceil(step)
        x = (self.table[low] + (self.table[high] - self.table[low]) * (step - low))[None]
        for layer in (self.projection1, self.projection2):
            x = layer(x)
            x = x * x.sigmoid()
        return x


class LmntDiffWave(nn.Module):
    """lmnt-com/diffwave, as its checkpoints name it; `mels` > 0 is the vocoder."""

    def __init__(self, mels: int = 0) -> None:
        super().__init__()
        self.input_projection = nn.Conv1d(1, CHANNELS, 1)
        self.diffusion_embedding = LmntEmbedding(len(LMNT_BETAS))
        if mels:
            self.spectrogram_upsampler = nn.ModuleDict({"conv1": nn.ConvTranspose2d(1, 1, (3, 32))})
        self.residual_layers = nn.ModuleList(LmntBlock(2 ** (i % CYCLE), mels) for i in range(LAYERS))
        self.skip_projection = nn.Conv1d(CHANNELS, CHANNELS, 1)
        self.output_projection = nn.Conv1d(CHANNELS, 1, 1)
        shake(self)

    def forward(self, x: Tensor, step: float) -> Tensor:
        x, e, skips = self.input_projection(x).relu(), self.diffusion_embedding(step), []
        for block in self.residual_layers:
            x, skip = block(x, e)
            skips.append(skip)
        return self.output_projection(self.skip_projection(sum(skips) / LAYERS**0.5).relu())


def save_lmnt(path: Path, network: nn.Module | None = None, **params: Any) -> Path:
    """As lmnt's learner writes it: the weights among an optimizer and the parameters of the run."""
    network = network or LmntDiffWave()
    settings = {
        "sample_rate": 4000,
        "residual_layers": LAYERS,
        "residual_channels": CHANNELS,
        "dilation_cycle_length": CYCLE,
        "unconditional": True,
        "noise_schedule": LMNT_BETAS,
        **params,
    }
    optimizer = torch.optim.Adam(network.parameters())
    checkpoint = {
        "step": 7,
        "model": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "params": {key: value for key, value in settings.items() if value is not None},
        "scaler": {},
    }
    torch.save(checkpoint, path)
    return path


def normed(conv: nn.Conv1d, modern: bool) -> nn.Module:
    """The convolution with weight norm, in the names of before PyTorch 2 or of today's parametrizations."""
    if modern:
        return nn.utils.parametrizations.weight_norm(conv)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(conv)


class Deeper(nn.Module):
    """A convolution in a module of its own."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.conv(x)
        return result


class WaveNetBlock(nn.Module):
    """Gate second: tanh(first half) sigmoid(second half)."""

    def __init__(self, dilation: int, modern: bool, in_place: bool) -> None:
        super().__init__()
        self.in_place = in_place
        self.fc_t = nn.Linear(24, CHANNELS)
        dilated = nn.Conv1d(CHANNELS, 2 * CHANNELS, 3, padding=dilation, dilation=dilation)
        self.dilated_conv_layer = Deeper(normed(dilated, modern))
        self.res_conv = normed(nn.Conv1d(CHANNELS, CHANNELS, 1), modern)
        self.skip_conv = normed(nn.Conv1d(CHANNELS, SKIP, 1), modern)

    def forward(self, x: Tensor, e: Tensor) -> tuple[Tensor, Tensor]:
        x = x.clone()
        h = x
        if self.in_place:
            h += self.fc_t(e)[..., None]  # the published code: x changes with it
        else:
            h = h + self.fc_t(e)[..., None]
        h = self.dilated_conv_layer(h)
        h = h[:, :CHANNELS].tanh() * h[:, CHANNELS:].sigmoid()
        return (x + self.res_conv(h)) * 0.5**0.5, self.skip_conv(h)


class WaveNetStack(nn.Module):
    """Embedding sines at 10^(-4 k / (n - 1)) a step."""

    def __init__(self, modern: bool, in_place: bool) -> None:
        super().__init__()
        self.fc_t1, self.fc_t2 = nn.Linear(16, 20), nn.Linear(20, 24)
        self.residual_blocks = nn.ModuleList(WaveNetBlock(2 ** (n % CYCLE), modern, in_place) for n in range(LAYERS))

    def forward(self, x: Tensor, step: float) -> Tensor:
        angles = torch.tensor([step * 10 ** (-k * 4 / 7) for k in range(8)], dtype=torch.float64)
        e = torch.cat([angles.sin(), angles.cos()]).float()[None]
        for layer in (self.fc_t1, self.fc_t2):
            e = layer(e)
            e = e * e.sigmoid()
        skips = []
        for block in self.residual_blocks:
            x, skip = block(x, e)
            skips.append(skip)
        total: Tensor = sum(skips)
        return total * (1 / LAYERS) ** 0.5


class WaveNet(nn.Module):
    """philsyn/DiffWave-unconditional, as its checkpoints name it."""

    def __init__(self, modern: bool = False, in_place: bool = True) -> None:
        super().__init__()
        self.init_conv = nn.Sequential(Deeper(normed(nn.Conv1d(1, CHANNELS, 1), modern)), nn.ReLU())
        self.residual_layer = WaveNetStack(modern, in_place)
        self.final_conv = nn.Sequential(
            Deeper(normed(nn.Conv1d(SKIP, SKIP, 1), modern)), nn.ReLU(), Deeper(nn.Conv1d(SKIP, 1, 1))
        )
        shake(self)

    def forward(self, x: Tensor, step: float) -> Tensor:
        return self.final_conv(self.residual_layer(self.init_conv(x), step))


def save_wavenet(path: Path, network: nn.Module | None = None, config: bool = True) -> Path:
    """As DiffWave-unconditional writes it, with its config.json beside it."""
    network = network or WaveNet()
    optimizer = torch.optim.Adam(network.parameters())
    torch.save({"model_state_dict": network.state_dict(), "optimizer_state_dict": optimizer.state_dict()}, path)
    if config:
        settings = {
            "diffusion_config": {"T": 60, "beta_0": 2e-4, "beta_T": 0.04},
            "wavenet_config": {
                "in_channels": 1,
                "res_channels": CHANNELS,
                "skip_channels": SKIP,
                "num_res_layers": LAYERS,
                "dilation_cycle": CYCLE,
            },
            "trainset_config": {"segment_length": 4000, "sampling_rate": 4000},
        }
        path.with_name("config.json").write_text(json.dumps(settings))
    return path


def dance_config(channels: int = 2, **changes: Any) -> dict[str, Any]:
    """The configuration of a small UNet1DModel: 16 times fewer frames in its middle, 1.024 s at 4 kHz."""
    return {
        "sample_size": 4096,
        "sample_rate": 4000,
        "in_channels": channels,
        "out_channels": channels,
        "extra_in_channels": 16,
        "time_embedding_type": "fourier",
        "flip_sin_to_cos": True,
        "use_timestep_embedding": False,
        "freq_shift": 0.0,
        "down_block_types": ["DownBlock1DNoSkip", "DownBlock1D", "DownBlock1D", "AttnDownBlock1D"],
        "up_block_types": ["AttnUpBlock1D", "UpBlock1D", "UpBlock1D", "UpBlock1DNoSkip"],
        "mid_block_type": "UNetMidBlock1D",
        "block_out_channels": [8, 16, 32, 32],
        **changes,
    }


def save_dance(folder: Path, channels: int = 2, **changes: Any) -> Path:
    """As diffusers saves a Dance Diffusion pipeline, weights from before safetensors included (a pickle)."""
    from diffusers import UNet1DModel

    config = dance_config(channels, **changes)
    torch.manual_seed(0)
    # The public networks have 8 frequencies of time, 16 channels with their sines and cosines, and do not say so.
    network = UNet1DModel.from_config({**config, "time_embedding_dim": 16})
    (folder / "unet").mkdir(parents=True)
    (folder / "scheduler").mkdir()
    torch.save(network.state_dict(), folder / "unet" / "diffusion_pytorch_model.bin")
    description = {"_class_name": "UNet1DModel", "_diffusers_version": "0.7.0.dev0", **config}
    (folder / "unet" / "config.json").write_text(json.dumps(description))
    pipeline = {"_class_name": "DanceDiffusionPipeline", "unet": ["diffusers", "UNet1DModel"]}
    (folder / "model_index.json").write_text(json.dumps(pipeline))
    scheduler = {"_class_name": "IPNDMScheduler", "num_train_timesteps": 1000}
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
    return folder
