"""`pianodiff study`: the paper's comparison at any scale. Needs no torch until it runs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.commands.converters import whole
from core.commands.evaluation import add_cases, add_how, add_places, run, settings_of
from core.diffusion.samplers import SAMPLERS
from core.extension.settings import Settings
from core.study.methods import FORM

if TYPE_CHECKING:
    from core.study.evaluate import Evaluation


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "study",
        help="compare samplers on many clips, with figures, intervals and tests",
        description="Continue clips by several methods from the same noise, with several seeds, and write a report: "
        "the table of the evaluation, paired tests, the paper's figures 2 to 6, and every continuation as a row of a "
        "CSV and an SQLite file. What is finished is kept: run it again and it goes on where it was.",
        epilog="example: pianodiff study clips/ --samplers interpolation,repaint,decoupled@50 --seeds 3 --out study",
        allow_abbrev=False,
    )
    add_places(parser)
    compared = parser.add_argument_group("what is compared")
    add = compared.add_argument
    add(
        "--samplers",
        metavar="A,B,...",
        required=True,
        help=f"methods, each {FORM}: {', '.join(SAMPLERS)}, or a file; the others are tested against the "
        "first. Notes lead it, the truth's own or composed ones, from START on",
    )
    add("--seeds", metavar="N", type=whole, default=1, help="continuations of each clip (default: %(default)s)")
    add("--network", metavar="NAME|PATH", action="append", help=f"(default: {Settings.network}); repeat it for several")
    add_how(compared, Settings.steps, "if a method names none (default: %(default)s)")
    add_cases(parser, new=1.0)
    add = parser.add_argument_group("on many machines").add_argument
    add(
        "--cluster",
        metavar="HOST:PORT",
        nargs="?",
        const="auto",
        help="make the continuations on a Ray cluster that this machine is part of (default: the one that RAY_ADDRESS "
        "names, or 'ray start' on this machine); the files are written here, and the results are the same",
    )
    parser.set_defaults(run=_study)


def _study(arguments: argparse.Namespace) -> int:
    samplers = tuple(name.strip() for name in arguments.samplers.split(",") if name.strip())
    settings = replace(settings_of(arguments, samplers), seeds=arguments.seeds, traces=True)
    if arguments.cluster is not None:
        from core.study.cluster import require_ray

        require_ray()  # before the clips are read
    return run(settings, "continuation", "measuring and drawing", _write_report, arguments.cluster)


def _write_report(evaluation: Evaluation) -> str:
    from core.study.report import write_report

    table, out = write_report(evaluation).partition("## Figures")[0], evaluation.settings.out
    return f"{table}{out / 'report.md'}, figures in {out / 'figures'}, {out / 'continuations.csv'}"
