"""The samplers of the menu: each a named preset of (walk, solver, conditioning).

Names, walks and costs need no torch, so that a window or a listing can show them at once; only `build` imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.diffusion.lambdas import lambda_curve
from core.diffusion.walk import Edge, count_evaluations, repaint, strided

if TYPE_CHECKING:
    from torch import Tensor

    from core.diffusion.conditioning import Conditioning
    from core.diffusion.schedule import NoiseSchedule
    from core.diffusion.solver import Solver
    from core.settings import Settings

BuildConditioning = Callable[["NoiseSchedule", "Tensor", "Tensor", list[Edge], "Settings"], "Conditioning"]


@dataclass(frozen=True)
class SamplerPreset:
    """A way to extend audio with any network.

    name, title, summary    for the command line, the menu and its explanation
    uses_lambda, uses_jumps which of the settings it listens to
    """

    name: str
    title: str
    summary: str
    uses_lambda: bool
    uses_jumps: bool
    _conditioning: BuildConditioning

    def walk(self, settings: Settings, top: int) -> list[Edge]:
        """The walk from level `top` to 0 for these settings."""
        if self.uses_jumps:
            return repaint(top, settings.steps, settings.jump_length, settings.resamplings)
        return strided(top, settings.steps)

    def evaluations(self, settings: Settings) -> int:
        """Network evaluations a window, exactly."""
        return count_evaluations(self.walk(settings, settings.steps))

    def build(
        self, schedule: NoiseSchedule, known: Tensor, keep: Tensor, settings: Settings
    ) -> tuple[list[Edge], Solver, Conditioning]:
        """The preset made ready for one window.

        known: (B, 1, N) the known audio, anything where it is unknown.  keep: (B, 1, N) bool, True where it is known.
        """
        from core.diffusion.solver import Ancestral

        walk = self.walk(settings, schedule.top)
        return walk, Ancestral(schedule), self._conditioning(schedule, known, keep, walk, settings)


def _replace(
    schedule: NoiseSchedule, known: Tensor, keep: Tensor, walk: list[Edge], settings: Settings
) -> Conditioning:
    from core.diffusion.conditioning import Replace

    return Replace(schedule, known, keep)


def _interpolate(
    schedule: NoiseSchedule, known: Tensor, keep: Tensor, walk: list[Edge], settings: Settings
) -> Conditioning:
    from core.diffusion.conditioning import Interpolate

    lambdas = lambda_curve(settings.lambda_schedule, len(walk))
    by_level = {edge.start: float(value) for edge, value in zip(walk, lambdas, strict=True)}
    return Interpolate(schedule, known, keep, by_level)


SAMPLERS: dict[str, SamplerPreset] = {
    preset.name: preset
    for preset in (
        SamplerPreset(
            "interpolation",
            "Interpolation guidance",
            "The paper's method: while it denoises, the known part gradually becomes the network's own version of it.",
            uses_lambda=True,
            uses_jumps=False,
            _conditioning=_interpolate,
        ),
        SamplerPreset(
            "repaint",
            "RePaint",
            "Replacement with jumps back to noisier levels, so that new and known agree. About ten times the cost.",
            uses_lambda=False,
            uses_jumps=True,
            _conditioning=_replace,
        ),
        SamplerPreset(
            "replacement",
            "Replacement",
            "The paper's do-nothing baseline: at every step the known part is overwritten by the known audio, noised.",
            uses_lambda=False,
            uses_jumps=False,
            _conditioning=_replace,
        ),
    )
}
