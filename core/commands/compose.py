"""`pianodiff compose`: the notes that come next, before or between, as a MIDI file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.audio.opening import open_source
from core.audio.writing import absolute, check_text_destination
from core.commands.console import OK, say
from core.commands.converters import number, whole
from core.commands.notes_option import read_notes
from core.commands.progress import ProgressReport
from core.diffusion.samplers import SAMPLERS
from core.errors import NotesError, SettingsError
from core.extension.settings import check_seconds
from core.extension.taste import COLDEST, FEWEST, HOTTEST, MOST, SETTINGS, Taste
from core.wording import counted

if TYPE_CHECKING:
    from core.extension.composing import Composition
    from core.extension.planning import Beside
    from core.notes.note import Note

MIDI_SUFFIXES = (".mid", ".midi")


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "compose",
        help="write notes that go on from a recording or from a MIDI file",
        description="Compose what comes behind IN, or before it, or in a stretch of it, and write it to OUT, a MIDI "
        "file with the new notes alone. Its time 0 is where they begin, as 'pianodiff extend --notes OUT' takes it.",
        epilog="example: pianodiff compose clip.wav idea.mid --seconds 8 --seed 3",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("input", metavar="IN", type=Path, help="a recording of solo piano, or a MIDI file")
    add("output", metavar="OUT", type=Path, help="the MIDI file to write")
    add("--seconds", type=number, metavar="S", help="how much to compose, but with --from and --to")
    add("--before", action="store_true", help="what leads to IN's beginning, and not what follows its end")
    add("--from", dest="begin", type=number, metavar="A", help="compose a stretch of IN anew: where it begins, seconds")
    add("--to", dest="end", type=number, metavar="B", help="and where it ends")
    how = parser.add_argument_group("how it is made").add_argument
    how("--seed", type=whole, default=0, metavar="K", help="another seed is another idea (default: %(default)s)")
    how(
        "--temperature",
        type=number,
        default=Taste.temperature,
        metavar="T",
        help=f"{COLDEST:g} to {HOTTEST:g}: below 1 keeps to what is likeliest, above 1 strays (default: %(default)g)",
    )
    how(
        "--density",
        type=number,
        default=Taste.density,
        metavar="D",
        help=f"{FEWEST:g} to {MOST:g}: how many notes, against what is played in IN (default: %(default)g)",
    )
    how(
        "--start",
        type=number,
        default=SETTINGS.start,
        metavar="S",
        help="the share of the noise levels, and of the steps, that a repetition of what is played in IN is put "
        "through: less stays nearer to it, 1 begins with noise (default: %(default)g)",
    )
    how(
        "--sampler",
        default=SETTINGS.sampler,
        metavar="NAME",
        help=f"one of {', '.join(SAMPLERS)} (default: %(default)s)",
    )
    how("--steps", type=whole, default=SETTINGS.steps, metavar="N", help="denoising steps (default: %(default)s)")
    how("--composer", metavar="DIR", type=Path, help="a composer of your own (default: ours)")
    add("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.set_defaults(run=_compose)


def _compose(arguments: argparse.Namespace) -> int:
    output = absolute(arguments.output)
    check_text_destination(output, overwrite=arguments.overwrite)
    taste = Taste(arguments.temperature, arguments.density)
    settings = replace(
        SETTINGS,
        seed=arguments.seed,
        sampler=arguments.sampler,
        steps=arguments.steps,
        start=arguments.start,
    )

    from core.networks.composer_card import load_composer
    from core.notes.midi import write_midi

    composer = load_composer(arguments.composer)
    beside = _beside(arguments, composer.info.context_seconds)
    composition = beside.composition(composer, settings, taste)
    notes = _run(composition)
    if not notes:
        raise NotesError("Nothing was composed: all of it is a rest. Try another --seed, or a higher --density.")
    write_midi(output, notes, overwrite=arguments.overwrite)
    keys = sorted(note.key for note in notes)
    print(f"{arguments.output}: {counted(len(notes), 'note')} in {beside.seconds:.2f} s")
    print(f"keys {keys[0]} to {keys[-1]}, {len(notes) / beside.seconds:.1f} notes a second")
    return OK


def _run(composition: Composition) -> list[Note]:
    """Its notes, its progress told as it goes."""
    progress = ProgressReport()
    try:
        for step in composition.run():
            progress.update(step.evaluations, step.evaluations_total, step.window, step.windows)
    finally:
        progress.close()
    return composition.notes()


def _beside(arguments: argparse.Namespace, reach: float) -> Beside:
    """What is played beside what is to be composed. Raises SettingsError: that is asked for in no way, or in two."""
    between = arguments.begin is not None or arguments.end is not None
    if between == (arguments.seconds is not None) or (between and arguments.before):
        raise SettingsError("Say how much to compose with --seconds, or a stretch with --from and --to: one of both.")
    if between and (arguments.begin is None or arguments.end is None or not 0 <= arguments.begin < arguments.end):
        raise SettingsError("A stretch has a beginning and an end behind it: --from A --to B, in seconds.")
    seconds = check_seconds(arguments.end - arguments.begin if between else arguments.seconds)

    from core.extension.planning import heard_beside, played_beside

    if arguments.input.suffix.lower() in MIDI_SUFFIXES:
        notes = read_notes(arguments.input)
        place = _place(arguments, max(note.offset for note in notes))
        return played_beside(notes, *place, seconds)
    with open_source(arguments.input) as source:
        if source.notice:
            say(f"note: {source.notice}")
        source.check_finite()
        begin, end = (round(at * source.sample_rate) for at in _place(arguments, source.seconds))
        return heard_beside(source, begin, end, seconds, reach)


def _place(arguments: argparse.Namespace, length: float) -> tuple[float, float]:
    """Where the new notes come, in seconds: between these two. SettingsError when they are beyond what there is."""
    if arguments.begin is not None:
        if arguments.begin >= length:
            raise SettingsError(f"{arguments.input.name} ends at {length:.2f} s, before {arguments.begin:g} s.")
        return arguments.begin, min(arguments.end, length)
    return (0.0, 0.0) if arguments.before else (length, length)
