"""Corpora whose samples are known, written without a decode, and what is in any corpus."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.training.corpus import Corpus
from core.training.pieces import piece_name

RATE = 22_050


def corpus_of(path: Path, files: Sequence[np.ndarray], sample_rate: int = 22_050, names: Sequence[str] = ()) -> Corpus:
    """A corpus of these signals, as they are (float16 on disk), at a nominal level of 0.1."""
    np.concatenate([np.asarray(file, np.float16) for file in files]).tofile(path)
    bounds = np.cumsum([0, *(len(file) for file in files)])
    names = tuple(names) or tuple(f"piece{chr(97 + i)}.wav" for i in range(len(files)))
    pieces = tuple(piece_name(name) for name in names)
    return Corpus(path, path.parent, sample_rate, 0.1, bounds[:-1], bounds[1:], bounds[:-1], names, pieces)


def contents(corpus: Corpus) -> list[np.ndarray]:
    """Each file's samples."""
    return [corpus.read(i, 0, int(n)) for i, n in enumerate(corpus.ends - corpus.begins)]
