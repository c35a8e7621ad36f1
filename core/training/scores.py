"""The notes of recordings that are trained on: a MIDI file beside each, of the same name.

    prelude.flac, prelude.mid      the same performance: time 0 of the notes is the recording's first sample
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import NotesError, SettingsError
from core.notes.midi import read_midi
from core.training.augmentation import Crop
from core.training.corpus import Corpus

ONSET, OFFSET, KEY, VELOCITY = range(4)
"""Columns of an array of notes, (n, 4) float64: seconds, seconds, MIDI number, 1 to 127."""

Targets = Callable[[np.ndarray, int], np.ndarray]
"""(notes of a crop, its samples) -> what the network is to say of it, float32."""


class Scores:
    """The notes of recordings, of all folders that are trained on."""

    def __init__(self) -> None:
        self._notes: dict[tuple[Path, str], np.ndarray] = {}

    def read(self, corpus: Corpus) -> tuple[Corpus, list[tuple[str, str]]]:
        """Take in the notes beside a corpus' files. Returns the files that have any, and (name, reason) of the others.

        Raises SettingsError when no file has any.
        """
        folder = corpus.folder if corpus.folder.is_dir() else corpus.folder.parent
        found, without = set[str](), list[tuple[str, str]]()
        for name in corpus.files:
            path = (folder / name).with_suffix(".mid")
            try:
                notes = read_midi(path).notes
            except NotesError as error:
                without.append((name, str(error)))
                continue
            found.add(name)
            rows = [(note.onset, note.offset, note.key, note.velocity) for note in notes]
            self._notes[corpus.folder, name] = np.array(rows, np.float64)
        if not found:
            raise SettingsError(
                f"None of the recordings in {corpus.folder} has its notes in a MIDI file of the same name beside it, "
                f"which is what this network learns from: {without[0][1]}"
            )
        return corpus.with_files(found), without

    def fingerprint(self) -> str:
        """What decides the labels, and nothing else: the notes, wherever they lie."""
        digest = hashlib.sha256()
        for (_, name), notes in sorted(self._notes.items()):
            digest.update(name.encode(errors="surrogatepass") + notes.tobytes())
        return digest.hexdigest()[:16]

    def of_crop(self, corpus: Corpus, crop: Crop) -> np.ndarray:
        """The notes that sound in a crop, (n, 4), their times in seconds from its first sample: as they are heard, if
        it was detuned and so became faster or slower.
        """
        notes = self._notes[corpus.folder, corpus.files[crop.file]].copy()
        notes[:, :KEY] = (notes[:, :KEY] - corpus.seconds_in(crop.file, crop.start)) / crop.pace
        sounding = (notes[:, OFFSET] > 0) & (notes[:, ONSET] < len(crop.audio) / corpus.sample_rate)
        return np.asarray(notes[sounding])


@dataclass(frozen=True)
class Labels:
    """What batches bring along for a network that learns notes, and how it is made of them."""

    scores: Scores
    targets: Targets

    def of(self, corpus: Corpus, crop: Crop) -> np.ndarray:
        """The targets of a crop."""
        return self.targets(self.scores.of_crop(corpus, crop), len(crop.audio))
