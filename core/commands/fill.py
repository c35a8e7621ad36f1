"""`pianodiff fill`: new audio in a gap of a recording."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.converters import number
from core.commands.run_options import RECIPE
from core.commands.running import add_recording_command, work_on
from core.extension.run import gap_of, run_fill


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    about = "put new audio in place of a stretch of a recording"
    parser = add_recording_command(commands, "fill", _fill, about, length=False)
    parser.description = (
        f"Write IN to OUT with new audio from A to B seconds. All other samples of IN are kept bit for bit. {RECIPE}"
    )
    parser.epilog = "example: pianodiff fill clip.wav mended.wav --from 3.2 --to 4"
    add = parser.add_argument
    add("--from", dest="begin", type=number, required=True, metavar="A", help="where the gap begins, in seconds")
    add("--to", dest="end", type=number, required=True, metavar="B", help="where it ends, in seconds")


def _fill(arguments: argparse.Namespace) -> int:
    begin, end = arguments.begin, arguments.end
    return work_on(arguments, run_fill, lambda source: gap_of(source, begin, end), begin, end)
