"""What a start from notes makes of a recording whose notes are known, by where it starts.

    python -m core.study.start_benchmark RECORDING NOTES.mid [--from 3] [--known 4] [--new 4] [--starts 0.387,0.456]

NOTES.mid holds what is played in RECORDING, its time 0 being the first sample. From `--from` on, `--known` seconds are
continued by `--new` in one window, with the notes that begin there, and compared with what RECORDING has there. A start
of 1 is from noise, without notes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from core.analysis.spectrum import stft_magnitude
from core.audio.opening import open_source
from core.audio.signal import FloatArray, active_rms, resample
from core.diffusion.denoiser import Denoiser
from core.errors import PianoDiffError
from core.extension.extension import Extension
from core.extension.planned import PlannedSound
from core.extension.settings import DEFAULT
from core.networks.card import NetworkInfo
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from core.notes.midi import read_midi
from core.notes.note import Note, frequency, moved
from core.study.features import floor_level

LOWEST, HIGHEST = 40, 109
"""Keys whose semitones are compared."""


@dataclass(frozen=True)
class Case:
    """known, truth: (N,) float32 at `rate`; what comes behind the known audio, and its notes, from 0 s."""

    known: FloatArray
    truth: FloatArray
    notes: list[Note]
    rate: int


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m core.study.start_benchmark", description="What a start from notes makes, by where it starts."
    )
    parser.add_argument("recording", metavar="RECORDING")
    parser.add_argument("notes", metavar="NOTES", type=Path, help="a MIDI file of what is played in it")
    parser.add_argument("--from", dest="begin", type=float, default=3.0, help="seconds (default: %(default)g)")
    parser.add_argument("--known", type=float, default=4.0, help="seconds of context (default: %(default)g)")
    parser.add_argument("--new", type=float, default=4.0, help="seconds that are made (default: %(default)g)")
    parser.add_argument("--starts", default="0.387,0.456,0.532,0.615,1", help="(default: %(default)s)")
    parser.add_argument("--steps", type=int, default=30, help="of a walk from noise (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--network", default=DEFAULT.network, help="(default: %(default)s)")
    chosen = parser.parse_args()
    try:
        network = replace(find_network(chosen.network), context_seconds=chosen.known, hop_seconds=chosen.new)
        denoiser = load_denoiser(chosen.network, torch.device("cpu"))
        case = _read(chosen, network.sample_rate)
        frames = len(case.truth)
        planned = PlannedSound(case.notes, case.known, case.known[:0], frames, case.rate).stretch(0, frames)
        print("start  sigma  evaluations  LSD  similarity  level, unsteadied, dB  floor, dB")
        print(_figures("sketch", float("nan"), 0, planned, planned, case))
        for start in (float(text) for text in chosen.starts.split(",")):
            print(_row(case, denoiser, network, start, chosen.steps, chosen.seed), flush=True)
    except PianoDiffError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def log_spectral_distance(first: FloatArray, second: FloatArray) -> float:
    """dB: root mean square over the bins, mean over frames of 2048, nothing counting below -100 dB."""
    levels = [20 * np.log10(np.maximum(stft_magnitude(samples), 1e-5)) for samples in (first, second)]
    return float(np.sqrt(np.square(levels[0] - levels[1]).mean(axis=1)).mean())


def similarity(first: FloatArray, second: FloatArray, rate: float) -> float:
    """Cosine between the root amplitudes in semitones, mean over frames: 1 is the same."""
    a, b = (np.sqrt(_semitones(samples, rate)) for samples in (first, second))
    return float(((a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1) + 1e-12)).mean())


def _semitones(samples: FloatArray, rate: float) -> np.ndarray:
    magnitude = stft_magnitude(samples, 4096).astype(np.float64)
    frequencies = np.linspace(0, rate / 2, magnitude.shape[1])
    parts: Sequence[np.ndarray] = [
        magnitude[:, (frequencies >= frequency(key - 0.5)) & (frequencies < frequency(key + 0.5))]
        for key in range(LOWEST, HIGHEST)
    ]
    return np.stack([np.sqrt(np.square(part).sum(axis=1)) for part in parts], axis=1)


def _read(chosen: argparse.Namespace, rate: int) -> Case:
    with open_source(chosen.recording) as source:
        mono = resample(source.read().mean(axis=0)[None], source.sample_rate, rate)[0]
    places = (chosen.begin + more for more in (0.0, chosen.known, chosen.known + chosen.new))
    begin, seam, end = (round(place * rate) for place in places)
    if end > len(mono):
        raise PianoDiffError(f"{chosen.recording} is shorter than {end / rate:g} s.")
    notes = moved(read_midi(chosen.notes).notes, -(chosen.begin + chosen.known))
    return Case(mono[begin:seam], mono[seam:end], [note for note in notes if 0 <= note.onset < chosen.new], rate)


def _row(case: Case, denoiser: Denoiser, network: NetworkInfo, start: float, steps: int, seed: int) -> str:
    settings = replace(DEFAULT, steps=steps, seed=seed, start=start)
    extension = Extension(
        denoiser, network, case.known[None], case.rate, len(case.truth) / case.rate, settings, notes=case.notes
    )
    *_, last = extension.run()
    raw = last.x[len(case.known) :] * np.float32(active_rms(case.known, case.rate) / network.data_rms)
    sigma = denoiser.schedule.sigma(start * denoiser.schedule.top)
    return _figures(f"{start:.3f}", sigma, extension.evaluations_done, extension.audio()[0], raw, case)


def _figures(name: str, sigma: float, evaluations: int, made: FloatArray, raw: FloatArray, case: Case) -> str:
    level = 20 * np.log10(active_rms(raw, case.rate) / active_rms(case.truth, case.rate))
    floor = floor_level(made, case.rate) - floor_level(case.truth, case.rate)
    distance, alike = log_spectral_distance(made, case.truth), similarity(made, case.truth, case.rate)
    return f"{name}  {sigma:.3f}  {evaluations}  {distance:.2f}  {alike:.3f}  {level:+.2f}  {floor:+.1f}"


if __name__ == "__main__":
    sys.exit(main())
