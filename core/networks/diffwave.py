"""DiffWave without a conditioner (Kong et al. 2021), as the paper uses it: 30 residual layers of 64 channels.

The parameter names and the order of gate and filter are those of lmnt's public implementation, so that its
checkpoints load as they are (`core.networks.foreign`).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class StepEmbedding(nn.Module):
    """The timestep index as 128 sines and cosines and two dense layers (DiffWave, section 3.2).

    A fractional step lies on the straight line between its whole neighbours, as in lmnt's inference: the fastest sine
    turns by 10^4 a step, so that in between it would show the network something it has never seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.projection1 = nn.Linear(128, 512)
        self.projection2 = nn.Linear(512, 512)
        # On the CPU, whatever the device: an error of the last digit here would turn the fastest sines by 0.2.
        self.register_buffer("rates", 10.0 ** (torch.arange(64) * 4.0 / 63.0), persistent=False)

    def forward(self, step: Tensor) -> Tensor:
        """step (B,) -> (B, 512)."""
        below = step.floor()
        features = torch.lerp(self._features(below), self._features(below + 1), (step - below)[:, None])
        return F.silu(self.projection2(F.silu(self.projection1(features))))

    def _features(self, step: Tensor) -> Tensor:
        phase = step[:, None] * self.get_buffer("rates")
        return torch.cat([phase.sin(), phase.cos()], dim=1)


class DilatedLayer(nn.Module):
    """A gated, dilated convolution with a residual and a skip output."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilated_conv = _conv(channels, 2 * channels, 3, padding=dilation, dilation=dilation)
        self.diffusion_projection = nn.Linear(512, channels)
        self.output_projection = _conv(channels, 2 * channels, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, N, channels), embedding (B, 512) -> residual and skip, each (B, N, channels)."""
        h = _convolve(self.dilated_conv, x + self.diffusion_projection(embedding)[:, None])
        gate, filtered = h.chunk(2, dim=-1)
        residual, skip = _convolve(self.output_projection, torch.sigmoid(gate) * torch.tanh(filtered)).chunk(2, dim=-1)
        return (x + residual) / math.sqrt(2), skip


class DiffWave(nn.Module):
    """eps from x_t (B, 1, N) and the timestep index (B,), 0..T-1.

    layers, channels, dilation_cycle: 30, 64 and 10 in the paper, 2.3 million weights, a receptive field of 6139
    samples.
    """

    def __init__(self, layers: int = 30, channels: int = 64, dilation_cycle: int = 10) -> None:
        super().__init__()
        self._dilation_cycle = dilation_cycle
        self.input_projection = _conv(1, channels, 1)
        self.diffusion_embedding = StepEmbedding()
        self.residual_layers = nn.ModuleList(DilatedLayer(channels, 2 ** (i % dilation_cycle)) for i in range(layers))
        self.skip_projection = _conv(channels, channels, 1)
        self.output_projection = _conv(channels, 1, 1)
        nn.init.zeros_(self.output_projection.weight)
        nn.init.zeros_(self.output_projection.bias)  # type: ignore[arg-type]  # a Conv1d with bias has one

    @property
    def reach(self) -> int:
        """How many samples to either side of it an estimate depends on: half of the receptive field."""
        return sum(2 ** (i % self._dilation_cycle) for i in range(len(self.residual_layers)))

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        """x (B, 1, N), step (B,) -> eps (B, 1, N)."""
        h = F.relu(_convolve(self.input_projection, x.transpose(1, 2)))
        embedding = self.diffusion_embedding(step)
        total: Tensor | None = None
        for layer in self.residual_layers:
            h, skip = layer(h, embedding)
            total = skip if total is None else total + skip
        assert total is not None
        h = F.relu(_convolve(self.skip_projection, total / math.sqrt(len(self.residual_layers))))
        return _convolve(self.output_projection, h).transpose(1, 2).float()


def _convolve(conv: nn.Conv1d, x: Tensor) -> Tensor:
    """`conv` of x (B, N, channels), channels last: its taps side by side in one matrix product.

    In bf16 a training step took 3.6 s so and 5.2 s through conv1d (four crops of 1 s, two CPU threads).
    """
    padding = int(conv.padding[0])
    if padding:
        padded, length = F.pad(x, (0, 0, padding, padding)), x.shape[1]
        x = torch.cat([padded[:, :length], x, padded[:, 2 * padding :]], dim=-1)
    return F.linear(x, conv.weight.transpose(1, 2).flatten(1), conv.bias)


def _conv(channels_in: int, channels_out: int, size: int, padding: int = 0, dilation: int = 1) -> nn.Conv1d:
    conv = nn.Conv1d(channels_in, channels_out, size, padding=padding, dilation=dilation)
    nn.init.kaiming_normal_(conv.weight)
    return conv
