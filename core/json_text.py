"""JSON that anybody may have written. Whatever is the matter with it is one ValueError; Python's own reader also ends
in a RecursionError.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LARGEST = 64 * 2**20
"""Bytes of a file. The recipe of an hour of dense notes takes a hundredth of it."""


def parse_json(text: str | bytes) -> Any:
    """What a JSON text holds. Raises ValueError."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises OSError, ValueError."""
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(f"its {size / 1e6:.0f} MB are too many")
    return parse_json(path.read_bytes())
