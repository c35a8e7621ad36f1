"""How fast audio is made on this machine, and how far that is from what it could do.

    python -m core.study.speed [--network spectral] [--device auto] [--windows 8,6] [--rounds 5] [--seconds 1,2,10]

Evaluations: the network as written (bf16 by autocast where the hardware has it) and as it is used, which on a CPU with
bf16 is laid out for it (`core.networks.spectral_inference`, `diffwave_inference`), by turns, so that a machine that
slows down slows both; medians. The share is of the rate of a large matrix product measured in the same run; operations
are counted by PyTorch.
Extensions of 5 s of notes, by all that one does once the network is loaded: hearing, sketching, denoising. Seconds that
a second of new audio takes (the real-time factor, three times: median, lowest and highest), seconds until the first
window can be heard, and peak memory. Played from notes (6 of 24 steps), and from noise in 50, once, of 2 s.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from core.device import has_fast_bfloat16, resolve_device
from core.diffusion.denoiser import Denoiser, EpsilonDenoiser, SigmaDenoiser
from core.errors import PianoDiffError, SettingsError
from core.extension.extension import Extension
from core.extension.heard import with_heard
from core.extension.settings import DEFAULT, START_WITH_NOTES, STEPS_WITH_NOTES
from core.networks.card import NetworkInfo
from core.networks.checkpoint import load_denoiser
from core.networks.diffwave_inference import DiffWaveInference
from core.networks.registry import find_network
from core.networks.spectral_inference import SpectralInference
from core.notes.note import Note
from core.notes.sketch import sketch
from core.study.memory import PeakMemory
from core.timing import matmul_rate, seconds_of

KNOWN_SECONDS, FROM_NOISE_SECONDS = 5.0, 2.0


def main(argv: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m core.study.speed", description="How fast audio is made here.")
    parser.add_argument("--network", default=DEFAULT.network, help="(default: %(default)s)")
    parser.add_argument("--device", default="auto", help="(default: %(default)s)")
    parser.add_argument("--windows", default="8,6", help="seconds that are evaluated at once (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="of each, by turns (default: %(default)s)")
    parser.add_argument("--seconds", default="1,2,10", help="of new audio (default: %(default)s)")
    chosen = parser.parse_args(argv)
    try:
        device = resolve_device(chosen.device)
        info, denoiser = find_network(chosen.network), load_denoiser(chosen.network, device)
        if not isinstance(denoiser, SigmaDenoiser | EpsilonDenoiser):
            raise SettingsError(f"The network {info.name} is one of other people's, and is not measured here.")
        peak = matmul_rate(device)
        kind = "bf16" if has_fast_bfloat16(device) else "float32"
        print(f"{device.type}, {torch.get_num_threads()} threads, {kind}; matrix product: {peak / 1e9:.0f} GFLOP/s")
        print("window s  GFLOP  as written s  as used s  times  share of the matrix product's rate")
        for window in (float(text) for text in chosen.windows.split(",")):
            print(_evaluation(denoiser, info, window, device, chosen.rounds, peak), flush=True)
        print("extensions              new s  real-time factor      first sound s  peak MB")
        for seconds in (float(text) for text in chosen.seconds.split(",") if info.plays_notes):
            print(_extensions("played from notes", denoiser, info, seconds, device), flush=True)
        print(_extensions("from noise, 50 steps", denoiser, info, FROM_NOISE_SECONDS, device, led=False), flush=True)
    except PianoDiffError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _evaluation(
    denoiser: SigmaDenoiser | EpsilonDenoiser,
    info: NetworkInfo,
    seconds: float,
    device: torch.device,
    rounds: int,
    peak: float,
) -> str:
    used = denoiser.network
    written = used.network if isinstance(used, SpectralInference | DiffWaveInference) else used
    frames = round(seconds * info.sample_rate)
    generator = torch.Generator().manual_seed(0)
    x = (0.1 * torch.randn(1, frames, generator=generator)).to(device)
    level = torch.full((1,), 0.1, device=device)
    more = {}
    if info.sees_known:
        more["keep"] = (torch.arange(frames, device=device) < frames // 2)[None]
    if info.sees_notes:
        more["sketch"] = x.clone()
    predicts_noise = isinstance(denoiser, EpsilonDenoiser)
    if predicts_noise:
        x = x[:, None]

    def calling(network: Callable[..., Tensor]) -> Callable[[], object]:
        def call() -> Tensor:
            # The one has autocast within; for the other it is around it.
            with torch.autocast(device.type, torch.bfloat16, enabled=predicts_noise and has_fast_bfloat16(device)):
                return network(x, level, **more)

        return call

    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            calling(written)()
        times: dict[Callable[..., Tensor], list[float]] = {written: [], used: []}
        calling(used)()
        for _ in range(rounds):
            for network, taken in times.items():
                taken.append(seconds_of(calling(network), device))
    before, after = (statistics.median(times[network]) for network in (written, used))
    operations = counter.get_total_flops()
    return (
        f"{seconds:8g}  {operations / 1e9:5.0f}  {before:12.3f}  {after:9.3f}  {before / after:5.2f}  "
        f"{operations / after / peak:.2f}"
    )


def _extensions(
    name: str, denoiser: Denoiser, info: NetworkInfo, seconds: float, device: torch.device, led: bool = True
) -> str:
    settings = replace(DEFAULT, start=START_WITH_NOTES, steps=STEPS_WITH_NOTES) if led else DEFAULT
    rate = info.sample_rate
    before = [Note(0.25 * k, 0.25 * k + 0.4, 50 + 7 * k % 24, 70) for k in range(round(4 * KNOWN_SECONDS))]
    known = sketch(before, round(KNOWN_SECONDS * rate), rate)[None]
    onsets = np.arange(0, seconds, 0.125).tolist()
    planned = [Note(onset, onset + 0.4, 48 + 5 * index % 31, 70) for index, onset in enumerate(onsets)]
    first_sounds = []

    def extend() -> None:
        began = time.perf_counter()
        notes = with_heard(planned, known, known[:, :0], rate, seconds) if led else []
        extension = Extension(denoiser, info, known, rate, seconds, settings, notes=notes)
        for step in extension.run():
            if step.window_complete:
                extension.audio()
                if step.window == 0:
                    first_sounds.append(time.perf_counter() - began)

    memory = PeakMemory(device)
    taken = sorted(seconds_of(extend, device) / seconds for _ in range(3 if led else 1))
    factors = f"{statistics.median(taken):.2f} ({taken[0]:.2f} to {taken[-1]:.2f})"
    return f"{name:22}  {seconds:5g}  {factors:20}  {statistics.median(first_sounds):13.2f}  {memory.megabytes():7.0f}"


if __name__ == "__main__":
    sys.exit(main())
