"""`pianodiff extend`: new audio behind a recording."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from core.audio.recording_end import recording_end
from core.audio.source import Source
from core.commands.console import say
from core.commands.run_options import RECIPE, add_ending_option, ending_of
from core.commands.running import add_recording_command, work_on
from core.errors import AudioError
from core.extension.run import run_extension
from core.extension.settings import check_seconds


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = add_recording_command(commands, "extend", _extend, "add new audio to the end of a recording")
    add_ending_option(parser)
    parser.add_argument(
        "--trim-silence",
        action="store_true",
        help="go on from where the sound of IN ends: the silence behind it has no place in OUT",
    )
    parser.description = f"Write IN followed by new audio to OUT. The samples of IN are kept bit for bit. {RECIPE}"
    parser.epilog = "example: pianodiff extend clip.wav longer.wav --seconds 4 --sampler repaint --steps 100"


def _end_of(arguments: argparse.Namespace, source: Source) -> Source:
    """`source`, or with --trim-silence what of it has sound. Says what may be done about an end that isn't music.

    Raises AudioError: it has no sound at all.
    """
    end = recording_end(source)
    if end.is_silent and arguments.trim_silence:
        if not end.sound_frames:
            raise AudioError(f"{source.path.name} is silent from beginning to end: there is nothing to continue.")
        say(f"note: {end.silence:.2f} s of silence at the end of {source.path.name} are left out.")
        source = source.until(end.sound_frames)
    elif end.is_silent and end.sound_frames:
        say(
            f"note: {source.path.name} ends in {end.silence:.2f} s of silence. With --trim-silence it goes on from "
            "where the sound ends."
        )
    if end.is_soft and not arguments.hold_level:
        say(
            f"note: {source.path.name} ends {-end.level_db:.0f} dB softer than what leads to it. With --hold-level it "
            "goes on as softly."
        )
    return source


def _extend(arguments: argparse.Namespace) -> int:
    run = partial(run_extension, ending=ending_of(arguments))
    return work_on(arguments, run, lambda _: None, check_seconds(arguments.seconds), until=_end_of)
