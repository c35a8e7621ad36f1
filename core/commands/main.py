"""The headless commands: one parser, and what becomes of an error. Each command is a file of its own beside this one.

Importing this module does not import torch, so that listings answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from core import __version__
from core.audio.writing import DestinationExists
from core.commands import (
    compose,
    evaluate,
    extend,
    fill,
    generate,
    mend,
    networks,
    perform,
    prepend,
    samplers,
    study,
    testbed,
    train,
    transcribe,
)
from core.commands.console import FAILED, INTERRUPTED, OK, USAGE, fail
from core.errors import PianoDiffError, SettingsError

COMMANDS: dict[str, Callable[[Any], None]] = {
    "extend": extend.add_to,
    "prepend": prepend.add_to,
    "fill": fill.add_to,
    "mend": mend.add_to,
    "generate": generate.add_to,
    "transcribe": transcribe.add_to,
    "compose": compose.add_to,
    "perform": perform.add_to,
    "train": train.add_to,
    "evaluate": evaluate.add_to,
    "study": study.add_to,
    "testbed": testbed.add_to,
    "samplers": samplers.add_to,
    "networks": networks.add_to,
}
"""The subcommands that are handled here, and what adds each to argparse's."""


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
        return fail(str(error), USAGE)
    except DestinationExists as error:
        return fail(f"{error} (--overwrite)", FAILED)
    except PianoDiffError as error:
        return fail(str(error), FAILED)
    except KeyboardInterrupt:
        return fail("cancelled. Nothing half-written is left behind.", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has gone, as in `pianodiff samplers | head -1`. Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get("PIANODIFF_DEBUG"):
            raise
        return fail(
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

    for add_to in COMMANDS.values():
        add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
