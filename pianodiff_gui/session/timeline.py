"""What the user hears and sees as one recording: the original file with what was generated behind, before and in it.

All frames and seconds are counted from the recording's first frame, so that the recording stays in its place whatever
is generated around it; what is generated before it lies at negative ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from core.extension.settings import Settings

if TYPE_CHECKING:
    from core.audio.source import Source
    from core.study.trace import Trace

Gap = tuple[int, int]
"""The recording's frames in whose place generated audio comes: from the first to the one after the last."""

BEFORE: Gap = (0, 0)
"""The gap before everything."""



def is_within(gap: Gap | None) -> TypeGuard[Gap]:
    """Whether it lies in the recording, not before or behind it."""
    return gap not in (None, BEFORE)


@dataclass(frozen=True, eq=False)
class Stretch:
    """The generated audio of one run.

    samples: float32 (channels, frames) at the source's rate and with its channels.
    settings: what it was made with; run: its entries for a recipe (core.extension.recipe.describe_run).
    gap: where it comes: BEFORE, in place of frames of the recording, or (None) behind everything.
    trace: how it came about, where that was kept.
    """

    samples: np.ndarray
    settings: Settings
    run: dict[str, Any] = field(default_factory=dict)
    gap: Gap | None = None
    trace: Trace | None = None

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])

    def _kept(self, samples: np.ndarray) -> Stretch:
        return replace(self, samples=samples, run=self.run | {"new_frames": samples.shape[1]})

    def first(self, frames: int) -> Stretch:
        """The same, only its first `frames`."""
        return self._kept(self.samples[:, :frames])

    def last(self, frames: int) -> Stretch:
        """The same, only its last `frames`."""
        return self._kept(self.samples[:, self.frames - frames :])


@dataclass(frozen=True, eq=False)
class Part:
    """A piece of a timeline: generated, or (stretch None) of the recording. begin, end: frames."""

    begin: int
    end: int
    stretch: Stretch | None


@dataclass(frozen=True, eq=False)
class Timeline:
    """An immutable snapshot: safe to read from any thread while the session moves on.

    stretches: in the order in which they were made. Those that fill gaps are as long as these, and no two overlap.
    """

    source: Source
    stretches: tuple[Stretch, ...] = ()

    @property
    def sample_rate(self) -> int:
        return self.source.sample_rate

    @property
    def channels(self) -> int:
        return self.source.channels

    @property
    def source_frames(self) -> int:
        return self.source.frames

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Everything in the order of time, without holes."""
        before = [stretch for stretch in reversed(self.stretches) if stretch.gap == BEFORE]
        at = -sum(stretch.frames for stretch in before)
        parts: list[Part] = []

        def add(stretch: Stretch | None, frames: int) -> None:
            nonlocal at
            if frames:
                parts.append(Part(at, at + frames, stretch))
                at += frames

        for stretch in before:
            add(stretch, stretch.frames)
        fills = [(stretch.gap[0], stretch) for stretch in self.stretches if is_within(stretch.gap)]
        for begin, fill in sorted(fills, key=lambda pair: pair[0]):
            add(None, begin - at)
            add(fill, fill.frames)
        add(None, self.source_frames - at)
        for stretch in self.stretches:
            if stretch.gap is None:
                add(stretch, stretch.frames)
        return tuple(parts)

    @property
    def generated_parts(self) -> tuple[tuple[Part, Stretch], ...]:
        return tuple((part, part.stretch) for part in self.parts if part.stretch is not None)

    @property
    def begin(self) -> int:
        """The first frame: 0, or below it where something was generated before the recording."""
        return self.parts[0].begin

    @property
    def end(self) -> int:
        """The frame after the last."""
        return self.parts[-1].end

    @property
    def frames(self) -> int:
        return self.end - self.begin

    @property
    def begin_seconds(self) -> float:
        return self.begin / self.sample_rate

    @property
    def end_seconds(self) -> float:
        return self.end / self.sample_rate

    @property
    def prelude_seconds(self) -> float:
        """How much was generated before the recording."""
        return -self.begin / self.sample_rate

    @property
    def extension_seconds(self) -> float:
        """How much was generated behind the recording."""
        return (self.end - self.source_frames) / self.sample_rate

    @property
    def generated_frames(self) -> int:
        """Wherever they are."""
        return sum(stretch.frames for stretch in self.stretches)

    @property
    def windows(self) -> int:
        """Windows that the network has gone through for all stretches, trimmed or not."""
        return sum(len(stretch.run.get("windows", ())) for stretch in self.stretches)

    def generated(self) -> np.ndarray:
        """All that was generated, in the order of time, float32 (channels, frames)."""
        pieces = [stretch.samples for _, stretch in self.generated_parts]
        return np.concatenate([np.zeros((self.channels, 0), np.float32), *pieces], axis=1)

    def read(self, begin: int, end: int) -> np.ndarray:
        """Frames begin..end (clipped to what there is) as float32 (channels, frames)."""
        pieces = []
        for part in self.parts:
            first, last = max(begin, part.begin), min(end, part.end)
            if first >= last:
                continue
            if part.stretch is None:
                pieces.append(self.source.read(first, last))
            else:
                pieces.append(part.stretch.samples[:, first - part.begin : last - part.begin])
        if not pieces:
            return np.zeros((self.channels, 0), np.float32)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)

    def around(self, gap: Gap | None, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """What a run at `gap` goes on from: at most `seconds` of what is there before it and of what is behind it."""
        reach = round(seconds * self.sample_rate)
        begin, end = self.edges(gap)
        return self.read(begin - reach, begin), self.read(end, end + reach)

    def seconds_around(self, gap: Gap | None) -> tuple[float, float]:
        """How much there is before and behind it in all."""
        begin, end = self.edges(gap)
        return (begin - self.begin) / self.sample_rate, (self.end - end) / self.sample_rate

    def edges(self, gap: Gap | None) -> Gap:
        """The frames between which a run at `gap` puts what it makes."""
        return (self.end, self.end) if gap is None else (self.begin, self.begin) if gap == BEFORE else gap

    def made_seconds(self, gap: Gap | None) -> float:
        """How much was generated behind the recording or, with BEFORE, before it."""
        return self.extension_seconds if gap is None else self.prelude_seconds

    def cut(self, frames: int, gap: Gap | None = None) -> Timeline:
        """With at most `frames` generated behind the recording or, with BEFORE, before it. It stays whole."""
        shorten = Stretch.first if gap is None else Stretch.last
        kept, left = [], frames
        for stretch in self.stretches:  # in the order they were made, so from the recording outwards
            if stretch.gap != gap:
                kept.append(stretch)
            elif left > 0:
                kept.append(stretch if stretch.frames <= left else shorten(stretch, left))
                left -= stretch.frames
        return replace(self, stretches=tuple(kept))

    def with_stretch(self, stretch: Stretch) -> Timeline:
        return replace(self, stretches=(*self.stretches, stretch))

    def is_filled(self, gap: Gap) -> bool:
        """Whether frames of `gap` have been replaced already."""
        return any(part.begin < gap[1] and gap[0] < part.end for part, _ in self.generated_parts)
