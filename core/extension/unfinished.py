"""The finished windows of a run that is still going on, beside the file that it will write: so that the same command
goes on from there after a crash, a kill or Ctrl-C.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from core.audio.signal import FloatArray
from core.audio.writing import write_bytes
from core.errors import ExportError


class Unfinished:
    """OUT.unfinished. Nothing here raises: a run that can't be taken up again is run from its start.

    made_from: all that decides the samples; what was made from anything else is not taken over.
    """

    def __init__(self, destination: Path, made_from: dict[str, Any]) -> None:
        self.path = destination.with_name(destination.name + ".unfinished")
        self._key = hashlib.sha256(json.dumps(made_from, sort_keys=True, default=str).encode()).hexdigest()

    def load(self) -> tuple[int, FloatArray, FloatArray] | None:
        """(windows, before, after) as they were saved; None when there is nothing that fits."""
        try:
            with np.load(io.BytesIO(self.path.read_bytes())) as data:
                if str(data["key"]) != self._key:
                    return None
                return int(data["windows"]), data["before"], data["after"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def save(self, windows: int, before: FloatArray, after: FloatArray) -> None:
        """Keep the first `windows` windows, whole or not at all."""
        held = io.BytesIO()
        np.savez(held, key=self._key, windows=windows, before=before, after=after)
        with suppress(ExportError, OSError):  # without room for it the run goes on, it only can't be taken up again
            write_bytes(self.path, held.getvalue(), overwrite=True)

    def remove(self) -> None:
        """It is finished, or of no use any more."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
