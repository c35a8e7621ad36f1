"""The notes that a command is given, and where it starts from them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.commands.console import say
from core.commands.converters import number
from core.errors import NotesError, SettingsError
from core.extension.settings import START_WITH_NOTES
from core.notes.midi import read_midi
from core.notes.note import Note
from core.wording import counted

NONE = "none"


def add_notes_option(add: Callable[..., Any]) -> None:
    """--notes and --start."""
    add(
        "--notes",
        default=NONE,
        metavar=f"{NONE}|FILE.mid",
        help="a MIDI file with what is to be played, its time 0 being the first new sample; %(default)s leaves it to "
        "the network (default: %(default)s)",
    )
    add_start_option(add, "1 without")


def add_start_option(add: Callable[..., Any], otherwise: str = "") -> None:
    """--start; `otherwise`: its default where there are no notes."""
    without = f", {otherwise}" if otherwise else ""
    add(
        "--start",
        type=number,
        metavar="S",
        help="the share of the noise levels, and of the steps, that the notes' sketch is put through: more keeps less "
        f"of them, and 1 is from noise, without them (default: {START_WITH_NOTES:g} with notes{without})",
    )


def notes_of(arguments: argparse.Namespace, seconds: float) -> list[Note]:
    """The notes that were given for `seconds` of new audio, none where none were. Says what is left out of them.

    Raises NotesError: the file is none, or nothing of it falls into the new audio.
    """
    if arguments.notes == NONE:
        return []
    path = Path(arguments.notes)
    notes = read_notes(path)
    kept = [note for note in notes if note.onset < seconds]
    if not kept:
        raise NotesError(f"No note of {path.name} begins within the {seconds:g} s of new audio.")
    if len(kept) < len(notes):
        say(f"note: {path.name}: {counted(len(notes) - len(kept), 'note')} beyond the {seconds:g} s left out.")
    return kept


def read_notes(path: Path) -> list[Note]:
    """A MIDI file's notes. Says what was left out or altered. Raises NotesError."""
    read = read_midi(path)
    for remark in read.remarks:
        say(f"note: {path.name}: {remark}")
    return list(read.notes)


def start_of(arguments: argparse.Namespace, notes: list[Note]) -> float:
    """Where it starts. Raises SettingsError: below 1 without notes."""
    start: float | None = arguments.start
    if start is None:
        return START_WITH_NOTES if notes else 1.0
    if start < 1 and not notes:
        raise SettingsError("A --start below 1 begins with notes: give --notes FILE.mid as well.")
    if start == 1 and notes:
        say("note: with --start 1 it begins with noise, and only a network that sees notes plays them.")
    return start
