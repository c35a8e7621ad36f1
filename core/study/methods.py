"""How a comparison names what it compares: NAME, NAME@STEPS, NAME+SOLVER, NAME+SOLVER@STEPS, and what stands behind it.

`decoupled@50` is decoupled guidance in 50 steps, `replacement+dpmpp-2m-sde@100` replacement by the 2M SDE solver in
100. NAME may be the path of a file with a sampler of the user's own. Behind it may stand, in any order:

    :zero-shot      a network that could see the known audio is not shown it
    :true-notes     it is led by the notes of what really followed
    :composed       it is led by notes that the composer finds to what is heard in the known audio

Notes lead from START_WITH_NOTES on, or from the start that is named: `replacement@50:true-notes=0.5`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import SOLVERS
from core.errors import SettingsError
from core.extension.settings import START_WITH_NOTES, Settings

LedBy = Literal["true-notes", "composed"]
"""Whose notes lead a continuation."""

FORM = "NAME[+SOLVER][@STEPS][:zero-shot][:true-notes|composed[=START]]"
_BEHIND = re.compile(r":(?:(?P<blind>zero-shot)|(?P<led_by>true-notes|composed)(?:=(?P<start>[^:]*))?)\Z")


class _Parts(NamedTuple):
    """What a method is written of: NAME[+SOLVER][@STEPS], and what stands behind it."""

    plain: str
    blind: bool
    led_by: LedBy | None
    start: float | None


def parse_method(text: str, settings: Settings) -> Settings:
    """`settings` with the sampler, and with the solver, steps, zero-shot and start that `text` names; whose notes it
    starts from says :func:`led_by`. Raises SettingsError.
    """
    parts = _parts(text)
    rest, at, steps = parts.plain.rpartition("@")
    if not at:
        rest, steps = parts.plain, ""
    name, plus, solver = rest.rpartition("+")
    if not plus or solver not in SOLVERS:  # a path may hold a plus as well
        name, solver = rest, settings.solver
    if at and not steps.isdecimal():
        raise SettingsError(f"'{text}' is no method: write {FORM}, with a whole number of steps.")
    start = settings.start
    if parts.led_by:
        start = START_WITH_NOTES if parts.start is None else parts.start
    return replace(
        settings,
        sampler=name,
        solver=solver,
        steps=int(steps) if steps else settings.steps,
        zero_shot=settings.zero_shot or parts.blind,
        start=start,
    )


def led_by(text: str) -> LedBy | None:
    """Whose notes lead the method, None where none do. Raises SettingsError."""
    return _parts(text).led_by


def describe_method(text: str, settings: Settings, sees_known: bool) -> str:
    """What a table calls it: `settings` are its own, and zero-shot is said where the network could see."""
    parts = _parts(text)
    words = [parts.plain]
    if settings.zero_shot and sees_known:
        words.append("zero-shot")
    if parts.led_by:
        start = "" if parts.start is None else f" from {parts.start:g}"
        words.append(parts.led_by.replace("-", " ") + start)
    return ", ".join(words)


def method_of(settings: Settings) -> str:
    """What `parse_method` reads as these settings' sampler, solver (where the sampler leaves it open) and steps.

    Raises SettingsError, SamplerError: a sampler of the user's own that can't be used.
    """
    solver = f"+{settings.solver}" if "solver" in find_sampler(settings.sampler).options else ""
    return f"{settings.sampler}{solver}@{settings.steps}"


def _parts(text: str) -> _Parts:
    """What stands behind the name is taken off from its end; what is none of it is the name's own, as in a path with a
    colon. Raises SettingsError.
    """
    plain, blind = text, False
    plans: list[tuple[LedBy, str | None]] = []
    while found := _BEHIND.search(plain):
        plain = plain[: found.start()]
        blind = blind or found["blind"] is not None
        plans += [(name, found["start"]) for name in get_args(LedBy) if name == found["led_by"]]
    if len(plans) > 1:
        raise SettingsError(f"'{text}' is no method: notes lead it once, not {len(plans)} times.")
    led, start = plans[0] if plans else (None, None)
    return _Parts(plain, blind, led, _start(text, start) if start is not None else None)


def _start(text: str, start: str) -> float:
    try:
        return float(start)
    except ValueError as error:
        raise SettingsError(f"'{text}' is no method: write a start as in :composed=0.4.") from error
