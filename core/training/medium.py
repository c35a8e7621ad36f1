"""What a folder of training data holds: recordings, or scores. Either becomes a signal of which crops are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.audio.opening import AUDIO_SUFFIXES
from core.errors import AudioError, NotesError
from core.notes.midi import read_midi
from core.notes.roll import FRAMES_A_SECOND, VALUES, roll_of
from core.training.decoding import decode


@dataclass(frozen=True)
class Medium:
    """A kind of files.

    name       as they are called
    suffixes   which files of a folder are taken for one; a file that is named itself may have any
    decode     path, samples a second, level, a folder for scratch files, and where the samples go, float16 -> their
               number. Raises AudioError when the file can't be used
    grain      crops begin and end at a multiple of so many samples
    """

    name: str
    suffixes: tuple[str, ...]
    decode: Callable[[Path, int, float, Path, BinaryIO], int]
    grain: int = 1


def _decode_score(path: Path, _rate: int, _level: float, _scratch: Path, out: BinaryIO) -> int:
    """Append a MIDI file's roll, and return how many values it has."""
    try:
        notes = read_midi(path).notes
    except NotesError as error:
        raise AudioError(str(error)) from error
    roll = roll_of(notes, round(max(note.offset for note in notes) * FRAMES_A_SECOND) + 1)
    out.write(roll.astype(np.float16).tobytes())
    return roll.size


AUDIO = Medium(
    "audio", (*AUDIO_SUFFIXES, ".aifc", ".au", ".caf", ".oga", ".opus", ".rf64", ".snd", ".w64"), decode
)
SCORES = Medium("MIDI", (".mid", ".midi"), _decode_score, VALUES)
