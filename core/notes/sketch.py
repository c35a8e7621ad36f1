"""Notes to audio in outline: every note a sum of decaying partials, as strings of an average piano would sound.

No recording of a piano is in it, and nothing is drawn at random: the same notes always give the same samples.

Strings    f_n = n f_0 sqrt(1 + B n^2) (Fletcher 1964), with B along the keyboard as the sum of two exponentials, one
           for the bass and one for the treble (Rigaud, David and Daudet 2013, eq. 4).
Decay      exp(-s_n t), s_n = b_1 + b_3 f_n^2: the first term grows with the key, the second holds for all strings
           (the losses of Chaigne and Askenfelt 1994; sizes after Bensa et al. 2003, table I: C2, C4 and C7).
Hammer     amplitudes fall as 1 / n, lose the partials with a node at an eighth of the string, where it strikes, and
           fall with the frequency all the faster the softer the stroke. Loudness goes with the square of velocity
           (Dannenberg 2006).
Dampers    end a note within a tenth of a second; the highest keys have none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.audio.signal import FloatArray
from core.notes.note import Note, frequency

MOST_PARTIALS = 64
HIGHEST = 0.48
"""No partial above this share of the sample rate."""
ATTACK_SECONDS = 0.003
UNDAMPED_KEY = 90
"""F#6: from here on strings have no damper."""
GONE = 1e-4
"""A note ends where it has fallen to this share of its amplitude, -80 dB."""

_BLOCK = 512
_FINE = 16
_AMPLITUDE = 0.2
"""Root of the sum of squared partials at velocity 127."""
_STRUCK_AT = 1 / 8
_KEYS_KEPT = 128


@dataclass(frozen=True)
class Timbre:
    """What makes a sketch sound like one recording and not another.

    cents                    tuning, against A4 = 440 Hz
    frequencies, decibels    gain of the partials: at rising frequencies in Hz, straight lines between them over the
                             logarithm of the frequency; none is 0 dB everywhere
    damping                  factors of b_1 and b_3, the two terms of the decay
    """

    cents: float = 0.0
    frequencies: tuple[float, ...] = ()
    decibels: tuple[float, ...] = ()
    damping: tuple[float, float] = (1.0, 1.0)


AVERAGE = Timbre()
"""An average piano, in tune."""


def sketch(notes: Iterable[Note], frames: int, sample_rate: float, timbre: Timbre = AVERAGE) -> FloatArray:
    """What notes sound like, roughly: float32 (frames,), time 0 being the first frame.

    Notes that began before time 0 sound on, so that any stretch of a longer plan can be sketched by itself (`moved`
    brings it to time 0). Of one key, only one note should sound at a time (`core.notes.note.one_string_a_key`).
    """
    sound = np.zeros(frames, np.float32)
    for note in notes:
        _add(sound, note, sample_rate, timbre)
    return sound


def inharmonicity(key: float) -> float:
    """B of a key's strings."""
    return math.exp(-8.47e-2 * key - 5.82) + math.exp(9.26e-2 * key - 13.64)


class _String(NamedTuple):
    """A key's partials.

    frequencies   Hz, (K,)
    exponents     minus decay plus i times angular frequency, per second, (K,) complex
    shape         amplitudes but for velocity, (K,) complex
    within        real and imaginary part of exp(exponents t) over one block, (2 K, _BLOCK)
    """

    frequencies: npt.NDArray[np.float64]
    exponents: npt.NDArray[np.complex128]
    shape: npt.NDArray[np.complex128]
    within: FloatArray


@lru_cache(maxsize=_KEYS_KEPT)
def _string(key: int, sample_rate: float, cents: float, damping: tuple[float, float]) -> _String:
    n = np.arange(1, MOST_PARTIALS + 1)
    b = inharmonicity(key)
    # The first partial, not f_0, is where the key is tuned.
    frequencies = frequency(key + cents / 100) * n * np.sqrt((1 + b * n**2) / (1 + b))
    heard = frequencies < HIGHEST * sample_rate
    n, frequencies = n[heard], frequencies[heard]
    decay = damping[0] * 1.1 * np.exp(0.06 * (key - 60)) + damping[1] * 1.2e-7 * frequencies**2
    exponents = -decay + 2j * np.pi * frequencies
    # A partial with a node right under the hammer isn't quite silent: the hammer is wide.
    amplitudes = np.maximum(np.abs(np.sin(np.pi * n * _STRUCK_AT)), 0.15) / n
    # Partials that all begin together make a pulse; these phases spread it (Schroeder 1970).
    shape = amplitudes * np.exp(-1j * np.pi * n * (n - 1) / max(1, len(n)))
    waves = _course(exponents, _BLOCK, 1 / sample_rate).T
    within = np.concatenate([waves.real, waves.imag]).astype(np.float32)
    return _String(frequencies, exponents, shape, within)


def _course(exponents: npt.NDArray[np.complex128], count: int, step: float) -> npt.NDArray[np.complex128]:
    """exp(exponents t) at t = 0, step, 2 step, ...: (count, K), by a product of two short ones."""
    fine = np.exp(np.multiply.outer(np.arange(_FINE) * step, exponents))
    coarse = np.exp(np.multiply.outer(np.arange(-(-count // _FINE)) * (_FINE * step), exponents))
    return (coarse[:, None] * fine).reshape(len(coarse) * _FINE, len(exponents))[:count]


def _add(sound: FloatArray, note: Note, sample_rate: float, timbre: Timbre) -> None:
    """Add a note to what sounds.

    exp(s t) over many samples is exp(s t_block) exp(s t_within): sums over partials are one product of two small
    matrices, in place of a sine for every sample and partial.
    """
    string = _string(note.key, sample_rate, round(timbre.cents, 1), timbre.damping)
    if not len(string.frequencies):
        return
    begin = max(0, math.ceil(note.onset * sample_rate))
    release = 0.0 if note.key >= UNDAMPED_KEY else 1 / (0.03 + 0.09 * min(max((72 - note.key) / 48, 0), 1))
    rings = -math.log(GONE) / -string.exponents[0].real
    if release:
        rings = min(rings, note.seconds - math.log(GONE) / release)
    end = min(len(sound), math.floor((note.onset + rings) * sample_rate))
    if end <= begin:
        return
    age = begin / sample_rate - note.onset
    amplitudes = _struck(note, string, timbre) * np.exp(string.exponents * age)
    across = amplitudes * _course(string.exponents, -(-(end - begin) // _BLOCK), _BLOCK / sample_rate)
    tone = (np.concatenate([across.real, -across.imag], axis=1).astype(np.float32) @ string.within).reshape(-1)
    tone = tone[: end - begin]
    _shape(tone, note, age, release, sample_rate)
    sound[begin:end] += tone


def _struck(note: Note, string: _String, timbre: Timbre) -> npt.NDArray[np.complex128]:
    """(K,) complex amplitudes at the stroke."""
    softness = 700.0 * 2 ** (note.velocity / 50)  # Hz over which amplitudes fall by 8.7 dB
    amplitudes = string.shape * np.exp(-(string.frequencies - string.frequencies[0]) / softness)
    loudness = _AMPLITUDE * (note.velocity / 127) ** 2 / np.sqrt(np.square(np.abs(amplitudes)).sum())
    if timbre.frequencies:
        decibels = np.interp(np.log(string.frequencies), np.log(timbre.frequencies), timbre.decibels)
        amplitudes = amplitudes * 10 ** (decibels / 20)
    return np.asarray(loudness * amplitudes)


def _shape(tone: FloatArray, note: Note, age: float, release: float, sample_rate: float) -> None:
    """Give a tone that is `age` seconds old its attack, without a click, and the damper."""
    rising = math.ceil((ATTACK_SECONDS - age) * sample_rate)
    if rising > 0:
        times = age + np.arange(min(rising, len(tone))) / sample_rate
        tone[:rising] *= (np.sin(0.5 * np.pi * times / ATTACK_SECONDS) ** 2).astype(np.float32)
    let_go = max(0, math.ceil((note.seconds - age) * sample_rate))
    if release and let_go < len(tone):
        since = age + let_go / sample_rate - note.seconds
        falling = np.arange(len(tone) - let_go, dtype=np.float32) * np.float32(release / sample_rate)
        tone[let_go:] *= np.exp(-falling - np.float32(release * since))
