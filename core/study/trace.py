"""How a continuation came about: what the paper's figures 3 and 4 are drawn from."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from core.audio.writing import write_bytes
from core.bounds import whole

if TYPE_CHECKING:
    from core.extension.extension import Step

SHOWN_LEVEL = 25 / 200
"""Where x_t is kept, as a share of the network's levels: the paper's t = 25 of 200 (Fig. 4)."""


DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, RuntimeError)
"""What reading a damaged trace can end in, beside OSError. NotImplementedError is a RuntimeError."""
_LARGEST = 256 * 2**20  # bytes, unpacked: x_t of the longest window takes an eighth of it
_WHOLE = {"top": whole(1, 2**31), "sample_rate": whole(1, 2**31), "known_frames": whole(0, 2**31)}


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
        """Read it back. Raises OSError and, where it is something else, what zipfile and numpy do (`DAMAGE`)."""
        with zipfile.ZipFile(file) as archive:  # np.load takes other files as well
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise ValueError("the trace is too large")
        if not isinstance(file, Path):
            file.seek(0)
        with np.load(file) as data:
            numbers = {name: data[name].item() for name in (*_WHOLE, "x_level")}
            rows = {name: data[name] for name in ("levels", "similarities", "x")}
        for name, check in _WHOLE.items():
            check(name, numbers[name])
        if any(row.ndim != 1 or row.dtype.kind != "f" for row in rows.values()):
            raise ValueError("a trace holds rows of numbers")
        if len(rows["levels"]) != len(rows["similarities"]):
            raise ValueError("a trace has a similarity at each level")
        levels, similarities, x = rows["levels"].tolist(), rows["similarities"].tolist(), rows["x"].astype(np.float32)
        return cls(
            numbers["top"], numbers["sample_rate"], levels, similarities, x, float(numbers["x_level"]),
            numbers["known_frames"],
        )  # fmt: skip
