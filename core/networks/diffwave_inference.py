"""DiffWave in bf16 on a CPU: the same function, laid out for the machine once and not at each call.

`DiffWave.forward` under autocast goes through memory a dozen times a layer, and its gate takes longer than its
products: PyTorch's tanh of bf16 takes six times as long as its tanh of float32. Here

- a layer is evaluated in tiles of `TILE` samples, which stay in the cache from the first product to the last;
- what goes on to the next layer and the sum of the skips lie side by side, as (samples, 2 channels): a layer adds to
  both by one matrix product, in place, once the next tile has its taps;
- what goes on is kept `sqrt(2)` ** layer times as large, which is in the weights, so that it needs no scaling;
- biases, and the noise level's, go on as one vector a layer instead of being added to each sample. Zeros beyond the
  ends become that vector's negative;
- sigmoid(a) is (1 + tanh(a / 2)) / 2, so that gate and filter are one tanh, in float32.

A batch is evaluated one by one: a cache holds the activations of one. The estimate differs from the network's in
float32 by bf16's rounding, and by less than autocast's does (tests/core/networks/test_diffwave_inference.py).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.networks.diffwave import DiffWave, DilatedLayer

TILE = 2048
"""Samples: with 64 channels, two tiles' taps, the gate in float32 and what comes of it are 4 MB, which is the L2 of two
cores. Half and twice as many took about as long.
"""


class DiffWaveInference:
    """Is called like the network it is made of. Without gradients; where they are asked for, the network answers.

    It holds copies: weights that change later don't count.
    """

    def __init__(self, network: DiffWave) -> None:
        self.network = network
        channels = len(network.input_projection.weight)
        layers = [_Layer(layer, index) for index, layer in enumerate(network.residual_layers)]  # type: ignore[arg-type]
        self._layers, self._channels = layers, channels
        self._widest = max(layer.dilation for layer in layers)
        skip = network.skip_projection
        self._skip = (skip.weight[:, :, 0] / math.sqrt(len(layers))).to(torch.bfloat16)
        self._skip_bias = _bias(skip) + (skip.weight[:, :, 0] / math.sqrt(len(layers))) @ sum(
            (layer.skip_bias for layer in layers), torch.zeros(channels)
        )

    def __call__(self, x: Tensor, step: Tensor) -> Tensor:
        """See `DiffWave.forward`."""
        if torch.is_grad_enabled() and x.requires_grad:
            answer: Tensor = self.network(x, step)
            return answer
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            return torch.stack([self._estimate(*one) for one in zip(x[:, 0], step.split(1), strict=True)])

    def _estimate(self, x: Tensor, step: Tensor) -> Tensor:
        """x (N,), step (1,) -> eps (1, N)."""
        network, channels, pad = self.network, self._channels, self._widest
        first, embedding = network.input_projection, network.diffusion_embedding(step)[0]
        state = torch.zeros(len(x) + 2 * pad, 2 * channels, dtype=torch.bfloat16)
        inside = slice(pad, pad + len(x))
        state[inside, :channels] = F.relu(torch.addcmul(_bias(first), x[:, None], first.weight[:, 0, 0]))
        tile = _Tile(max(TILE, pad), channels)
        constant = torch.zeros(channels)  # what each sample of what goes on lacks
        for layer in self._layers:
            shift = constant + layer.scale * layer.projection(embedding)
            state[:pad, :channels] = state[inside.stop :, :channels] = -shift
            layer(state, inside, shift, tile)
            constant = constant + layer.residual_bias
        total = state[inside, channels:]
        h = F.relu(F.linear(total, self._skip, self._skip_bias.to(torch.bfloat16)))
        last = network.output_projection
        return F.linear(h.float(), last.weight[:, :, 0], last.bias).T


class _Tile:
    """What a layer holds of one tile, used again by each; the taps of two. samples: no fewer than the widest dilation,
    so that no tile's taps lie beyond its neighbours.
    """

    def __init__(self, samples: int, channels: int) -> None:
        self.samples = samples
        self.taps = torch.empty(2, samples, 3 * channels, dtype=torch.bfloat16)
        self.wide = torch.empty(samples, 2 * channels)
        self.gated = torch.empty(samples, channels)
        self.narrow = torch.empty(samples, channels, dtype=torch.bfloat16)


class _Layer:
    """`DilatedLayer`, its index deciding the scale of what goes on."""

    def __init__(self, layer: DilatedLayer, index: int) -> None:
        conv, output = layer.dilated_conv, layer.output_projection
        channels = len(conv.weight) // 2
        self.dilation, self.projection, self.scale = conv.dilation[0], layer.diffusion_projection, math.sqrt(2) ** index
        halved = torch.cat([torch.full((channels,), 0.5), torch.ones(channels)])  # the gate's tanh is of half of it
        taps = conv.weight * (halved / self.scale)[:, None, None]
        self._taps = taps.transpose(1, 2).flatten(1).to(torch.bfloat16)
        self._of_shift, self._bias = taps.sum(dim=2), _bias(conv) * halved
        grown = torch.cat([torch.full((channels,), self.scale), torch.ones(channels)])
        self._output = (0.5 * grown[:, None] * output.weight[:, :, 0]).to(torch.bfloat16).T
        self.residual_bias, self.skip_bias = (grown * _bias(output)).chunk(2)

    def __call__(self, state: Tensor, inside: slice, shift: Tensor, tile: _Tile) -> None:
        """Add to `state` (pad + N + pad, 2 channels), of which `inside` is meant."""
        bias = (self._bias + self._of_shift @ shift).to(torch.bfloat16)
        begins = range(inside.start, inside.stop, tile.samples)
        spans = [(begin, min(begin + tile.samples, inside.stop)) for begin in begins]
        following = self._gather(state, spans[0], tile.taps[0])
        for index, (begin, end) in enumerate(spans):
            taps = following
            if index + 1 < len(spans):
                following = self._gather(state, spans[index + 1], tile.taps[(index + 1) % 2])
            wide, gated, narrow = (part[: end - begin] for part in (tile.wide, tile.gated, tile.narrow))
            gate, filtered = wide.copy_(F.linear(taps, self._taps, bias)).tanh_().chunk(2, dim=1)
            narrow.copy_(torch.addcmul(filtered, filtered, gate, out=gated))
            state[begin:end].addmm_(narrow, self._output)

    def _gather(self, state: Tensor, span: tuple[int, int], taps: Tensor) -> Tensor:
        """The three taps of each sample side by side, (samples, 3 channels)."""
        begin, end = span
        taps, channels = taps[: end - begin], taps.shape[1] // 3
        offsets = (-self.dilation, 0, self.dilation)
        torch.cat([state[begin + offset : end + offset, :channels] for offset in offsets], dim=1, out=taps)
        return taps


def _bias(conv: nn.Conv1d) -> Tensor:
    assert conv.bias is not None
    return conv.bias
