"""What passes between the window and its worker threads. No Qt here: plain values and one mailbox."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from core.extension.mending import Changes
from core.extension.settings import Settings
from core.notes.note import Note
from pianodiff_gui.session.history import BUDGET, History
from pianodiff_gui.session.outline import Outline
from pianodiff_gui.session.timeline import Gap, Timeline

if TYPE_CHECKING:
    from core.networks.card import NetworkInfo
    from core.study.trace import Trace

T = TypeVar("T")
_ids = itertools.count(1)


class Mailbox(Generic[T]):
    """One slot between two threads: the newest value wins, so a slow reader never makes a queue."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None

    def put(self, value: T) -> None:
        with self._lock:
            self._value = value

    def take(self) -> T | None:
        """The newest value, once; None if there is nothing new."""
        with self._lock:
            value, self._value = self._value, None
        return value


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a run: the state x_t of the current window, as drawn, and how far the run is."""

    window: int
    windows: int
    level: float
    outline: Outline  # of x_t
    levels: np.ndarray  # t of every evaluation of this window so far ...
    similarities: np.ndarray  # ... and the KS similarity at each
    evaluations: int
    evaluations_total: int
    elapsed: float  # s
    remaining: float | None  # s, None until enough steps have been measured


@dataclass(frozen=True, eq=False)
class Job:
    """One run of the engine: `seconds` of audio for `base`, at `gap` (as in `Stretch`).

    take: the number of the take that grows by it; None where there will be a new one.
    notes: what is to be played, in seconds from the first new sample; none where it begins with noise.
    changed: what that changes of what was played there, where the rest is to stay; in the same seconds.
    history_budget: bytes that the history of its states may take.
    """

    base: Timeline
    settings: Settings
    network: NetworkInfo
    seconds: float
    gap: Gap | None = None
    take: int | None = None
    notes: tuple[Note, ...] = ()
    changed: Changes | None = None
    history_budget: int = BUDGET
    id: int = field(default_factory=lambda: next(_ids))
    cancelled: threading.Event = field(default_factory=threading.Event)
    mailbox: Mailbox[Frame] = field(default_factory=Mailbox)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run left behind: all of it, or the windows that were complete when it was cancelled or failed."""

    samples: np.ndarray  # float32 (channels, frames)
    complete: bool
    evaluations: int
    elapsed: float  # s
    step_seconds: float | None  # mean of the measured evaluations, the first step (warm-up) left out
    device: str
    run: dict[str, Any]  # core.extension.recipe.describe_run
    error: str = ""  # why it ended early, in plain words
    differentiated: bool = False  # whether its evaluations had gradients taken, which makes them slower
    history: History = field(default_factory=History)  # the states it went through
    trace: Trace | None = None  # what the paper's figures need of them
