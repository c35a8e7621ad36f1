"""Notes as audio in outline: additive synthesis of an average piano, with no sample of one in it.

A key sounds as partials that decay,

    y(t) = sum_n a_n exp(-t / tau_n) sin(2 pi f_n t + phi_n),    f_n = n f_0 sqrt(1 + B n^2)

with the inharmonicity B of stiff strings (Fletcher 1964), which over the keyboard follows two straight lines in log B
(Rigaud, David and Daudet 2011, "A parametric model of piano tuning"). Amplitudes fall with n, the faster the softer the
key was struck; high keys and high partials decay sooner; a damper ends what it falls on.

Each partial is a complex exponential, and exp(z (b + i)) = exp(z b) exp(z i): a note is a product of two matrices,
one over blocks of time and one within a block. That makes a sketch fast enough to follow the mouse.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from core.audio.signal import FloatArray
from core.notes.note import Note, frequency

PARTIALS = 40
HIGHEST_HZ = 10_500.0
LEVEL = 0.1
"""Peak, about, of middle C struck as hard as can be."""
VELOCITY_POWER = 1.4
"""Amplitude goes by velocity to this power: 28 dB from 12 to 127, as recorded pianos have it."""
LAST_DAMPED = 89
"""Higher keys have no dampers, and ring on."""
_BLOCK = 512
_ATTACK_SECONDS = 0.003
_QUIET = 1e-4
"""What has decayed to this share of its beginning, -80 dB, is left out."""


def sketch(notes: Iterable[Note], frames: int, sample_rate: int, start: float = 0.0, cents: float = 0.0) -> FloatArray:
    """(frames,) float32 of what sounds from `start` seconds on; notes that began before sound on.

    cents: how much sharper than A4 = 440 Hz the piano is. The same notes give the same samples.
    """
    out = np.zeros(frames, np.float32)
    for note in notes:
        first = round((note.onset - start) * sample_rate)
        age = max(0, -first)  # samples of it that lie before the beginning
        begin = max(0, first)
        heard = min(_heard(note, sample_rate) - age, frames - begin)
        if heard > 0:
            out[begin : begin + heard] += _note(note, age, heard, sample_rate, round(cents, 1))
    return out


def inharmonicity(key: int) -> float:
    """B of a key's string: falls towards the middle from the wound bass, and rises again to the short treble."""
    return float(np.exp(0.0926 * key - 13.64) + np.exp(-0.0847 * key - 5.82))


def _note(note: Note, age: int, frames: int, sample_rate: int, cents: float) -> FloatArray:
    """A stretch of a note, `age` samples after its onset, (frames,) float32."""
    exponent, amplitude, within = _string(note.key, sample_rate, cents)
    softness = 1 - note.velocity / 127
    numbers = np.arange(len(amplitude))
    struck = amplitude * np.exp(-0.12 * softness * numbers) * (note.velocity / 127) ** VELOCITY_POWER
    blocks = age + _BLOCK * np.arange(-(-frames // _BLOCK))
    over = struck * np.exp(exponent * blocks[:, None])
    factors = np.concatenate([over.imag, over.real], axis=1).astype(np.float32)
    sound: FloatArray = (factors @ within).ravel()[:frames]
    _shape(sound, note, age, sample_rate)
    return sound


def _shape(sound: FloatArray, note: Note, age: int, sample_rate: int) -> None:
    """The attack, which is not a click, and the damper, which is not one either; in place."""
    attack = round(_ATTACK_SECONDS * sample_rate)
    if age < attack:
        rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(age, attack) / attack)
        sound[: len(rise)] *= rise[: len(sound)].astype(np.float32)
    damped = round(note.seconds * sample_rate) - age
    if note.key <= LAST_DAMPED and damped < len(sound):
        silent_for = np.arange(max(0, -damped), len(sound) - damped) / sample_rate
        sound[max(0, damped) :] *= np.exp(-silent_for / _damping(note.key)).astype(np.float32)


def _heard(note: Note, sample_rate: int) -> int:
    """Samples until a note can no longer be heard."""
    seconds = -np.log(_QUIET) * _decay(note.key)
    if note.key <= LAST_DAMPED:
        seconds = min(seconds, note.seconds - np.log(_QUIET) * _damping(note.key))
    return max(1, round(seconds * sample_rate))


def _decay(key: int) -> float:
    """Seconds in which the first partial falls by 8.7 dB."""
    return float(3.0 * 2 ** (-(key - 48) / 18))


def _damping(key: int) -> float:
    """Seconds in which a damper takes 8.7 dB; heavy strings keep longer."""
    return 0.05 + 0.1 * float(np.clip((72 - key) / 48, 0, 1))


@lru_cache(maxsize=256)
def _string(key: int, sample_rate: int, cents: float) -> tuple[np.ndarray, np.ndarray, FloatArray]:
    """A key's partials: exponents a sample (complex), amplitudes with their phases (complex), and the second matrix:
    real and imaginary parts of exp(exponent i) within a block, (2 partials, _BLOCK) float32.
    """
    n = np.arange(1, PARTIALS + 1)
    hz = n * frequency(key + cents / 100) * np.sqrt(1 + inharmonicity(key) * n**2)
    audible = hz < min(HIGHEST_HZ, 0.48 * sample_rate)
    n, hz = n[audible], hz[audible]
    decay = _decay(key) / (1 + 0.12 * (n - 1))
    exponent = (-1 / decay + 2j * np.pi * hz) / sample_rate
    phase = np.random.default_rng(key).uniform(0, 2 * np.pi, PARTIALS)[: len(n)]
    amplitude = LEVEL / n * np.exp(1j * phase)
    within = np.exp(exponent[:, None] * np.arange(_BLOCK))
    return exponent, amplitude, np.concatenate([within.real, within.imag]).astype(np.float32)
