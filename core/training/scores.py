"""The notes of recordings that are trained on: a MIDI file beside each, of the same name.

    prelude.flac, prelude.mid      the same performance: time 0 of the notes is the recording's first sample
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.audio.signal import FloatArray
from core.errors import NotesError
from core.notes.midi import read_midi
from core.notes.note import Note
from core.training.augmentation import Crop
from core.training.corpus import Corpus

ONSET, OFFSET, KEY, VELOCITY = range(4)
"""Columns of an array of notes, (n, 4) float64: seconds, seconds, MIDI number, 1 to 127."""


def as_notes(rows: np.ndarray) -> list[Note]:
    """An array of notes, (n, 4), as notes."""
    return [Note(float(row[ONSET]), float(row[OFFSET]), int(row[KEY]), int(row[VELOCITY])) for row in rows]


class Targets(Protocol):
    """What a network is to be told, or to say, of the notes of a crop."""

    @property
    def required(self) -> bool:
        """Whether recordings without notes beside them are left out."""

    @property
    def dropped(self) -> float:
        """The share of crops that are treated as if nobody knew their notes."""

    def __call__(self, notes: np.ndarray | None, audio: FloatArray) -> np.ndarray:
        """float32, of one shape for all crops of a length. notes (n, 4), seconds from the crop's first sample; None:
        nobody knows them.  audio (frames,), the crop.
        """


class Scores:
    """The notes of recordings, of all folders that are trained on."""

    def __init__(self) -> None:
        self._notes: dict[tuple[Path, str], np.ndarray] = {}

    def read(self, corpus: Corpus) -> list[tuple[str, str]]:
        """Take in the notes beside a corpus' files. Returns (name, reason) of those that have none."""
        folder = corpus.folder if corpus.folder.is_dir() else corpus.folder.parent
        without = []
        for name in corpus.files:
            path = (folder / name).with_suffix(".mid")
            try:
                notes = read_midi(path).notes
            except NotesError as error:
                without.append((name, str(error)))
                continue
            rows = [(note.onset, note.offset, note.key, note.velocity) for note in notes]
            self._notes[corpus.folder, name] = np.array(rows, np.float64)
        return without

    def fingerprint(self) -> str:
        """What decides the labels, and nothing else: the notes, wherever they lie."""
        digest = hashlib.sha256()
        for entry in sorted(name.encode(errors="surrogatepass") + n.tobytes() for (_, name), n in self._notes.items()):
            digest.update(entry)
        return digest.hexdigest()[:16]

    def of_crop(self, corpus: Corpus, crop: Crop) -> np.ndarray | None:
        """The notes that sound in a crop, (n, 4), their times in seconds from its first sample: as they are heard, if
        it was detuned and so became faster or slower. None where nobody knows them.
        """
        known = self._notes.get((corpus.folder, corpus.files[crop.file]))
        if known is None:
            return None
        notes = known.copy()
        notes[:, :KEY] = (notes[:, :KEY] - corpus.seconds_in(crop.file, crop.start)) / crop.pace
        sounding = (notes[:, OFFSET] > 0) & (notes[:, ONSET] < len(crop.audio) / corpus.sample_rate)
        return np.asarray(notes[sounding])


@dataclass(frozen=True)
class Labels:
    """What batches bring along for a network that has to do with notes, and how it is made of them."""

    scores: Scores
    targets: Targets

    def of(self, corpus: Corpus, crop: Crop, rng: np.random.Generator | None = None) -> np.ndarray:
        """The targets of a crop; with `rng`, some crops' notes are dropped."""
        dropped = rng is not None and rng.random() < self.targets.dropped
        return self.targets(None if dropped else self.scores.of_crop(corpus, crop), crop.audio)
