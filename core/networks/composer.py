"""Composer: which notes come next, before or between, as a denoiser of piano rolls.

A roll (`core.notes.roll`) is denoised as audio is: from noise, known notes kept, by any sampler of the menu. Diffusion
on rolls has been shown to extend and to fill ("Polyffusion", Min et al. 2023; "Pictures of MIDI", Cheuk et al. 2024).

What is new here is how a roll is estimated. Its values lie between 0 and 1 and are almost all one of the two, so the
network says with what chance each is 1, in logits, and is trained by cross-entropy, whose best answer is the mean that
a denoiser is to give, E[x_0 | x_t], and never leaves 0..1. What x_t itself says of a value that is 0 or 1 is known,

    log p(x_t | 1) / p(x_t | 0) = (x_t - 1/2) / sigma^2,

so that much is added to the logits (times a factor that is learned, as lengths and velocities lie in between), and the
network has to say only what it can't: what the music around makes likely.

Most of that is in the known notes, and the plainest of it is handed to the network as further views (`hints`): how
often each key and each pitch class is played there, and what would be played if the known part repeated itself.

Local shapes (chords, figures, octaves) are found by convolutions over keys and time, which know of all keys what they
learned of one; what was played seconds ago by attention over time, whose tokens are moments of a sixth of a second.
"""


import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.networks.spectral_blocks import GROUPS, rotate

KEYS, CHANNELS = 88, 3
FOLD = 4
"""Frames in a moment."""
SOFTENED = 0.25
"""Added to sigma^2: values between 0 and 1 are no coin flips, however little noise there is. The logit of a value near
1/2 rises four times as fast as the value."""
SHORTEST_PERIOD, LONGEST_PERIOD = 16, 96
"""Frames in which the known part may repeat itself: 2/3 s to 4 s."""
HINTS = 2 + CHANNELS
OCTAVE = 12
RARE = -4.0
"""Logit of a value nobody knows anything of."""


@torch.no_grad()
def hints(roll: Tensor, keep: Tensor) -> Tensor:
    """What the known part of a roll (B, frames, 3, 88), with keep (B, frames) bool, says of the rest by itself.

    (B, frames, 5, 88): onsets a frame of each key and of each pitch class in the known part, as roots, in all frames;
    and in unknown frames the known ones some periods away, before if there are any there, else behind. The period is
    where the known onsets agree best with themselves. Nothing is differentiated: the known part is what it is.
    """
    known = roll.clamp(min=0) * keep[:, :, None, None]
    count = keep.sum(dim=1).clamp(min=1)[:, None]
    often = known[:, :, 0].sum(dim=1) / count  # (B, 88)
    classes = torch.stack([often[:, k::OCTAVE].sum(dim=1) for k in range(OCTAVE)], dim=1)
    classes = classes[:, torch.arange(KEYS, device=roll.device) % OCTAVE]
    said = torch.stack([often, classes], dim=1).sqrt()[:, None].expand(-1, roll.shape[1], -1, -1)
    return torch.cat([said, repetition(known, keep)], dim=2)


def _period(marks: Tensor, keep: Tensor) -> Tensor:
    """(B,) frames: the lag at which known marks (B, frames, 88) agree best with themselves, for their overlap."""
    frames = marks.shape[1]
    spectrum = torch.fft.rfft(marks, 2 * frames, dim=1)
    agreement = torch.fft.irfft(spectrum.abs().square().sum(dim=2), 2 * frames, dim=1)
    there = torch.fft.rfft(keep.float(), 2 * frames, dim=1)
    overlap = torch.fft.irfft(there.abs().square(), 2 * frames, dim=1)
    lags = slice(SHORTEST_PERIOD, min(LONGEST_PERIOD, frames - 1) + 1)
    best = (agreement[:, lags] / (overlap[:, lags] + SHORTEST_PERIOD)).argmax(dim=1)
    return best + SHORTEST_PERIOD


def repetition(roll: Tensor, keep: Tensor) -> Tensor:
    """What the known part of a roll, as `hints` takes it, would be if it repeated itself: in unknown frames the known
    ones some whole periods before, else behind; 0 in known frames and where there are none.
    """
    known = roll * keep[:, :, None, None]
    frames, period = roll.shape[1], _period(known[:, :, 0], keep)
    place = torch.arange(frames, device=known.device).expand_as(keep)
    before = torch.where(keep, place, -1).cummax(dim=1).values
    behind = torch.where(keep, place, 2 * frames).flip(1).cummin(dim=1).values.flip(1)
    lag = period[:, None]
    earlier = place - (place - before + lag - 1) // lag * lag
    later = place + (behind - place + lag - 1) // lag * lag
    source = torch.where(before >= 0, earlier, later)
    there = ~keep & (source >= 0) & (source < frames)
    taken = source.clamp(0, frames - 1)[:, :, None, None].expand_as(known)
    return known.gather(1, taken) * there[:, :, None, None]


class RollBlock(nn.Module):
    """Two 3 x 3 convolutions with a residual, spread over time and over keys; noise level and density scale and shift.

    In between, each key is told what all keys of its moment have in common: hands strike together, however far apart.
    """

    def __init__(self, channels: int, frames: int, keys: int, embedding: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=(1, frames), dilation=(1, frames))
        self.together = nn.Conv2d(2 * channels, channels, 1, bias=False)
        self.modulation = nn.Linear(embedding, 2 * channels)
        self.norm2 = nn.GroupNorm(GROUPS, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=(keys, 1), dilation=(keys, 1))
        nn.init.zeros_(self.together.weight)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]  # a Conv2d with bias has one

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """x (B, channels, keys, moments), embedding (B, E) -> the shape of x."""
        scale, shift = self.modulation(embedding)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(F.silu(self.norm1(x)))
        all_keys = torch.cat([h.mean(dim=2, keepdim=True), h.amax(dim=2, keepdim=True)], dim=1)
        h = self.norm2(h + self.together(all_keys)) * (1 + scale) + shift
        result: Tensor = x + self.conv2(F.silu(h))
        return result


class Moments(nn.Module):
    """Layers of a transformer over time, a moment with all its keys being one token."""

    def __init__(self, channels: int, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.squeeze = nn.Conv2d(channels, channels // 2, 1)
        self.project_in = nn.Linear(channels // 2 * KEYS, width)
        self.layers = nn.ModuleList(MomentLayer(width, heads) for _ in range(layers))
        self.project_out = nn.Linear(width, channels // 2 * KEYS)
        self.spread = nn.Conv2d(channels // 2, channels, 1)
        nn.init.zeros_(self.spread.weight)
        nn.init.zeros_(self.spread.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, keys, moments) -> the same shape."""
        batch, _, keys, moments = x.shape
        tokens = self.squeeze(self.norm(x)).permute(0, 3, 1, 2).reshape(batch, moments, -1)
        h = self.project_in(tokens)
        for layer in self.layers:
            h = layer(h)
        h = self.project_out(h).view(batch, moments, -1, keys).permute(0, 2, 3, 1)
        result: Tensor = x + self.spread(F.silu(h))
        return result


class MomentLayer(nn.Module):
    """Self-attention with rotary positions, and two dense layers; normalised before each."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, moments, width) -> the same shape."""
        batch, moments, _ = x.shape
        qkv = self.query_key_value(self.norm1(x)).view(batch, moments, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)
        attended = F.scaled_dot_product_attention(rotate(query), rotate(key), value)
        x = x + self.attended(attended.transpose(1, 2).reshape(batch, moments, -1))
        result: Tensor = x + self.narrow(F.silu(self.widen(self.norm2(x))))
        return result


class Composer(nn.Module):
    """The clean estimate E[x_0 | x_0 + sigma noise] of a roll.

    Arguments (the `architecture` of a config.json):
        channels   width, for each key and moment
        spreads    dilation along time and along keys of each block, in turn; attention after every second one
        width      of a token
        heads      of attention
        layers     of each transformer
        embedding  width of what is told of noise level and density
    """

    level_frequencies: Tensor

    def __init__(
        self,
        channels: int = 32,
        spreads: tuple[tuple[int, int], ...] = ((1, 1), (2, OCTAVE), (4, 1), (1, OCTAVE), (8, 1), (1, 1)),
        width: int = 256,
        heads: int = 4,
        layers: int = 2,
        embedding: int = 128,
    ) -> None:
        super().__init__()
        self.register_buffer("level_frequencies", torch.randn(32) * 3)
        self.told = nn.Sequential(nn.Linear(65, embedding), nn.SiLU(), nn.Linear(embedding, embedding), nn.SiLU())
        # How far x_t's own word is to be trusted, beyond what a value of 0 or 1 would deserve.
        self.trust = nn.Linear(embedding, CHANNELS)
        nn.init.zeros_(self.trust.weight)
        nn.init.zeros_(self.trust.bias)
        self.stem = nn.Conv2d(FOLD * (CHANNELS + HINTS + 1), channels, 3, padding=1)
        # Bass and treble are played differently.
        self.key_offset = nn.Parameter(torch.zeros(channels, KEYS, 1))
        self.blocks = nn.ModuleList(RollBlock(channels, frames, keys, embedding) for frames, keys in spreads)
        self.moments = nn.ModuleList(Moments(channels, width, heads, layers) for _ in spreads[2::2])
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.head = nn.Conv2d(channels, FOLD * CHANNELS, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.constant_(self.head.bias, RARE)  # type: ignore[arg-type]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def logits(self, x: Tensor, sigma: Tensor, keep: Tensor, density: Tensor) -> Tensor:
        """x (B, frames, 3, 88), frames a multiple of FOLD: a roll, with noise of deviation sigma (B,) where keep (B,
        frames) bool is False; density (B,), the onsets a second there -> the shape of x, the logits of 1.
        """
        scaled = x / (sigma.square() + 0.25).sqrt()[:, None, None, None]
        mask = keep.to(x.dtype)[:, :, None, None].expand(-1, -1, 1, KEYS)
        seen = torch.cat([scaled, hints(x, keep), mask], dim=2)
        seen = seen.unflatten(1, (-1, FOLD)).permute(0, 2, 3, 4, 1).flatten(1, 2)  # (B, 4 x 9, 88, moments)
        phase = (sigma.log() / 4)[:, None] * self.level_frequencies
        told = self.told(torch.cat([phase.sin(), phase.cos(), (density + 0.5).log()[:, None]], dim=1))

        h = self.stem(seen.contiguous(memory_format=torch.channels_last))
        h = h + self.key_offset
        for index, block in enumerate(self.blocks):
            h = block(h, told)
            if index % 2 and index // 2 < len(self.moments):
                h = self.moments[index // 2](h)
        h = self.head(F.silu(self.norm(h)))
        h = h.unflatten(1, (FOLD, CHANNELS)).permute(0, 4, 1, 2, 3).flatten(1, 2)
        trust = (1 + self.trust(told)) / (sigma.square() + SOFTENED)[:, None]
        return h.float() + trust[:, None, :, None] * (x - 0.5)

    def forward(self, x: Tensor, sigma: Tensor, keep: Tensor, density: Tensor) -> Tensor:
        """x (B, N), a roll's frames end to end; keep (B, N) bool, alike within a frame; the rest as `logits` takes it.
        Returns the clean estimate (B, N), known frames as they are.
        """
        roll, kept = x.unflatten(1, (-1, CHANNELS, KEYS)), keep[:, :: CHANNELS * KEYS]
        clean = self.logits(roll, sigma, kept, density).sigmoid()
        return torch.where(kept[:, :, None, None], roll, clean).flatten(1)
