"""Notes that lead a run: their sketch, laid along what is known and what is to be made.

Times are seconds from the first new sample; notes of the known audio before it are at negative times. The sketch is
made once, matched to the known audio and its own notes, and each window takes its stretch of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.audio.signal import FloatArray, active_rms
from core.notes.listening import listen
from core.notes.matching import match
from core.notes.note import Note, moved, one_string_a_key
from core.notes.sketch import sketch

AT_THE_SEAM = 0.08
"""Seconds: a note that was heard until so shortly before the known audio ends sounds when it ends."""
RINGS_ON = 1.0
"""Seconds that such a note is left to sound, unless its key is struck before."""


class Lead:
    """The sketch of the notes, at the network's rate and the level of the recording.

    before, after   the known audio on both sides of the new (frames,), mono, either may be empty
    new_frames      frames of new audio
    notes           of all of it: those heard in what is known, and those to be played
    """

    def __init__(
        self, before: FloatArray, after: FloatArray, new_frames: int, notes: Sequence[Note], sample_rate: int
    ) -> None:
        self._rate, self._known = sample_rate, len(before)
        first, new = -len(before) / sample_rate, new_frames / sample_rate
        known, start = (before, first) if len(before) >= len(after) else (after, new)
        heard = _within(notes, start, start + len(known) / sample_rate)
        # Where nothing was heard, the recording is taken to be much like what is planned.
        compared = moved(heard or notes, -start if heard else 0.0)
        timbre = match(known, compared, len(known) if heard else new_frames, sample_rate)
        self._sound = sketch(moved(notes, -first), len(before) + new_frames + len(after), sample_rate, timbre)

    def stretch(self, start: int, frames: int) -> FloatArray:
        """(frames,) float32 of the sketch; `start` is counted from the first new sample."""
        begin = self._known + start
        return self._sound[begin : begin + frames]

    def level(self, start: int, frames: int) -> float:
        """How loud that stretch is to be, its active RMS."""
        return active_rms(self.stretch(start, frames)[None], self._rate)


def heard_and_planned(
    before: FloatArray, after: FloatArray, sample_rate: int, seconds: float, planned: Iterable[Note]
) -> list[Note]:
    """All notes of a run, in seconds from its first new sample: those that a listener hears in the known audio
    (channels, frames) on both sides, and those planned for the `seconds` between, cut to them.

    What sounds at the end of the known audio rings on, or is struck again. Raises NetworkError without a listener.
    """
    notes = []
    if before.shape[1]:
        for note in moved(listen(before, sample_rate), -before.shape[1] / sample_rate):
            notes.append(replace(note, offset=RINGS_ON) if note.offset > -AT_THE_SEAM else note)
    notes += _within(planned, 0.0, seconds)
    if after.shape[1]:
        notes += moved(listen(after, sample_rate), seconds)
    return one_string_a_key(notes)


def _within(notes: Iterable[Note], start: float, end: float) -> list[Note]:
    """Those that begin between two times, cut off at the second."""
    return [replace(n, offset=min(n.offset, max(end, n.onset + 0.01))) for n in notes if start <= n.onset < end]
