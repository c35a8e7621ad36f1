"""`pianodiff extend`: new audio behind a recording."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from core.commands.run_options import RECIPE, add_ending_option, ending_of
from core.commands.running import add_recording_command, work_on
from core.extension.run import run_extension
from core.extension.settings import check_seconds


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = add_recording_command(commands, "extend", _extend, "add new audio to the end of a recording")
    add_ending_option(parser)
    parser.description = f"Write IN followed by new audio to OUT. The samples of IN are kept bit for bit. {RECIPE}"
    parser.epilog = "example: pianodiff extend clip.wav longer.wav --seconds 4 --sampler repaint --steps 100"


def _extend(arguments: argparse.Namespace) -> int:
    run = partial(run_extension, ending=ending_of(arguments))
    return work_on(arguments, run, lambda _: None, check_seconds(arguments.seconds))
