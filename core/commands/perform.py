"""`pianodiff perform`: notes in the sound of a recording."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.audio.opening import open_source
from core.commands.console import say
from core.commands.notes_option import add_start_option, read_notes, start_of
from core.commands.progress import ProgressReport
from core.commands.run_options import RECIPE, add_ending_option, add_run_options, ending_of, settings_of
from core.commands.running import tell
from core.extension.run import run_performance


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "perform",
        help="play notes in the sound of a recording",
        description="Write the notes of a MIDI file to OUT as they would sound in the recording that --like names, of "
        f"which nothing is in OUT. {RECIPE}",
        epilog="example: pianodiff perform minuet.mid minuet.wav --like clip.wav",
        allow_abbrev=False,
    )
    parser.add_argument("notes", metavar="NOTES", help="the notes: a MIDI file")
    parser.add_argument("--like", required=True, metavar="RECORDING", help="whose sound it is to have")
    add_run_options(parser, length=False, extra=add_start_option)
    add_ending_option(parser)
    parser.set_defaults(run=_perform)


def _perform(arguments: argparse.Namespace) -> int:
    ending = ending_of(arguments)
    notes = read_notes(Path(arguments.notes))
    settings = settings_of(arguments, start_of(arguments, notes))
    progress = ProgressReport()
    with open_source(arguments.like) as like:
        if like.notice:
            say(f"note: {like.notice}")
        try:
            result = run_performance(
                notes, like, arguments.output, settings, arguments.overwrite, progress, ending
            )
        finally:
            progress.close()
        return tell(result, result.seconds, "")
