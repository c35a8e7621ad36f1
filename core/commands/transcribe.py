"""`pianodiff transcribe`: the notes of a recording, as a MIDI file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.audio.opening import open_source
from core.audio.writing import absolute, check_text_destination
from core.commands.console import OK, say
from core.commands.progress import ProgressReport
from core.errors import NotesError
from core.wording import clock, counted

if TYPE_CHECKING:
    from core.audio.source import Source
    from core.notes.note import Note


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "transcribe",
        help="write the notes of a recording as MIDI",
        description="Listen to the piano recording IN and write what is played, onset, offset, key and velocity of "
        "each note, to OUT, a MIDI file whose time 0 is the recording's first sample. The pedal is in the notes' "
        "lengths.",
        epilog="example: pianodiff transcribe clip.wav clip.mid",
        allow_abbrev=False,
    )
    parser.add_argument("input", metavar="IN", type=Path, help="a recording of solo piano")
    parser.add_argument("output", metavar="OUT", type=Path, help="the MIDI file to write")
    parser.add_argument("--listener", metavar="DIR", type=Path, help="a listener of your own (default: ours)")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.set_defaults(run=_transcribe)


def _transcribe(arguments: argparse.Namespace) -> int:
    output = absolute(arguments.output)
    check_text_destination(output, overwrite=arguments.overwrite)
    with open_source(arguments.input) as source:
        if source.notice:
            say(source.notice)
        source.check_finite()
        notes = _heard(source, arguments.listener)

    from core.notes.midi import write_midi

    if not notes:
        raise NotesError(f"No notes were heard in {source.path.name}. Nothing was written.")
    write_midi(output, notes, overwrite=arguments.overwrite)
    keys = sorted(note.key for note in notes)
    print(f"{arguments.output}: {counted(len(notes), 'note')} in {clock(source.seconds)}")
    print(f"keys {keys[0]} to {keys[-1]}, {len(notes) / source.seconds:.1f} notes a second")
    return OK


def _heard(source: Source, listener: Path | None) -> list[Note]:
    from core.notes.listening import hear

    hearing = hear(source, listener)
    progress = ProgressReport(counted="seconds")
    total = max(1, round(source.seconds))
    try:
        for share in hearing:
            progress.update(round(share * total), total)
    finally:
        progress.close()
    return hearing.notes()
