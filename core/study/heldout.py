"""Held-out figures: how continuations compare with the truth, a loop and white noise.

    python -m core.study.heldout FOLDER [--cases 8] [--network spectral] [--sampler interpolation] [--out out/heldout]

From each clip 4 s are known and the next 2 s are made, by the network and by three rows that need none: the clip's
own continuation, its last 2 s again, and white noise at its level. All figures are medians over the cases. What they
can and cannot tell:

    level      RMS of the new part against the known part, dB. Only whether loudness goes on; noise passes.
    flatness   spectral flatness, median over frames. Tones against hiss; a wrong melody passes.
    voiced     share of frames in which YIN is sure of a pitch. Notes against blur; chords lower it for the truth too.
    seam       largest second difference at the seam over the known part's 99.5 % quantile. Clicks only.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.audio import AUDIO_SUFFIXES, Source, open_source
from core.device import resolve_device
from core.diffusion.samplers import SAMPLERS
from core.errors import AudioError, PianoDiffError
from core.export import export_audio
from core.extension import Extension
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from core.pitch import yin
from core.settings import Settings
from core.spectrum import largest_second_difference, second_difference_quantile, spectral_flatness

BEGIN_SECONDS, KNOWN_SECONDS, NEW_SECONDS = 2.0, 4.0, 2.0
VOICED_APERIODICITY = 0.15


@dataclass(frozen=True)
class Figures:
    """Of one continuation; see the module's text."""

    level_db: float
    flatness: float
    voiced: float
    seam: float


def measure(known: np.ndarray, new: np.ndarray, sample_rate: int) -> Figures:
    """known (N,), new (M,): figures of `new` as a continuation of `known`."""
    level = 10 * np.log10((np.mean(np.square(new)) + 1e-20) / (np.mean(np.square(known)) + 1e-20))
    track = yin(new, sample_rate, frame_length=2048)
    bend = largest_second_difference(np.concatenate([known, new]), at=len(known), radius=3)
    return Figures(
        level_db=float(level),
        flatness=float(np.nanmedian(spectral_flatness(new))),
        voiced=float(np.mean(track.aperiodicity < VOICED_APERIODICITY)),
        seam=bend / max(second_difference_quantile(known, 0.995), 1e-12),
    )


def references(known: np.ndarray, true: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Continuations that need no network: the truth, the last seconds again, white noise at the known part's level.
    """
    noise = np.random.default_rng(seed).standard_normal(len(true))
    rms = np.sqrt(np.mean(np.square(known)))
    return {"true": true, "loop": known[-len(true) :], "noise": (noise * rms).astype(np.float32)}


def cases(folder: Path, count: int) -> Iterator[Source]:
    """`count` clips of the folder that are long enough, evenly spread over its names. AudioError when there are too
    few.
    """
    long_enough = BEGIN_SECONDS + KNOWN_SECONDS + NEW_SECONDS
    sources = [open_source(p) for p in sorted(folder.iterdir()) if p.suffix.lower() in AUDIO_SUFFIXES]
    usable = [source for source in sources if source.seconds >= long_enough]
    if len(usable) < count:
        raise AudioError(f"{folder} holds {len(usable)} clips of {long_enough:g} s or more, not the {count} asked for.")
    yield from (usable[round(k)] for k in np.linspace(0, len(usable) - 1, count))


def table(rows: dict[str, list[Figures]]) -> str:
    """Medians as a Markdown table."""
    lines = ["| row | level dB | flatness | voiced | seam |", "|---|---|---|---|---|"]
    for name, figures in rows.items():
        level, flatness, voiced, seam = (
            float(np.median([getattr(f, field) for f in figures]))
            for field in ("level_db", "flatness", "voiced", "seam")
        )
        lines.append(f"| {name} | {level:+.1f} | {flatness:.2g} | {voiced:.2f} | {seam:.2f} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m core.study.heldout", description="Figures on held-out clips.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=8)
    parser.add_argument("--network", default="spectral")
    parser.add_argument("--sampler", default="interpolation", choices=SAMPLERS)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, help="folder for the continuations and all figures")
    args = parser.parse_args(argv)
    try:
        settings = Settings(
            sampler=args.sampler, steps=args.steps, seed=args.seed, network=args.network, device=args.device
        )
        _run(args.folder, args.cases, settings, args.out)
    except PianoDiffError as error:
        print(f"heldout: error: {error}", file=sys.stderr)
        return 1
    return 0


def _run(folder: Path, count: int, settings: Settings, out: Path | None) -> None:
    network = find_network(settings.network)
    denoiser = load_denoiser(settings.network, resolve_device(settings.device))
    rows: dict[str, list[Figures]] = {}
    for source in cases(folder, count):
        rate = source.sample_rate
        begin, split, end = (
            round(t * rate)
            for t in (BEGIN_SECONDS, BEGIN_SECONDS + KNOWN_SECONDS, BEGIN_SECONDS + KNOWN_SECONDS + NEW_SECONDS)
        )
        audio = source.read(begin, end).mean(axis=0)
        known, true = audio[: split - begin], audio[split - begin :]
        began = time.perf_counter()
        extension = Extension(denoiser, network, known[None], rate, NEW_SECONDS, settings)
        for _ in extension.run():
            pass
        made = extension.audio()[0]
        continuations = {settings.sampler: made, **references(known, true, settings.seed)}
        for name, new in continuations.items():
            rows.setdefault(name, []).append(measure(known, new, rate))
        figures = rows[settings.sampler][-1]
        print(f"{source.path.stem}: {time.perf_counter() - began:.0f} s  {figures}", flush=True)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            joined = np.concatenate([known, made])[None]
            export_audio(joined, rate, out / f"{source.path.stem}.wav", subtype="FLOAT", overwrite=True)
    print(table(rows))
    if out is not None:
        data = {name: [asdict(f) for f in figures] for name, figures in rows.items()}
        (out / "figures.json").write_text(json.dumps({"settings": asdict(settings), "rows": data}, indent=1))


if __name__ == "__main__":
    sys.exit(main())
