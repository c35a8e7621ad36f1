"""The rule: whatever a file holds, it is opened or refused in words, in a few seconds and within some memory, and never
ends in another exception, a crash or a program of its own that runs.

    python -m tests.fuzz KIND FIRST COUNT     tries that many cases, and prints what came of them
"""

import json
import random
import resource
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from core.errors import PianoDiffError

SECONDS = 20.0
"""For one case: none takes one, but the machine may be busy."""
MEGABYTES = 1500
"""More than before, at any moment of a case: the files are a few kilobytes."""

Try = Callable[[random.Random, Path], None]
"""Makes the case that follows from the numbers, in the folder, and does with it what the program does."""


class TooSlowError(BaseException):
    """Not an Exception, so that nothing on the way takes it for one of the file's."""


@dataclass
class Tally:
    """counts: of "opened" and "refused".  faults: by the case's number, what came instead."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[int, str] = field(default_factory=dict)
    slowest: float = 0.0

    def as_json(self) -> str:
        """For the process that asked."""
        return json.dumps({"counts": self.counts, "faults": self.faults, "slowest": round(self.slowest, 2)})


def run(attempt: Try, name: str, first: int, count: int) -> Tally:
    """Cases first..first + count of the kind `name`, each in a folder of its own."""
    tally = Tally()
    for number in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            tally.counts[_one(attempt, f"{name} {number}", Path(folder), tally, number)] += 1
            tally.slowest = max(tally.slowest, time.monotonic() - began)
    return tally


def _one(attempt: Try, seed: str, folder: Path, tally: Tally, number: int) -> str:
    try:
        with _limits():
            attempt(random.Random(seed), folder)
    except PianoDiffError as error:
        if str(error).strip():
            return "refused"
        tally.faults[number] = f"{type(error).__name__} without a word"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        tally.faults[number] = "".join(traceback.format_exception(error, limit=-6))
    else:
        return "opened"
    return "faulty"


@contextmanager
def _limits() -> Iterator[None]:
    """Within it, time and address space are short."""

    def too_slow(_number: int, _frame: FrameType | None) -> None:
        raise TooSlowError(f"more than {SECONDS:g} s")

    before = signal.signal(signal.SIGALRM, too_slow)
    allowed = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + MEGABYTES * 2**20, allowed[1]))
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, allowed)
        signal.signal(signal.SIGALRM, before)


def _address_space() -> int:
    """Bytes that this process has claimed."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
