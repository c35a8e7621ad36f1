"""What the user hears and sees as one recording: the original file followed by the takes generated so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.settings import Settings

if TYPE_CHECKING:
    from core.audio import Source


@dataclass(frozen=True, eq=False)
class Take:
    """One finished stretch of generated audio.

    samples: float32 (channels, frames) at the source's rate and with its channels.
    settings: what it was made with; run: its entries for a recipe (core.recipe.describe_run).
    """

    samples: np.ndarray
    settings: Settings
    run: dict[str, Any] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])

    def cut(self, frames: int) -> Take:
        """The same take, `frames` long."""
        return replace(self, samples=self.samples[:, :frames], run=self.run | {"new_frames": frames})


@dataclass(frozen=True, eq=False)
class Timeline:
    """An immutable snapshot: safe to read from any thread while the session moves on."""

    source: Source
    takes: tuple[Take, ...] = ()

    @property
    def sample_rate(self) -> int:
        return self.source.sample_rate

    @property
    def channels(self) -> int:
        return self.source.channels

    @property
    def source_frames(self) -> int:
        return self.source.frames

    @property
    def generated_frames(self) -> int:
        return sum(take.frames for take in self.takes)

    @property
    def frames(self) -> int:
        return self.source_frames + self.generated_frames

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate

    @property
    def generated_seconds(self) -> float:
        return self.generated_frames / self.sample_rate

    @property
    def windows(self) -> int:
        """Windows that the network has gone through for all takes, trimmed or not."""
        return sum(len(take.run.get("windows", ())) for take in self.takes)

    def generated(self) -> np.ndarray:
        """All takes one after the other, float32 (channels, frames)."""
        if not self.takes:
            return np.zeros((self.channels, 0), np.float32)
        return np.concatenate([take.samples for take in self.takes], axis=1)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Frames start..stop (clipped to what there is) as float32 (channels, frames)."""
        start, stop = max(0, start), min(self.frames, stop)
        parts = []
        if start < min(stop, self.source_frames):
            parts.append(self.source.read(start, min(stop, self.source_frames)))
        at = self.source_frames
        for take in self.takes:
            first, last = max(start, at), min(stop, at + take.frames)
            if first < last:
                parts.append(take.samples[:, first - at : last - at])
            at += take.frames
        if not parts:
            return np.zeros((self.channels, 0), np.float32)
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def tail(self, seconds: float) -> np.ndarray:
        """The last `seconds` (or everything, if that is shorter), float32 (channels, frames)."""
        wanted = round(seconds * self.sample_rate)
        return self.read(self.frames - wanted, self.frames)

    def cut(self, generated_frames: int) -> Timeline:
        """The timeline with its generated part shortened to `generated_frames`; the original is never touched."""
        kept, left = [], max(0, generated_frames)
        for take in self.takes:
            if left <= 0:
                break
            kept.append(take if take.frames <= left else take.cut(left))
            left -= take.frames
        return replace(self, takes=tuple(kept))

    def with_take(self, take: Take) -> Timeline:
        return replace(self, takes=(*self.takes, take))
