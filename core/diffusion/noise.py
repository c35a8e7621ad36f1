"""Noise that depends on nothing but its key.

Every draw is keyed by (seed, window, stream, level, visit) and made on the CPU. So the same seed gives every sampler
the same x_T and the same step noise at the same level, however many draws it makes and on whatever device it runs:
the paper's "all algorithms start the generation using the same random distribution", and more.
"""

import hashlib
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

Stream = Literal["initial", "step", "known", "renoise"]


class NoiseSource(Protocol):
    """Unit Gaussian noise shaped and placed like `like`; the same arguments always give the same noise."""

    def __call__(self, stream: Stream, level: float, visit: int, like: Tensor) -> Tensor: ...


class KeyedNoise:
    """The noise of one window of one seed.

    Philox counter streams keyed by a hash: independent for any two keys, and a shorter draw is the beginning of a
    longer one.
    """

    def __init__(self, seed: int, window: int) -> None:
        self.seed, self.window = seed, window

    def __call__(self, stream: Stream, level: float, visit: int, like: Tensor) -> Tensor:
        """like (B, 1, N) -> (B, 1, N) float32; all of the batch gets the same noise."""
        name = f"{self.seed}/{self.window}/{stream}/{level:.9g}/{visit}"
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little")
        draw = np.random.Generator(np.random.Philox(key=key)).standard_normal(like.shape[-1], dtype=np.float32)
        return torch.from_numpy(draw).to(like.device).expand_as(like)


def hash_noise(x: Tensor) -> str:
    """SHA-256 of a draw's float32 samples, to show in a recipe that two runs began alike."""
    return hashlib.sha256(x.detach().to("cpu", torch.float32).contiguous().numpy().tobytes()).hexdigest()
