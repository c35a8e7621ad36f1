"""The samplers of the menu, by name: what each costs, and how to run it on one window.

Most are a walk, a solver and a conditioning put together (`Composed`); the authors' own versions, and the user's, are
functions (`Scripted`). Names, options and costs need no torch, so that a window or a listing can show them at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.diffusion.lambdas import lambda_curve
from core.diffusion.options import Option, SamplerOptions
from core.diffusion.walk import Edge, churned, repaint, start_level, steps_down, steps_from, strided

if TYPE_CHECKING:
    from torch import Tensor

    from core.diffusion.conditioning import Conditioning
    from core.diffusion.denoiser import Denoiser
    from core.diffusion.noise import NoiseSource
    from core.diffusion.sampling import State
    from core.diffusion.schedule import NoiseSchedule
    from core.diffusion.solver import Solver

Run = Callable[
    ["Denoiser", "Tensor", "Tensor", "SamplerOptions", "NoiseSource", "Tensor | None"], Iterator["State"]
]
"""`Sampler.run` as a function."""

SOLVERS: dict[str, str] = {
    "ancestral": "Ancestral (DDPM)",
    "ddim": "DDIM",
    "dpmpp-2m-sde": "DPM++ 2M SDE",
}
"""The solvers to choose from, and their titles, for samplers with the option "solver"."""

CHURN = 10.0
"""S_churn of reconstruction guidance, as in CQT-Diff+."""


class Cost(NamedTuple):
    """What one window takes: network evaluations, and how many of them are differentiated as well."""

    evaluations: int
    gradients: int = 0


@dataclass(frozen=True)
class Sampler(ABC):
    """A way to extend audio with any network.

    name, title, summary    for the command line, the menu and its explanation
    options                 which of the settings it listens to, beside the number of steps
    """

    name: str
    title: str
    summary: str
    options: tuple[Option, ...]

    @property
    def overwrites_known(self) -> bool:
        """Whether the known part of x_t is always overwritten before the network sees it, so that what is said of that
        part matters to nothing but itself.
        """
        return False

    @abstractmethod
    def cost(self, settings: SamplerOptions) -> Cost:
        """Of one window, exactly. Raises SettingsError when it can't begin at `settings.start`."""

    @abstractmethod
    def run(
        self,
        denoiser: Denoiser,
        known: Tensor,
        keep: Tensor,
        settings: SamplerOptions,
        noise: NoiseSource,
        guess: Tensor | None = None,
    ) -> Iterator[State]:
        """Denoise one window to level 0; the last State's x is the result. With settings.start 1 it begins as
        noise("initial", ...), else as `guess` with that noise (SDEdit: Meng et al. 2022).

        known: (B, 1, N) the known audio, anything where it is unknown.  keep: (B, 1, N) bool, True where it is known.
        guess: (B, 1, N) clean audio, roughly; needed when settings.start is below 1, else not looked at.
        """


@dataclass(frozen=True)
class Composed(Sampler):
    """A walk, a solver and a conditioning. The solver is the settings' where "solver" is an option, else its own."""

    _known: Literal["replace", "interpolate", "decouple", "reconstruct", "pseudoinverse"]
    _own_solver: Literal["ancestral", "decoupled", "heun"] = "ancestral"
    _guided: bool = False

    @property
    def overwrites_known(self) -> bool:
        """So does replacement, with jumps or without: only the last step's known part is left."""
        return self._known == "replace"

    def build(
        self, schedule: NoiseSchedule, known: Tensor, keep: Tensor, settings: SamplerOptions
    ) -> tuple[list[Edge], Solver, Conditioning]:
        """The parts, made ready for one window (known, keep: as for `run`)."""
        walk = self._walk(settings, schedule.top)
        if self._own_solver == "heun":
            walk = churned(walk, schedule, CHURN, settings.steps)
        conditioning = self._conditioning(schedule, known, keep, walk, settings)
        return walk, self._solver(schedule, settings), conditioning

    def cost(self, settings: SamplerOptions) -> Cost:
        """Of one window, exactly."""
        steps = steps_down(self._walk(settings, settings.steps))
        evaluations = 2 * steps - 1 if self._own_solver == "heun" else steps
        return Cost(evaluations, evaluations if self._guided else 0)

    def linear(self, settings: SamplerOptions) -> bool:
        """Whether a step is linear in x_t, the known audio and the noise, given a linear network, and the same whatever
        went before.
        """
        remembers = "solver" in self.options and settings.solver == "dpmpp-2m-sde"
        return not (self._guided or remembers)

    def run(
        self,
        denoiser: Denoiser,
        known: Tensor,
        keep: Tensor,
        settings: SamplerOptions,
        noise: NoiseSource,
        guess: Tensor | None = None,
    ) -> Iterator[State]:
        """See `Sampler.run`."""
        from core.diffusion.sampling import first_x, sample

        x = first_x(denoiser.schedule, settings.start, noise, known, guess)
        return sample(denoiser, *self.build(denoiser.schedule, known, keep, settings), x, noise)

    def _walk(self, settings: SamplerOptions, top: int) -> list[Edge]:
        level, steps = start_level(top, settings.start), steps_from(settings.steps, settings.start)
        if "jump_length" in self.options:
            return repaint(level, steps, settings.jump_length, settings.resamplings)
        return strided(level, steps)

    def _conditioning(
        self, schedule: NoiseSchedule, known: Tensor, keep: Tensor, walk: list[Edge], settings: SamplerOptions
    ) -> Conditioning:
        from core.diffusion import conditioning, guidance

        match self._known:
            case "interpolate":
                # A walk that begins further down begins further along the curve as well.
                lambdas = lambda_curve(settings.lambda_schedule, settings.steps)[-len(walk) :]
                by_level = {edge.start: float(value) for edge, value in zip(walk, lambdas, strict=True)}
                return conditioning.Interpolate(schedule, known, keep, by_level)
            case "decouple":
                return conditioning.Decouple(schedule, known, keep)
            case "reconstruct":
                return guidance.Reconstruct(schedule, known, keep)
            case "pseudoinverse":
                return guidance.PseudoinverseGuide(schedule, known, keep)
        return conditioning.Replace(schedule, known, keep)

    def _solver(self, schedule: NoiseSchedule, settings: SamplerOptions) -> Solver:
        from core.diffusion import solver

        chosen = settings.solver if "solver" in self.options else self._own_solver
        match chosen:
            case "heun":
                return solver.Heun(schedule)
            case "decoupled":
                return solver.Decoupled(schedule)
            case "dpmpp-2m-sde":
                return solver.MultistepSDE(schedule)
            case "ddim":
                return solver.DDIM(schedule, settings.eta)
        return solver.DDIM(schedule)


@dataclass(frozen=True)
class Scripted(Sampler):
    """A sampler written as one function. sha256: of its file, where it is the user's own."""

    _cost: Callable[[SamplerOptions], Cost]
    _run: Run
    sha256: str = ""
    _overwrites: bool = False

    @property
    def overwrites_known(self) -> bool:
        """As it was declared; of a sampler of the user's own nothing is known."""
        return self._overwrites

    def cost(self, settings: SamplerOptions) -> Cost:
        """Of one window."""
        return self._cost(settings)

    def run(
        self,
        denoiser: Denoiser,
        known: Tensor,
        keep: Tensor,
        settings: SamplerOptions,
        noise: NoiseSource,
        guess: Tensor | None = None,
    ) -> Iterator[State]:
        """See `Sampler.run`."""
        return self._run(denoiser, known, keep, settings, noise, guess)


def _authors(method: Literal["interpolation", "repaint", "replacement"]) -> Run:
    def run(
        denoiser: Denoiser,
        known: Tensor,
        keep: Tensor,
        settings: SamplerOptions,
        noise: NoiseSource,
        guess: Tensor | None,
    ) -> Iterator[State]:
        from core.diffusion import authors

        function = getattr(authors, method)
        states: Iterator[State] = function(denoiser, known, keep, settings.steps, noise, settings.start, guess)
        return states

    return run


def _cost_of_authors_repaint(steps: int) -> Cost:
    return Cost(steps + 100 * max(0, steps // 10 - 2) + 3)


SAMPLERS: dict[str, Sampler] = {
    sampler.name: sampler
    for sampler in (
        Composed(
            "interpolation",
            "Interpolation guidance",
            "The paper's method: while it denoises, the known part gradually becomes the network's own version of it.",
            ("lambda_schedule", "solver", "eta"),
            "interpolate",
        ),
        Composed(
            "repaint",
            "RePaint",
            "Replacement with jumps back to noisier levels, so that new and known agree. About ten times the cost.",
            ("jump_length", "resamplings", "solver", "eta"),
            "replace",
        ),
        Composed(
            "replacement",
            "Replacement",
            "The paper's do-nothing baseline: at every step the known part is overwritten by the known audio, noised.",
            ("solver", "eta"),
            "replace",
        ),
        Composed(
            "decoupled",
            "Decoupled guidance",
            "DING: the known audio enters with the very noise that the network found in x_t. Needs few steps.",
            (),
            "decouple",
            "decoupled",
        ),
        Composed(
            "pigdm",
            "Pseudoinverse guidance",
            "PiGDM: a gradient through the network moves its estimate until the known part agrees.",
            (),
            "pseudoinverse",
            _guided=True,
        ),
        Composed(
            "reconstruction",
            "Reconstruction guidance",
            "CQT-Diff+: gradient steps towards the known audio, which then replaces the known part of the estimate.",
            (),
            "reconstruct",
            "heun",
            _guided=True,
        ),
        Scripted(
            "interpolation-authors",
            "Interpolation (authors' program)",
            "The paper's method as its authors' program has it: x_t clamped, five more passes at the end.",
            (),
            lambda settings: Cost(steps_from(settings.steps, settings.start) + 5),
            _authors("interpolation"),
        ),
        Scripted(
            "repaint-authors",
            "RePaint (authors' program)",
            "RePaint as the paper's authors' program has it: the known audio one level too noisy, never in the jumps.",
            (),
            lambda settings: _cost_of_authors_repaint(steps_from(settings.steps, settings.start)),
            _authors("repaint"),
        ),
        Scripted(
            "replacement-authors",
            "Replacement (authors' program)",
            "The do-nothing baseline as the paper's authors' program has it: x_t clamped, five more passes at the end.",
            (),
            lambda settings: Cost(steps_from(settings.steps, settings.start) + 5),
            _authors("replacement"),
            _overwrites=True,
        ),
    )
}
