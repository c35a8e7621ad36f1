"""`pianodiff generate`: new audio that continues nothing."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.progress import ProgressReport
from core.commands.run_options import RECIPE, add_ending_option, add_run_options, ending_of, settings_of
from core.commands.running import tell
from core.extension.run import run_generation
from core.extension.settings import check_seconds


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "generate",
        help="make audio from nothing",
        description=f"Write new audio that continues nothing to OUT, mono at the network's sample rate. {RECIPE}",
        epilog="example: pianodiff generate new.wav --seconds 5 --seed 7",
        allow_abbrev=False,
    )
    add_run_options(parser)
    add_ending_option(parser)
    parser.set_defaults(run=_generate)


def _generate(arguments: argparse.Namespace) -> int:
    settings, ending = settings_of(arguments), ending_of(arguments)
    seconds = check_seconds(arguments.seconds)
    progress = ProgressReport()
    try:
        result = run_generation(
            arguments.output, seconds, settings, overwrite=arguments.overwrite, progress=progress, ending=ending
        )
    finally:
        progress.close()
    return tell(result, seconds, "")
