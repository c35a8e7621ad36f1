"""What a network that plays notes is shown of them in training: a sketch, matched to the crop as to a recording."""

from dataclasses import dataclass

import numpy as np

from core.audio.signal import FloatArray
from core.notes.matching import match
from core.notes.sketch import sketch
from core.training.scores import as_notes


@dataclass(frozen=True)
class SketchTargets:
    """The sketch of a crop's notes, (frames,) float32: with the crop's tuning, level and colour. NaN throughout where
    the notes are not known, or dropped.
    """

    sample_rate: int
    required: bool = False
    dropped: float = 0.4
    """Share of the crops, so that it remains the network that is told nothing. Of 0.1 it became a worse one: experiment
    15 in docs/experiments.md.
    """

    def __call__(self, notes: np.ndarray | None, audio: FloatArray) -> np.ndarray:
        """See `core.training.scores.Targets`."""
        if notes is None:
            return np.full(len(audio), np.nan, np.float32)
        played = as_notes(notes)
        timbre = match(audio, played, len(audio), self.sample_rate)
        return sketch(played, len(audio), self.sample_rate, timbre)
