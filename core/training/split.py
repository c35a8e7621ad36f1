"""Which pieces are kept back for validation."""

import hashlib

import numpy as np

from core.errors import SettingsError
from core.training.corpus import Corpus, Weighted

VALIDATION_SECONDS = 600.0
"""More than ten minutes tell nothing more about a loss, and would be lost to the training."""

LEAST_SECONDS_TO_CUT = 60.0
"""A single piece shorter than this is not cut: a tenth of it is less than one crop."""


def split_validation(corpus: Corpus, share: float = 0.05) -> tuple[Corpus, Corpus | None]:
    """Set whole pieces aside for validation: (training, validation). They have no frame in common.

    Pieces are taken in the order of a hash of their names, so that added files change nothing about the others' turn,
    until `share` of the duration is reached, or VALIDATION_SECONDS. A piece that would take more than twice that
    is passed over (unless it is no longer than the median piece: there may be few). No more than half of the pieces are
    taken.

    A single piece is cut: its last tenth, at most VALIDATION_SECONDS, is held out. Below LEAST_SECONDS_TO_CUT, and
    for a share of 0, there is no validation.

    Raises SettingsError for a share outside 0 to 0.5.
    """
    if not 0 <= share <= 0.5:
        raise SettingsError(f"The share held out for validation is {share:g}. It can be 0 to 0.5.")
    if share == 0:
        return corpus, None
    if len(corpus.pieces) == 1:
        if corpus.seconds < LEAST_SECONDS_TO_CUT:
            return corpus, None
        held = round(min(corpus.frames / 10, VALIDATION_SECONDS * corpus.sample_rate))
        cut = corpus.frames - held
        return corpus.stretch(0, cut), corpus.stretch(cut, corpus.frames)

    seconds = corpus.piece_seconds
    target = min(share * corpus.seconds, VALIDATION_SECONDS)
    most = max(2 * target, float(np.median(list(seconds.values()))))
    chosen: list[str] = []
    total = 0.0
    for piece in sorted(seconds, key=lambda name: hashlib.sha256(name.encode(errors="surrogatepass")).digest()):
        if total >= target or len(chosen) == len(seconds) // 2:
            break
        if total + seconds[piece] <= most:
            chosen.append(piece)
            total += seconds[piece]
    return corpus.only(set(seconds).difference(chosen)), corpus.only(chosen)


def keep_back(corpora: Weighted) -> tuple[Weighted, Weighted]:
    """Some pieces of each corpus for validation, and the rest; a piece kept back of one is not trained on in another.

    Raises SettingsError when nothing is left of a corpus.
    """
    split = [(*split_validation(corpus), weight) for corpus, weight in corpora]
    held_out = [(validation, weight) for _, validation, weight in split if validation is not None]
    kept_back = {piece for corpus, _ in held_out for piece in corpus.pieces}
    training = []
    for corpus, validation, weight in split:
        others = set(corpus.pieces) & (kept_back - set(validation.pieces if validation is not None else ()))
        if others == set(corpus.pieces):
            raise SettingsError(
                f"All pieces of one folder ({', '.join(sorted(others)[:3])} ...) are kept back for validation in "
                "another. Name folders to validate on with --validation."
            )
        training.append((corpus.only(set(corpus.pieces) - others) if others else corpus, weight))
    return training, held_out
