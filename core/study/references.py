"""Continuations that need no network: the reference rows of every table."""

from __future__ import annotations

import numpy as np

from core.audio.signal import FloatArray, rms

REFERENCES = ("true", "loop", "silence", "noise")
"""The rows, in their order. `true` is what every other row is compared with."""


def references(known: FloatArray, true: FloatArray, seed: int) -> dict[str, FloatArray]:
    """What a continuation can be held against.

    Args:
        known: (N,) what came before.
        true: (M,) what really followed.
        seed: of the noise.

    Returns:
        each (M,), by the names in REFERENCES: `true` itself; `loop`, the last M samples of `known` again (all of it
        over and over when it is shorter); digital `silence`; white Gaussian `noise` with the RMS of `known`.
    """
    frames = true.size
    loop = known[-frames:] if known.size >= frames else np.resize(known, frames)
    noise = np.random.default_rng(seed).standard_normal(frames)
    noise *= rms(known) / rms(noise)
    rows = (true, loop, np.zeros(frames), noise)
    return {name: np.asarray(row, np.float32) for name, row in zip(REFERENCES, rows, strict=True)}
