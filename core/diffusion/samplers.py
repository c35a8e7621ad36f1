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
from core.diffusion.walk import Edge, begun_late, churned, repaint, spread_levels, steps_down, strided
from core.errors import SettingsError

if TYPE_CHECKING:
    from torch import Tensor

    from core.diffusion.conditioning import Conditioning
    from core.diffusion.denoiser import Denoiser
    from core.diffusion.noise import NoiseSource
    from core.diffusion.sampling import State
    from core.diffusion.schedule import NoiseSchedule
    from core.diffusion.solver import Solver

Run = Callable[["Denoiser", "Tensor", "Tensor", "SamplerOptions", "NoiseSource"], Iterator["State"]]
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


def start_level(settings: SamplerOptions, top: int) -> float:
    """The level that a walk begins at: of the levels of `steps` steps down from `top`, the one at the settings' share
    of them, at least one step up.
    """
    return spread_levels(top, settings.steps)[max(1, round(settings.start * settings.steps))]


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

    @abstractmethod
    def cost(self, settings: SamplerOptions) -> Cost:
        """Of one window, exactly."""

    @abstractmethod
    def run(
        self,
        denoiser: Denoiser,
        known: Tensor,
        keep: Tensor,
        settings: SamplerOptions,
        noise: NoiseSource,
        begin: Tensor | None = None,
    ) -> Iterator[State]:
        """Denoise one window from noise("initial", ...) to level 0; the last State's x is the result.

        known: (B, 1, N) the known audio, anything where it is unknown.  keep: (B, 1, N) bool, True where it is known.
        begin: (B, 1, N) what x_t begins as, noised, where settings.start is below 1 and the sampler can.
        """

    def check_start(self, settings: SamplerOptions) -> None:
        """Raises SettingsError when it can't begin where the settings say."""
        if settings.start < 1:
            raise SettingsError(f"The sampler '{self.name}' begins from noise alone: leave the start at 1.")


@dataclass(frozen=True)
class Composed(Sampler):
    """A walk, a solver and a conditioning. The solver is the settings' where "solver" is an option, else its own."""

    _known: Literal["replace", "interpolate", "decouple", "reconstruct", "pseudoinverse"]
    _own_solver: Literal["ancestral", "decoupled", "heun"] = "ancestral"
    _guided: bool = False

    def build(
        self, schedule: NoiseSchedule, known: Tensor, keep: Tensor, settings: SamplerOptions
    ) -> tuple[list[Edge], Solver, Conditioning]:
        """The parts, made ready for one window (known, keep: as for `run`)."""
        walk = self._walk(settings, schedule.top)
        if self._own_solver == "heun":
            walk = churned(walk, schedule, CHURN * len(walk) / settings.steps)
        conditioning = self._conditioning(schedule, known, keep, settings)
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
        begin: Tensor | None = None,
    ) -> Iterator[State]:
        """See `Sampler.run`."""
        from core.diffusion.sampling import sample

        schedule = denoiser.schedule
        walk, solver, conditioning = self.build(schedule, known, keep, settings)
        x = noise("initial", schedule.top, 0, known)
        if settings.start < 1:
            assert begin is not None
            x = schedule.diffuse(begin, 0, walk[0].start, x)
        return sample(denoiser, walk, solver, conditioning, x, noise)

    def check_start(self, settings: SamplerOptions) -> None:
        """Any start will do."""

    def _walk(self, settings: SamplerOptions, top: int) -> list[Edge]:
        return begun_late(self._whole_walk(settings, top), start_level(settings, top))

    def _whole_walk(self, settings: SamplerOptions, top: int) -> list[Edge]:
        if "jump_length" in self.options:
            return repaint(top, settings.steps, settings.jump_length, settings.resamplings)
        return strided(top, settings.steps)

    def _conditioning(
        self, schedule: NoiseSchedule, known: Tensor, keep: Tensor, settings: SamplerOptions
    ) -> Conditioning:
        from core.diffusion import conditioning, guidance

        match self._known:
            case "interpolate":
                walk = self._whole_walk(settings, schedule.top)
                lambdas = lambda_curve(settings.lambda_schedule, len(walk))
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
        begin: Tensor | None = None,
    ) -> Iterator[State]:
        """See `Sampler.run`; it begins from noise whatever `begin` is."""
        return self._run(denoiser, known, keep, settings, noise)


def _authors(method: Literal["interpolation", "repaint", "replacement"]) -> Run:
    def run(
        denoiser: Denoiser, known: Tensor, keep: Tensor, settings: SamplerOptions, noise: NoiseSource
    ) -> Iterator[State]:
        from core.diffusion import authors

        states: Iterator[State] = getattr(authors, method)(denoiser, known, keep, settings.steps, noise)
        return states

    return run


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
            lambda settings: Cost(settings.steps + 5),
            _authors("interpolation"),
        ),
        Scripted(
            "repaint-authors",
            "RePaint (authors' program)",
            "RePaint as the paper's authors' program has it: the known audio one level too noisy, never in the jumps.",
            (),
            lambda settings: Cost(settings.steps + 100 * max(0, settings.steps // 10 - 2) + 3),
            _authors("repaint"),
        ),
        Scripted(
            "replacement-authors",
            "Replacement (authors' program)",
            "The do-nothing baseline as the paper's authors' program has it: x_t clamped, five more passes at the end.",
            (),
            lambda settings: Cost(settings.steps + 5),
            _authors("replacement"),
        ),
    )
}
