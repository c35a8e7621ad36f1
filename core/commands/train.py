"""`pianodiff train`: its options. No torch here, so that --help and a wrong option answer at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.commands.console import INTERRUPTED, OK, say
from core.commands.converters import number, one_of_several, whole
from core.errors import SettingsError
from core.networks.card import COMPOSER, LISTENER, kind_of
from core.training.settings import AUGMENTATIONS, PRECISIONS, TrainingSettings

_FLAGS_OF_THE_COMMAND = ("command", "run", "out", "resume")
_DEFAULT = TrainingSettings(data=("",), steps=1)


USES = {LISTENER: "transcribe IN OUT.mid --listener", COMPOSER: "compose IN OUT.mid --seconds 8 --composer"}
"""The command that a trained network is for, by its kind, and its option; the others extend."""


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "train",
        help="train a network on recordings",
        description="Train a network in the folder RUN, which can be used with --network RUN at any time. Ctrl-C "
        "saves; --resume goes on. Under torchrun, all its processes share each step.",
        epilog="example: pianodiff train --data my-piano --from spectral --out runs/mine --minutes 60",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,  # what was not typed must not override a resumed run
    )
    parser.add_argument("--out", required=True, metavar="RUN", type=Path, help="the run's folder")
    parser.add_argument("--resume", action="store_true", default=False, help="go on with the run in RUN")
    _add_what(parser.add_argument_group("what it learns").add_argument)
    add = parser.add_argument_group("how long").add_argument
    add("--steps", type=whole, metavar="N", help="end after N steps, resumed ones counted in")
    add("--minutes", type=number, metavar="M", help="end after M minutes, resumed ones counted in")
    _add_how(parser.add_argument_group("how").add_argument)
    _add_on_what(parser.add_argument_group("on what").add_argument)
    parser.set_defaults(run=_train)


def _add_what(add: Callable[..., Any]) -> None:
    add(
        "--data",
        action="append",
        metavar="DIR[=WEIGHT]",
        help="a folder of audio, and its share of the crops; may be given again",
    )
    add(
        "--validation",
        action="append",
        metavar="DIR",
        help="a folder to validate on, never trained on (default: some pieces of the data are kept back)",
    )
    add(
        "--network",
        metavar="NAME|PATH",
        help=f"the design: spectral, diffwave, listener, or a folder with a config.json (default: {_DEFAULT.network})",
    )
    add("--from", dest="start", metavar="WEIGHTS", help="start from a network's weights (default: from scratch)")
    add("--title", metavar="TEXT", help="the new network's name in menus")


def _add_how(add: Callable[..., Any]) -> None:
    add(
        "--crop-seconds",
        type=one_of_several,
        nargs="+",
        metavar="S",
        help="lengths of crops, taken in turn (default: the design's)",
    )
    add(
        "--batch-seconds",
        type=number,
        metavar="S",
        help=f"audio in a step, over all processes (default: {_DEFAULT.batch_seconds:g})",
    )
    add("--learning-rate", type=number, metavar="R", help="at its peak (default: the design's)")
    add("--warm-up", type=whole, metavar="N", help=f"steps until the peak (default: {_DEFAULT.warm_up})")
    add(
        "--half-life",
        type=number,
        metavar="S",
        help=f"of the averaged weights, in seconds of audio (default: {_DEFAULT.half_life:g})",
    )
    add("--weight-decay", type=number, metavar="W", help=f"AdamW's (default: {_DEFAULT.weight_decay:g})")
    add("--clip", type=number, metavar="C", help=f"norm that gradients are clipped to (default: {_DEFAULT.clip:g})")
    add("--augmentation", metavar="|".join(AUGMENTATIONS), help=f"(default: {_DEFAULT.augmentation})")
    add(
        "--precision", metavar="|".join(PRECISIONS), help="of matrix products (default: bf16 where the hardware has it)"
    )
    add("--seed", type=whole, metavar="K", help=f"(default: {_DEFAULT.seed})")


def _add_on_what(add: Callable[..., Any]) -> None:
    add("--device", metavar="auto|cpu|cuda|mps", help=f"(default: {_DEFAULT.device})")
    add("--workers", type=whole, metavar="N", help=f"processes that draw crops (default: {_DEFAULT.workers})")
    add(
        "--save-minutes",
        type=number,
        metavar="M",
        help=f"between saves (default: {_DEFAULT.save_minutes:g}; 0: every step)",
    )
    add("--no-samples", dest="samples", action="store_false", help="make no continuations to listen to along the way")
    add("--cache", metavar="DIR", help="folder for decoded audio (default: RUN/cache)")


def _train(arguments: argparse.Namespace) -> int:
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in vars(arguments).items()
        if name not in _FLAGS_OF_THE_COMMAND
    }
    out: Path = arguments.out
    for name in ("data", "validation"):  # a run must find them again from anywhere
        if name in given:
            given[name] = tuple(os.path.abspath(os.path.expanduser(entry)) for entry in given[name])
    if getattr(sys, "frozen", False):
        raise SettingsError("The packaged application can't train. Install PianoDiff with pip: see the README.")
    if not arguments.resume:
        settings = TrainingSettings(**{"data": (), **given})

    from core.training.loop import train
    from core.training.state import read_header
    from core.training.team import end_process

    if arguments.resume:
        settings = TrainingSettings.from_json(read_header(out).settings).resumed_with(given)
    outcome = train(settings, out, arguments.resume, say=lambda line: print(line, flush=True))
    leads = os.environ.get("RANK", "0") == "0"
    if leads and outcome.finished:
        print(f"done: {outcome.progress.step} steps")
        print(f"use it: pianodiff {USES.get(kind_of(out), 'extend IN OUT --seconds 2 --network')} {out.resolve()}")
    if leads and not outcome.finished:
        say(f"stopped and saved at step {outcome.progress.step}. Go on: pianodiff train --out {out} --resume")
    code = OK if outcome.finished else INTERRUPTED
    if "RANK" in os.environ:
        end_process(code)
    return code
