"""Piano-like pieces made up for the tests: what was played, what followed, and what else might have followed."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from core.audio.signal import FloatArray
from core.study.features import RATE
from core.study.metrics import Context
from core.study.references import references
from tests.core.tones import piano_tone

KNOWN_SECONDS, NEW_SECONDS = 4.0, 2.0
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_Note = tuple[float, int, float]


@dataclass(frozen=True)
class Piece:
    """Four seconds of a piece, and three ways on, best first.

    true        what followed
    another     what might have followed: the same piano, key and tempo, other notes; rings on from the known part
    looped      the last two seconds again
    noise       white noise with the level of the known part
    """

    known: FloatArray
    true: FloatArray
    another: FloatArray
    looped: FloatArray
    noise: FloatArray

    @property
    def context(self) -> Context:
        return Context(self.known, self.true)

    def noisy_loop(self, decibels: float = -10.0) -> FloatArray:
        """The loop under white noise of so many dB against the known part's level."""
        return (self.looped + 10 ** (decibels / 20) * self.noise).astype(np.float32)


@cache
def piece(seed: int) -> Piece:
    """A melody in eighths over slower bass notes, in a key of its own, on a piano tuned a little off 440 Hz."""
    rng = np.random.default_rng(seed)
    key, tuning = int(rng.integers(0, 12)), 2 ** (rng.uniform(-30, 30) / 1200)
    every = rng.uniform(0.24, 0.32)
    shared = _notes(rng, key, every, 0.0, KNOWN_SECONDS)
    ways = [_notes(rng, key, every, KNOWN_SECONDS, KNOWN_SECONDS + NEW_SECONDS) for _ in range(2)]
    true, another = (_render([*shared, *way], tuning, rng) for way in ways)
    split = round(KNOWN_SECONDS * RATE)
    other = references(true[:split], true[split:], seed)
    return Piece(true[:split], true[split:], another[split:], other["loop"], other["noise"])


def _notes(rng: np.random.Generator, key: int, every: float, begin: float, end: float) -> list[_Note]:
    """(time, MIDI number, loudness) of the notes that begin from `begin` up to `end`, on the piece's own beat."""
    notes = []
    first = int(np.ceil((begin + 0.02) / every))
    for beat in range(first, int(end / every) + 1):
        degree = int(rng.integers(0, 12))
        notes.append((beat * every, 60 + key + 12 * (degree // 7) + _SCALE[degree % 7], float(rng.uniform(0.5, 1.0))))
        if beat % 4 == 0:
            notes.append((beat * every, 48 + key + _SCALE[int(rng.choice([0, 3, 4]))], 0.8))
    return notes


@cache
def _tone(frequency: float) -> FloatArray:
    return piano_tone(frequency, 2.5, RATE, level=0.1)


def _render(notes: list[_Note], tuning: float, rng: np.random.Generator) -> FloatArray:
    """The notes at RATE with the faint noise of a room; the noise is another one each time."""
    total = round((KNOWN_SECONDS + NEW_SECONDS) * RATE)
    sound = np.zeros(total)
    for time, number, loudness in notes:
        start = round(time * RATE)
        if start >= total:
            continue
        tone = _tone(tuning * 440.0 * 2 ** ((number - 69) / 12))
        sound[start : start + tone.size] += loudness * tone[: total - start]
    return (sound + 3e-5 * rng.standard_normal(total)).astype(np.float32)
