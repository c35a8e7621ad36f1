"""What the spectral U-Net is built of: residual blocks told the noise level, attention over time, sight of a sketch."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 4
"""Of channels that are normalised together."""
SKETCH_FLOOR = 1e-4
"""Power of a sketch, against the data's in the bin, below which it counts as silence: -40 dB."""


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions (the second dilated along time); the noise level enters by scale and shift."""

    def __init__(self, channels_in: int, channels: int, embedding: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, padding=1)
        self.modulation = nn.Linear(embedding, 2 * channels)
        self.norm2 = nn.GroupNorm(GROUPS, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=(1, 2), dilation=(1, 2))
        self.shortcut = nn.Conv2d(channels_in, channels, 1) if channels_in != channels else nn.Identity()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]  # a Conv2d with bias has one

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """x (B, channels_in, bins, frames), embedding (B, E) -> (B, channels, bins, frames)."""
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.modulation(embedding)[:, :, None, None].chunk(2, dim=1)
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        result: Tensor = self.shortcut(x) + h
        return result


class SketchStem(nn.Module):
    """What is shown of the notes that are to be played: how loud a sketch of them is, in each bin of each transform.

    A sketch's partials begin where the piano's will and lie where they will, but their phases mean nothing, so only
    magnitudes are seen. Where no notes are given the answer is 0, as of a network that sees none; it begins as 0
    everywhere, so that weights that never saw notes are a beginning.
    """

    def __init__(self, views: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(views + 1, width, (4, 3), stride=(2, 1), padding=(1, 1), bias=False)
        nn.init.zeros_(self.conv.weight)

    def forward(self, views: Tensor, given: Tensor, band_std: Tensor) -> Tensor:
        """views (B, 2 V, bins, frames), the sketch's real and imaginary parts; given (B,) bool, whether it counts;
        band_std (bins,) -> (B, width, bins / 2, frames).
        """
        power = views.unflatten(1, (-1, 2)).square().sum(dim=2) / band_std.square()[:, None]
        heard = (power + SKETCH_FLOOR).log() / 4 - math.log(SKETCH_FLOOR) / 4
        there = torch.ones_like(heard[:, :1])
        seen = torch.cat([heard, there], dim=1) * given[:, None, None, None]
        answer: Tensor = self.conv(seen.contiguous(memory_format=torch.channels_last))
        return answer


class TimeAttention(nn.Module):
    """Self-attention over time in which a token is a whole frame: all channels of all bins. Rotary positions."""

    def __init__(self, channels: int, bins: int, width: int = 256, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.project_in = nn.Linear(channels * bins, width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.project_out = nn.Linear(width, channels * bins)
        nn.init.zeros_(self.project_out.weight)
        nn.init.zeros_(self.project_out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, channels, bins, frames) -> the same shape."""
        batch, channels, bins, frames = x.shape
        tokens = self.project_in(self.norm(x).permute(0, 3, 1, 2).reshape(batch, frames, channels * bins))
        qkv = self.query_key_value(tokens).view(batch, frames, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)
        attended = F.scaled_dot_product_attention(rotate(query), rotate(key), value)
        attended = attended.transpose(1, 2).reshape(batch, frames, -1)
        result: Tensor = x + self.project_out(attended).view(batch, frames, channels, bins).permute(0, 2, 3, 1)
        return result


def rotate(x: Tensor) -> Tensor:
    """Rotary position embedding (Su et al. 2021) of x (B, heads, frames, width): pairs turn with time."""
    frames, width = x.shape[-2:]
    position = torch.arange(frames, device=x.device, dtype=torch.float32)[:, None]
    rate = 10000.0 ** (-torch.arange(0, width, 2, device=x.device, dtype=torch.float32) / width)
    cos, sin = torch.cos(position * rate).to(x.dtype), torch.sin(position * rate).to(x.dtype)
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)
