"""How long work takes on a device, and what the device could do at most. For benchmarks."""

import time
from collections.abc import Callable

import torch

from core.device import has_fast_bfloat16


def seconds_of(work: Callable[[], object], device: torch.device, times: int = 1) -> float:
    """Mean wall-clock seconds of one call."""
    _wait(device)
    began = time.perf_counter()
    for _ in range(times):
        work()
    _wait(device)
    return (time.perf_counter() - began) / times


def matmul_rate(device: torch.device) -> float:
    """Operations a second of one large matrix product in bf16 (in float32 where bf16 is slow): the best of 5."""
    size = 8192 if device.type == "cuda" else 2048
    kind = torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    a, b = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    a @ b
    return 2 * size**3 / min(seconds_of(lambda: a @ b, device, times=3) for _ in range(5))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
