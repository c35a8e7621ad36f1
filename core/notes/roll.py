"""A piano roll as a signal that the engine can denoise: notes that are known and notes to come, frame after frame.

A frame of 1/24 s holds three values for each of the 88 keys. Where a key is struck, a mark rises and falls within two
frames to both sides (`core.notes.frames`), and in those frames the other two say how long it sounds and how hard it was
struck, 0.25 to 1. Everything else is 0: a note is a small shape in one place, whatever its length, so that none can
fall to pieces on the way out of noise. Laid end to end, frame by frame, the values are a signal of 6336 a second, and
everything that the engine does to audio it does to a roll: known before, new behind, and a mask between.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from core.audio.signal import FloatArray
from core.networks.composer import CHANNELS
from core.networks.composer_card import FRAMES_A_SECOND
from core.notes.frames import onset_slope, onsets_of
from core.notes.note import KEYS, LOWEST_KEY, SHORTEST, Note, one_string_a_key

VALUES = CHANNELS * KEYS
"""In a frame: the 88 marks of onsets, the 88 lengths, the 88 velocities."""
RATE = FRAMES_A_SECOND * VALUES
"""Values a second."""

LEAST = 0.25
"""What length and velocity count at least, where there is a note."""
BRIEFEST, LONGEST = 0.05, 12.8
"""Seconds that count 0.25 and 1, with eight octaves between."""
STRUCK = 0.4
"""The mark that counts as an onset: the frame nearest to one has 0.75 or more."""


def roll_of(notes: Iterable[Note], frames: int) -> FloatArray:
    """(frames, 3, 88) float32 of notes, frame 0 at 0 s; what lies outside is cut off."""
    roll = np.zeros((frames, CHANNELS, KEYS), np.float32)
    for note in notes:
        around, slope = onset_slope(note.onset * FRAMES_A_SECOND, frames)
        key = note.key - LOWEST_KEY
        there = around[slope > roll[around, 0, key]]
        roll[around, 0, key] = np.maximum(roll[around, 0, key], slope)
        share = math.log(note.seconds / BRIEFEST) / math.log(LONGEST / BRIEFEST)
        roll[there, 1, key] = _raised(share)
        roll[there, 2, key] = _raised(note.velocity / 127)
    return roll


def notes_from(roll: FloatArray, struck: float = STRUCK) -> list[Note]:
    """The notes of (frames, 3, 88), in order, in seconds from frame 0. A mark of `struck` and more is an onset."""
    found = []
    for key in range(KEYS):
        for frame, time in onsets_of(roll[:, 0, key], struck):
            onset = time / FRAMES_A_SECOND
            # The frames around say the same: their mean by the mark errs less than one of them.
            around = slice(max(0, frame - 1), frame + 2)
            weights = np.maximum(roll[around, 0, key], 1e-3)
            length, velocity = (_lowered(float(np.average(roll[around, k, key], weights=weights))) for k in (1, 2))
            seconds = BRIEFEST * (LONGEST / BRIEFEST) ** length
            speed = min(127, max(1, round(127 * velocity)))
            found.append(Note(onset, onset + max(SHORTEST, seconds), LOWEST_KEY + key, speed))
    return one_string_a_key(found)


def transposed(roll: FloatArray, keys: int) -> FloatArray:
    """(..., 88) `keys` higher; what no piano has is lost."""
    moved = np.zeros_like(roll)
    if keys >= 0:
        moved[..., keys:] = roll[..., : KEYS - keys]
    else:
        moved[..., :keys] = roll[..., -keys:]
    return moved


def _raised(share: float) -> float:
    return LEAST + (1 - LEAST) * min(1.0, max(0.0, share))


def _lowered(value: float) -> float:
    return min(1.0, max(0.0, (value - LEAST) / (1 - LEAST)))
