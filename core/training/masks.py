"""Which part of a training crop the network is shown: it learns to go on, to lead in and to fill, and to do without."""

import numpy as np

NONE, BEGINNING, BOTH_ENDS = 0.4, 0.4, 0.1
"""Shares of crops that are shown nothing (so that it remains the unconditional network that zero-shot samplers need),
their beginning (as when audio is extended), both ends (a gap); the rest are shown their end."""

SHORTEST, LONGEST = 0.25, 0.85
"""The share of a crop that is shown, where some of it is."""


def draw_mask(frames: int, rng: np.random.Generator, nothing: float = NONE) -> np.ndarray:
    """A random mask (frames,) bool, True where it is shown. Takes the same number of draws whatever it is.

    nothing: the share that is shown nothing; of the rest, beginnings, ends and both keep their shares.
    """
    kind, share, place = rng.random(3)
    shown = round(frames * (SHORTEST + share * (LONGEST - SHORTEST)))
    keep = np.zeros(frames, dtype=bool)
    if kind < nothing:
        return keep
    if nothing != NONE:
        kind = NONE + (kind - nothing) * (1 - NONE) / (1 - nothing)
    if kind < NONE + BEGINNING:
        first = shown
    elif kind < NONE + BEGINNING + BOTH_ENDS:
        first = round(shown * place)
    else:
        first = 0
    keep[:first] = True
    keep[frames - (shown - first) :] = True
    return keep
