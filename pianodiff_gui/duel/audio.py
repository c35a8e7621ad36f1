"""What the lanes of a duel draw and play: the new part, what is around it, what was made of it. No widgets here."""

from __future__ import annotations

import numpy as np

from core.analysis.peaks import PeakPyramid
from core.analysis.pitch import PitchTrack
from pianodiff_gui.duel.duel import Contender
from pianodiff_gui.session.jobs import Job
from pianodiff_gui.session.outline import seen_outline
from pianodiff_gui.session.timeline import BEFORE, Part
from pianodiff_gui.work.analysis import pitch_of

_CONTEXT_SECONDS = 3.0  # of what is around the new part
_LEAST_PLAYED = 0.05  # s; a lane heard to its end starts over


class Piece:
    """A stretch of audio that is drawn: samples float32 (channels, frames), the first at frame `begin` of the time
    axis.
    """

    def __init__(self, begin: int, samples: np.ndarray, sample_rate: int) -> None:
        self._begin, self._samples, self._rate = begin, samples, sample_rate
        self._pyramid = PeakPyramid()
        self._pyramid.append(samples)
        self.peak = float(np.abs(samples).max(initial=0.0))

    def outline(self, low: float, high: float, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Seconds, minima and maxima of what lies in low..high seconds, in its share of `columns`."""
        frames = (0, self._samples.shape[1])
        return seen_outline(self._pyramid, self._read, frames, self._begin, self._rate, (low, high), columns)

    def _read(self, first: int, last: int) -> np.ndarray:
        return self._samples[:, first:last]


Context = tuple[tuple[Piece, ...], list[PitchTrack]]
"""What is around the new part, and its pitch."""


def span_of(job: Job) -> tuple[float, float]:
    """From where to where the lanes reach, in seconds: the new part, and a little of what is around it."""
    base = job.base
    begin, end = (at / base.sample_rate for at in base.edges(job.gap))
    low = max(begin - _CONTEXT_SECONDS, base.begin_seconds) if job.gap != BEFORE else begin - job.seconds
    high = min(end + _CONTEXT_SECONDS, base.end_seconds) if job.gap is not None else end + job.seconds
    return low, high


def edges_of(job: Job) -> tuple[float, float]:
    """From where to where in seconds the new part will reach."""
    begin, end = (at / job.base.sample_rate for at in job.base.edges(job.gap))
    if job.gap is None:
        return begin, begin + job.seconds
    return (end - job.seconds, end) if job.gap == BEFORE else (begin, end)


def first_new(contender: Contender) -> float:
    """Where the first window's new part begins, in seconds: a prelude grows to the left from there."""
    begin, end = edges_of(contender.job)
    if contender.job.gap != BEFORE:
        return begin
    return end - contender.plan.windows[0].new_frames / contender.job.network.sample_rate


def made_piece(contender: Contender) -> Piece | None:
    """What is complete of it so far; None where nothing is."""
    stretch, job = contender.stretch, contender.job
    if stretch is None:
        return None
    begin, end = job.base.edges(job.gap)
    first = end - stretch.frames if job.gap == BEFORE else begin
    return Piece(first, stretch.samples, job.base.sample_rate)


def context_of(job: Job) -> Context:
    """What is around the new part, and its pitch. Raises AudioError: the recording can't be read."""
    base, rate = job.base, job.base.sample_rate
    begin, end = base.edges(job.gap)
    before, behind = base.around(job.gap, _CONTEXT_SECONDS)
    pieces: list[Piece] = []
    tracks: list[PitchTrack] = []
    for first, samples in ((begin - before.shape[1], before), (end, behind)):
        if samples.shape[1]:
            pieces.append(Piece(first, samples, rate))
            tracks.extend(pitch_of(base, Part(first, first + samples.shape[1], None)))
    return tuple(pieces), tracks


def made_pitch(contender: Contender) -> PitchTrack:
    """Of what it made. Raises AudioError: the recording can't be read."""
    timeline, job = contender.timeline, contender.job
    assert timeline is not None
    made = timeline.stretches[-1]
    part = next(part for part, stretch in timeline.generated_parts if stretch is made)
    pieces = []
    for piece in pitch_of(timeline, part):
        if job.cancelled.is_set():  # the duel was closed: nobody looks at it any more
            break
        pieces.append(piece)
    return PitchTrack.join(pieces)


def playing_from(contender: Contender, playhead: float | None) -> float:
    """Where to play a lane from: the playhead, but the start of the lane where there is none or it is out of it."""
    low, high = span_of(contender.job)
    return playhead if playhead is not None and low <= playhead < high - _LEAST_PLAYED else low
