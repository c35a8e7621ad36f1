"""The spectral U-Net in bf16 on a CPU: the same function, laid out for the machine once and not at each call.

`SpectralUNet.forward` under autocast spends more than half of its time beside the convolutions: on casts of weights,
on copies between the transform's layout and the convolutions', on normalisation, on joining what is to be convolved.
Here

- images lie as (frames, bins, channels), which is how an STFT leaves its coefficients and how convolutions want them:
  weights are turned around instead, and cast, when this is made;
- activations are bf16 from the first convolution to the last, normalised in two passes over memory (moments; scale
  and shift, those of the noise level folded in);
- the halves that meet in the upward path are normalised and convolved one by one and summed, never joined: no group
  of the norm reaches across them;
- what is passed on of the input by gains takes each magnitude once, and turns to a bin's phase after the sum;
- what is the same at every step of a run, the sketch of the notes and the references of phase, is looked at once.

A batch is evaluated one by one: a cache holds the activations of one. The estimate differs from the network's in
float32 by bf16's rounding (tests/core/networks/test_spectral_inference.py).
"""

from __future__ import annotations

import math
from copy import copy
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.networks.spectral_blocks import GROUPS, ResidualBlock, TimeAttention, rotate
from core.networks.spectral_unet import ENTRY_GAIN, LOUDNESS_FLOOR, SpectralUNet, phase_reference, unit_of

FULL_VECTOR = 48
"""Channels below which pixels are normalised several at a time, as one of more channels: they fill no register."""


class SpectralInference:
    """Is called like the network it is made of. Without gradients; where they are asked for, the network answers.

    It holds copies: weights that change later don't count.
    """

    def __init__(self, network: SpectralUNet) -> None:
        self.network = network
        self._stem = _Convolution(network.stem)
        if network.fine_fft:
            self._stem.weight = _image(torch.cat([network.stem.weight, ENTRY_GAIN * network.fine_stem.weight], dim=1))
        self._down = [[_Block(block) for block in blocks] for blocks in network.down_blocks]  # type: ignore[attr-defined]
        self._downsample = [_Convolution(layer) for layer in network.downsample]
        self._attention_in, self._attention_out = _Attention(network.attention_in), _Attention(network.attention_out)
        self._middle = _Block(network.middle)
        self._up = [[_Block(block) for block in blocks] for blocks in network.up_blocks]  # type: ignore[attr-defined]
        self._upsample = [_Convolution(layer) for layer in network.upsample]
        self._head = _Convolution(network.head)
        self._gains = _Gains(network) if network.gains else None
        self._positions = network.positions.T.to(torch.bfloat16)
        self._log_std = network.band_std.log()
        self._fine_std = network.band_std.repeat_interleave(network.fine_fft // network.n_fft)
        self._shown: tuple[Tensor, Tensor] | None = None

    def __call__(self, x: Tensor, sigma: Tensor, keep: Tensor | None = None, sketch: Tensor | None = None) -> Tensor:
        """See `SpectralUNet.forward`."""
        if torch.is_grad_enabled() and x.requires_grad:
            answer: Tensor = self.network(x, sigma, keep, sketch)
            return answer
        with torch.no_grad():
            none = [None] * len(x)
            known = none if keep is None else keep.split(1)
            shown = none if sketch is None else self._look_at(sketch)
            each = zip(x.split(1), sigma.split(1), known, shown, strict=True)
            return torch.cat([self._estimate(*one) for one in each])

    def _look_at(self, sketch: Tensor) -> Tensor:
        """(B, N) -> (B, 1, width, frames, bins / 2): what the stem of sketches makes of it."""
        if self._shown is None or self._shown[0] is not sketch:
            network = self.network
            views = network.views(F.pad(sketch, (0, -sketch.shape[-1] % network.hop)))
            views = F.pad(views, (0, -views.shape[-1] % network.time_multiple))
            given = torch.ones(len(sketch), dtype=torch.bool)
            stem = ENTRY_GAIN * network.sketch_stem(views, given, network.band_std)
            self._shown = sketch, _image(stem)[:, None]
        return self._shown[1]

    def _estimate(self, x: Tensor, sigma: Tensor, keep: Tensor | None, shown: Tensor | None) -> Tensor:
        """x (1, N), sigma (1,), keep (1, N) or None, shown: of `_look_at` -> (1, N)."""
        network = self.network
        length = x.shape[-1]
        padding = (0, -length % network.hop)
        x, keep = F.pad(x, padding), None if keep is None else F.pad(keep, padding)
        frame_sigma = network._frame_sigma(sigma, keep, network.window).T  # (frames, 1)
        spectrum = _transform(x, network.n_fft, network.hop, network.window, "reflect")
        frames = len(spectrum)
        reference = _reference(network.n_fft, network.hop, frames)
        unit = network._unit
        bands = spectrum * (reference.conj() / unit)
        inverse = (frame_sigma.square() + network.band_std.square()).rsqrt()
        views = [bands * inverse]
        if network.fine_fft:
            fine_sigma = network._frame_sigma(sigma, keep, network.fine_window).T
            fine = _transform(x, network.fine_fft, network.hop, network.fine_window, "constant")
            turn = _fine_reference(network.fine_fft, network.n_fft, network.hop, frames)
            views.append(fine * turn * (fine_sigma.square() + self._fine_std.square()).rsqrt())
        drawn = self._predict(views, sigma, frame_sigma, shown)
        clean = bands * (network.band_std * inverse).square() + drawn * (frame_sigma * network.band_std * inverse)
        spectrum = F.pad(clean * (reference * unit), (0, 1)).T[None]
        return torch.istft(spectrum, network.n_fft, network.hop, window=network.window, center=True, length=length)

    def _predict(self, views: list[Tensor], sigma: Tensor, frame_sigma: Tensor, shown: Tensor | None) -> Tensor:
        """F as one complex number a coefficient, (frames, bins)."""
        network = self.network
        frames = len(views[0])
        image = self._input(views, frame_sigma)
        phase = (sigma.log() / 4)[:, None] * network.level_frequencies
        embedding = network.level_embedding(torch.cat([phase.sin(), phase.cos()], dim=1))

        h = self._stem(image)
        if shown is not None:
            h += shown
        skips: list[Tensor] = []
        for depth, blocks in enumerate(self._down):
            if depth:
                h = self._downsample[depth - 1](h)
            for block in blocks:
                h = block([h], embedding)
                skips.append(h)
        h = self._attention_out(self._middle([self._attention_in(h)], embedding))
        for index, blocks in enumerate(self._up):
            for block in blocks:
                h = block([h, skips.pop()], embedding)
            if index < len(self._upsample):
                h = self._upsample[index](h)
        h = _normalised([h], network.norm_out.weight, network.norm_out.bias, network.norm_out.eps)[0]
        drawn = torch.view_as_complex(_pixels(self._head(h))[:frames].float())
        return drawn if self._gains is None else drawn + self._gains(views, h)

    def _input(self, views: list[Tensor], frame_sigma: Tensor) -> Tensor:
        """What the stem is shown, (1, channels, frames, bins) bf16: of frames that pad to a multiple, nothing but where
        they are and the level of the last.
        """
        frames, bins = views[0].shape
        padded = frames + -frames % self.network.time_multiple
        parts = [torch.view_as_real(view).view(frames, bins, -1) for view in views]
        positions = self._positions.shape[1]
        image = torch.zeros(padded, bins, self._stem.weight.shape[1], dtype=torch.bfloat16)
        image[:frames, :, :2] = parts[0]
        image[:, :, 2 : 2 + positions] = self._positions
        log_snr = (self._log_std - frame_sigma.log()) / 4
        image[:frames, :, 2 + positions] = log_snr if len(log_snr) == frames else log_snr.expand(frames, -1)
        image[frames:, :, 2 + positions] = log_snr[-1]
        if len(parts) > 1:
            image[:frames, :, 3 + positions :] = parts[1]
        return image.permute(2, 0, 1)[None]


class _Convolution:
    """A layer of the network's, turned around and cast. Images are (1, channels, frames, bins), channels last."""

    def __init__(self, layer: nn.Module) -> None:
        assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and not isinstance(layer.padding, str)
        self.weight = _image(layer.weight)
        self.bias = None if layer.bias is None else _cast(layer.bias)
        self._transposed = isinstance(layer, nn.ConvTranspose2d)
        self._stride, self._padding, self._dilation = layer.stride[::-1], layer.padding[::-1], layer.dilation[::-1]

    def __call__(self, x: Tensor) -> Tensor:
        if self._transposed:
            return F.conv_transpose2d(x, self.weight, self.bias, self._stride, self._padding)
        return F.conv2d(x, self.weight, self.bias, self._stride, self._padding, self._dilation)

    def halves(self) -> list[_Convolution]:
        """Convolutions of the first and of the last half of the channels, whose sum this is."""
        parts = []
        for weight, bias in zip(self.weight.chunk(2, dim=1), (self.bias, None), strict=True):
            part = copy(self)
            part.weight, part.bias = weight.contiguous(memory_format=torch.channels_last), bias
            parts.append(part)
        return parts


class _Block:
    """`ResidualBlock` of one image, or of two that would be joined."""

    def __init__(self, block: ResidualBlock) -> None:
        self._block = block
        first, shortcut = _Convolution(block.conv1), None
        if isinstance(block.shortcut, nn.Conv2d):  # what comes up meets what went down
            self._first = first.halves()
            shortcut = _Convolution(block.shortcut).halves()
        else:
            self._first = [first]
        self._shortcut, self._second = shortcut, _Convolution(block.conv2)

    def __call__(self, images: list[Tensor], embedding: Tensor) -> Tensor:
        block = self._block
        norm = block.norm1
        h = _sum(self._first, _normalised(images, norm.weight, norm.bias, norm.eps))
        scale, shift = block.modulation(embedding)[0].chunk(2)
        norm = block.norm2
        h = _normalised([h], norm.weight * (1 + scale), norm.bias * (1 + scale) + shift, norm.eps)[0]
        h = self._second(h)
        return h.add_(images[0] if self._shortcut is None else _sum(self._shortcut, images))


class _Attention:
    """`TimeAttention`, whose tokens are the frames as they lie."""

    def __init__(self, attention: TimeAttention) -> None:
        self._attention = attention
        channels = attention.norm.num_channels
        width = attention.project_in.out_features
        project_in = attention.project_in.weight.unflatten(1, (channels, -1)).transpose(1, 2).reshape(width, -1)
        project_out = attention.project_out.weight.unflatten(0, (channels, -1)).transpose(0, 1).reshape(-1, width)
        bias = attention.project_out.bias.unflatten(0, (channels, -1)).T.reshape(-1)
        self._in, self._bias_in = _cast(project_in), _cast(attention.project_in.bias)
        self._qkv, self._bias_qkv = _cast(attention.query_key_value.weight), _cast(attention.query_key_value.bias)
        self._out, self._bias_out = _cast(project_out), _cast(bias)

    def __call__(self, x: Tensor) -> Tensor:
        norm, heads = self._attention.norm, self._attention.heads
        tokens = _pixels(_scaled([x], norm.weight, norm.bias, norm.eps)[0]).flatten(1)
        qkv = F.linear(F.linear(tokens, self._in, self._bias_in), self._qkv, self._bias_qkv)
        query, key, value = qkv.view(len(tokens), 3, heads, -1).permute(1, 2, 0, 3)[:, None]
        attended = F.scaled_dot_product_attention(rotate(query), rotate(key), value)
        attended = attended[0].transpose(0, 1).reshape(len(tokens), -1)
        more = F.linear(attended, self._out, self._bias_out).view(_pixels(x).shape)
        return x + more.permute(2, 0, 1)[None]


class _Gains:
    """`SpectralUNet._passed_on`."""

    def __init__(self, network: SpectralUNet) -> None:
        self._features = _Convolution(network.gain_features)
        self._hop, self._n_fft = network.hop, network.n_fft
        hidden = network.gain_hidden.weight.detach()[..., 0, 0]
        features = network.gain_features.out_channels
        self._hidden, self._loudness = _cast(hidden.T).split([features, hidden.shape[1] - features])
        assert network.gain_hidden.bias is not None and network.gain_out.bias is not None
        self._bias = _cast(network.gain_hidden.bias + math.log(LOUDNESS_FLOOR) / 4 * hidden[:, features:].sum(dim=1))
        self._out, self._out_bias = _cast(network.gain_out.weight[..., 0, 0]), network.gain_out.bias.detach()[:, None]

    def __call__(self, views: list[Tensor], h: Tensor) -> Tensor:
        """views as in `SpectralInference._predict`, h: the features that F is drawn from -> (frames, bins) complex."""
        frames, bins = views[0].shape
        planes = [torch.view_as_real(view.view(frames, bins, -1)).permute(2, 3, 0, 1) for view in views]
        real, imaginary = torch.cat(planes).unbind(1)  # each (views, frames, bins)
        power = torch.addcmul(real.square(), imaginary, imaginary)
        loudness = ((power + LOUDNESS_FLOOR).log() - math.log(LOUDNESS_FLOOR)) / 4  # 0 is silence, as beyond the edges
        hidden = torch.addmm(self._bias, _around(loudness), self._loudness)
        hidden = F.silu(hidden.addmm_(_pixels(self._features(h))[:frames].flatten(0, 1), self._hidden), inplace=True)
        gains = (self._out @ hidden.T).float().add_(self._out_bias).view(3, -1, frames, bins)
        own, above, below = (
            torch.complex(_dot(gain, real, reach), _dot(gain, imaginary, reach))
            for gain, reach in zip(gains, (0, 1, -1), strict=True)
        )
        turn = -_turn(self._n_fft, self._hop, frames)[:, None]
        return own.addcmul_(above, turn).addcmul_(below, turn.conj())


def _around(planes: Tensor) -> Tensor:
    """(views, frames, bins) -> (frames * bins, 3 views) bf16: of a bin, the one above it and the one below it."""
    own = planes.permute(1, 2, 0)
    frames, bins, views = own.shape
    around = torch.zeros(frames, bins, 3, views, dtype=torch.bfloat16)
    around[:, :, 0] = own
    around[:, :-1, 1] = own[:, 1:]
    around[:, 1:, 2] = own[:, :-1]
    return around.view(frames * bins, 3 * views)


def _dot(gains: Tensor, view: Tensor, reach: int) -> Tensor:
    """Sum over views of gains times the view `reach` bins up, all (views, frames, bins), nothing beyond the edges."""
    total = torch.zeros(gains.shape[1:])
    inner = total[:, max(0, -reach) : total.shape[1] - max(0, reach)]
    for gain, plane in zip(gains, view, strict=True):
        there = slice(max(0, -reach), gain.shape[1] - max(0, reach))
        inner.addcmul_(gain[:, there], plane[:, max(0, reach) : plane.shape[1] - max(0, -reach)])
    return total


def _sum(convolutions: list[_Convolution], images: list[Tensor]) -> Tensor:
    total = convolutions[0](images[0])
    for convolution, image in zip(convolutions[1:], images[1:], strict=True):
        total.add_(convolution(image))
    return total


def _normalised(images: list[Tensor], weight: Tensor, bias: Tensor, eps: float) -> list[Tensor]:
    """Group norm of images that would be joined, and SiLU."""
    return [F.silu(image, inplace=True) for image in _scaled(images, weight, bias, eps)]


def _scaled(images: list[Tensor], weight: Tensor, bias: Tensor, eps: float) -> list[Tensor]:
    """Group norm in two passes over memory, which a batch norm is too: its kernels keep channels last."""
    groups = GROUPS // len(images)
    return [
        _group_norm(image, groups, w, b, eps)
        for image, w, b in zip(images, weight.chunk(len(images)), bias.chunk(len(images)), strict=True)
    ]


def _group_norm(image: Tensor, groups: int, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    channels = image.shape[1]
    together = 4 if channels < FULL_VECTOR and image[0, 0].numel() % 4 == 0 else 1
    wide = _pixels(image).view(1, -1, 1, together * channels).permute(0, 3, 1, 2)
    zeros, ones = torch.zeros(together * channels), torch.ones(together * channels)
    mean, variance = torch.batch_norm_update_stats(wide, zeros, ones, 0.0)
    square = (variance + mean.square()).view(together, groups, -1).mean(dim=(0, 2))
    mean = mean.view(together, groups, -1).mean(dim=(0, 2))
    deviation = (square - mean.square() + eps).sqrt()
    scale = weight.view(groups, -1) / deviation[:, None]
    shift = bias.view(groups, -1) - mean[:, None] * scale
    scale, shift = (value.flatten().repeat(together) for value in (scale, shift))
    answer = F.batch_norm(wide, zeros, ones, scale, shift, eps=0.0)
    return answer.permute(0, 2, 3, 1).view(_pixels(image).shape).permute(2, 0, 1)[None]


def _pixels(image: Tensor) -> Tensor:
    """(1, channels, frames, bins), channels last -> (frames, bins, channels), contiguous."""
    return image[0].permute(1, 2, 0)


def _cast(value: Tensor) -> Tensor:
    return value.detach().to(torch.bfloat16)


def _image(value: Tensor) -> Tensor:
    """bf16, channels last, its last two dimensions exchanged."""
    return _cast(value).transpose(2, 3).contiguous(memory_format=torch.channels_last)


def _transform(x: Tensor, n_fft: int, hop: int, window: Tensor, pad_mode: str) -> Tensor:
    """(1, N) -> (frames, n_fft / 2) complex, as it is computed."""
    spectrum = torch.stft(x, n_fft, hop, window=window, center=True, pad_mode=pad_mode, return_complex=True)
    return spectrum[0].T[:, :-1]


@lru_cache(maxsize=4)
def _turn(n_fft: int, hop: int, frames: int) -> Tensor:
    """(frames,) complex: how far the phase reference turns from a bin to the next."""
    angle = (torch.arange(frames) * hop % n_fft).float() * (2 * math.pi / n_fft)
    return torch.polar(torch.ones_like(angle), angle)


@lru_cache(maxsize=4)
def _reference(n_fft: int, hop: int, frames: int) -> Tensor:
    """(frames, bins), as images lie."""
    return phase_reference(n_fft, hop, frames).T.contiguous()


@lru_cache(maxsize=4)
def _fine_reference(fine_fft: int, n_fft: int, hop: int, frames: int) -> Tensor:
    """What brings the finer transform to the phases of the other and to unit noise, (frames, fine_fft / 2)."""
    finer = fine_fft // n_fft
    bins = torch.arange(n_fft // 2)
    middle = 1 - 2 * ((bins[:, None] + torch.arange(finer)) % 2)
    unit = unit_of(torch.hann_window(fine_fft))
    return (middle * _reference(n_fft, hop, frames)[..., None].conj() / unit).flatten(1)
