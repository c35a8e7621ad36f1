"""Listener: which notes a piano plays, key by key and frame by frame.

Of the onsets-and-frames kind (Hawthorne et al. 2018, "Onsets and frames"): one output says where a key is struck, one
where it sounds, one how hard it was struck. An onset is not a mark in one frame but a slope to both sides of it, from
which its time follows more finely than the frames are (Kong et al. 2021, "High-resolution piano transcription").

What a key looks like does not depend on which key it is: in a spectrum of logarithmic frequency a note is its partials,
at the same distances from the key everywhere. So the network is convolutional along the keys, and sees for each key the
spectrum at the first partials of that key (harmonic stacking: Bittner et al. 2022, "Basic Pitch"). Two transforms
are seen, of a long window, which tells bass partials apart, and of a short one, which tells when.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KEYS = 88
LOWEST_HZ = 27.5
PER_KEY = 3
"""Bands of the spectrum for each semitone: a mistuned piano still falls into the key's own."""
HARMONICS = (0.5, 1, 2, 3, 4, 5, 6, 8)
"""Where each key is looked at, in multiples of its frequency: half of it tells a key from the octave below."""
SPAN_KEYS = 104
"""Semitones of the spectrum, from the lowest key to 10.5 kHz."""
GROUPS = 4
FINE_CHANNELS = 24
"""At all frames. In between, where a key's neighbours and its past are weighed, every other frame is enough."""
FLOOR = 1e-6
"""Power in a band, against that of the music, below which nothing is seen: -60 dB."""


class Heard(NamedTuple):
    """What the network says of each frame and key, each (B, frames, 88): logits of an onset and of sounding, and the
    velocity, 0..1, where there is an onset.
    """

    onset: Tensor
    sounding: Tensor
    velocity: Tensor


class KeyBlock(nn.Module):
    """Two 3 x 3 convolutions with a residual: one spread over time, one over keys."""

    def __init__(self, channels: int, frames: int, keys: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=(1, frames), dilation=(1, frames))
        self.norm2 = nn.GroupNorm(GROUPS, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=(keys, 1), dilation=(keys, 1))
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]  # a Conv2d with bias has one

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, keys, frames) -> the same shape."""
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        result: Tensor = x + h
        return result


class Listener(nn.Module):
    """Notes of mono audio whose active RMS is `data_rms`.

    Arguments (the `architecture` of a config.json):
        channels     width
        spreads      dilation along time and along keys of each block, in turn
        sample_rate  Hz
        hop          samples between frames
        windows      lengths of the two transforms, samples
        data_rms     the level that audio is brought to before it enters
    """

    key_offset: Tensor

    def __init__(
        self,
        channels: int = 48,
        spreads: tuple[tuple[int, int], ...] = ((1, 12), (2, 1), (4, 12), (8, 1), (16, 12), (1, 1)),
        sample_rate: int = 22_050,
        hop: int = 512,
        windows: tuple[int, int] = (8192, 2048),
        data_rms: float = 0.1,
    ) -> None:
        super().__init__()
        self.hop, self.windows, self.data_rms = hop, tuple(windows), data_rms
        for index, length in enumerate(self.windows):
            self.register_buffer(f"window{index}", torch.hann_window(length), persistent=False)
            self.register_buffer(f"bands{index}", log_bands(length, sample_rate), persistent=False)
        seen = len(self.windows) * len(HARMONICS)
        self.look = nn.Conv2d(seen, FINE_CHANNELS, (5, 3), padding=(2, 1))
        self.gather = nn.Conv2d(FINE_CHANNELS, channels, (PER_KEY, 4), stride=(PER_KEY, 2), padding=(0, 1))
        # Bass and treble differ in decay and in how many partials there are.
        self.key_offset = nn.Parameter(torch.zeros(channels, KEYS, 1))
        self.blocks = nn.ModuleList(KeyBlock(channels, frames, keys) for frames, keys in spreads)
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.spread = nn.ConvTranspose2d(channels, FINE_CHANNELS, (1, 4), stride=(1, 2), padding=(0, 1))
        self.across = nn.Conv2d(FINE_CHANNELS, FINE_CHANNELS, (PER_KEY, 3), stride=(PER_KEY, 1), padding=(0, 1))
        self.head = nn.Conv2d(FINE_CHANNELS, 3, (1, 3), padding=(0, 1))
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():  # how rare onsets and sounding keys are, so that the first steps need not learn that
            self.head.bias.copy_(torch.tensor([-5.0, -3.0, 0.0]))  # type: ignore[union-attr]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def frames(self, samples: int) -> int:
        """How many frames audio of that many samples has: frame m is about sample m * hop."""
        return samples // self.hop + 1

    def see(self, x: Tensor) -> Tensor:
        """x (B, N) -> (B, 16, 264, frames): log power at each harmonic of each third of a key, about 0 +- 1."""
        views = []
        for index, length in enumerate(self.windows):
            window, bands = self.get_buffer(f"window{index}"), self.get_buffer(f"bands{index}")
            spectrum = torch.stft(
                x, length, self.hop, window=window, center=True, pad_mode="constant", return_complex=True
            )
            power = torch.view_as_real(spectrum).square().sum(-1) / (window.square().sum() * self.data_rms**2)
            logs = ((bands @ power + FLOOR).log() - math.log(FLOOR)) / 8 - 1  # (B, bands, frames)
            for harmonic in HARMONICS:
                views.append(_shifted(logs, round(12 * PER_KEY * math.log2(harmonic))))
        return torch.stack(views, dim=1)

    def forward(self, x: Tensor) -> Heard:
        """x (B, N) at the level `data_rms`, N a multiple of the hop."""
        seen = self.see(x)
        frames = seen.shape[-1]
        seen = F.pad(seen, (0, frames % 2)).contiguous(memory_format=torch.channels_last)
        fine = F.silu(self.look(seen))
        h = self.gather(fine) + self.key_offset
        for block in self.blocks:
            h = block(h)
        h = self.head(F.silu(self.spread(F.silu(self.norm(h))) + self.across(fine)))
        onset, sounding, velocity = h[..., :frames].float().transpose(2, 3).unbind(1)
        return Heard(onset, sounding, velocity.sigmoid())


def log_bands(length: int, sample_rate: int) -> Tensor:
    """(bands, length / 2 + 1): triangular bands on a logarithmic axis, `PER_KEY` a semitone from the lowest key up,
    as weights of a transform's power. Where the transform is coarser than the bands, each is its nearest bins.
    """
    bin_hz = sample_rate / length
    centres = LOWEST_HZ * 2 ** ((torch.arange(SPAN_KEYS * PER_KEY, dtype=torch.float64) - 1) / (12 * PER_KEY))
    frequency = torch.arange(length // 2 + 1, dtype=torch.float64) * bin_hz
    width = (centres * (2 ** (1 / (12 * PER_KEY)) - 1)).clamp(min=bin_hz)
    weights = (1 - (frequency - centres[:, None]).abs() / width[:, None]).clamp(min=0)
    return weights.float()


def _shifted(logs: Tensor, bands: int) -> Tensor:
    """The 264 bands of the keys, as they are `bands` higher up; silence where the spectrum ends."""
    wanted = KEYS * PER_KEY
    silence = -1.0
    low, high = max(0, -bands), max(0, bands + wanted - logs.shape[1])
    taken = logs[:, max(0, bands) : bands + wanted]
    return F.pad(taken, (0, 0, low, high), value=silence)
