"""`pianodiff prepend`: new audio before a recording."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from core.commands.run_options import RECIPE, add_ending_option, ending_of
from core.commands.running import add_recording_command, work_on
from core.extension.run import run_prelude
from core.extension.settings import check_seconds


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = add_recording_command(commands, "prepend", _prepend, "add new audio to the start of a recording")
    add_ending_option(parser)
    parser.description = f"Write new audio followed by IN to OUT. The samples of IN are kept bit for bit. {RECIPE}"
    parser.epilog = "example: pianodiff prepend clip.wav longer.wav --seconds 3"


def _prepend(arguments: argparse.Namespace) -> int:
    run = partial(run_prelude, ending=ending_of(arguments))
    return work_on(arguments, run, lambda _: (0, 0), check_seconds(arguments.seconds))
