"""SpectralUNet: a 2-D U-Net inside an invertible short-time Fourier transform.

The diffusion itself stays in the waveform. The idea is CQT-Diff's (Moliner, Lehtinen and Valimaki, "Solving audio
inverse problems with a diffusion model", ICASSP 2023): x_t, the samplers and every plot are raw audio, and only the
network sees a time-frequency picture, where a piano partial is a line. Here the transform is a Hann STFT whose bins
are demodulated to a fixed phase reference, so that the coefficient of a steady partial is smooth along time and
convolutions can follow it.

Preconditioning is EDM's (Karras et al. 2022, eq. 7 and table 1), but per frequency bin. Music falls by 60 dB and
more from the lowest octaves to the top, so one data deviation for the whole signal leaves the top bins numerically
invisible at low noise, and every error of the network there is hiss as loud as the music. With the deviation s_f of
each bin measured on the training data and noise deviation sigma,

    clean_f = c_skip X_f + c_out F(c_in X)_f,    c_skip = s_f^2 / (s_f^2 + sigma^2)   (the Wiener gain)
                                                 c_out  = sigma s_f / sqrt(s_f^2 + sigma^2)
                                                 c_in   = 1 / sqrt(s_f^2 + sigma^2)

the network sees and predicts unit variance in every bin at every noise level, never louder than a bin ever is.

Four options (`docs/experiments.md` has what they bring); untrained, they leave the network as it is without them:

- `fine_fft`, a second, longer transform of the input. A window of 93 ms spreads a partial over 40 Hz, and the turning
  of its phase from frame to frame, which tells its exact frequency, is not something that convolutions add up easily.
  A window of 0.4 s gathers it in a quarter of the bins, 6 dB further above the noise.
- `gains`: beside the F that it draws, the network says how much of each coefficient of the input, of both transforms
  and of the bins around, to pass on. The Wiener filter of a partial is a narrow gain, and the gain that silences a bin
  of noise alone is exact, where a drawn copy of the noise, sent through a few channels to be subtracted, leaves hiss.
- `sees_known`: the network may be given the known audio without its noise, each frame with the noise level that it
  really has (as in learned inpainting, Saharia et al. 2022, "Palette", and diffusion forcing, Chen et al. 2024). Each
  bin's noise level is an input already, so a frame without noise is nothing new to the network: it asks for no weights
  of its own, and training by random masks teaches it to continue. Without known audio it is the unconditional network
  that the zero-shot samplers ask for.
- `sees_notes`: the network may be shown a sketch of the notes that are to be played (`core.notes.sketch`), as further
  views of its input. It decides the sound, the sketch what is played.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.device import has_fast_bfloat16
from core.networks.spectral_blocks import GROUPS, ResidualBlock, SketchStem, TimeAttention

POSITION_CHANNELS = 6
ENTRY_GAIN = 4.0
"""Of the finer transform and the sketch, which enter from zero: Adam moves all weights at one pace, and these have all
the way to go that the others have behind them."""
GAIN_FEATURES = 16
LOUDNESS_FLOOR = 1e-4
"""Power below which a coefficient of the input, brought to unit variance, counts as silent: -40 dB."""
KNOWN_SIGMA = 1e-4
"""The noise level that known audio counts as: the lowest that the shipped network is trained at."""


class Preconditioning(NamedTuple):
    """EDM's scalings, each (B, 1, bins, frames) or broadcastable to it."""

    skip: Tensor
    out: Tensor
    input: Tensor


class Seen(NamedTuple):
    """What the network sees of noisy audio.

    bands       (B, 2, bins, frames), as `analyse` gives them
    views       (B, C, bins, frames), every view scaled to unit variance by the noise that is in it
    sigma       the noise deviation of each frame of `bands`, (B, frames), or (B, 1) when all are alike
    """

    bands: Tensor
    views: Tensor
    sigma: Tensor


class SpectralUNet(nn.Module):
    """The clean estimate E[x_0 | x_0 + sigma noise] of mono audio whose active RMS is `data_rms`.

    Arguments (the `architecture` of a config.json):
        channels    width of each resolution, finest first; each further one halves bins and frames
        n_fft, hop  of the STFT, samples
        embedding   width of the noise-level embedding
        data_rms    the level that audio is brought to before it enters
        fine_fft    length of the second, longer transform of the input, a multiple of n_fft; 0 for none
        gains       width of the layer that decides how much of each input coefficient is passed on; 0 for none
        sees_known  whether it is to be given the known audio without noise
        sees_notes  whether it is to be shown a sketch of the notes
    """

    ADDED = ("fine_stem.", "gain_", "sketch_stem.")
    """Parts that weights to start from may lack: they begin in or behind zeros, so that nothing changes at first."""

    band_std: Tensor
    window: Tensor
    fine_window: Tensor
    positions: Tensor
    level_frequencies: Tensor

    def __init__(
        self,
        channels: Sequence[int] = (24, 48, 96, 128),
        n_fft: int = 2048,
        hop: int = 512,
        embedding: int = 256,
        data_rms: float = 0.1,
        fine_fft: int = 0,
        gains: int = 0,
        sees_known: bool = False,
        sees_notes: bool = False,
    ) -> None:
        super().__init__()
        if fine_fft < 0 or fine_fft % n_fft:
            raise ValueError(f"fine_fft must be a multiple of n_fft, not {fine_fft}")
        self.n_fft, self.hop, self.data_rms = n_fft, hop, data_rms
        self.bins = n_fft // 2  # the Nyquist bin carries nothing and is left out
        self.time_multiple = 2 ** (len(channels) - 1)
        self.register_buffer("band_std", torch.full((self.bins,), data_rms))
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.fine_fft, self.gains, self.sees_known, self.sees_notes = fine_fft, gains, sees_known, sees_notes
        if fine_fft:
            self.register_buffer("fine_window", torch.hann_window(fine_fft), persistent=False)
        self.register_buffer("positions", _frequency_positions(self.bins), persistent=False)
        self.register_buffer("level_frequencies", torch.randn(64) * 3)
        self.level_embedding = nn.Sequential(
            nn.Linear(128, embedding), nn.SiLU(), nn.Linear(embedding, embedding), nn.SiLU()
        )

        self._build_stem(channels[0])
        skips = self._build_down(channels, embedding)
        bottom_bins = self.bins // 2 // self.time_multiple
        self.attention_in = TimeAttention(channels[-1], bottom_bins)
        self.middle = ResidualBlock(channels[-1], channels[-1], embedding)
        self.attention_out = TimeAttention(channels[-1], bottom_bins)
        self._build_up(channels, embedding, skips)
        self._build_head(channels[0])
        self.lay_out(torch.channels_last)

    # Its parts, in the order in which weights are drawn and listed: a seed must give the same network for ever.

    def _build_stem(self, width: int) -> None:
        self.stem = nn.Conv2d(2 + POSITION_CHANNELS + 1, width, (4, 3), stride=(2, 1), padding=(1, 1))
        if self.fine_fft:
            views = 2 * self.fine_fft // self.n_fft
            self.fine_stem = nn.Conv2d(views, width, (4, 3), stride=(2, 1), padding=(1, 1), bias=False)
            nn.init.zeros_(self.fine_stem.weight)
        if self.sees_notes:
            self.sketch_stem = SketchStem(1 + self.fine_fft // self.n_fft, width)

    def _build_down(self, channels: Sequence[int], embedding: int) -> list[int]:
        """Returns the widths of what is passed across, in order."""
        self.down_blocks, self.downsample = nn.ModuleList(), nn.ModuleList()
        width, skips = channels[0], list[int]()
        for depth, w in enumerate(channels):
            if depth:
                self.downsample.append(nn.Conv2d(width, w, 4, stride=2, padding=1))
            blocks = nn.ModuleList(ResidualBlock(w, w, embedding) for _ in range(1 if depth == 0 else 2))
            self.down_blocks.append(blocks)
            width = w
            skips += [w] * len(blocks)
        return skips

    def _build_up(self, channels: Sequence[int], embedding: int, skips: list[int]) -> None:
        self.up_blocks, self.upsample = nn.ModuleList(), nn.ModuleList()
        width = channels[-1]
        for depth in reversed(range(len(channels))):
            w = channels[depth]
            blocks = nn.ModuleList()
            for _ in range(1 if depth == 0 else 2):
                blocks.append(ResidualBlock(width + skips.pop(), w, embedding))
                width = w
            self.up_blocks.append(blocks)
            if depth:
                self.upsample.append(nn.ConvTranspose2d(width, channels[depth - 1], 4, stride=2, padding=1))
                width = channels[depth - 1]

    def _build_head(self, width: int) -> None:
        self.norm_out = nn.GroupNorm(GROUPS, width)
        self.head = nn.ConvTranspose2d(width, 2, (4, 3), stride=(2, 1), padding=(1, 1))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]
        if self.gains:
            around = 3 * (1 + self.fine_fft // self.n_fft)
            self.gain_features = nn.ConvTranspose2d(width, GAIN_FEATURES, (4, 3), stride=(2, 1), padding=(1, 1))
            self.gain_hidden = nn.Conv2d(GAIN_FEATURES + around, self.gains, 1)
            self.gain_out = nn.Conv2d(self.gains, around, 1)
            nn.init.zeros_(self.gain_out.weight)
            nn.init.zeros_(self.gain_out.bias)  # type: ignore[arg-type]

    def lay_out(self, memory_format: torch.memory_format) -> None:
        """Choose how images lie in memory. Channels last, the default, is faster with bf16 and no slower without."""
        self.memory_format = memory_format
        self.to(memory_format=memory_format)  # type: ignore[call-overload]

    # The transform. Real and imaginary part of unit white noise have variance 1 in every bin.

    def analyse(self, x: Tensor) -> Tensor:
        """x (B, N), N a multiple of the hop -> (B, 2, bins, frames): real and imaginary part, demodulated."""
        spectrum = torch.stft(x, self.n_fft, self.hop, window=self.window, center=True, return_complex=True)
        spectrum = spectrum[:, :-1] * self._phase_reference(spectrum.shape[-1]).conj() / self._unit
        return torch.view_as_real(spectrum).permute(0, 3, 1, 2)

    def synthesise(self, bands: Tensor, length: int) -> Tensor:
        """The inverse of `analyse`: (B, 2, bins, frames) -> (B, length)."""
        spectrum = torch.view_as_complex(bands.permute(0, 2, 3, 1).contiguous())
        spectrum = spectrum * self._phase_reference(spectrum.shape[-1]) * self._unit
        spectrum = F.pad(spectrum, (0, 0, 0, 1))
        return torch.istft(spectrum, self.n_fft, self.hop, window=self.window, center=True, length=length)

    def views(self, x: Tensor) -> Tensor:
        """x (B, N) -> (B, C, bins, frames): what `analyse` gives, and behind it what the finer transform does.

        Each bin of `analyse` goes with the fine_fft / n_fft fine bins from its frequency up, real and imaginary parts
        one after the other. They are brought to its phase reference, and to the middle of their frames: of a steady
        partial both transforms then have the same phase, and weights need not know the time to relate them.
        """
        bands = self.analyse(x)
        if not self.fine_fft:
            return bands
        fine = torch.stft(
            x, self.fine_fft, self.hop, window=self.fine_window, center=True, pad_mode="constant", return_complex=True
        )
        batch, frames, finer = len(x), fine.shape[-1], self.fine_fft // self.n_fft
        k, j = torch.arange(self.bins, device=x.device), torch.arange(finer, device=x.device)
        middle = 1 - 2 * ((k[:, None] + j) % 2)  # (-1)^(k + j): both transforms count phase from a frame's beginning
        turn = (middle[..., None] * self._phase_reference(frames)[:, None].conj()) / unit_of(self.fine_window)
        fine = fine[:, :-1].reshape(batch, self.bins, finer, frames) * turn
        return torch.cat([bands, torch.view_as_real(fine).permute(0, 2, 4, 1, 3).flatten(1, 2)], dim=1)

    @property
    def _unit(self) -> Tensor:
        return unit_of(self.window)

    def _phase_reference(self, frames: int) -> Tensor:
        return phase_reference(self.n_fft, self.hop, frames, self.window.device)

    # The network.

    def precondition(self, sigma: Tensor) -> Preconditioning:
        """EDM scalings per bin for noise deviations sigma (B, frames), or (B, 1) for all frames alike."""
        noise, data = sigma[:, None, None], self.band_std.view(1, 1, -1, 1)
        total = (noise.square() + data.square()).sqrt()
        return Preconditioning(skip=(data / total).square(), out=noise * data / total, input=1 / total)

    def see(self, x: Tensor, sigma: Tensor, keep: Tensor | None = None) -> Seen:
        """x = clean + sigma * noise, (B, N), N a multiple of the hop; sigma (B,); no noise where keep (B, N) is True.

        Around the edge of known audio each transform has the noise that lies in its own window: a frame free of noise
        in the one is not in the other, and would be thousands of times too loud if scaled as if it were.
        """
        views = self.views(x)
        bands, fine = views[:, :2], views[:, 2:]
        frames = self._frame_sigma(sigma, keep, self.window)
        scaled = [self.precondition(frames).input * bands]
        if self.fine_fft:
            scaled.append(self.precondition(self._frame_sigma(sigma, keep, self.fine_window)).input * fine)
        return Seen(bands, torch.cat(scaled, dim=1), frames)

    def _frame_sigma(self, sigma: Tensor, keep: Tensor | None, window: Tensor) -> Tensor:
        """The noise deviation of each frame of a transform with this window."""
        if keep is None:
            return sigma[:, None]
        half = len(window) // 2
        noisy = F.pad((~keep).to(sigma.dtype)[:, None], (half, half), mode="replicate")
        power = window.square()
        share = F.conv1d(noisy, (power / power.sum()).view(1, 1, -1), stride=self.hop)[:, 0]
        return (sigma[:, None] * share.clamp(min=0).sqrt()).clamp(min=KNOWN_SIGMA)

    def predict_bands(
        self, noisy: Tensor, sigma: Tensor, frame_sigma: Tensor, sketch: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """F: the views and sigma of `Seen`, and the noise deviation sigma (B,) -> (B, 2, bins, frames), float32.

        sketch: the `views` of a sketch of the notes, and whether it counts, (B,) bool.
        """
        batch, frames = noisy.shape[0], noisy.shape[-1]
        padding = -frames % self.time_multiple
        log_snr = (self.band_std[:, None] / frame_sigma[:, None]).log() / 4  # how far each bin stands above the noise
        log_snr = log_snr.expand(-1, -1, frames)
        h = torch.cat(
            [
                F.pad(noisy[:, :2], (0, padding)),
                self.positions[None, :, :, None].expand(batch, -1, -1, frames + padding),
                F.pad(log_snr, (0, padding), mode="replicate")[:, None],
            ],
            dim=1,
        ).contiguous(memory_format=self.memory_format)

        phase = (sigma.log() / 4)[:, None] * self.level_frequencies
        embedding = self.level_embedding(torch.cat([phase.sin(), phase.cos()], dim=1))

        h = self.stem(h)
        if self.fine_fft:
            fine = F.pad(noisy[:, 2:], (0, padding)).contiguous(memory_format=self.memory_format)
            h = h + ENTRY_GAIN * self.fine_stem(fine)
        if sketch is not None:
            views, given = sketch
            h = h + ENTRY_GAIN * self.sketch_stem(F.pad(views, (0, padding)), given, self.band_std)
        skips: list[Tensor] = []
        for depth, blocks in enumerate(self.down_blocks):
            if depth:
                h = self.downsample[depth - 1](h)
            for block in blocks:  # type: ignore[attr-defined]  # a ModuleList in a ModuleList
                h = block(h, embedding)
                skips.append(h)
        h = self.attention_out(self.middle(self.attention_in(h), embedding))
        for index, blocks in enumerate(self.up_blocks):
            for block in blocks:  # type: ignore[attr-defined]
                h = block(torch.cat([h, skips.pop()], dim=1), embedding)
            if index < len(self.upsample):
                h = self.upsample[index](h)
        h = F.silu(self.norm_out(h))
        drawn: Tensor = self.head(h)[..., :frames].float()
        return drawn + self._passed_on(noisy, h) if self.gains else drawn

    def _passed_on(self, noisy: Tensor, h: Tensor) -> Tensor:
        """The part of F that is the input times gains: (B, C, bins, frames) -> (B, 2, bins, frames).

        h: the features that F is drawn from. The gains are real: they take from the phases of the input, not from h.
        """
        around = self._around(noisy)
        loudness = (around.square().sum(dim=2) + LOUDNESS_FLOOR).log() / 4
        features = self.gain_features(h)[..., : noisy.shape[-1]]
        h = torch.cat([features, loudness.to(features.dtype)], dim=1).contiguous(memory_format=self.memory_format)
        gains = self.gain_out(F.silu(self.gain_hidden(h))).float()
        return (gains[:, :, None] * around).sum(dim=1)

    def _around(self, views: Tensor) -> Tensor:
        """(B, C, bins, frames) -> (B, 3 C / 2, 2, bins, frames): real and imaginary part of each view of a bin, of the
        bin above it and of the bin below it, all in the phase of the bin itself.
        """
        own = views.unflatten(1, (-1, 2))
        frame = torch.arange(views.shape[-1], device=views.device)
        turn = (frame * self.hop % self.n_fft).float() * (2 * math.pi / self.n_fft)
        cos, sin = -turn.cos(), -turn.sin()  # phase reference from bin to bin, and pi for half a frame
        above, below = F.pad(own[..., 1:, :], (0, 0, 0, 1)), F.pad(own[..., :-1, :], (0, 0, 1, 0))
        parts = [own]
        for views_there, sine in ((above, sin), (below, -sin)):
            real, imaginary = views_there.unbind(2)
            parts.append(torch.stack([real * cos - imaginary * sine, real * sine + imaginary * cos], dim=2))
        return torch.cat(parts, dim=1)

    def forward(self, x: Tensor, sigma: Tensor, keep: Tensor | None = None, sketch: Tensor | None = None) -> Tensor:
        """x = clean + sigma * noise, (B, N) at any N; sigma (B,) > 0. Returns the clean estimate (B, N).

        keep (B, N) bool: where x is known audio without noise; it is returned nearly as it is.
        sketch (B, N): of the notes, at the level of the audio, for a network that sees notes.
        """
        length = x.shape[-1]
        padding = (0, -length % self.hop)
        seen = self.see(F.pad(x, padding), sigma, None if keep is None else F.pad(keep, padding))
        scale = self.precondition(seen.sigma)
        notes = None
        if sketch is not None:
            notes = self.views(F.pad(sketch, padding)), torch.ones(len(x), dtype=torch.bool, device=x.device)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=has_fast_bfloat16(x.device)):
            prediction = self.predict_bands(seen.views, sigma, seen.sigma, notes)
        clean = scale.skip * seen.bands + scale.out * prediction
        return self.synthesise(clean, length)


def phase_reference(n_fft: int, hop: int, frames: int, device: torch.device | None = None) -> Tensor:
    """exp(2 pi i k m hop / n_fft) for bin k and frame m, (bins, frames): how far a partial turns between frames."""
    k = torch.arange(n_fft // 2, device=device)[:, None]
    m = torch.arange(frames, device=device)[None]
    turn = (k * m * hop % n_fft).float() / n_fft  # integer arithmetic: exact for any length
    return torch.polar(torch.ones_like(turn), 2 * math.pi * turn)


def unit_of(window: Tensor) -> Tensor:
    """The deviation of real and of imaginary part of white noise of deviation 1."""
    return (window.square().sum() / 2).sqrt()


def _frequency_positions(bins: int) -> Tensor:
    """(POSITION_CHANNELS, bins): channels by which convolutions, blind to place, tell one frequency from another."""
    k = torch.arange(bins)
    linear, octave = k / bins, torch.log2(k.clamp(min=0.5))
    turn = 2 * math.pi * linear
    return torch.stack([linear, turn.sin(), turn.cos(), octave / 9, octave.sin(), octave.cos()])
