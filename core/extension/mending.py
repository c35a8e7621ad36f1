"""Changing some notes of a recording and keeping the rest as it was played.

Filling a gap makes all of it anew. Where only a note is wrong, most of what was played there is right: so new audio is
made only as long as the notes that change ring, and the denoising does not begin with a sketch there but with what was
played, out of which those that go are taken and to which a sketch of those that come is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import signal

from core.analysis.noise_floor import N_FFT
from core.audio.signal import FloatArray
from core.errors import NotesError
from core.extension.planned import PlannedSound
from core.extension.recipe import describe_notes
from core.notes.agreement import matched
from core.notes.matching import match
from core.notes.note import Note, moved, one_string_a_key, sounding
from core.notes.sketch import sketch

SAME_ONSET, SAME_END, SAME_VELOCITY = 0.01, 0.05, 4
"""Seconds, and steps of velocity, that a note may be off and still be the one that was heard: a MIDI file rounds."""
BEFORE_ONSET = 0.05
"""Seconds by which an attack may begin before it was heard."""
RINGS_SECONDS = 0.8
"""How long a room and the string itself sound on when a note has ended."""
_FRAMES = {"nperseg": N_FFT, "noverlap": N_FFT - N_FFT // 8}
_NOTHING = 1e-20
_SURE = 4.0
"""Factor of the power that a sketch gives the notes that go: a real one's partials are stronger here and there."""


@dataclass(frozen=True)
class Changes:
    """Times in seconds from the beginning of the stretch that is looked at.

    gone    notes that were played, and are not to be
    come    notes that were not
    stay    notes that were, and stay as they were played
    """

    gone: tuple[Note, ...]
    come: tuple[Note, ...]
    stay: tuple[Note, ...]

    @property
    def rings(self) -> tuple[float, float]:
        """From when to when anything that changes sounds."""
        both = self.gone + self.come
        begin = min(note.onset for note in both) - BEFORE_ONSET
        return begin, max(note.offset for note in both) + RINGS_SECONDS

    def placed(
        self, stay: Iterable[Note], lowest: int, highest: int, sample_rate: int
    ) -> tuple[tuple[int, int], Changes]:
        """The frames in which it rings, between two that they don't pass; and itself in seconds from the first of them,
        with the notes of `stay` that sound there.
        """
        begin, end = self.rings
        first, last = max(lowest, round(begin * sample_rate)), min(highest, round(end * sample_rate))
        begin, end = first / sample_rate, last / sample_rate
        return (first, last), replace(self, stay=tuple(sounding(stay, begin, end))).moved(-begin)

    def described(self) -> dict[str, list[list[float]]]:
        """For a recipe, as the notes are there."""
        return {name: describe_notes(getattr(self, name)) for name in ("gone", "come", "stay")}

    def moved(self, seconds: float) -> Changes:
        """The same, later by that much."""
        return Changes(*(tuple(moved(notes, seconds)) for notes in (self.gone, self.come, self.stay)))


def changes(heard: Sequence[Note], wanted: Sequence[Note]) -> Changes:
    """What lies between the notes that were heard and those that are wanted.

    Raises NotesError: nothing does.
    """
    stay = [
        (before, after)
        for before, after in matched(heard, wanted, SAME_ONSET)
        if abs(before.offset - after.offset) <= SAME_END and abs(before.velocity - after.velocity) <= SAME_VELOCITY
    ]
    kept, same = {before for before, _ in stay}, {after for _, after in stay}
    gone = tuple(note for note in heard if note not in kept)
    come = tuple(note for note in wanted if note not in same)
    if not gone and not come:
        raise NotesError("The notes are those that are heard there already: there is nothing to change.")
    return Changes(gone, come, tuple(sorted(kept)))


@dataclass(frozen=True, eq=False)
class Mend:
    """What is to be changed in what was played.

    was         float32 (channels, frames), what was played where the new audio comes
    changed     in seconds from its first sample
    """

    was: FloatArray
    changed: Changes


class MendedSound(PlannedSound):
    """A `PlannedSound` where something was played before.

    notes, before, after, sample_rate   as `PlannedSound` has them; but it is matched by all that was played, in `was`
                too
    was         (frames,) what was played where the new audio comes, mono, as `before` is
    changed     between that and the notes, in seconds from the first new sample
    """

    def __init__(
        self,
        notes: Sequence[Note],
        before: FloatArray,
        after: FloatArray,
        was: FloatArray,
        changed: Changes,
        floor: FloatArray,
        sample_rate: int,
    ) -> None:
        known = np.concatenate([before, was, after])
        seam, seconds = len(before) / sample_rate, len(was) / sample_rate
        around = (note for note in notes if not 0 <= note.onset < seconds)
        played = one_string_a_key(moved({*around, *changed.stay, *changed.gone}, seam))
        timbre = match(known, played, len(known), sample_rate, decays=True)
        super().__init__(notes, before, after, len(was), sample_rate, timbre)
        gone, stay, come = (
            sketch(moved(part, seam), len(known), sample_rate, timbre)
            for part in (changed.gone, changed.stay, changed.come)
        )
        self._outline = without(known, gone, stay, floor) + come
        others, theirs = (_power(part) for part in (stay, come))
        self._changed = theirs / (theirs + others + 0.25 * floor[:, None] + _NOTHING)

    def outline(self, begin: int, end: int) -> FloatArray:
        return self._outline[self._seam + begin : self._seam + end]

    def settled(self, made: FloatArray, begin: int) -> FloatArray:
        """As it was played, but for the share that the notes which come have in each bin of the spectrum: of them the
        network knows better than the sketch how they sound.
        """
        theirs = np.zeros_like(self._outline)
        first = self._seam + begin
        theirs[first : first + len(made)] = made - self.outline(begin, begin + len(made))
        return self.outline(begin, begin + len(made)) + _weighted(theirs, self._changed)[first : first + len(made)]

    def level(self, begin: int, end: int) -> float:
        """0: it is as loud as it was, but for what changes."""
        return 0.0


def without(sound: FloatArray, gone: FloatArray, stay: FloatArray, floor: FloatArray) -> FloatArray:
    """`sound` (N,) with the notes taken out of it that `gone` sketches, (N,), while others sound as `stay` does, (N,).

    Each bin of its spectrum keeps the share of the power that isn't theirs (Wiener's gain), and what lies between the
    partials, `floor`, of `floor_spectrum`.
    """
    others, theirs = _power(stay) + 0.25 * floor[:, None], _SURE * _power(gone)
    return _weighted(sound, others / (others + theirs + _NOTHING))


def _power(sound: FloatArray) -> npt.NDArray[np.float64]:
    """(N,) -> (bins, frames); a quarter of what the magnitudes of `stft_magnitude` come to."""
    return np.asarray(np.square(np.abs(signal.stft(sound, **_FRAMES)[2])))


def _weighted(sound: FloatArray, weights: npt.NDArray[np.float64]) -> FloatArray:
    """`sound` (N,) with each bin of its spectrum times `weights` (bins, frames)."""
    _, result = signal.istft(signal.stft(sound, **_FRAMES)[2] * weights, **_FRAMES)
    return np.asarray(result[: len(sound)], np.float32)
