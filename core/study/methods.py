"""How a comparison names what it compares: NAME, NAME@STEPS, NAME+SOLVER, NAME+SOLVER@STEPS, each with :zero-shot.

`decoupled@50` is decoupled guidance in 50 steps, `replacement+dpmpp-2m-sde@100` replacement by the 2M SDE solver in
100. With `:zero-shot` behind it, a network that could see the known audio is not shown it. NAME may be the path of a
file with a sampler of the user's own.
"""

from __future__ import annotations

from dataclasses import replace

from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import SOLVERS
from core.errors import SettingsError
from core.extension.settings import Settings

FORM = "NAME[+SOLVER][@STEPS][:zero-shot]"
_BLIND = ":zero-shot"


def parse_method(text: str, settings: Settings) -> Settings:
    """`settings` with the sampler, and with the solver, steps and zero-shot that `text` names. Raises SettingsError."""
    named = text.removesuffix(_BLIND)
    rest, at, steps = named.rpartition("@")
    if not at:
        rest, steps = named, ""
    name, plus, solver = rest.rpartition("+")
    if not plus or solver not in SOLVERS:  # a path may hold a plus as well
        name, solver = rest, settings.solver
    if at and not steps.isdecimal():
        raise SettingsError(f"'{text}' is no method: write {FORM}, with a whole number of steps.")
    return replace(
        settings,
        sampler=name,
        solver=solver,
        steps=int(steps) if steps else settings.steps,
        zero_shot=settings.zero_shot or named != text,
    )


def describe_method(text: str, settings: Settings, sees_known: bool) -> str:
    """What a table calls it: `settings` are its own, and zero-shot is said where the network could see."""
    plain = text.removesuffix(_BLIND)
    return f"{plain}, zero-shot" if settings.zero_shot and sees_known else plain


def method_of(settings: Settings) -> str:
    """What `parse_method` reads as these settings' sampler, solver (where the sampler leaves it open) and steps.

    Raises SettingsError, SamplerError: a sampler of the user's own that can't be used.
    """
    solver = f"+{settings.solver}" if "solver" in find_sampler(settings.sampler).options else ""
    return f"{settings.sampler}{solver}@{settings.steps}"
