"""`pianodiff evaluate`: its options, and what it says. Needs no torch until it runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.diffusion.samplers import SAMPLERS
from core.settings import DEVICES, Settings
from core.study.methods import FORM


def add_to(commands: Any, number: Callable[[str], float], whole: Callable[[str], int]) -> None:
    """Add the command to the subparsers `commands`; `number` and `whole` read a float and an int."""
    default = Settings()
    parser = commands.add_parser(
        "evaluate",
        help="judge networks and samplers on held-out recordings",
        description="Continue held-out clips with every network and sampler, and compare with what really followed, a "
        "loop, silence and noise. Writes DIR/table.md and DIR/table.json and prints the table. Each finished "
        "continuation is kept in DIR/cases: run it again and it goes on where it was.",
        epilog="example: pianodiff evaluate heldout/ --out out/evaluation --sampler interpolation --sampler repaint",
        allow_abbrev=False,
    )
    parser.add_argument("clips", metavar="CLIPS", nargs="+", type=Path, help="folders of recordings, or single ones")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for the results")
    add = parser.add_argument_group("what is compared").add_argument
    add(
        "--network",
        metavar="NAME|PATH",
        action="append",
        help=f"a network, as with extend (default: {default.network}); repeat it to compare several",
    )
    add(
        "--sampler",
        metavar=FORM,
        action="append",
        help=f"one of {', '.join(SAMPLERS)}, or a file, with a solver or steps of its own, as in decoupled@50 or "
        f"replacement+dpmpp-2m-sde@100 (default: {default.sampler}); repeat it to compare several",
    )
    add("--zero-shot", action="store_true", help="don't show the known audio to networks that could see it")
    add("--steps", type=whole, metavar="N", default=default.steps, help="denoising steps (default: %(default)s)")
    add("--device", metavar="|".join(DEVICES), default=default.device, help="where it runs (default: %(default)s)")
    add = parser.add_argument_group("on what").add_argument
    add("--cases", type=whole, metavar="N", default=8, help="continuations a row, spread evenly (default: %(default)s)")
    add("--cuts", type=whole, metavar="1|2", default=1, help="at most so many of one clip (default: %(default)s)")
    add("--begin", type=number, metavar="S", default=2.0, help="left out at a clip's start (default: %(default)g)")
    add("--known", type=number, metavar="S", default=4.0, help="known seconds (default: %(default)g)")
    add("--new", type=number, metavar="S", default=2.0, help="seconds to make (default: %(default)g)")
    add("--seed", type=whole, metavar="K", default=1, help="of everything drawn (default: %(default)s)")
    parser.set_defaults(run=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> int:
    from core.cli import INTERRUPTED, OK
    from core.progress import ProgressReport
    from core.study.evaluate import Evaluation, StudySettings

    def say(text: str) -> None:
        print(f"pianodiff: {text}", file=sys.stderr, flush=True)

    settings = StudySettings(
        clips=tuple(arguments.clips),
        out=arguments.out,
        networks=tuple(arguments.network or [Settings.network]),
        samplers=tuple(arguments.sampler or [Settings.sampler]),
        steps=arguments.steps,
        zero_shot=arguments.zero_shot,
        cases=arguments.cases,
        cuts=arguments.cuts,
        begin=arguments.begin,
        known=arguments.known,
        new=arguments.new,
        seed=arguments.seed,
        device=arguments.device,
    )
    evaluation = Evaluation(settings)
    for skipped in evaluation.skipped:
        say(f"note: {skipped}")
    total = len(evaluation.jobs)
    finished = total - len(evaluation.pending)
    if finished:
        say(f"note: {finished} of {total} continuations are finished already and taken from {settings.out}.")
    progress = ProgressReport(unit="case")
    try:
        evaluation.make(progress.update)
        progress.close()
        say("measuring ...")
        table = evaluation.table()
    except KeyboardInterrupt:
        progress.close()
        finished = total - len(evaluation.pending)
        say(f"cancelled. {finished} of {total} continuations are finished and kept. Call it again and it goes on.")
        return INTERRUPTED
    finally:
        progress.close()
    print(table, end="")
    print(f"\n{settings.out / 'table.md'}, {settings.out / 'table.json'}, continuations in {settings.out / 'cases'}")
    return OK
