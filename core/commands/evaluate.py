"""`pianodiff evaluate`: its options, and what it says. Needs no torch until it runs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.commands.converters import whole
from core.commands.evaluation import add_cases, add_how, add_places, run, settings_of
from core.diffusion.samplers import SAMPLERS
from core.extension.settings import DEFAULT, Settings
from core.study.methods import FORM, method_of

if TYPE_CHECKING:
    from core.study.evaluate import Evaluation


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "evaluate",
        help="judge networks and samplers on held-out recordings",
        description="Continue held-out clips with every network and sampler, and compare with what really followed, a "
        "loop, silence and noise. Writes DIR/table.md and DIR/table.json and prints the table. Each finished "
        "continuation is kept in DIR/cases: run it again and it goes on where it was.",
        epilog="example: pianodiff evaluate heldout/ --out out/evaluation --sampler interpolation --sampler repaint",
        allow_abbrev=False,
    )
    add_places(parser)
    compared = parser.add_argument_group("what is compared")
    add = compared.add_argument
    add(
        "--network",
        metavar="NAME|PATH",
        action="append",
        help=f"a network, as with extend (default: {Settings.network}); repeat it to compare several",
    )
    add(
        "--sampler",
        metavar=FORM,
        action="append",
        help=f"one of {', '.join(SAMPLERS)}, or a file, with a solver or steps of its own, as in decoupled@50 or "
        "replacement+dpmpp-2m-sde@100, and led by notes, the truth's own or composed ones, from START on, as in "
        f"decoupled@50:true-notes (default: {method_of(DEFAULT)}); repeat it to compare several",
    )
    steps = f"if a method names none (default: {DEFAULT.steps} with the default one, else {Settings.steps})"
    add_how(compared, None, steps)
    add = add_cases(parser, new=2.0).add_argument
    add("--cuts", type=whole, metavar="1|2", default=1, help="at most so many of one clip (default: %(default)s)")
    parser.set_defaults(run=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> int:
    unchosen = DEFAULT if arguments.steps is None else replace(DEFAULT, steps=arguments.steps)
    settings = settings_of(arguments, tuple(arguments.sampler or [method_of(unchosen)]))
    return run(replace(settings, cuts=arguments.cuts), "case", "measuring", _write_table)


def _write_table(evaluation: Evaluation) -> str:
    table, out = evaluation.table(), evaluation.settings.out
    return f"{table}\n{out / 'table.md'}, {out / 'table.json'}, continuations in {out / 'cases'}"
