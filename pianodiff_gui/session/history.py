"""What a run went through: the states x_t and clean estimates of its steps, within a budget of memory. No Qt here."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pianodiff_gui.look import wording

if TYPE_CHECKING:
    from core.extension.extension import Step

log = logging.getLogger(__name__)

BUDGET = 256 * 2**20  # bytes of samples that the history of a run may take
_LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True, eq=False)
class Signal16:
    """A signal in two bytes a sample: `samples` (N,) float16 times 2**exponent.

    float16 ends at 65 504 and a state at a high level may go further. It is halved until it fits, which costs no
    precision; nothing is clipped.
    """

    samples: np.ndarray
    exponent: int

    @classmethod
    def of(cls, signal: np.ndarray) -> Signal16:
        """Pack float32 (N,)."""
        peak = float(np.abs(signal).max(initial=0.0))
        exponent = math.ceil(math.log2(peak / _LARGEST)) if _LARGEST < peak < math.inf else 0
        samples = (np.ldexp(signal, -exponent) if exponent else signal).astype(np.float16)
        samples.flags.writeable = False
        return cls(samples, exponent)

    def unpacked(self) -> np.ndarray:
        """float32 (N,)."""
        signal = self.samples.astype(np.float32)
        return np.ldexp(signal, self.exponent) if self.exponent else signal


@dataclass(frozen=True, eq=False)
class Moment:
    """A kept step, with the fields of core.extension.extension.Step. x, clean: (N,) at the network's rate and level."""

    window: int
    level: float
    evaluations: int
    x: Signal16
    clean: Signal16
    known_frames: int
    after_frames: int
    similarity: float
    window_complete: bool

    @property
    def nbytes(self) -> int:
        return self.x.samples.nbytes + self.clean.samples.nbytes


@dataclass(frozen=True, eq=False)
class History:
    """The kept steps of a run that is over, in order: every `every`-th of each window, and the last of each window.

    steps: how many there were; windows, evaluations_total: of the whole run, done or not; gave_up: nothing was kept
    because the machine was short of memory.
    """

    moments: tuple[Moment, ...] = ()
    steps: int = 0
    every: int = 1
    windows: int = 0
    evaluations_total: int = 0
    gave_up: bool = False

    @property
    def nbytes(self) -> int:
        return sum(moment.nbytes for moment in self.moments)

    def describe(self) -> str:
        """What was kept, for the user: "every 8th of 1 910 steps kept, 214.0 MB"."""
        if self.gave_up:
            return "no steps kept: memory was short"
        which = "all" if self.every == 1 else f"every {wording.ordinal(self.every)} of"
        since = f" from window {first + 1} on" if self.moments and (first := self.moments[0].window) else ""
        return f"{which} {wording.count(self.steps, 'step')} kept{since}, {wording.file_size(self.nbytes)}"

    def place(self, moment: Moment) -> str:
        """Where in the run it is: "window 2 of 3, t = 125, evaluation 275 of 600"."""
        window = f"window {moment.window + 1} of {self.windows}, " if self.windows > 1 else ""
        done, total = wording.thousands(moment.evaluations), wording.thousands(self.evaluations_total)
        return f"{window}t = {moment.level:.0f}, evaluation {done} of {total}"


class Recorder:
    """Gathers the History of a run as its steps are made, and never takes more than `budget` bytes for it.

    Where the next step would go beyond the budget every second kept step is dropped, and from then on only every
    second one is noted: the steps of a window stay evenly spaced however many come. The last step of every window is
    kept; should those alone be too many, which takes hundreds of windows, the oldest go.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._kept: list[tuple[int, Moment]] = []  # with its number within its window
        self._bytes = 0
        self._steps = 0
        self._every = 1
        self._window, self._number, self._longest = -1, 0, 0
        self._windows = self._evaluations_total = 0
        self._gave_up = False

    def note(self, step: Step) -> None:
        """Keep `step`, or do not. Short of memory it gives up on the whole history rather than on the run."""
        self._steps += 1
        self._windows, self._evaluations_total = step.windows, step.evaluations_total
        self._number = self._number + 1 if step.window == self._window else 0
        self._window = step.window
        self._longest = max(self._longest, self._number)
        if self._gave_up:
            return
        try:
            self._keep(step)
        except MemoryError:
            log.warning("no memory for the history of the run")
            self._kept, self._bytes, self._gave_up = [], 0, True

    def history(self) -> History:
        """What was gathered so far."""
        return History(
            tuple(moment for _, moment in self._kept),
            self._steps,
            self._every,
            self._windows,
            self._evaluations_total,
            self._gave_up,
        )

    def _wanted(self, number: int, last: bool) -> bool:
        return last or number % self._every == 0

    def _keep(self, step: Step) -> None:
        size = np.dtype(np.float16).itemsize * (step.x.size + step.clean.size)
        if size > self._budget:
            return
        while self._wanted(self._number, step.window_complete):
            if self._bytes + size <= self._budget:
                moment = Moment(
                    step.window,
                    step.level,
                    step.evaluations,
                    Signal16.of(step.x),
                    Signal16.of(step.clean),
                    step.known_frames,
                    step.after_frames,
                    step.similarity,
                    step.window_complete,
                )
                self._kept.append((self._number, moment))
                self._bytes += moment.nbytes
                return
            self._thin()

    def _thin(self) -> None:
        if self._every <= self._longest:
            self._every *= 2
            self._kept = [kept for kept in self._kept if self._wanted(kept[0], kept[1].window_complete)]
        else:
            del self._kept[0]
        self._bytes = sum(moment.nbytes for _, moment in self._kept)
