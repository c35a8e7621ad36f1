"""`pianodiff mend`: other notes in a recording, and the rest as it was played."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.audio.opening import open_source
from core.commands.console import say
from core.commands.notes_option import add_start_option, read_notes, start_of
from core.commands.progress import ProgressReport
from core.commands.run_options import RECIPE, add_run_options, settings_of
from core.commands.running import tell
from core.extension.mend_run import run_mend


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "mend",
        help="change notes of a recording",
        description="Write IN to OUT with the notes of NOTES: what differs from those that are heard in IN is changed, "
        "as long as it rings, in the sound of IN. All other samples of IN are kept bit for bit. NOTES is a MIDI file "
        f"whose time 0 is the recording's first sample, as 'transcribe' writes it for you to edit. {RECIPE}",
        epilog="example: pianodiff transcribe clip.wav clip.mid; edit clip.mid; pianodiff mend clip.wav clip.mid "
        "mended.wav",
        allow_abbrev=False,
    )
    parser.add_argument("input", metavar="IN", help="the recording: WAV, FLAC, Ogg, MP3, AIFF")
    parser.add_argument("notes", metavar="NOTES", help="the notes that are to be in it: a MIDI file")
    add_run_options(parser, length=False, extra=add_start_option)
    parser.set_defaults(run=_mend)


def _mend(arguments: argparse.Namespace) -> int:
    notes = read_notes(Path(arguments.notes))
    settings = settings_of(arguments, start_of(arguments, notes))
    heard, progress = ProgressReport(counted="seconds"), ProgressReport()
    with open_source(arguments.input) as source:
        if source.notice:
            say(f"note: {source.notice}")
        total = max(1, round(source.seconds))

        def hearing(share: float) -> None:
            heard.update(round(share * total), total)
            if share == 1:
                heard.close()  # before the other begins

        try:
            result = run_mend(
                source,
                arguments.output,
                notes,
                settings,
                arguments.overwrite,
                progress,
                hearing,
            )
        finally:
            heard.close()
            progress.close()
        return tell(result, result.seconds, f"{source.seconds - result.seconds:.2f} s original + ")
