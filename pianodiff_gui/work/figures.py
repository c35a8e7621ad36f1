"""Figures of takes, for comparing them: measured in a thread of their own, kept as long as the audio is."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.analysis.peaks import mix
from core.audio.signal import resample
from pianodiff_gui.session.timeline import BEFORE, Timeline
from pianodiff_gui.work.background import Background

log = logging.getLogger(__name__)


class Figure(NamedTuple):
    """How a figure is shown: its title, what it tells, and how its value is written, as format() takes it."""

    title: str
    tip: str
    form: str


SHOWN = {
    "level_db": Figure("Level dB", "Loudness of the new part against what it goes on from, in dB", "+.1f"),
    "seam": Figure(
        "Seam",
        "How hard the bend at the seam is against what the recording has itself: above 1.5 it may be heard",
        ".2f",
    ),
    "ks": Figure("KS D", "Kolmogorov-Smirnov distance between the sample values of new and known: 0 is alike", ".3f"),
    "voiced": Figure("Voiced", "Share of time with one clear pitch", ".2f"),
    "cents": Figure(
        "Cents off",
        "How far these pitches are from the recording's own tuning, in cents: random ones score 25",
        ".1f",
    ),
    "flatness": Figure(
        "Flatness", "Noise against tone: 0.56 is white noise, a piano has a hundred thousandth of it", ".1e"
    ),
}
"""The columns of core.study.metrics that need no true continuation, by their names there."""

_CONTEXT_SECONDS = 10.0  # of what the new part goes on from
_LONGEST_SECONDS = 30.0  # of the new part, from the seam on


def measure_last(timeline: Timeline) -> dict[str, float]:
    """The figures of the last stretch of `timeline`, by the names in SHOWN; NaN where there is none to give. Of a
    filled gap, its first seam counts. Takes about a tenth of a second for each second of audio.

    Raises AudioError: the recording can't be read.
    """
    from core.study.features import RATE, Sound
    from core.study.metrics import COLUMNS, Context

    stretch = timeline.stretches[-1]
    rate = timeline.sample_rate
    base = Timeline(timeline.source, timeline.stretches[:-1])
    before, behind = base.around(stretch.gap, _CONTEXT_SECONDS)
    new = stretch.samples
    if stretch.gap == BEFORE:  # the seam is at its end: all figures are the same backwards
        before, new = behind[:, ::-1], new[:, ::-1]
    new = new[:, : round(_LONGEST_SECONDS * rate)]
    known_at_rate, new_at_rate = (resample(mix(part)[None], rate, RATE)[0] for part in (before, new))
    nothing = dict.fromkeys(SHOWN, math.nan)
    if not len(known_at_rate) or not len(new_at_rate) or not np.any(known_at_rate):
        return nothing
    known, made = Sound(known_at_rate), Sound(new_at_rate)
    context = Context(known.samples, known.samples)
    return nothing | {
        column.name: column.measure(context, made)
        for column in COLUMNS
        if column.name in SHOWN and column.measure is not None
    }


def loudness(timeline: Timeline) -> float:
    """Mean power of everything generated, in dB; minus infinity for silence."""
    frames = timeline.generated_frames * timeline.channels
    total = sum(float(np.vdot(stretch.samples, stretch.samples)) for stretch in timeline.stretches)
    return 10 * math.log10(total / frames) if total > 0 else -math.inf


def _measured(timeline: Timeline) -> tuple[Timeline, float, dict[str, float]]:
    return timeline, loudness(timeline), measure_last(timeline)


class Figures(QObject):
    """Measures takes as they appear."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._found: WeakKeyDictionary[Timeline, dict[str, float]] = WeakKeyDictionary()
        self._levels: WeakKeyDictionary[Timeline, float] = WeakKeyDictionary()
        self._asked: WeakSet[Timeline] = WeakSet()

    def ask(self, timelines: Iterable[Timeline]) -> None:
        """Measure those that have not been yet; `changed` tells when there is news."""
        for timeline in timelines:
            if timeline not in self._asked:
                self._asked.add(timeline)
                self._background.run(partial(_measured, timeline), self._keep, log.warning)

    def _keep(self, found: tuple[Timeline, float, dict[str, float]]) -> None:
        timeline, level, figures = found
        self._levels[timeline], self._found[timeline] = level, figures
        self.changed.emit()

    def of(self, timeline: Timeline) -> dict[str, float]:
        """What is known so far; empty before it was measured."""
        return self._found.get(timeline, {})

    def gain(self, timeline: Timeline, among: Iterable[Timeline]) -> float | None:
        """What brings a take to the loudness of the quietest one, at most 1: what is louder is not better. None before
        it was measured.
        """
        levels = [level for level in map(self._levels.get, among) if level is not None and math.isfinite(level)]
        own = self._levels.get(timeline)
        if own is None:
            return None
        if not math.isfinite(own):
            return 1.0
        return float(min(1.0, 10 ** ((min(levels) - own) / 20)))

    def close(self) -> None:
        """Wait for what is being measured."""
        self._background.wait()
