"""A plan of notes as the sketch that the denoising begins with, and that a network which sees notes is shown: matched
to what is known around the new audio.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.audio.signal import FloatArray, active_rms
from core.notes.matching import match
from core.notes.note import Note, moved, one_string_a_key
from core.notes.sketch import Timbre, sketch

_REST = 0.01
"""Where the sketch is this much quieter than the recording, 40 dB, nothing is played."""


class PlannedSound:
    """The sketch of all new audio and of the known beside it, at the network's rate and the recording's level.

    notes           in seconds from the first new sample. Those that begin in the known audio, before or behind the new,
                    are what was heard there: the sketch is matched by them, and they ring on into the new audio
    before, after   what is known on both sides, mono, at `sample_rate`, the network's
    frames          of new audio
    timbre          where it is known already; else it is matched
    """

    def __init__(
        self,
        notes: Sequence[Note],
        before: FloatArray,
        after: FloatArray,
        frames: int,
        sample_rate: int,
        timbre: Timbre | None = None,
    ) -> None:
        notes = one_string_a_key(notes)
        seconds, seam = frames / sample_rate, len(before) / sample_rate
        known = np.concatenate([before, after])
        heard = moved((note for note in notes if note.onset < 0), seam)
        heard += moved((note for note in notes if note.onset >= seconds), seam - seconds)
        if timbre is None and heard:
            timbre = match(known, heard, len(known), sample_rate, decays=True)
        elif timbre is None:
            timbre = match(known, notes, frames, sample_rate)
        self._rate, self._rest, self._seam = sample_rate, _REST * active_rms(known, sample_rate), len(before)
        self._samples = sketch(moved(notes, seam), len(known) + frames, sample_rate, timbre)

    def stretch(self, begin: int, end: int) -> FloatArray:
        """(end - begin,) float32, counted in frames from the first new sample; what is known before it is below 0."""
        return self._samples[self._seam + begin : self._seam + end]

    def outline(self, begin: int, end: int) -> FloatArray:
        """What the denoising begins with, likewise."""
        return self.stretch(begin, end)

    def settled(self, made: FloatArray, begin: int) -> FloatArray:
        """What is kept of the audio that the network `made`, (M,) from frame `begin` on: all of it."""
        return made

    def level(self, begin: int, end: int) -> float:
        """The active RMS that the plan asks for from frame `begin` to `end`; 0 in a rest."""
        level = active_rms(self.outline(begin, end), self._rate)
        return level if level > self._rest else 0.0
