"""What the panel at the right shows: lines of menus, fields of a sampler, lengths and costs. No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import SAMPLERS, SOLVERS
from core.errors import PianoDiffError
from core.extension.plan import Plan
from core.extension.settings import Settings
from pianodiff_gui.look import wording
from pianodiff_gui.networks.networks import Entry
from pianodiff_gui.session.goal import Goal
from pianodiff_gui.session.timeline import BEFORE, is_within

DRAWN = "drawn"
LAMBDA_TITLES = {
    "reverse": "Reverse (paper)",
    "linear": "Linear",
    "forward": "Forward",
    DRAWN: "Drawn by hand",
}
CHOOSE_SAMPLER = "sampler"
CHOOSE_NETWORK = {"network": "Choose a network\u2026", "network_folder": "Choose a network folder\u2026"}
"""Lines of a menu that are commands, by the command's name."""
_FIRST_OF_THE_AUTHORS = "interpolation-authors"
_FASTER = ("cuda", "mps")  # than the processor
_NOTHING = "\u2013"


@dataclass(frozen=True)
class Line:
    """A line of a menu: what it says, and what is chosen by it."""

    text: str
    name: str
    tip: str = ""


def samplers(own: Sequence[str]) -> list[Line]:
    """A line for each method, and for each of the user's own files."""
    methods = [Line(sampler.title, sampler.name, sampler.summary) for sampler in SAMPLERS.values()]
    return methods + [Line(Path(path).name, path, path) for path in own]


def solver_menu() -> list[Line]:
    return [Line(title, name) for name, title in SOLVERS.items()]


def sampler_menu(own: Sequence[str]) -> list[Line | None]:
    """The methods, the authors' versions of them, the user's own files, and the way to more; None is a hairline."""
    lines: list[Line | None] = list(samplers(own))
    lines.insert(len(SAMPLERS), None)
    lines.insert(list(SAMPLERS).index(_FIRST_OF_THE_AUTHORS), None)
    return [*lines, Line("Choose a sampler\u2026", CHOOSE_SAMPLER)]


def network_menu(shipped: Sequence[Entry], own: Sequence[Entry]) -> list[Line | None]:
    """What ships, what is the user's own, and the ways to more; None is a hairline."""
    lines: list[Line | None] = []
    for entries in (shipped, own):
        if entries and lines:
            lines.append(None)
        lines.extend(Line(network_label(entry), entry.name, entry.tip) for entry in entries)
    if lines:
        lines.append(None)
    lines.extend(Line(text, command) for command, text in CHOOSE_NETWORK.items())
    return lines


def network_label(entry: Entry) -> str:
    """A network's name, and behind it what is the matter with it."""
    if entry.trouble is None:
        return entry.label
    return entry.label + (" \u2013 missing" if entry.trouble.missing else " \u2013 cannot be used")


@dataclass(frozen=True)
class SamplerShown:
    """What is shown of a sampler: what it is, and which settings have a row."""

    summary: str
    rows: frozenset[str]


def sampler_shown(settings: Settings) -> SamplerShown:
    """One of the user's own may change or vanish at any time: then why it can't be used, and no rows."""
    try:
        sampler = find_sampler(settings.sampler)
    except PianoDiffError as error:
        return SamplerShown(str(error), frozenset())
    rows = {str(option) for option in sampler.options}
    if settings.solver != "ddim":
        rows.discard("eta")
    return SamplerShown(sampler.summary, frozenset(rows))


@dataclass(frozen=True)
class LengthShown:
    """The field at the top: what it sets, and to what."""

    title: str
    seconds: float
    decimals: int


def length_shown(goal: Goal, target: float, prelude_target: float) -> LengthShown:
    """Of what the next run would make."""
    if is_within(goal.gap):
        return LengthShown("Fill", goal.seconds, 2)
    if goal.gap == BEFORE:
        return LengthShown("Prepend", prelude_target, 1)
    return LengthShown("Extend by", target, 1)


def device_in_use(chosen: str, devices: Sequence[str]) -> str:
    """What the next run will take, as far as is known: what "auto" means once torch has found `devices`."""
    if chosen != "auto":
        return chosen
    return next((name for name in _FASTER if name in devices), "cpu")


@dataclass(frozen=True)
class CostShown:
    """What a run costs, in words; `gradients` is empty where it needs none."""

    windows: str = _NOTHING
    evaluations: str = _NOTHING
    gradients: str = ""
    time: str = _NOTHING


def cost_shown(plan: Plan, step_seconds: float | None) -> CostShown:
    """step_seconds: of one evaluation, where that was measured before."""
    return CostShown(
        wording.thousands(len(plan.windows)),
        wording.thousands(plan.evaluations),
        wording.thousands(plan.gradients) if plan.gradients else "",
        wording.about(step_seconds * plan.evaluations) if step_seconds is not None else "not measured yet",
    )
