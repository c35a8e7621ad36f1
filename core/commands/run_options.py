"""The options that `extend`, `prepend`, `fill` and `generate` share, and the Settings they come to."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from core.audio.writing import absolute
from core.commands.console import say
from core.commands.converters import number, whole
from core.diffusion.lambdas import LAMBDAS
from core.diffusion.samplers import SAMPLERS, SOLVERS
from core.errors import NotesError
from core.extension.settings import DEFAULT, DEVICES, LED_START, MAX_SECONDS, Settings, parse_curve
from core.notes.note import Note
from core.wording import counted

NOTES_NONE = "none"
RECIPE = "A recipe that makes the same samples again is written to OUT.json."
"""What each of them says at the end of its description."""


def add_run_options(parser: argparse.ArgumentParser, length: bool = True) -> None:
    """OUT, how it is made, and --overwrite; `length`: whether it is told how many seconds to make."""
    parser.add_argument("output", metavar="OUT", help="the file to write, .wav or .flac")
    if length:
        parser.add_argument(
            "--seconds",
            type=number,
            required=True,
            metavar="S",
            help=f"length of the new audio, above 0, at most {MAX_SECONDS:g}",
        )
    add = parser.add_argument_group("how it is made").add_argument
    _add_common(add)
    _add_sampler_options(add)
    add(
        "--zero-shot",
        action="store_true",
        help="don't show the known audio to a network that could see it: the sampler alone leads it",
    )
    add(
        "--device",
        default=Settings.device,
        metavar="|".join(DEVICES),
        help="where the network runs (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT and OUT.json when they exist")


def add_notes_option(parser: argparse.ArgumentParser, zero: str) -> None:
    """--notes and --start; `zero`: where time 0 of the notes is, as the help says it."""
    add = parser.add_argument_group("what is played").add_argument
    add(
        "--notes",
        default=NOTES_NONE,
        metavar="none|FILE.mid",
        help=f"play these notes; {zero} (default: %(default)s: whatever the network likes)",
    )
    add(
        "--start",
        type=number,
        metavar="S",
        help="where denoising begins, above 0: 1 from noise alone, less from a sketch of the notes with that share of "
        f"the steps still to go (default: {LED_START:g} with notes, else 1)",
    )


def notes_of(arguments: argparse.Namespace, seconds: float) -> list[Note] | None:
    """The notes that were chosen for `seconds` of new audio, None where the network plays what it likes. Says what of
    them can't be played.

    Raises NotesError.
    """
    if arguments.notes == NOTES_NONE:
        return None
    from core.notes.midi import read_midi

    found = read_midi(absolute(arguments.notes))
    for remark in found.remarks:
        say(f"note: {remark}")
    playable = [note for note in found.notes if note.onset < seconds]
    late = len(found.notes) - len(playable)
    if late:
        say(f"note: {counted(late, 'note')} behind the {seconds:g} s of new audio left out.")
    if not playable:
        raise NotesError(f"All notes of {arguments.notes} come after the {seconds:g} s of new audio.")
    return playable


def settings_of(arguments: argparse.Namespace) -> Settings:
    """What was chosen: DEFAULT where nobody named a sampler, and what a named one leaves open is the paper's.

    Raises SettingsError.
    """
    base = DEFAULT if arguments.sampler is None else Settings(sampler=arguments.sampler)
    return Settings(
        sampler=base.sampler,
        steps=base.steps if arguments.steps is None else arguments.steps,
        seed=arguments.seed,
        network=arguments.network,
        device=arguments.device,
        context_seconds=arguments.context,
        lambda_schedule=parse_curve(arguments.lambda_schedule),
        solver=arguments.solver or base.solver,
        eta=arguments.eta,
        jump_length=arguments.jump_length,
        resamplings=arguments.resamplings,
        start=_start(arguments),
        zero_shot=arguments.zero_shot,
    )


def _start(arguments: argparse.Namespace) -> float:
    """Of a command that takes notes: what was chosen, else the default with notes. 1 for others."""
    led = getattr(arguments, "notes", NOTES_NONE) != NOTES_NONE
    chosen: float | None = getattr(arguments, "start", None)
    return chosen if chosen is not None else LED_START if led else Settings.start


def _add_common(add: Callable[..., Any]) -> None:
    """Those that count with every sampler."""
    add(
        "--sampler",
        metavar="NAME|FILE",
        help=f"one of {', '.join(SAMPLERS)}, or a Python file with a sampler of your own; see 'pianodiff samplers' "
        f"(default: {DEFAULT.sampler} with the solver {DEFAULT.solver} in {DEFAULT.steps} steps)",
    )
    add(
        "--steps",
        type=whole,
        metavar="N",
        help=f"denoising steps (default: {DEFAULT.steps} with the default sampler, else {Settings.steps})",
    )
    add(
        "--seed",
        type=whole,
        default=Settings.seed,
        metavar="K",
        help="the same seed gives the same samples (default: %(default)s)",
    )
    add(
        "--network",
        default=Settings.network,
        metavar="NAME|PATH",
        help="a shipped network or a network's folder (default: %(default)s); see 'pianodiff networks'",
    )
    add(
        "--context",
        type=number,
        metavar="S",
        help="seconds of known audio before each window (default: the network's own)",
    )


def _add_sampler_options(add: Callable[..., Any]) -> None:
    """Those that some samplers listen to."""
    add(
        "--lambda",
        dest="lambda_schedule",
        default=Settings.lambda_schedule,
        metavar="|".join(LAMBDAS),
        help="schedule of the interpolation sampler (default: %(default)s), or a curve of your own by points of "
        "progress and lambda: 0:0,0.5:0.2,1:1",
    )
    add(
        "--solver",
        metavar="|".join(SOLVERS),
        help="how a step is taken, where the sampler leaves that open "
        f"(default: {DEFAULT.solver} with the default sampler, else {Settings.solver})",
    )
    add(
        "--eta",
        type=number,
        default=Settings.eta,
        metavar="E",
        help="the ddim solver's share of fresh noise: 1 is ancestral (default: %(default)s)",
    )
    add(
        "--jump-length",
        type=whole,
        default=Settings.jump_length,
        metavar="J",
        help="steps in a jump back of the repaint sampler (default: %(default)s)",
    )
    add(
        "--resamplings",
        type=whole,
        default=Settings.resamplings,
        metavar="R",
        help="how often the repaint sampler denoises each stretch (default: %(default)s)",
    )
