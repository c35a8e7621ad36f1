"""The options that `extend`, `prepend`, `fill` and `generate` share, and the Settings they come to."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.audio.endings import CUT, DEFAULT_FADE_SECONDS, FADE, RING, Ending
from core.commands.converters import number, whole
from core.diffusion.lambdas import LAMBDAS
from core.diffusion.samplers import SAMPLERS, SOLVERS
from core.extension.settings import DEFAULT, DEVICES, MAX_SECONDS, STEPS_WITH_NOTES, Settings, parse_curve

RECIPE = "A recipe that makes the same samples again is written to OUT.json."
"""What each of them says at the end of its description."""


def add_run_options(
    parser: argparse.ArgumentParser, length: bool = True, extra: Callable[[Callable[..., Any]], None] | None = None
) -> None:
    """OUT, how it is made, and --overwrite; `length`: whether it is told how many seconds to make; `extra`: adds a
    command's own options to how it is made.
    """
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
    if extra is not None:
        extra(add)
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


def add_ending_option(parser: argparse.ArgumentParser) -> None:
    """--ending."""
    parser.add_argument(
        "--ending",
        default=RING,
        metavar=f"{RING}|{CUT}|{FADE}[:S]",
        help=f"what becomes of new audio at the end, or the beginning, of OUT: {RING} lets it die away as under the "
        f"dampers, {CUT} leaves it as it was made, to go on from there, {FADE} fades it over S seconds, "
        f"{DEFAULT_FADE_SECONDS:g} if none are named (default: %(default)s)",
    )


def add_level_option(parser: argparse.ArgumentParser) -> None:
    """--hold-level."""
    parser.add_argument(
        "--hold-level",
        action="store_true",
        help="go on as softly as the recording is beside the new audio, as after a fade, and not as loud as it was",
    )


def ending_of(arguments: argparse.Namespace) -> Ending:
    """What was chosen. Raises SettingsError."""
    return Ending.parse(arguments.ending)


def settings_of(arguments: argparse.Namespace, start: float = Settings.start) -> Settings:
    """What was chosen. Where nobody named a sampler it is DEFAULT, in fewer steps where it starts from notes; what a
    named one leaves open is the paper's.

    Raises SettingsError.
    """
    default = DEFAULT if start == 1 else replace(DEFAULT, steps=STEPS_WITH_NOTES)
    base = default if arguments.sampler is None else Settings(sampler=arguments.sampler)
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
        zero_shot=arguments.zero_shot,
        start=start,
        hold_level=getattr(arguments, "hold_level", False),
    )


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
        help=f"denoising steps (default: {DEFAULT.steps} with the default sampler, {STEPS_WITH_NOTES} where it starts "
        f"from notes, else {Settings.steps})",
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
