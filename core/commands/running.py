"""How `extend`, `prepend`, `fill` and `generate` run, and what they say of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from core.audio.opening import open_source
from core.audio.source import Source
from core.commands.console import INTERRUPTED, OK, fail, say
from core.commands.notes_option import add_notes_option, notes_of, start_of
from core.commands.progress import ProgressReport
from core.commands.run_options import add_level_option, add_run_options, settings_of
from core.extension.run import Result
from core.wording import counted

Place = Callable[[Source], tuple[int, int] | None]
Until = Callable[[argparse.Namespace, Source], Source]


def add_recording_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], about: str, length: bool = True
) -> argparse.ArgumentParser:
    """A command from IN to OUT; `length`: whether it is told how many seconds to make."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, allow_abbrev=False)
    parser.add_argument("input", metavar="IN", help="the recording: WAV, FLAC, Ogg, MP3, AIFF")
    add_run_options(parser, length, extra=add_notes_option)
    add_level_option(parser)
    parser.set_defaults(run=run)
    return parser


def work_on(
    arguments: argparse.Namespace, run: Callable[..., Result], place: Place, *where: float, until: Until | None = None
) -> int:
    """Run one of the commands that add to a recording; `place`: the frames in whose place the new audio comes, None
    behind the last; `where`: its length, or its two ends, in seconds; `until`: what of the recording counts.
    """
    seconds = where[-1] - sum(where[:-1])
    settings_of(arguments)  # what can't be is refused before anything is heard or composed
    progress = ProgressReport()
    with ExitStack() as stack:
        source = stack.enter_context(open_source(arguments.input))
        if source.notice:
            say(f"note: {source.notice}")
        if until is not None:
            source = stack.enter_context(until(arguments, source))
        notes = notes_of(arguments, source, place(source), seconds)
        settings = settings_of(arguments, start_of(arguments, notes))
        try:
            replace = arguments.overwrite
            result = run(source, arguments.output, *where, settings, overwrite=replace, progress=progress, notes=notes)
        finally:
            progress.close()
        kept = source.seconds - (seconds if len(where) == 2 else 0)
        return tell(result, seconds, f"{kept:.2f} s original + ")


def tell(result: Result, seconds: float, before: str) -> int:
    """Say what a run came to; returns the exit code."""
    cost = f"{result.evaluations} network evaluations in {result.elapsed:.1f} s"
    if result.report is None:
        return fail(
            f"cancelled after {result.evaluations} of {result.evaluations_total} evaluations, before anything "
            "was complete. Nothing was written.",
            INTERRUPTED,
        )
    print(f"{result.report.path}: {before}{result.seconds:.2f} s new")
    if result.report.note:
        print(result.report.note)
    if result.report.carried:
        print(result.report.carried)
    print(cost)
    if result.resumed:
        print(f"{counted(result.resumed, 'window')} taken over from an earlier call that did not end")
    print(f"recipe: {result.recipe}")
    if result.cancelled:
        return fail(
            f"cancelled after {result.evaluations} of {result.evaluations_total} evaluations. What was complete is "
            f"written: {result.seconds:.2f} s of {seconds:g} s. The same command with --overwrite goes on from there.",
            INTERRUPTED,
        )
    return OK
