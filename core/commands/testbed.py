"""`pianodiff testbed`: the samplers' errors against a known answer, as a table."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from core.commands.console import OK, say
from core.commands.converters import whole
from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import SAMPLERS
from core.errors import SettingsError
from core.extension.settings import Settings

DEVIATIONS = (0.25, 0.1)
"""Standard deviations of the prior: a loud signal, and one that the schedule's least noise begins to cover."""
DRAWS = 4096

STANDARD = (
    Settings(sampler="replacement"),
    Settings(sampler="replacement", steps=100, solver="dpmpp-2m-sde"),
    Settings(sampler="replacement-authors"),
    Settings(sampler="interpolation"),
    Settings(sampler="interpolation", steps=100, solver="dpmpp-2m-sde"),
    Settings(sampler="interpolation-authors"),
    Settings(sampler="repaint"),
    Settings(sampler="repaint-authors"),
    *(Settings(sampler="decoupled", steps=steps) for steps in (10, 25, 50, 100, 200)),
    Settings(sampler="pigdm", steps=100),
    Settings(sampler="reconstruction", steps=25),
    Settings(sampler="reconstruction", steps=50),
)
"""What is compared unless samplers are named."""


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "testbed",
        help="measure the samplers against a known answer",
        description="Run samplers with a perfect network on signals whose true continuation is known in closed form, "
        "and print how far each is from it: W2 squared relative to the true variance, 0 is perfect. See "
        "docs/samplers.md.",
        epilog="example: pianodiff testbed --sampler decoupled --sampler mine.py --steps 50",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--sampler",
        metavar="NAME|FILE",
        action="append",
        help=f"one of {', '.join(SAMPLERS)}, or a file; repeat it to compare several (default: a standard selection)",
    )
    add("--steps", type=whole, metavar="N", help="denoising steps of the samplers that are named (default: 200)")
    add("--reach", type=whole, metavar="N", help="the network sees only so many samples to each side (default: all)")
    add(
        "--draws",
        type=whole,
        metavar="N",
        default=DRAWS,
        help="draws for samplers that can't be propagated exactly (default: %(default)s)",
    )
    parser.set_defaults(run=_testbed)


def _testbed(arguments: argparse.Namespace) -> int:
    from core.diffusion.schedule import NoiseSchedule
    from core.study.testbed import GROUPS, KNOWN, SAMPLES, GaussianDenoiser, Prior, error_of

    if arguments.draws < 4 * KNOWN:
        raise SettingsError(f"The draws must be at least {4 * KNOWN}, not {arguments.draws}.")
    if arguments.reach is not None and not 0 <= arguments.reach <= SAMPLES:
        raise SettingsError(f"The reach must be 0 to {SAMPLES} samples, not {arguments.reach}.")
    rows = [replace(Settings(), sampler=name) for name in arguments.sampler] if arguments.sampler else list(STANDARD)
    if arguments.steps is not None:
        rows = [replace(row, steps=arguments.steps) for row in rows]
    schedule = NoiseSchedule.linear_beta()
    print("| sampler | evaluations | gradients | " + " | ".join(f"sd {sd:g}" for sd in DEVIATIONS) + " |")
    print("|---|---|---|" + "---|" * len(DEVIATIONS))
    for number, row in enumerate(rows):
        sampler = find_sampler(row.sampler)
        say(f"{number + 1} of {len(rows)}: {row.sampler}")
        errors = [
            error_of(row, sd, GaussianDenoiser(Prior(sd), schedule, arguments.reach), arguments.draws)
            for sd in DEVIATIONS
        ]
        solver = f", {row.solver}" if "solver" in sampler.options and row.solver != Settings.solver else ""
        cost = sampler.cost(row)
        figures = [f"{error.value:.4f}" + (f" ± {error.margin:.4f}" if error.margin else "") for error in errors]
        cells = [f"{row.sampler}{solver}", str(cost.evaluations), str(cost.gradients), *figures]
        print("| " + " | ".join(cells) + " |", flush=True)
    print(
        f"\nRelative W2 squared, schedule of the paper. ±: 95 % interval of {arguments.draws} draws ({GROUPS} parts "
        "left out in turn); the others are exact."
    )
    return OK
