"""How a comparison names what it compares: NAME, NAME@STEPS, NAME+SOLVER or NAME+SOLVER@STEPS.

`decoupled@50` is decoupled guidance in 50 steps, `replacement+dpmpp-2m-sde@100` replacement by the 2M SDE solver in
100. NAME may be the path of a file with a sampler of the user's own.
"""

from __future__ import annotations

from dataclasses import replace

from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import SOLVERS
from core.errors import SettingsError
from core.settings import Settings

FORM = "NAME[+SOLVER][@STEPS]"


def parse_method(text: str, settings: Settings) -> Settings:
    """`settings` with the sampler, and the solver and steps where `text` names them. Raises SettingsError."""
    rest, at, steps = text.rpartition("@")
    if not at:
        rest, steps = text, ""
    name, plus, solver = rest.rpartition("+")
    if not plus or solver not in SOLVERS:  # a path may hold a plus as well
        name, solver = rest, settings.solver
    if at and not steps.isdecimal():
        raise SettingsError(f"'{text}' is no method: write {FORM}, with a whole number of steps.")
    return replace(settings, sampler=name, solver=solver, steps=int(steps) if steps else settings.steps)


def method_of(settings: Settings) -> str:
    """What `parse_method` reads as these settings' sampler, solver (where the sampler leaves it open) and steps.

    Raises SettingsError, SamplerError: a sampler of the user's own that can't be used.
    """
    solver = f"+{settings.solver}" if "solver" in find_sampler(settings.sampler).options else ""
    return f"{settings.sampler}{solver}@{settings.steps}"
