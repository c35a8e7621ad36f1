"""The sampling loop: a generator, and the only one.

Live plots, progress, cancelling and tests all come from iterating it; closing it stops within one step. It knows no
progress bar, no window and no file.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.diffusion.conditioning import Conditioning
from core.diffusion.denoiser import Denoiser
from core.diffusion.noise import NoiseSource
from core.diffusion.solver import Solver
from core.diffusion.walk import Edge


@dataclass(frozen=True)
class State:
    """After an evaluation: x (B, 1, N) at `level`, before any mixing with known audio, and the clean estimate it
    came from.
    """

    level: float
    x: Tensor
    clean: Tensor
    evaluations: int


def sample(
    denoiser: Denoiser,
    walk: Sequence[Edge],
    solver: Solver,
    conditioning: Conditioning,
    x: Tensor,
    noise: NoiseSource,
) -> Iterator[State]:
    """Walk x (B, 1, N) from walk[0].start to the end; a State after every network evaluation, none for moves up."""
    visits: Counter[tuple[float, bool]] = Counter()
    evaluations = 0
    for edge in walk:
        visit = visits[edge.start, edge.upward]
        visits[edge.start, edge.upward] += 1
        if edge.upward:
            x = denoiser.schedule.diffuse(x, edge.start, edge.stop, noise("renoise", edge.start, visit, x))
            solver.reset()
            continue
        with torch.no_grad():
            x = conditioning.enter(x, edge, visit, noise)
            prediction = denoiser(x, edge.start)
            x = solver.step(x, prediction, edge, noise("step", edge.start, visit, x))
        evaluations += 1
        yield State(edge.stop, x, prediction.clean, evaluations)
