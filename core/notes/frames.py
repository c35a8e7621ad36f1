"""What is said of a piano's keys frame by frame, as notes and back: the common ground of the listener and the composer.

An onset isn't a mark in one frame but a slope to both sides of it, from which its time follows more finely than the
frames are (Kong et al. 2021, section 3.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from core.audio.signal import FloatArray
from core.notes.note import KEYS, LOWEST_KEY, SHORTEST, Note, one_string_a_key

SLOPE_FRAMES = 2.0
"""An onset's mark falls from 1 to 0 over this many frames to both sides: the frames around it tell its time."""


class Frames(NamedTuple):
    """Each (frames, 88) float32, 0..1.

    onset      how near a key's onset is
    sounding   whether a key sounds
    velocity   of the note that is struck, where `onset` is not 0, as a share of 127
    """

    onset: FloatArray
    sounding: FloatArray
    velocity: FloatArray


def frames_of(notes: Iterable[Note], count: int, rate: float) -> Frames:
    """`count` frames of notes, `rate` of them a second, frame 0 at 0 s; what lies outside is cut off."""
    onset, sounding, velocity = np.zeros((3, count, KEYS), np.float32)
    for note in notes:
        key = note.key - LOWEST_KEY
        struck, ended = note.onset * rate, note.offset * rate
        around, slope = onset_slope(struck, count)
        louder = slope > onset[around, key]
        velocity[around[louder], key] = note.velocity / 127
        onset[around, key] = np.maximum(onset[around, key], slope)
        sounding[max(0, round(struck)) : max(0, round(ended)), key] = 1
    return Frames(onset, sounding, velocity)


def notes_of(frames: Frames, rate: float, struck: float, sounds: float) -> list[Note]:
    """What frames say as notes, in order. rate: frames a second.

    A note begins at each onset (`onsets_of`), and lasts until its key is below `sounds`, or is struck again.
    """
    found = []
    for key in range(KEYS):
        marks = frames.onset[:, key]
        for frame, time in onsets_of(marks, struck):
            onset = time / rate
            offset = _end(frames.sounding[:, key], frame, sounds) / rate
            velocity = min(127, max(1, round(127 * float(frames.velocity[frame, key]))))
            found.append(Note(onset, max(offset, onset + SHORTEST), LOWEST_KEY + key, velocity))
    return one_string_a_key(found)


def onset_slope(struck: float, count: int) -> tuple[np.ndarray, FloatArray]:
    """Which of `count` frames tell of an onset `struck` frames from the first, and their marks, 0..1."""
    around = np.arange(max(0, int(np.ceil(struck - SLOPE_FRAMES))), min(count, int(struck + SLOPE_FRAMES) + 1))
    return around, np.maximum(0, 1 - np.abs(around - struck) / SLOPE_FRAMES).astype(np.float32)


def onsets_of(marks: FloatArray, least: float) -> list[tuple[int, float]]:
    """The onsets that a key's marks (frames,) tell of: frames whose mark is at least that and higher than both
    neighbours', and when in between frames it was, where the slopes around the peak meet.
    """
    padded = np.pad(marks, 1, constant_values=-1.0)
    peak = (marks >= least) & (marks > padded[:-2]) & (marks >= padded[2:])
    return [(int(frame), _time(marks, int(frame))) for frame in np.flatnonzero(peak)]


def _time(marks: FloatArray, frame: int) -> float:
    """The frame, with its fraction, at which two equal slopes through the peak's neighbours meet."""
    if not 0 < frame < len(marks) - 1:
        return float(frame)
    before, at, after = (float(marks[frame + k]) for k in (-1, 0, 1))
    lower = min(before, after)
    steep = at - lower
    return frame + (after - before) / (2 * steep) if steep > 0 else float(frame)


def _end(sounding: FloatArray, frame: int, sounds: float) -> int:
    """The first frame behind an onset in which its key does not sound: in its own, it may not sound yet."""
    begin = frame + 1
    silent = np.flatnonzero(sounding[begin:] < sounds)
    return begin + int(silent[0]) if silent.size else len(sounding)
