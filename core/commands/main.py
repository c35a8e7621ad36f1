"""The headless commands: `pianodiff extend`, `prepend`, `fill`, `generate`, `train`, `evaluate`, `study`,
`testbed`, `samplers` and `networks`.

Exit codes: 0 done, 1 it failed, 2 it was called wrongly, 130 Ctrl-C. Results go to standard output; progress,
notes and errors to standard error. Importing this module does not import torch, so that listings answer at
once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from core import __version__
from core.audio.opening import open_source
from core.audio.writing import DestinationExists
from core.commands import evaluate as evaluate_command
from core.commands import study as study_command
from core.commands import testbed as testbed_command
from core.commands import train as train_command
from core.commands.progress import ProgressReport
from core.diffusion.lambdas import LAMBDAS
from core.diffusion.samplers import SAMPLERS, SOLVERS
from core.errors import PianoDiffError, SettingsError
from core.extension.run import Result, run_extension, run_fill, run_generation, run_prelude
from core.extension.settings import DEFAULT, DEVICES, MAX_SECONDS, Settings, check_seconds, parse_curve
from core.networks.registry import shipped_networks
from core.study.methods import method_of

COMMANDS = ("extend", "prepend", "fill", "generate", "train", "evaluate", "study", "testbed", "samplers", "networks")
"""The subcommands that are handled here."""

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def command_names() -> tuple[str, ...]:
    """Of all sub-commands."""
    (commands,) = (action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    return tuple(commands.choices)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; `argv` without the program's name. Returns the exit code and never raises for bad input."""
    try:
        arguments = _parser().parse_args(argv)
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except SystemExit as stop:  # argparse after --help and --version
        return int(stop.code or OK)
    except (_UsageError, SettingsError) as error:
        return _fail(str(error), USAGE)
    except DestinationExists as error:
        return _fail(f"{error} (--overwrite)", FAILED)
    except PianoDiffError as error:
        return _fail(str(error), FAILED)
    except KeyboardInterrupt:
        return _fail("cancelled. Nothing half-written is left behind.", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has gone, as in `pianodiff samplers | head -1`. Python would complain at
        # exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get("PIANODIFF_DEBUG"):
            raise
        return _fail(
            f"unexpected {type(error).__name__}: {error}. This is a mistake in PianoDiff; "
            "set PIANODIFF_DEBUG=1 to see where.",
            FAILED,
        )


class _UsageError(Exception):
    """The command line makes no sense."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _UsageError(f"{message}. See '{self.prog} --help'.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pianodiff",
        description="Continue a piano recording with a diffusion model. Without a command, the window opens.",
        epilog="example: pianodiff extend clip.wav longer.wav --seconds 4 --seed 1",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pianodiff {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    extend = _add_recording_command(commands, "extend", _extend, "add new audio to the end of a recording")
    extend.description = f"Write IN followed by new audio to OUT. The samples of IN are kept bit for bit. {_RECIPE}"
    extend.epilog = "example: pianodiff extend clip.wav longer.wav --seconds 4 --sampler repaint --steps 100"

    prepend = _add_recording_command(commands, "prepend", _prepend, "add new audio to the start of a recording")
    prepend.description = f"Write new audio followed by IN to OUT. The samples of IN are kept bit for bit. {_RECIPE}"
    prepend.epilog = "example: pianodiff prepend clip.wav longer.wav --seconds 3"

    about = "put new audio in place of a stretch of a recording"
    fill = _add_recording_command(commands, "fill", _fill, about, length=False)
    fill.description = (
        f"Write IN to OUT with new audio from A to B seconds. All other samples of IN are kept bit for bit. {_RECIPE}"
    )
    fill.epilog = "example: pianodiff fill clip.wav mended.wav --from 3.2 --to 4"
    add = fill.add_argument
    add("--from", dest="begin", type=_number, required=True, metavar="A", help="where the gap begins, in seconds")
    add("--to", dest="end", type=_number, required=True, metavar="B", help="where it ends, in seconds")

    generate = commands.add_parser(
        "generate",
        help="make audio from nothing",
        description=f"Write new audio that continues nothing to OUT, mono at the network's sample rate. {_RECIPE}",
        epilog="example: pianodiff generate new.wav --seconds 5 --seed 7",
        allow_abbrev=False,
    )
    _add_run_options(generate)
    generate.set_defaults(run=_generate)

    train_command.add_to(commands, number=_number, whole=_whole)
    evaluate_command.add_to(commands, number=_number, whole=_whole)
    study_command.add_to(commands, number=_number, whole=_whole)
    testbed_command.add_to(commands, whole=_whole)

    samplers = commands.add_parser("samplers", help="list the samplers", description="List the samplers.")
    samplers.set_defaults(run=_list_samplers)
    networks = commands.add_parser(
        "networks", help="list the networks", description="List the networks that come with PianoDiff."
    )
    networks.set_defaults(run=_list_networks)
    return parser


_RECIPE = "A recipe that makes the same samples again is written to OUT.json."


def _add_recording_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], about: str, length: bool = True
) -> argparse.ArgumentParser:
    """A command from IN to OUT; `length`: whether it is told how many seconds to make."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, allow_abbrev=False)
    parser.add_argument("input", metavar="IN", help="the recording: WAV, FLAC, Ogg, MP3, AIFF")
    _add_run_options(parser, length)
    parser.set_defaults(run=run)
    return parser


def _add_run_options(parser: argparse.ArgumentParser, length: bool = True) -> None:
    default = Settings()
    parser.add_argument("output", metavar="OUT", help="the file to write, .wav or .flac")
    if length:
        parser.add_argument(
            "--seconds",
            type=_number,
            required=True,
            metavar="S",
            help=f"length of the new audio, above 0, at most {MAX_SECONDS:g}",
        )
    add = parser.add_argument_group("how it is made").add_argument
    add(
        "--sampler",
        metavar="NAME|FILE",
        help=f"one of {', '.join(SAMPLERS)}, or a Python file with a sampler of your own; see 'pianodiff samplers' "
        f"(default: {DEFAULT.sampler} with the solver {DEFAULT.solver} in {DEFAULT.steps} steps)",
    )
    add(
        "--steps",
        type=_whole,
        metavar="N",
        help=f"denoising steps (default: {DEFAULT.steps} with the default sampler, else {default.steps})",
    )
    add(
        "--seed",
        type=_whole,
        default=default.seed,
        metavar="K",
        help="the same seed gives the same samples (default: %(default)s)",
    )
    add(
        "--network",
        default=default.network,
        metavar="NAME|PATH",
        help="a shipped network or a network's folder (default: %(default)s); see 'pianodiff networks'",
    )
    add(
        "--context",
        type=_number,
        metavar="S",
        help="seconds of known audio before each window (default: the network's own)",
    )
    add(
        "--lambda",
        dest="lambda_schedule",
        default=default.lambda_schedule,
        metavar="|".join(LAMBDAS),
        help="schedule of the interpolation sampler (default: %(default)s), or a curve of your own by points of "
        "progress and lambda: 0:0,0.5:0.2,1:1",
    )
    add(
        "--solver",
        metavar="|".join(SOLVERS),
        help="how a step is taken, where the sampler leaves that open "
        f"(default: {DEFAULT.solver} with the default sampler, else {default.solver})",
    )
    add(
        "--eta",
        type=_number,
        default=default.eta,
        metavar="E",
        help="the ddim solver's share of fresh noise: 1 is ancestral (default: %(default)s)",
    )
    add(
        "--jump-length",
        type=_whole,
        default=default.jump_length,
        metavar="J",
        help="steps in a jump back of the repaint sampler (default: %(default)s)",
    )
    add(
        "--resamplings",
        type=_whole,
        default=default.resamplings,
        metavar="R",
        help="how often the repaint sampler denoises each stretch (default: %(default)s)",
    )
    add(
        "--zero-shot",
        action="store_true",
        help="don't show the known audio to a network that could see it: the sampler alone leads it",
    )
    add(
        "--device",
        default=default.device,
        metavar="|".join(DEVICES),
        help="where the network runs (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT and OUT.json when they exist")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None


def _settings(arguments: argparse.Namespace) -> Settings:
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
        zero_shot=arguments.zero_shot,
    )


def _extend(arguments: argparse.Namespace) -> int:
    return _work_on(arguments, run_extension, check_seconds(arguments.seconds))


def _prepend(arguments: argparse.Namespace) -> int:
    return _work_on(arguments, run_prelude, check_seconds(arguments.seconds))


def _fill(arguments: argparse.Namespace) -> int:
    return _work_on(arguments, run_fill, arguments.begin, arguments.end)


def _work_on(arguments: argparse.Namespace, run: Callable[..., Result], *where: float) -> int:
    """Run one of the commands that add to a recording; `where`: its length, or its two ends, in seconds."""
    settings = _settings(arguments)
    progress = ProgressReport()
    with open_source(arguments.input) as source:
        if source.notice:
            print(f"pianodiff: note: {source.notice}", file=sys.stderr)
        try:
            result = run(source, arguments.output, *where, settings, overwrite=arguments.overwrite, progress=progress)
        finally:
            progress.close()
        kept = source.seconds - (where[1] - where[0] if len(where) == 2 else 0)
        return _tell(result, where[-1] - sum(where[:-1]), f"{kept:.2f} s original + ")


def _generate(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    seconds = check_seconds(arguments.seconds)
    progress = ProgressReport()
    try:
        result = run_generation(arguments.output, seconds, settings, overwrite=arguments.overwrite, progress=progress)
    finally:
        progress.close()
    return _tell(result, seconds, "")


def _tell(result: Result, seconds: float, before: str) -> int:
    """Say what a run came to; returns the exit code."""
    cost = f"{result.evaluations} network evaluations in {result.elapsed:.1f} s"
    if result.report is None:
        return _fail(
            f"cancelled after {result.evaluations} of {result.evaluations_total} evaluations, before anything "
            "was complete. Nothing was written.",
            INTERRUPTED,
        )
    print(f"{result.report.path}: {before}{result.seconds:.2f} s new")
    if result.report.note:
        print(result.report.note)
    print(cost)
    if result.resumed:
        windows = "1 window" if result.resumed == 1 else f"{result.resumed} windows"
        print(f"{windows} taken over from an earlier call that did not end")
    print(f"recipe: {result.recipe}")
    if result.cancelled:
        return _fail(
            f"cancelled after {result.evaluations} of {result.evaluations_total} evaluations. What was complete is "
            f"written: {result.seconds:.2f} s of {seconds:g} s. The same command with --overwrite goes on from there.",
            INTERRUPTED,
        )
    return OK


def _list_samplers(_: argparse.Namespace) -> int:
    steps = Settings.steps
    width = max(map(len, SAMPLERS))
    for name, preset in SAMPLERS.items():
        evaluations, gradients = preset.cost(Settings(sampler=name))
        and_gradients = ", each with a gradient," if gradients else ""
        print(f"{name:{width}}  {preset.title}: {evaluations} evaluations{and_gradients} a window at {steps} steps")
        print(f"{'':{width}}  {preset.summary}")
    print(f"Where none is chosen: {method_of(DEFAULT)}")
    return OK


def _list_networks(_: argparse.Namespace) -> int:
    networks = shipped_networks()
    width = max((len(info.name) for info in networks), default=0)
    for info in networks:
        print(f"{info.name:{width}}  {info.title}: {info.sample_rate} Hz, {info.window_seconds:g} s windows")
        print(f"{'':{width}}  {info.summary}")
    return OK


def _fail(message: str, code: int) -> int:
    kind = "" if code == INTERRUPTED else "error: "
    print(f"pianodiff: {kind}{message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
