"""`pianodiff samplers`: which samplers there are, and what each costs."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.console import OK
from core.diffusion.samplers import SAMPLERS
from core.extension.settings import DEFAULT, Settings
from core.study.methods import method_of


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser("samplers", help="list the samplers", description="List the samplers.")
    parser.set_defaults(run=_list)


def _list(_: argparse.Namespace) -> int:
    steps = Settings.steps
    width = max(map(len, SAMPLERS))
    for name, preset in SAMPLERS.items():
        evaluations, gradients = preset.cost(Settings(sampler=name))
        and_gradients = ", each with a gradient," if gradients else ""
        print(f"{name:{width}}  {preset.title}: {evaluations} evaluations{and_gradients} a window at {steps} steps")
        print(f"{'':{width}}  {preset.summary}")
    print(f"Where none is chosen: {method_of(DEFAULT)}")
    return OK
