"""PianoDiff's YIN beside librosa's: speed and agreement on one recording; and what tracking the whole piano takes.

    python -m core.study.pitch_benchmark CLIP [--seconds 60] [--runs 7]

The clip is mixed to mono, brought to 22.05 kHz and repeated or cut to `--seconds`. Both run warmed up, on one thread,
with the same frames, hop and range. Tracking has four registers of its own, and resamples for each. librosa is not a
dependency of PianoDiff; install it to run this.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

# Before numpy is imported: its libraries read these once.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402

from core.analysis.pitch import yin  # noqa: E402
from core.analysis.tracking import TRACK_RATE, whole_track  # noqa: E402
from core.audio.opening import open_source  # noqa: E402
from core.audio.signal import FloatArray, resample  # noqa: E402
from core.errors import PianoDiffError  # noqa: E402

LOW, HIGH, FRAME, HOP = 55.0, 2093.0, 2048, 512


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m core.study.pitch_benchmark", description="PianoDiff's YIN beside librosa's."
    )
    parser.add_argument("clip", metavar="CLIP", help="a recording")
    parser.add_argument("--seconds", type=float, default=60.0, help="length worked on (default: %(default)g)")
    parser.add_argument("--runs", type=int, default=7, help="timed runs, the median counts (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        import librosa
    except ImportError:
        print("This needs librosa to compare with: pip install librosa", file=sys.stderr)
        return 1
    try:
        with open_source(arguments.clip) as source:
            mono = resample(source.read().mean(axis=0)[None], source.sample_rate, TRACK_RATE)[0]
    except PianoDiffError as error:
        print(error, file=sys.stderr)
        return 1
    samples: FloatArray = np.resize(mono, round(arguments.seconds * TRACK_RATE))

    ours = yin(samples, TRACK_RATE, LOW, HIGH, FRAME, HOP)
    theirs = librosa.yin(samples, fmin=LOW, fmax=HIGH, sr=TRACK_RATE, frame_length=FRAME, hop_length=HOP)
    voiced = ours.voiced()
    cents = np.abs(1200.0 * np.log2(ours.f0[voiced] / theirs[voiced]))
    our_time = _median_time(lambda: yin(samples, TRACK_RATE, LOW, HIGH, FRAME, HOP), arguments.runs)
    their_time = _median_time(
        lambda: librosa.yin(samples, fmin=LOW, fmax=HIGH, sr=TRACK_RATE, frame_length=FRAME, hop_length=HOP),
        arguments.runs,
    )
    tracking_time = _median_time(lambda: whole_track(samples, TRACK_RATE), arguments.runs)
    print(f"frames: {len(ours.f0)}, voiced: {voiced.mean():.1%}")
    if voiced.any():
        print(f"within 10 cents of librosa.yin: {(cents < 10.0).mean():.2%} of the voiced frames")
    print(f"time for {arguments.seconds:g} s: {our_time:.4f} s, librosa.yin: {their_time:.4f} s")
    print(f"ratio: {their_time / our_time:.2f}")
    print(f"the whole piano, A0 to C8: {tracking_time:.4f} s, {arguments.seconds / tracking_time:.0f} times real time")
    return 0


def _median_time(work: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


if __name__ == "__main__":
    sys.exit(main())
