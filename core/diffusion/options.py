"""What of the user's settings the samplers listen to. `core.extension.settings.Settings` is one of these."""

from __future__ import annotations

from typing import Literal, Protocol

from core.diffusion.lambdas import Curve

Option = Literal["lambda_schedule", "jump_length", "resamplings", "solver", "eta"]
"""The options that some samplers listen to and others don't."""


class SamplerOptions(Protocol):
    """How to sample; read only.

    steps             denoising steps of a window, 1 or more
    solver, eta       a name in `core.diffusion.samplers.SOLVERS`; DDIM's share of fresh noise, 0..1
    lambda_schedule   of interpolation guidance: a name in LAMBDAS, or the points of a curve
    jump_length, resamplings    RePaint's: steps in a jump back, and how often each stretch is denoised
    start             where the walk begins, as a share of the network's levels, above 0: 1 is from noise; below, from a
                      guess of the clean audio that is noised to that level, and so many fewer are the steps
    """

    @property
    def steps(self) -> int: ...
    @property
    def solver(self) -> str: ...
    @property
    def eta(self) -> float: ...
    @property
    def lambda_schedule(self) -> Curve: ...
    @property
    def jump_length(self) -> int: ...
    @property
    def resamplings(self) -> int: ...
    @property
    def start(self) -> float: ...
