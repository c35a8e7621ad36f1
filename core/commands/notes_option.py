"""The notes that a command is given, or composes by itself, and where it starts from them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.audio.export import place_of
from core.audio.source import Source
from core.audio.writing import absolute, check_text_destination
from core.commands.console import say
from core.commands.converters import number
from core.errors import NotesError, SettingsError
from core.extension.settings import START_WITH_NOTES
from core.networks.registry import find_network
from core.notes.midi import read_midi, write_midi
from core.notes.note import Note
from core.wording import counted

AUTO, NONE = "auto", "none"


def add_notes_option(add: Callable[..., Any]) -> None:
    """--notes, --save-notes and --start."""
    add(
        "--notes",
        metavar=f"{AUTO}|{NONE}|FILE.mid",
        help=f"what is to be played: {AUTO} composes it from what is heard beside, {NONE} leaves it to the network, "
        f"and a MIDI file has its time 0 at the first new sample (default: {AUTO} with a network that plays notes "
        f"and no --sampler, else {NONE})",
    )
    add("--save-notes", metavar="FILE.mid", type=Path, help="write what is to be played as a MIDI file as well")
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


def notes_of(
    arguments: argparse.Namespace, source: Source, gap: tuple[int, int] | None, seconds: float
) -> list[Note]:
    """The notes for `seconds` of new audio in place of the source's frames `gap` (None: behind its last): those that
    were given, or are composed, or none. Says what is left out of them, and writes them where that was asked for.

    Raises NotesError: the file is none, or nothing of it falls into the new audio. ExportError: they can't be saved.
    SettingsError: there are none to save.
    """
    chosen = _chosen(arguments)
    saved = None if arguments.save_notes is None else absolute(arguments.save_notes)
    if saved is not None:
        if chosen == NONE:
            raise SettingsError("There are no notes to save: give --notes auto or --notes FILE.mid as well.")
        check_text_destination(saved, overwrite=arguments.overwrite)
    if chosen == NONE:
        return []
    notes = _composed(arguments, source, gap, seconds) if chosen == AUTO else _given(Path(chosen), seconds)
    if saved is not None and notes:
        write_midi(saved, notes, overwrite=arguments.overwrite)
        say(f"notes: {saved}")
    return notes


def _chosen(arguments: argparse.Namespace) -> str:
    """What --notes says, or would say. Who names a sampler means what it does by itself, from noise."""
    if arguments.notes is not None:
        return str(arguments.notes)
    return AUTO if find_network(arguments.network).plays_notes and arguments.sampler is None else NONE


def _given(path: Path, seconds: float) -> list[Note]:
    notes = read_notes(path)
    kept = [note for note in notes if note.onset < seconds]
    if not kept:
        raise NotesError(f"No note of {path.name} begins within the {seconds:g} s of new audio.")
    if len(kept) < len(notes):
        say(f"note: {path.name}: {counted(len(notes) - len(kept), 'note')} beyond the {seconds:g} s left out.")
    return kept


def _composed(
    arguments: argparse.Namespace, source: Source, gap: tuple[int, int] | None, seconds: float
) -> list[Note]:
    from core.extension.composing import compose
    from core.extension.planning import heard_beside
    from core.extension.taste import SETTINGS, Taste
    from core.networks.composer_card import load_composer

    source.check_finite()
    composer = load_composer()
    hold = arguments.hold_level
    beside = heard_beside(source, *place_of(source, gap), seconds, composer.info.context_seconds, hold_level=hold)
    if not (beside.before or beside.after):
        say(f"note: no notes were heard beside the new audio of {source.path.name}, so it is left to the network.")
        return []
    notes = compose(beside.composition(composer, replace(SETTINGS, seed=arguments.seed), Taste()))
    if not notes:
        say("note: what was composed is a rest, so the new audio is left to the network.")
        return []
    say(f"composed: {counted(len(notes), 'note')} from {counted(len(beside.before) + len(beside.after), 'note')} heard")
    return notes


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
    if start == 1 and notes and not find_network(arguments.network).sees_notes:
        say("note: with --start 1 it begins with noise, and only a network that sees notes plays them.")
    return start
