"""The three methods as the paper's authors published them, where their program departs from the paper.

Kept apart and plain, so that their results can be reproduced and the differences measured; the engine's own versions
follow the paper. Indices are theirs: `n` runs from 0, the cleanest, to T - 1. What differs, and is on purpose here:

- x_t itself is clamped to [-1, 1] after every step, and the known part gets no noise at index 0;
- interpolation and the do-nothing baseline make five more passes at index 0;
- RePaint's first step sees no known audio; then the known part is pasted in after each step, one level too noisy, and
  not at all within the jumps, which are noised by the wrong betas; three more passes end it.

A walk of `steps` steps has T = steps indices; at 200 they are the network's own and the counts are 205, 205 and 2003.
With a `start` below 1, which their program doesn't have, there are the fewer indices of the levels up to there.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from core.diffusion.denoiser import Denoiser
from core.diffusion.lambdas import lambda_curve
from core.diffusion.noise import NoiseSource, Stream
from core.diffusion.sampling import State, first_x
from core.diffusion.solver import DDIM
from core.diffusion.walk import Edge, spread_levels, start_level, steps_from

MORE_PASSES = 5
REPAINT_MORE_PASSES = 3
JUMP, RESAMPLINGS = 10, 10


def interpolation(
    denoiser: Denoiser,
    known: Tensor,
    keep: Tensor,
    steps: int,
    noise: NoiseSource,
    start: float = 1.0,
    guess: Tensor | None = None,
) -> Iterator[State]:
    """Interpolation guidance. known (B, 1, N), keep (B, 1, N) bool -> a State after each of steps + 5 evaluations.

    start, guess: as `Sampler.run` has them.
    """
    return _blended(_Chain(denoiser, known, steps, noise, start, guess), keep, lambda_curve("reverse", steps))


def replacement(
    denoiser: Denoiser,
    known: Tensor,
    keep: Tensor,
    steps: int,
    noise: NoiseSource,
    start: float = 1.0,
    guess: Tensor | None = None,
) -> Iterator[State]:
    """The do-nothing baseline: interpolation with a lambda of 0 throughout."""
    return _blended(_Chain(denoiser, known, steps, noise, start, guess), keep, np.zeros(steps))


def _blended(chain: "_Chain", keep: Tensor, curve: np.ndarray) -> Iterator[State]:
    """curve: lambda by index from T - 1 down to 0, or more than that: then its end counts."""
    for n in [*range(chain.steps - 1, -1, -1), *[0] * MORE_PASSES]:
        pasted = chain.known_at(n) if n else chain.known
        chain.x = torch.where(keep, torch.lerp(pasted, chain.x, float(curve[len(curve) - 1 - n])), chain.x)
        yield chain.denoise(n)


def repaint(
    denoiser: Denoiser,
    known: Tensor,
    keep: Tensor,
    steps: int,
    noise: NoiseSource,
    start: float = 1.0,
    guess: Tensor | None = None,
) -> Iterator[State]:
    """RePaint. known (B, 1, N), keep (B, 1, N) bool -> a State after each evaluation. start, guess: see above."""
    chain = _Chain(denoiser, known, steps, noise, start, guess)
    steps = chain.steps
    for n in range(steps, 0, -1):
        state = chain.denoise(n - 1)
        chain.x = torch.where(keep, chain.known_at(n - 1), chain.x).clamp(-1, 1)
        yield State(state.level, chain.x, state.clean)
        for _ in range(RESAMPLINGS if _jumps(n, steps) else 0):
            for index in range(n - 2, n + JUMP - 2):
                chain.renoise(index)
            for index in range(n + JUMP - 1, n - 1, -1):
                yield chain.denoise(index)
    for _ in range(REPAINT_MORE_PASSES):
        chain.renoise(0)
        yield chain.denoise(0)


def _jumps(n: int, steps: int) -> bool:
    return n % JUMP == 0 and n <= steps - 2 * JUMP


class _Chain:
    """x from its beginning, and the moves of the authors' program. Index n is level n + 1 of a walk of `steps`."""

    def __init__(
        self,
        denoiser: Denoiser,
        known: Tensor,
        steps: int,
        noise: NoiseSource,
        start: float,
        guess: Tensor | None,
    ) -> None:
        schedule = denoiser.schedule
        self._denoiser, self.known, self._noise = denoiser, known, noise
        self._schedule, self._step = schedule, DDIM(schedule)
        self.steps = steps_from(steps, start)
        self._levels = spread_levels(start_level(schedule.top, start), self.steps)
        self._draws: Counter[tuple[Stream, float]] = Counter()
        self.x = first_x(schedule, start, noise, known, guess)

    def known_at(self, n: int) -> Tensor:
        """The known audio noised with index n."""
        level = self._levels[n + 1]
        return self._schedule.diffuse(self.known, 0, level, self._draw("known", level))

    def renoise(self, n: int) -> None:
        """x becomes sqrt(1 - beta_n) x + sqrt(beta_n) z."""
        start, stop = self._levels[n], self._levels[n + 1]
        self.x = self._schedule.diffuse(self.x, start, stop, self._draw("renoise", start))

    def denoise(self, n: int) -> State:
        """One evaluation and ancestral step at index n, clamped."""
        edge = Edge(self._levels[n + 1], self._levels[n])
        with torch.no_grad():
            prediction = self._denoiser(self.x, edge.start)
        noise = self._draw("step", edge.start)
        self.x = self._step.step(self.x, prediction, edge, noise, self._denoiser).clamp(-1, 1)
        return State(edge.stop, self.x, prediction.clean)

    def _draw(self, stream: Stream, level: float) -> Tensor:
        visit = self._draws[stream, level]
        self._draws[stream, level] += 1
        return self._noise(stream, level, visit, self.known)
