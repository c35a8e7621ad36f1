"""Training speed against a plain float32 loop of the same network, paired in one run.

    python -m core.training.benchmark --network diffwave [--device auto] [--batch-seconds 8] [--rounds 5]

"Ours" is the step of `core.training.loop`: bf16 where the hardware has it, DiffWave channels last with its taps in one
matrix product, the U-Net channels last, both compiled on CUDA. "Plain" is a step as public DiffWave trainers take
it: float32, TF32 off, conv1d, memory as PyTorch lays it by default, nothing compiled. Both draw noise, run forward and
backward, clip and take an AdamW step; crops are ready in both. Rounds alternate, so that a machine that slows down
slows both; figures are medians.

The share of the machine: multiplications and additions of a step (PyTorch's own counter; the plain network's, so
that neither way of writing a convolution gets credit) per second, over the rate of one large bf16 matrix product
measured in the same run.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from core.device import compiles_on, has_fast_bfloat16, resolve_device
from core.errors import NetworkError, PianoDiffError
from core.networks.diffwave import DiffWave
from core.timing import matmul_rate, seconds_of
from core.training.batches import BatchPlan
from core.training.denoising import DenoisingObjective, DiffWaveObjective, SpectralObjective
from core.training.design import read_design
from core.training.objectives import make_objective


class PlainDiffWave(nn.Module):
    """DiffWave's forward pass written as in the public trainers: channels first, conv1d."""

    def __init__(self, network: DiffWave) -> None:
        super().__init__()
        self.weights = network

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        """x (B, 1, N), step (B,) -> eps (B, 1, N)."""
        net = self.weights
        h = F.relu(net.input_projection(x))
        embedding = net.diffusion_embedding(step)
        total = torch.zeros_like(h)
        for layer in net.residual_layers:
            y = layer.dilated_conv(h + layer.diffusion_projection(embedding)[:, :, None])  # type: ignore[operator]  # a ModuleList of DilatedLayer
            gate, filtered = y.chunk(2, dim=1)
            residual, skip = layer.output_projection(torch.sigmoid(gate) * torch.tanh(filtered)).chunk(2, dim=1)  # type: ignore[operator]
            h, total = (h + residual) / math.sqrt(2), total + skip
        h = F.relu(net.skip_projection(total / math.sqrt(len(net.residual_layers))))
        eps: Tensor = net.output_projection(h)
        return eps


def ours(config: dict[str, Any], folder: Path, device: torch.device) -> DenoisingObjective:
    """The objective as `core.training.set_up` makes it."""
    objective = _denoising(config, folder).to(device)
    objective.in_bfloat16 = has_fast_bfloat16(device)
    if compiles_on(device):
        objective.compile_network()
    return objective


def plain(config: dict[str, Any], folder: Path, device: torch.device) -> DenoisingObjective:
    """The same loss around the same network, in float32, with nothing done for speed."""
    objective = _denoising(config, folder).to(device)
    if isinstance(objective, DiffWaveObjective):
        objective.network = PlainDiffWave(objective.network)  # type: ignore[assignment]
    if isinstance(objective, SpectralObjective):
        objective.network.lay_out(torch.contiguous_format)
    return objective


def _denoising(config: dict[str, Any], folder: Path) -> DenoisingObjective:
    objective = make_objective(config, folder)
    if not isinstance(objective, DenoisingObjective):
        raise NetworkError(f"The network in {folder} takes no noise out of audio: there is no plain version of it.")
    return objective


def make_step(objective: DenoisingObjective, is_plain: bool, clean: Tensor) -> Callable[[], None]:
    """One training step on `clean` (B, N), ours or the plain one, without data loading."""
    fused = not is_plain and clean.device.type != "mps"
    optimiser = torch.optim.AdamW(objective.network.parameters(), lr=1e-4, fused=fused)
    precision = "highest" if is_plain or not objective.in_bfloat16 else "high"
    u = (torch.arange(len(clean), device=clean.device) + 0.5) / len(clean)
    keep = torch.zeros_like(clean, dtype=torch.bool)

    def step() -> None:
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.allow_tf32 = precision != "highest"
        objective(clean, u, torch.randn_like(clean), keep).mean().backward()
        torch.nn.utils.clip_grad_norm_(objective.network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    return step


def operations(objective: DenoisingObjective, clean: Tensor) -> int:
    """Multiplications and additions of forward and backward pass on `clean`."""
    u, keep = torch.full((len(clean),), 0.5, device=clean.device), torch.zeros_like(clean, dtype=torch.bool)
    with FlopCounterMode(display=False) as counter:
        objective(clean, u, torch.randn_like(clean), keep).mean().backward()
    return int(counter.get_total_flops())


def main(argv: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m core.training.benchmark", description="Training speed, paired.")
    parser.add_argument("--network", default="spectral", help="spectral, diffwave, or a folder with a config.json")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--crop-seconds", type=float, help="default: the design's shortest")
    parser.add_argument("--batch-seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1, help="steps in a round; more where one takes milliseconds")
    args = parser.parse_args(argv)
    try:
        device = resolve_device(args.device)
        config, folder = read_design(args.network)
        fast, slow = ours(config, folder, device), plain(config, folder, device)
    except PianoDiffError as error:
        print(f"benchmark: error: {error}", file=sys.stderr)
        return 1
    seconds = args.crop_seconds or min(fast.crop_seconds)
    plan = BatchPlan(fast.sample_rate, (seconds,), args.batch_seconds, fast.frames_multiple)
    clean = 0.1 * torch.randn(plan.shape(0), device=device)
    audio = clean.numel() / fast.sample_rate
    steps = {
        "ours": make_step(fast, False, clean),
        "plain": make_step(slow, True, clean),
    }
    work = operations(slow, clean)
    for step in steps.values():  # allocations, compilation, choice of kernels
        for _ in range(2):
            step()
    rate = matmul_rate(device)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(args.rounds):
        for name, step in steps.items():
            times[name].append(seconds_of(step, device, args.steps))
    print(f"{config['title']}: {len(clean)} crops of {seconds:g} s, {_device_name(device)}, torch {torch.__version__}")
    print(f"bf16 matrix product: {rate / 1e12:.2f} TFLOP/s; a step: {work / 1e12:.3f} TFLOP")
    for name, found in times.items():
        median = statistics.median(found)
        print(
            f"{name:6} {median:8.4f} s a step ({min(found):.4f} to {max(found):.4f})  {audio / median:8.2f} s of audio "
            f"a second  {work / median / rate:6.1%} of the matrix rate"
        )
    ratios = [slow / fast for fast, slow in zip(times["ours"], times["plain"], strict=True)]
    print(f"ours is {statistics.median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})")
    return 0


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({torch.get_num_threads()} threads)"


if __name__ == "__main__":
    sys.exit(main())
