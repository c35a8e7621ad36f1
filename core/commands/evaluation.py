"""What `pianodiff evaluate` and `pianodiff study` share: on what they work, and how they run and end. No torch here."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.console import INTERRUPTED, OK, say
from core.commands.converters import number, whole
from core.commands.progress import ProgressReport
from core.extension.settings import DEVICES, Settings
from core.folder_lock import alone_in
from core.study.methods import led_by
from core.study.settings import StudySettings

if TYPE_CHECKING:
    from core.study.evaluate import Evaluation


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add where the clips are and where the results go."""
    parser.add_argument("clips", metavar="CLIPS", nargs="+", type=Path, help="folders of recordings, or single ones")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for the results")


def add_how(group: argparse._ArgumentGroup, steps: int | None, steps_help: str) -> None:
    """Add what holds for all methods that are compared. steps: the default, None where it depends."""
    add = group.add_argument
    add("--zero-shot", action="store_true", help="don't show the known audio to networks that could see it")
    add("--steps", type=whole, metavar="N", default=steps, help=steps_help)
    add("--device", metavar="|".join(DEVICES), default=Settings.device, help="where it runs (default: %(default)s)")


def add_cases(parser: argparse.ArgumentParser, *, new: float) -> argparse._ArgumentGroup:
    """Add the options that say on what; `new`: seconds to make by default. Returns their group, for more of them."""
    group = parser.add_argument_group("on what")
    add = group.add_argument
    add("--cases", type=whole, metavar="N", default=8, help="spread evenly over the clips (default: %(default)s)")
    add("--begin", type=number, metavar="S", default=2.0, help="left out at a clip's start (default: %(default)g)")
    add("--known", type=number, metavar="S", default=4.0, help="known seconds (default: %(default)g)")
    add("--new", type=number, metavar="S", default=new, help="seconds to make (default: %(default)g)")
    add("--seed", type=whole, metavar="K", default=1, help="of everything drawn (default: %(default)s)")
    return group


def settings_of(arguments: argparse.Namespace, samplers: tuple[str, ...]) -> StudySettings:
    """The settings that both commands have, with these samplers. Raises SettingsError."""
    return StudySettings(
        clips=tuple(arguments.clips),
        out=arguments.out,
        networks=tuple(arguments.network or [Settings.network]),
        samplers=samplers,
        steps=arguments.steps if arguments.steps is not None else Settings.steps,
        zero_shot=arguments.zero_shot,
        cases=arguments.cases,
        begin=arguments.begin,
        known=arguments.known,
        new=arguments.new,
        seed=arguments.seed,
        device=arguments.device,
    )


def run(
    settings: StudySettings, unit: str, doing: str, measure: Callable[[Evaluation], str], cluster: str | None = None
) -> int:
    """Make what is not finished yet, measure all of it, print what `measure` returns; gives the exit code.

    Args:
        unit: what the progress calls a continuation.
        doing: what is said when `measure` begins.
        cluster: the address of the Ray cluster that makes it; None makes it here.
    """
    from core.study.evaluate import Evaluation

    if any(led_by(sampler) for sampler in settings.samplers):
        say("finding the notes ...")
    evaluation = Evaluation(settings)
    for skipped in evaluation.skipped:
        say(f"note: {skipped}")
    total = len(evaluation.jobs)
    finished = total - len(evaluation.pending)
    if finished:
        say(f"note: {finished} of {total} continuations are finished already and taken from {settings.out}.")
    progress = ProgressReport(unit=unit)
    try:
        with alone_in(settings.out, "working"):
            evaluation.make(progress.update, cluster)
            progress.close()
            say(f"{doing} ...")
            results = measure(evaluation)
    except KeyboardInterrupt:
        progress.close()
        finished = total - len(evaluation.pending)
        say(f"cancelled. {finished} of {total} continuations are finished and kept. Call it again and it goes on.")
        return INTERRUPTED
    finally:
        progress.close()
    print(results)
    return OK
