"""How fast a plan of notes is sketched, on one thread.

    python -m core.notes.benchmark [--seconds 10] [--density 8] [--runs 15]

"First" is with nothing kept of the strings, as after a change of tuning or recording; "again" is what a change of
the notes takes while the mouse is down.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

# Before numpy is imported: its libraries read these once.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402

from core.notes.note import Note, one_string_a_key  # noqa: E402
from core.notes.sketch import Timbre, sketch  # noqa: E402

RATE = 22_050


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m core.notes.benchmark", description="How fast a plan of notes is sketched."
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the plan (default: %(default)g)")
    parser.add_argument("--density", type=float, default=8.0, help="notes a second (default: %(default)g)")
    parser.add_argument("--runs", type=int, default=15, help="timed runs, the median counts (default: %(default)s)")
    arguments = parser.parse_args()
    notes = _plan(arguments.seconds, arguments.density)
    frames = round(arguments.seconds * RATE)
    first, again = [], []
    for run in range(arguments.runs):
        timbre = Timbre(cents=1e-3 * run)  # no string of an earlier run is in it
        first.append(_time(notes, frames, timbre))
        again.append(_time(notes, frames, timbre))
    print(f"{len(notes)} notes in {arguments.seconds:g} s at {RATE} Hz")
    print(f"first: {1000 * np.median(first):.1f} ms, again: {1000 * np.median(again):.1f} ms")
    return 0


def _plan(seconds: float, density: float) -> list[Note]:
    """Notes at even distances, 0.2 to 1.5 s long, of any key between C2 and C6 and any loudness."""
    rng = np.random.default_rng(0)
    onsets = np.arange(0, seconds, 1 / density)
    return one_string_a_key(
        Note(onset, onset + rng.uniform(0.2, 1.5), int(rng.integers(36, 85)), int(rng.integers(30, 111)))
        for onset in onsets.tolist()
    )


def _time(notes: list[Note], frames: int, timbre: Timbre) -> float:
    began = time.perf_counter()
    sketch(notes, frames, RATE, timbre)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
