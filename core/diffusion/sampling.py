"""The sampling loop: a generator, and the only one. It walks the reverse process (paper, eq. 9) from x_T to x_0.

Live plots, progress, cancelling and tests all come from iterating it; closing it stops within one step. It knows no
progress bar, no window and no file.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from core.diffusion.conditioning import Conditioning
from core.diffusion.denoiser import Denoiser, Prediction
from core.diffusion.noise import NoiseSource
from core.diffusion.schedule import NoiseSchedule
from core.diffusion.solver import Solver
from core.diffusion.walk import Edge, start_level


@dataclass(frozen=True)
class State:
    """After a step down: x (B, 1, N) at `level`, before any mixing with known audio, and the clean estimate it came
    from.
    """

    level: float
    x: Tensor
    clean: Tensor


def first_x(
    schedule: NoiseSchedule, start: float, noise: NoiseSource, known: Tensor, guess: Tensor | None
) -> Tensor:
    """(B, 1, N) that a walk begins with: noise, or with a start below 1 the clean `guess`, noised to where it begins
    (SDEdit: Meng et al. 2022, algorithm 1). known: of that shape.
    """
    level = start_level(schedule.top, start)
    drawn = noise("initial", level, 0, known)
    if start == 1:
        return drawn
    if guess is None:
        raise ValueError("a walk that doesn't begin with noise needs a guess to begin with")
    return schedule.diffuse(guess, 0, level, drawn)


def sample(
    denoiser: Denoiser,
    walk: Sequence[Edge],
    solver: Solver,
    conditioning: Conditioning,
    x: Tensor,
    noise: NoiseSource,
) -> Iterator[State]:
    """Walk x (B, 1, N) from walk[0].start to the end; a State after every step down, none for moves up."""

    def predict(x: Tensor, level: float) -> Prediction:
        return conditioning.predict(denoiser, x, level)

    visits: Counter[tuple[float, bool]] = Counter()
    for edge in walk:
        visit = visits[edge.start, edge.upward]
        visits[edge.start, edge.upward] += 1
        if edge.upward:
            x = denoiser.schedule.diffuse(x, edge.start, edge.stop, noise("renoise", edge.start, visit, x))
            solver.reset()
            continue
        x = conditioning.enter(x, edge, visit, noise)
        prediction = predict(x, edge.start)
        x = solver.step(x, prediction, edge, noise("step", edge.start, visit, x), predict)
        x = conditioning.leave(x, prediction, edge)
        yield State(edge.stop, x, prediction.clean)
