"""philsyn/DiffWave-unconditional and the WaveNet of albertfgu/diffwave-sashimi: N.pkl with "model_state_dict".

The same idea as lmnt's DiffWave, with other habits:

- the gated half comes second: tanh(first) sigmoid(second);
- the timestep embedding falls, sin(10^(-4 k / 63) t), where lmnt's rises;
- residual and skip are two convolutions, of numbers of channels of their own, and all are weight-normalised;
- the step embedding is added to a layer's input *in place*, so that it also travels on along the residual path:
  (x + step + residual) / sqrt(2). All published checkpoints were trained so. Later versions of diffwave-sashimi do not
  (`"step_in_residual": false` in pianodiff.json), and a network fed the other way plays noise.

T and the betas are in config.json, if it lies beside the checkpoint, or in the name that both projects give a run's
folder (ch256_T200_betaT0.02, wnet_h256_d36_T200_betaT0.02_uncond).
"""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.diffusion.denoiser import Denoiser, EpsilonDenoiser
from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.networks.card import CONFIG_NAME, NetworkInfo
from core.networks.foreign.reading import (
    MAX_LEVELS,
    Checkpoint,
    Facts,
    build,
    check_betas,
    count_layers,
    fold_weight_norm,
    read_json,
    require,
)

LAYOUT = "wavenet"
_BLOCKS = "residual_layer.residual_blocks."
_RUN_NAME = re.compile(r"_T(\d{1,5})_betaT([0-9.eE+-]+?)(?:_|$)")


class Convolution(nn.Module):
    """A convolution that keeps the length, one module deeper, as the checkpoints name it."""

    def __init__(self, channels_in: int, channels_out: int, size: int = 1, dilation: int = 1) -> None:
        super().__init__()
        padding = dilation * (size - 1) // 2
        self.conv = nn.Conv1d(channels_in, channels_out, size, dilation=dilation, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, channels_in, N) -> (B, channels_out, N)."""
        result: Tensor = self.conv(x)
        return result


class Block(nn.Module):
    """A gated, dilated convolution with a residual and a skip output."""

    def __init__(
        self, channels: int, skip_channels: int, embedding: int, dilation: int, step_in_residual: bool
    ) -> None:
        super().__init__()
        self.step_in_residual = step_in_residual
        self.fc_t = nn.Linear(embedding, channels)
        self.dilated_conv_layer = Convolution(channels, 2 * channels, 3, dilation)
        self.res_conv = nn.Conv1d(channels, channels, 1)
        self.skip_conv = nn.Conv1d(channels, skip_channels, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, channels, N), embedding (B, E) -> residual (B, channels, N), skip (B, skip_channels, N)."""
        shifted = x + self.fc_t(embedding)[:, :, None]
        filtered, gate = self.dilated_conv_layer(shifted).chunk(2, dim=1)
        h = torch.tanh(filtered) * torch.sigmoid(gate)
        base = shifted if self.step_in_residual else x
        return (base + self.res_conv(h)) * math.sqrt(0.5), self.skip_conv(h)


class ResidualStack(nn.Module):
    """The timestep embedding and the blocks; the sum of their skip outputs."""

    def __init__(
        self,
        layers: int,
        channels: int,
        skip_channels: int,
        dilation_cycle: int,
        embedding: tuple[int, int, int],
        step_in_residual: bool,
    ) -> None:
        super().__init__()
        size, hidden, out = embedding
        self.fc_t1 = nn.Linear(size, hidden)
        self.fc_t2 = nn.Linear(hidden, out)
        self.residual_blocks = nn.ModuleList(
            Block(channels, skip_channels, out, 2 ** (n % dilation_cycle), step_in_residual) for n in range(layers)
        )
        rates = torch.exp(torch.arange(size // 2) * -(math.log(10000) / (size // 2 - 1)))
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, h: Tensor, step: Tensor) -> Tensor:
        """h (B, channels, N), step (B,) -> (B, skip_channels, N)."""
        phase = step[:, None] * self.get_buffer("rates")
        embedding = F.silu(self.fc_t2(F.silu(self.fc_t1(torch.cat([phase.sin(), phase.cos()], dim=1)))))
        total = torch.zeros((), device=h.device)
        for block in self.residual_blocks:
            h, skip = block(h, embedding)
            total = total + skip
        return total * math.sqrt(1 / len(self.residual_blocks))


class WaveNet(nn.Module):
    """eps from x_t (B, 1, N) and the timestep index (B,). Its parameters have the checkpoints' names.

    embedding           sizes of the timestep embedding: sines and cosines, hidden, out
    step_in_residual    whether the step embedding also enters the residual path
    """

    def __init__(
        self,
        layers: int,
        channels: int,
        skip_channels: int,
        dilation_cycle: int,
        embedding: tuple[int, int, int] = (128, 512, 512),
        step_in_residual: bool = True,
    ) -> None:
        super().__init__()
        self.init_conv = nn.Sequential(Convolution(1, channels), nn.ReLU())
        self.residual_layer = ResidualStack(
            layers, channels, skip_channels, dilation_cycle, embedding, step_in_residual
        )
        self.final_conv = nn.Sequential(
            Convolution(skip_channels, skip_channels), nn.ReLU(), Convolution(skip_channels, 1)
        )

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        """x (B, 1, N), step (B,) -> eps (B, 1, N)."""
        result: Tensor = self.final_conv(self.residual_layer(self.init_conv(x), step))
        return result


def recognises(weights: dict[str, Tensor]) -> bool:
    """Whether these are the names of DiffWave-unconditional's WaveNet."""
    return any(name.startswith(_BLOCKS) for name in weights)


def describe(path: Path, checkpoint: Checkpoint) -> NetworkInfo:
    """Its card, by the shapes of its weights, config.json beside it and its folder's name. Raises NetworkError."""
    weights = fold_weight_norm({name: value.to("meta") for name, value in checkpoint.weights.items()})  # shapes only
    if any(".mel_conv." in name or ".upsample_conv2d." in name for name in weights):
        raise NetworkError(
            f"{path.name} is a vocoder: it turns a spectrogram into sound, and cannot generate by itself. "
            f"PianoDiff needs a checkpoint that was trained unconditionally."
        )
    facts = Facts.beside(path.parent, "betas", "dilation_cycle", "step_in_residual")
    config = read_json(path.parent / CONFIG_NAME)
    layers = count_layers(weights, _BLOCKS)
    channels, inputs = require(weights, "init_conv.0.conv.weight", path, 3).shape[:2]
    if inputs != 1:
        raise NetworkError(f"{path.name} takes {inputs} channels; PianoDiff's engine is mono.")
    skip_channels = len(require(weights, _BLOCKS + "0.skip_conv.weight", path, 3))
    hidden, size = require(weights, "residual_layer.fc_t1.weight", path, 2).shape
    out = len(require(weights, "residual_layer.fc_t2.weight", path, 2))
    if size < 4 or size % 2:
        raise NetworkError(f"{path.name} is damaged: a timestep embedding of {size} values.")
    model = _section(config, "wavenet_config", "model_config")
    dataset = _section(config, "trainset_config", "dataset_config")
    for key, value in (("res_channels", channels), ("skip_channels", skip_channels), ("num_res_layers", layers)):
        if model.get(key, value) != value:
            raise NetworkError(
                f"The {CONFIG_NAME} beside {path.name} belongs to another network: its {key} is {model[key]}, "
                f"and the checkpoint's {value}."
            )
    usual = 12 if layers % 12 == 0 and layers % 10 else 10  # 36 layers in cycles of 12, or 30 in cycles of 10
    try:
        cycle = facts.dilation_cycle(model.get("dilation_cycle"), usual)
        rate = int(facts.choose("sample_rate", dataset.get("sampling_rate"), 16000, "16000 Hz"))
        default = np.linspace(1e-4, 0.02, 200).tolist()
        found = _betas(config, path)
        betas = check_betas(facts.choose("betas", found, default, "200 levels, beta 0.0001 to 0.02"))
        in_residual = bool(facts.choose("step_in_residual", None, True, "the step embedding enters the residual path"))
        architecture = {
            "layers": layers,
            "channels": channels,
            "skip_channels": skip_channels,
            "dilation_cycle": cycle,
            "embedding": (size, hidden, out),
            "step_in_residual": in_residual,
        }
        return facts.diffwave_card(path, LAYOUT, "DiffWave-unconditional", rate, betas, architecture)
    except (TypeError, ValueError, OverflowError) as error:
        raise NetworkError(f"The settings of {path.name} are not sound ({error}).") from error


def load(info: NetworkInfo, checkpoint: Checkpoint, device: torch.device) -> Denoiser:
    """The network of that card. Raises NetworkError."""
    weights = fold_weight_norm(checkpoint.weights)
    network = build(lambda: WaveNet(**info.architecture), weights, info.weights_path, device)
    return EpsilonDenoiser(network, NoiseSchedule.from_betas(info.schedule["betas"]))


def _section(config: dict[str, Any], *names: str) -> dict[str, Any]:
    return next((dict(config[name]) for name in names if isinstance(config.get(name), dict)), {})


def _betas(config: dict[str, Any], path: Path) -> list[float] | None:
    """The linear schedule that config.json or the run's folder names; None when neither does. Raises ValueError."""
    diffusion = _section(config, "diffusion_config")
    if diffusion:
        levels, first, last = int(diffusion["T"]), float(diffusion["beta_0"]), float(diffusion["beta_T"])
    else:
        run = next((m for m in map(_RUN_NAME.search, (p.name for p in list(path.absolute().parents)[:4])) if m), None)
        if run is None:
            return None
        levels, first, last = int(run[1]), 1e-4, float(run[2])
    if not 0 < levels <= MAX_LEVELS:
        raise ValueError(f"{levels} noise levels")
    betas: list[float] = np.linspace(first, last, levels).tolist()
    return betas
