"""Training of the SpectralUNet, the whole of it in one file.

    python -m core.training.loop --data recordings=2 --data renderings --out runs/first [--from WEIGHTS] [--minutes
    100]

Denoising score matching with EDM's weighting: each crop gets a noise deviation sigma and the network's F is compared
with the F that would have given the clean crop, bin by bin, so that every bin and every level starts from a loss of
1. The musically dense low bins count more (see `band_weights`). Ctrl-C and the time limit both save.
"""

import argparse
import json
import math
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.networks.checkpoint import load_weights, save_weights
from core.networks.spectral_unet import SpectralUNet
from core.training.data import Corpus, draw_batch, load_corpus

SAMPLE_RATE = 22050
SIGMA_MIN, SIGMA_MAX, SIGMA_POWER = 1e-4, 3.0, 8.0
VALIDATION_SIGMAS = (0.0002, 0.001, 0.005, 0.02, 0.1, 0.4, 1.5)


def draw_sigma(batch: int, rng: np.random.Generator) -> Tensor:
    """Noise deviations (batch,): sigma^(1/8) uniform, as the sampler's own levels are nearly spaced.

    A log-normal law around the data's level (EDM's choice for images) hardly visits the low levels at which a quiet
    high band is decided, and hiss remains. Stratified over the batch: each step sees low, middle and high noise.
    """
    u = (torch.from_numpy(rng.permutation(batch)) + torch.from_numpy(rng.random(batch))) / batch
    low, high = SIGMA_MIN ** (1 / SIGMA_POWER), SIGMA_MAX ** (1 / SIGMA_POWER)
    return ((low + u * (high - low)) ** SIGMA_POWER).float()


def band_weights(bins: int) -> Tensor:
    """(bins,), mean 1: 1 / (f + 1500 Hz). Low bins hold the notes; the top counts too, or it would be left as hiss."""
    frequency = torch.arange(bins) * SAMPLE_RATE / 2 / bins
    weights = 1 / (frequency + 1500)
    return weights / weights.mean()


def measure_bands(network: SpectralUNet, corpora: list[tuple[Corpus, float]], rng: np.random.Generator) -> Tensor:
    """Deviation of each STFT bin over the data, (bins,), smoothed over a third of an octave and floored at -100 dB.
    """
    power = torch.zeros(network.bins)
    for _ in range(60):
        crops = torch.from_numpy(draw_batch(corpora, 4, 4 * SAMPLE_RATE // network.hop * network.hop, rng))
        power += network.analyse(crops).square().mean(dim=(0, 1, 3)) / 60
    cumulative = F.pad(power.cumsum(0), (1, 0))
    k = torch.arange(network.bins)
    low = (k * 2 ** (-1 / 6)).floor().long().clamp(min=0)
    high = (k * 2 ** (1 / 6)).ceil().long().clamp(max=network.bins - 1) + 1
    smooth = (cumulative[high] - cumulative[low]) / (high - low)
    return smooth.clamp(min=1e-12).sqrt().clamp(min=1e-5 * network.data_rms)


def denoising_loss(network: SpectralUNet, clean: Tensor, sigma: Tensor, noise: Tensor, weights: Tensor) -> Tensor:
    """EDM loss of each crop, (B,): mean over bins and frames of w_f |F - F*|^2. 1.0 is a network that knows nothing.
    """
    bands = network.analyse(clean)
    noisy = bands + sigma.view(-1, 1, 1, 1) * network.analyse(noise)
    scale = network.precondition(sigma)
    target = (bands - scale.skip * noisy) / scale.out
    with torch.autocast(clean.device.type, torch.bfloat16):
        prediction = network.predict_bands(scale.input * noisy, sigma)
    return ((prediction - target).square() * weights.view(1, 1, -1, 1).to(clean.device)).mean(dim=(1, 2, 3))


@torch.no_grad()
def validate(network: SpectralUNet, crops: Tensor, weights: Tensor) -> dict[str, float]:
    """Loss at each of VALIDATION_SIGMAS over fixed crops and fixed noise."""
    noise = torch.randn(crops.shape, generator=torch.Generator().manual_seed(0)).to(crops.device)
    return {
        f"{sigma:g}": float(
            denoising_loss(network, crops, torch.full((len(crops),), sigma, device=crops.device), noise,
            weights).mean()
        )
        for sigma in VALIDATION_SIGMAS
    }


def update_average(average: dict[str, Tensor], network: SpectralUNet, step: int, half_life: float) -> None:
    """Exponential moving average of the weights with a half-life in steps; early on a plain average."""
    decay = min(0.5 ** (1 / half_life), (step + 1) / (step + 10))
    for name, value in network.state_dict().items():
        average[name].lerp_(value.float(), 1 - decay)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m core.training.loop", description=__doc__)
    parser.add_argument("--data", action="append", required=True, metavar="DIR[=WEIGHT]", help="a folder of audio")
    parser.add_argument("--validation", type=Path, help="a folder whose denoising loss is reported, never trained on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--from", dest="start", type=Path, help="weights to start from (safetensors)")
    parser.add_argument("--minutes", type=float, default=100.0)
    parser.add_argument("--crop-seconds", type=float, nargs="+", default=[2.0, 4.0], help="taken in turn")
    parser.add_argument("--batch-seconds", type=float, default=8.0, help="audio in a step")
    parser.add_argument("--learning-rate", type=float, default=6e-4)
    parser.add_argument("--half-life", type=float, default=150.0, help="of the moving average, in steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    device = torch.device(args.device)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)

    network = SpectralUNet()
    corpora = []
    for entry in args.data:
        folder, _, weight = entry.partition("=")
        corpus = load_corpus(Path(folder), args.out / "cache", SAMPLE_RATE, network.data_rms)
        corpora.append((corpus, float(weight) if weight else 1.0))
        print(f"{folder}: {corpus.frames / SAMPLE_RATE / 60:.1f} minutes", flush=True)
    if args.start:
        load_weights(network, args.start)
    if not args.start or bool((network.band_std == network.data_rms).all()):
        network.band_std.copy_(measure_bands(network, corpora, rng))
    network.to(device)
    weights = band_weights(network.bins).to(device)

    validation = None
    if args.validation:
        held_out = load_corpus(args.validation, args.out / "cache", SAMPLE_RATE, network.data_rms)
        length = 3 * SAMPLE_RATE // network.hop * network.hop
        crops = draw_batch([(held_out, 1.0)], 8, length, np.random.default_rng(1))
        validation = torch.from_numpy(crops).to(device)

    optimiser = torch.optim.AdamW(
        network.parameters(), lr=args.learning_rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    average = {name: value.detach().float().clone() for name, value in network.state_dict().items()}
    stopping = False

    def stop(*_: Any) -> None:
        nonlocal stopping
        stopping = True

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}

    def save(step: int, audio_seconds: float) -> None:
        save_weights(args.out / "average.safetensors", average)
        save_weights(args.out / "last.safetensors", network.state_dict())
        progress = {"steps": step, "audio_seconds": audio_seconds, "minutes": (time.monotonic() - began) / 60}
        (args.out / "progress.json").write_text(json.dumps(progress))

    began, step, audio_seconds, skipped, recent = time.monotonic(), 0, 0.0, 0, []
    while not stopping:
        done = (time.monotonic() - began) / 60 / args.minutes
        if done >= 1:
            break
        rate = args.learning_rate * min(1.0, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in optimiser.param_groups:
            group["lr"] = rate

        seconds = args.crop_seconds[step % len(args.crop_seconds)]
        batch = max(1, int(args.batch_seconds / seconds))
        length = int(seconds * SAMPLE_RATE) // network.hop * network.hop
        clean = torch.from_numpy(draw_batch(corpora, batch, length, rng)).to(device)
        sigma = draw_sigma(batch, rng).to(device)
        loss = denoising_loss(network, clean, sigma, torch.randn_like(clean), weights).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        if not torch.isfinite(norm):
            skipped += 1
            continue
        optimiser.step()
        update_average(average, network, step, args.half_life)
        step, audio_seconds = step + 1, audio_seconds + batch * length / SAMPLE_RATE
        recent.append(float(loss.detach()))

        if step % 50 == 0:
            elapsed = time.monotonic() - began
            entry = {"step": step, "loss": float(np.mean(recent)), "minutes": elapsed / 60, "rate": rate,
                     "audio_per_second": audio_seconds / elapsed, "skipped": skipped}  # fmt: skip
            recent.clear()
            if step % 500 == 0:
                save(step, audio_seconds)
                if validation is not None:
                    entry["validation"] = validate(network, validation, weights)
            with (args.out / "log.jsonl").open("a") as log:
                log.write(json.dumps(entry) + "\n")
            left = args.minutes - elapsed / 60
            line = f"step {step}  loss {entry['loss']:.4f}  {entry['audio_per_second']:.1f} x real time"
            line += f"  {left:.0f} min left"
            print(line + (f"  validation {entry['validation']}" if "validation" in entry else ""), flush=True)
    save(step, audio_seconds)
    for number, handler in previous.items():
        signal.signal(number, handler)
    return 0


if __name__ == "__main__":
    sys.exit(main())
