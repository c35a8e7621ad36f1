"""How a continuation came about: what the paper's figures 3 and 4 are drawn from."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from core.audio.writing import write_bytes

if TYPE_CHECKING:
    from core.extension.extension import Step

SHOWN_LEVEL = 25 / 200
"""Where x_t is kept, as a share of the network's levels: the paper's t = 25 of 200 (Fig. 4)."""


@dataclass
class Trace:
    """Of the first window.

    levels, similarities    t after every step, and the KS similarity there; a walk with jumps comes by more than once
    x, x_level              x_t (N,) after the step nearest to SHOWN_LEVEL, the last of them, and its t
    known_frames            how much of x is the known part
    top                     T, the network's number of levels
    sample_rate             the network's, and so x's
    """

    top: int
    sample_rate: int
    levels: list[float] = field(default_factory=list)
    similarities: list[float] = field(default_factory=list)
    x: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    x_level: float = float("nan")
    known_frames: int = 0

    def note(self, step: Step) -> None:
        """Take note of a step."""
        if step.window:
            return
        self.levels.append(step.level)
        self.similarities.append(step.similarity)
        shown = SHOWN_LEVEL * self.top
        if not abs(step.level - shown) > abs(self.x_level - shown):  # at first x_level is not a number
            self.x, self.x_level, self.known_frames = step.x, step.level, step.known_frames

    def save(self, path: Path) -> None:
        """Write it, whole or not at all. Raises ExportError."""
        write_bytes(path, self.packed(), overwrite=True)

    def packed(self) -> bytes:
        """As `load` reads it."""
        held = io.BytesIO()
        np.savez_compressed(
            held,
            top=self.top,
            sample_rate=self.sample_rate,
            levels=np.asarray(self.levels, np.float32),
            similarities=np.asarray(self.similarities, np.float32),
            x=self.x.astype(np.float16),
            x_level=self.x_level,
            known_frames=self.known_frames,
        )
        return held.getvalue()

    @classmethod
    def load(cls, file: Path | BinaryIO) -> Trace:
        """Read it back. Raises OSError, and ValueError, KeyError or zipfile.BadZipFile where it is something else."""
        with np.load(file) as data:
            return cls(
                int(data["top"]),
                int(data["sample_rate"]),
                data["levels"].tolist(),
                data["similarities"].tolist(),
                data["x"].astype(np.float32),
                float(data["x_level"]),
                int(data["known_frames"]),
            )
