"""`pianodiff study`: the paper's comparison at any scale. Needs no torch until it runs."""

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
        "study",
        help="compare samplers on many clips, with figures, intervals and tests",
        description="Continue clips by several methods from the same noise, with several seeds, and write a report: "
        "the table of the evaluation, paired tests, the paper's figures 2 to 6, and every continuation as a row of a "
        "CSV and an SQLite file. What is finished is kept: run it again and it goes on where it was.",
        epilog="example: pianodiff study clips/ --samplers interpolation,repaint,decoupled@50 --seeds 3 --out study",
        allow_abbrev=False,
    )
    parser.add_argument("clips", metavar="CLIPS", nargs="+", type=Path, help="folders of recordings, or single ones")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for the results")
    add = parser.add_argument_group("what is compared").add_argument
    add(
        "--samplers",
        metavar="A,B,...",
        required=True,
        help=f"methods, each {FORM}: {', '.join(SAMPLERS)}, or a file; the others are tested against the first",
    )
    add("--seeds", metavar="N", type=whole, default=1, help="continuations of each clip (default: %(default)s)")
    add("--network", metavar="NAME|PATH", action="append", help=f"(default: {default.network}); repeat it for several")
    add("--zero-shot", action="store_true", help="don't show the known audio to networks that could see it")
    add("--steps", type=whole, metavar="N", default=default.steps, help="for methods that name none (default: 200)")
    add("--device", metavar="|".join(DEVICES), default=default.device, help="where it runs (default: %(default)s)")
    add = parser.add_argument_group("on what").add_argument
    add("--cases", type=whole, metavar="N", default=8, help="clips, spread evenly over all (default: %(default)s)")
    add("--begin", type=number, metavar="S", default=2.0, help="left out at a clip's start (default: %(default)g)")
    add("--known", type=number, metavar="S", default=4.0, help="known seconds (default: %(default)g)")
    add("--new", type=number, metavar="S", default=1.0, help="seconds to make (default: %(default)g)")
    add("--seed", type=whole, metavar="K", default=1, help="of everything drawn (default: %(default)s)")
    parser.set_defaults(run=_study)


def _study(arguments: argparse.Namespace) -> int:
    from core.cli import INTERRUPTED, OK
    from core.progress import ProgressReport
    from core.study.evaluate import Evaluation, StudySettings

    def say(text: str) -> None:
        print(f"pianodiff: {text}", file=sys.stderr, flush=True)

    settings = StudySettings(
        clips=tuple(arguments.clips),
        out=arguments.out,
        networks=tuple(arguments.network or [Settings.network]),
        samplers=tuple(name.strip() for name in arguments.samplers.split(",") if name.strip()),
        steps=arguments.steps,
        zero_shot=arguments.zero_shot,
        cases=arguments.cases,
        begin=arguments.begin,
        known=arguments.known,
        new=arguments.new,
        seed=arguments.seed,
        seeds=arguments.seeds,
        traces=True,
        device=arguments.device,
    )
    evaluation = Evaluation(settings)
    for skipped in evaluation.skipped:
        say(f"note: {skipped}")
    total = len(evaluation.jobs)
    finished = total - len(evaluation.pending)
    if finished:
        say(f"note: {finished} of {total} continuations are finished already and taken from {settings.out}.")
    progress = ProgressReport(unit="continuation")
    try:
        evaluation.make(progress.update)
        progress.close()
        say("measuring and drawing ...")
        from core.study.report import write_report

        report = write_report(evaluation)
    except KeyboardInterrupt:
        progress.close()
        finished = total - len(evaluation.pending)
        say(f"cancelled. {finished} of {total} continuations are finished and kept. Call it again and it goes on.")
        return INTERRUPTED
    finally:
        progress.close()
    print(report.partition("## Figures")[0], end="")
    print(f"{settings.out / 'report.md'}, figures in {settings.out / 'figures'}, {settings.out / 'continuations.csv'}")
    return OK
