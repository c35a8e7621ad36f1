"""What the numbers of a network's config may be: checked before anything is built of them. A slip of the pen, or
somebody's malice, would otherwise ask for terabytes, or for minutes of building layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import NetworkError

BOUNDS: Mapping[str, tuple[float, float]] = {
    "sample_rate": (1, 768_000),
    "window_seconds": (0, 600),
    "context_seconds": (0, 600),
    "hop_seconds": (0, 600),
    "data_rms": (1e-6, 100),
    "levels": (1, 100_000),
    "layers": (1, 512),
    "channels": (1, 8192),
    "dilation_cycle": (1, 24),
    "n_fft": (16, 2**18),
    "fine_fft": (0, 2**18),
    "hop": (1, 2**18),
    "windows": (16, 2**18),
    "embedding": (1, 2**14),
    "width": (1, 2**14),
    "heads": (1, 1024),
    "gains": (0, 8192),
    "spreads": (1, 1024),
}
"""Lowest and highest value of a field, by its name, in a card and in what lies within it."""
ANY = (-(2.0**24), 2.0**24)
"""Of fields that have no bounds of their own."""
LONGEST_LIST = 64
"""Values of a field that has bounds of its own; another, such as a noise schedule, has at most MOST_LEVELS."""
MOST_LEVELS = int(BOUNDS["levels"][1])
MOST_WEIGHTS = 2_000_000_000
"""Of a network: 4 GB in half precision."""


def check_numbers(config: Mapping[str, Any], where: object) -> None:
    """Raises NetworkError, which names `where` and the field, when a number of `config`, or of what lies within it, is
    out of bounds, no number at all, or one of too many.
    """
    for name, value in config.items():
        _check(name, value, BOUNDS.get(str(name), ANY), where)


def check_weights(count: int, where: object) -> None:
    """Raises NetworkError when a network of so many weights is larger than any that can be used."""
    if count > MOST_WEIGHTS:
        raise NetworkError(f"{where} asks for a network of {count:.2g} weights; {MOST_WEIGHTS:.2g} are the most.")


def _check(name: str, value: Any, bounds: tuple[float, float], where: object) -> None:
    if isinstance(value, Mapping):
        check_numbers(value, where)
    elif isinstance(value, list | tuple):
        most = MOST_LEVELS if bounds is ANY else LONGEST_LIST
        if len(value) > most:
            raise NetworkError(f"{where}: '{name}' has {len(value)} values; {most} are the most.")
        for one in value:
            _check(name, one, bounds, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = bounds
        if not low <= value <= high:  # which NaN never is
            told = f"{value:g}" if abs(value) < 1e300 or isinstance(value, float) else "beyond any number"
            raise NetworkError(f"{where}: '{name}' is {told}; it can be {low:g} to {high:g}.")
