"""How long a spectrogram takes, on one thread, and a picture of an hour of it.

    python -m core.analysis.spectrogram_benchmark [--seconds 120] [--rate 44100] [--channels 2] [--runs 5]
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

from core.analysis.spectrogram import COLUMN_SECONDS, columns_of, levels, row_notes  # noqa: E402
from core.analysis.spectrogram_pyramid import BLOCK_COLUMNS, Block, SpectrogramPyramid  # noqa: E402

HOUR = 3600 / COLUMN_SECONDS
WIDTH = 1920


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m core.analysis.spectrogram_benchmark", description="How long a spectrogram takes."
    )
    parser.add_argument("--seconds", type=float, default=120.0, help="of noise (default: %(default)g)")
    parser.add_argument("--rate", type=int, default=44_100, help="Hz (default: %(default)s)")
    parser.add_argument("--channels", type=int, default=2, help="(default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs, the median counts (default: %(default)s)")
    arguments = parser.parse_args()
    frames = round(arguments.seconds * arguments.rate)
    noise = np.random.default_rng(0).standard_normal((arguments.channels, frames), np.float32)
    worked = np.median([_analyse(noise, arguments.rate) for _ in range(arguments.runs)])
    pyramid = _hour(arguments.rate)
    drawn = np.median([_time(pyramid) for _ in range(20 * arguments.runs)])
    size = sum(level.nbytes for block in pyramid.blocks.values() for level in block.levels)
    print(f"{worked * 60 / arguments.seconds:.2f} s of work a minute ({arguments.rate} Hz, {arguments.channels} ch)")
    print(f"an hour: {size / 1e6:.0f} MB, its picture {WIDTH} wide in {1000 * drawn:.1f} ms")
    return 0


def _analyse(samples: np.ndarray, rate: int) -> float:
    began = time.perf_counter()
    frames = samples.shape[1]
    first, last = columns_of(0, frames, rate)
    for at in range(first, last, BLOCK_COLUMNS):
        Block.of(levels(lambda a, b: samples[:, a:b], 0, frames, rate, at, min(at + BLOCK_COLUMNS, last)))
    return time.perf_counter() - began


def _hour(rate: int) -> SpectrogramPyramid:
    rows = row_notes(rate).size
    pyramid = SpectrogramPyramid(rows)
    rng = np.random.default_rng(0)
    for index in range(int(HOUR // BLOCK_COLUMNS) + 1):
        pyramid.blocks[index] = Block.of(rng.integers(0, 256, (BLOCK_COLUMNS, rows), np.uint8))
    return pyramid


def _time(pyramid: SpectrogramPyramid) -> float:
    began = time.perf_counter()
    pyramid.picture(0, HOUR, WIDTH)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
