"""How far a long job is, on a terminal: a bar, or lines, with the time that is left."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, TextIO

from core.wording import clock

if TYPE_CHECKING:
    from core.extension.extension import Step


class ProgressReport:
    """Progress of a run on a stream: a bar that redraws itself on a terminal, else a line every 10 %.

    The time left is the average of the steps seen so far, without the first, which also warms things up; it
    is not shown before it means anything.
    """

    def __init__(self, stream: TextIO | None = None, unit: str = "window", counted: str = "evaluations") -> None:
        """`counted`: what is counted, as the report calls it, and `unit` what that is grouped by."""
        self._unit, self._counted = unit, counted
        self._stream = stream if stream is not None else sys.stderr
        self._terminal = self._stream.isatty()
        self._began = time.monotonic()
        self._first: tuple[float, int] | None = None
        self._tenths = 0
        self._drawn = 0

    def __call__(self, step: Step) -> None:
        """Take note of one network evaluation."""
        self.update(step.evaluations, step.evaluations_total, step.window, step.windows)

    def update(self, done: int, total: int, window: int = 0, windows: int = 1) -> None:
        """`done` of `total` are done, the last of them in window number `window` (0 first)."""
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        since, first = self._first
        timed = done - first
        left = clock((now - since) / timed * (total - done)) if timed >= 3 and done < total else ""
        elapsed = clock(now - self._began)
        if self._terminal:
            place = f"{self._unit} {window + 1}/{windows}  " if windows > 1 else ""
            ending = f"  {left} left" if left else ""
            self._draw(done / total, f"{place}{done}/{total} {self._counted}  {elapsed} elapsed{ending}")
        elif done * 10 // total > self._tenths:
            self._tenths = done * 10 // total
            place = f"{self._unit} {window + 1} of {windows}, " if windows > 1 else ""
            ending = f", about {left} left" if left else ""
            line = f"{done / total:4.0%}: {place}{done} of {total} {self._counted}, {elapsed} elapsed{ending}"
            print(line, file=self._stream, flush=True)

    def close(self) -> None:
        """Leave the bar's line, so that what follows starts on its own."""
        if self._drawn:
            print(file=self._stream, flush=True)
            self._drawn = 0

    def _draw(self, share: float, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        text = f"{share:4.0%}  {text}"
        cells = min(30, room - 70)  # what the longest text leaves, so that the bar keeps its width
        filled = round(share * cells)
        line = f"[{'#' * filled}{'.' * (cells - filled)}] {text}" if cells >= 5 else text
        line = line[:room]
        print("\r" + line.ljust(min(self._drawn, room)), end="", file=self._stream, flush=True)
        self._drawn = len(line)
