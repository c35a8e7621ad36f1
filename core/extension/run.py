"""One run from file to file: check, read what is known, denoise, write audio and recipe. What the command line and the
demo call.

Nothing here needs torch until the network is loaded, and everything that can be refused is refused before that. How it
is divided into windows is decided by the Extension (`core.extension.plan`).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.audio.endings import AS_MADE, Ending
from core.audio.export import ExportReport, Insert, check_destination, place_of
from core.audio.loudest import loudest_stretch
from core.audio.signal import FloatArray
from core.audio.source import Source
from core.audio.subsonic import subsonic
from core.audio.writing import absolute
from core.errors import SettingsError
from core.extension.fade import without_fade
from core.extension.plan import check_plan, context_tail_frames
from core.extension.recipe import (
    check_recipe_destination,
    describe_plan,
    describe_run,
    describe_sampler,
    recipe_path,
    versions,
)
from core.extension.settings import Settings
from core.extension.unfinished import Unfinished
from core.extension.writing import write_extended, write_generated
from core.networks.card import NetworkInfo
from core.networks.registry import find_network
from core.notes.note import Note, moved

if TYPE_CHECKING:
    from core.extension.extension import Extension, Step

LEAD_SECONDS, RING_SECONDS = 1.0, 1.0
"""Before and behind the notes of a performance."""

Progress = Callable[["Step"], object]
"""Called after every network evaluation."""


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Attributes:
        report: of the export; None when the run was cancelled before its first window was complete.
        recipe: the recipe's file, None without a report.
        seconds: new audio that was written.
        evaluations, evaluations_total: network evaluations done, and planned.
        resumed: windows that were taken over from an earlier call that did not end.
        elapsed: seconds from loading the network to the last evaluation.
        cancelled: whether Ctrl-C ended it early.
    """

    report: ExportReport | None
    recipe: Path | None
    seconds: float
    evaluations: int
    evaluations_total: int
    resumed: int
    elapsed: float
    cancelled: bool


def run_extension(
    source: Source,
    destination: str | os.PathLike[str],
    seconds: float,
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
    notes: Sequence[Note] = (),
    ending: Ending = AS_MADE,
) -> Result:
    """Extend `source` by `seconds` and write original and extension as one file, with its recipe beside it.

    KeyboardInterrupt while it denoises ends the run; the windows that are complete are written. What ended before
    its last window, however it did, is taken up again by the same call (`core.extension.unfinished`).

    Args:
        notes: what is to be played, in seconds from the first new sample, where settings.start is below 1.
        ending: what becomes of new audio at the file's end.

    Raises:
        SettingsError, NetworkError, SamplerError, AudioError, ExportError: before the costly part wherever that can
        be known.
    """
    return _run_beside(source, None, destination, seconds, settings, overwrite, progress, notes, ending)


def run_prelude(
    source: Source,
    destination: str | os.PathLike[str],
    seconds: float,
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
    notes: Sequence[Note] = (),
    ending: Ending = AS_MADE,
) -> Result:
    """Put `seconds` of new audio before `source`. As :func:`run_extension`."""
    return _run_beside(source, (0, 0), destination, seconds, settings, overwrite, progress, notes, ending)


def run_fill(
    source: Source,
    destination: str | os.PathLike[str],
    begin: float,
    end: float,
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
    notes: Sequence[Note] = (),
) -> Result:
    """Put new audio in place of `source` from `begin` to `end` seconds. As :func:`run_extension`, but nothing is
    written of a run that is cancelled: half of what fills a gap would leave a hole.

    Raises SettingsError as :func:`gap_of` does.
    """
    gap = gap_of(source, begin, end)
    seconds = (gap[1] - gap[0]) / source.sample_rate
    return _run_beside(source, gap, destination, seconds, settings, overwrite, progress, notes, AS_MADE)


def gap_of(source: Source, begin: float, end: float) -> tuple[int, int]:
    """The source's frames from `begin` to `end` seconds. Raises SettingsError when there is no such stretch, or none of
    the recording before or behind it.
    """
    ends = [round(seconds * source.sample_rate) if math.isfinite(seconds) else 0 for seconds in (begin, end)]
    gap = ends[0], ends[1]
    if not 0 < gap[0] < gap[1] < source.frames:
        raise SettingsError(
            f"From {begin:g} s to {end:g} s is no gap within a recording of {source.seconds:.2f} s: it must end after "
            "it begins, and leave something of the recording on both sides."
        )
    return gap


def run_generation(
    destination: str | os.PathLike[str],
    seconds: float,
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
    ending: Ending = AS_MADE,
) -> Result:
    """Make `seconds` of audio from nothing, mono at the network's rate, with its recipe. As :func:`run_extension`."""
    network = find_network(settings.network)
    place, rate = absolute(destination), network.sample_rate
    task = _Task(None, None, rate, place, seconds, settings, network, overwrite, (), ending)
    task.check()
    return _run(task, progress)


def run_performance(
    notes: Sequence[Note],
    like: Source,
    destination: str | os.PathLike[str],
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
    ending: Ending = AS_MADE,
) -> Result:
    """Play `notes` in the sound of the recording `like`, of which nothing is written. As :func:`run_extension`.

    It goes on from the recording's loudest stretch, as long as a window's context. What still rings from there has
    LEAD_SECONDS to die away, which are made and not used; behind the last note RING_SECONDS are left to it.

    Raises SettingsError as well when settings.start is 1 and the network sees no notes: from noise none is played.
    """
    network = find_network(settings.network)
    if settings.start == 1 and not network.sees_notes:
        raise SettingsError("A performance starts with its notes: choose a start below 1.")
    seconds = LEAD_SECONDS + max(note.offset for note in notes) + RING_SECONDS
    later = tuple(moved(notes, LEAD_SECONDS))
    place = absolute(destination)
    task = _Performance(like, None, like.sample_rate, place, seconds, settings, network, overwrite, later, ending)
    task.check()
    return _run(task, progress)


def _run_beside(
    source: Source,
    gap: tuple[int, int] | None,
    destination: str | os.PathLike[str],
    seconds: float,
    settings: Settings,
    overwrite: bool,
    progress: Progress | None,
    notes: Sequence[Note],
    ending: Ending,
) -> Result:
    network = find_network(settings.network)
    place = absolute(destination)
    task = _Task(source, gap, source.sample_rate, place, seconds, settings, network, overwrite, tuple(notes), ending)
    task.check()
    return _run(task, progress)


@dataclass(frozen=True)
class _Task:
    """What is made of what, and where it goes. source: None makes it from nothing.  gap: the source's frames in whose
    place it comes, None behind its last."""

    source: Source | None
    gap: tuple[int, int] | None
    sample_rate: int
    destination: Path
    seconds: float
    settings: Settings
    network: NetworkInfo
    overwrite: bool
    notes: tuple[Note, ...] = ()
    ending: Ending = AS_MADE

    def check(self) -> None:
        """Everything that can be refused before the network is loaded; the cheap questions first."""
        check_plan(self.network, self.settings, self.seconds)
        check_destination(
            self.destination,
            self.source,
            sample_rate=self.sample_rate,
            new_frames=self.growth(),
            overwrite=self.overwrite,
        )
        check_recipe_destination(self.destination, overwrite=self.overwrite)
        if self.source is not None:
            self.source.check_finite()
            self.source.sha256()

    def growth(self) -> int:
        """Frames that are written beyond the source's."""
        replaced = self.gap[1] - self.gap[0] if self.gap is not None else 0
        return round(self.seconds * self.sample_rate) - replaced

    def known(self) -> tuple[FloatArray, FloatArray]:
        """What the new audio continues, and what it leads to: (channels, frames), as much as a window looks at."""
        if self.source is None:
            nothing = np.zeros((1, 0), np.float32)
            return nothing, nothing
        begin, end = place_of(self.source, self.gap)
        reach = context_tail_frames(self.network, self.settings, self.sample_rate)
        return self.source.read(max(0, begin - reach), begin), self.source.read(end, end + reach)

    def made_from(self, extension: Extension, notes: Sequence[Note]) -> dict[str, Any]:
        """All that decides the samples."""
        return {
            "source": self.source.sha256() if self.source is not None else None,
            "gap": self.gap,
            "seconds": self.seconds,
            "network": self.network.weights_sha256(),
            "sampler": describe_sampler(self.settings, extension.sampler),
            "steps": self.settings.steps,
            "hold_level": self.settings.hold_level,
            "seed": self.settings.seed,
            "device": self.settings.device,
            "windows": extension.plan.windows,
            "versions": versions(),
            **(describe_plan(self.settings, notes) if notes else {}),
        }

    def finished(self, generated: FloatArray) -> FloatArray:
        """What is used of the audio that was made, both (channels, frames)."""
        return generated

    def described(self) -> dict[str, Any]:
        """What a recipe says beside what it says of every run."""
        return {}

    def write(self, generated: FloatArray, run: dict[str, Any]) -> ExportReport:
        """The audio, and the recipe beside it. Raises ExportError, AudioError."""
        how: dict[str, Any] = {"overwrite": self.overwrite, "ending": self.ending}
        if self.source is None:
            return write_generated(generated, self.sample_rate, [run], self.destination, **how)
        inserts = [Insert.of(self.source, self.gap, generated)]
        return write_extended(self.source, inserts, [run], self.destination, **how)


@dataclass(frozen=True)
class _Performance(_Task):
    """Only what is made, without its lead. source: in whose sound; the loudest stretch of it is what is known."""

    def growth(self) -> int:
        assert self.source is not None
        return round((self.seconds - LEAD_SECONDS) * self.sample_rate) - self.source.frames

    def known(self) -> tuple[FloatArray, FloatArray]:
        assert self.source is not None
        known = self.source.read(*self._stretch)
        known = known - subsonic(known, self.sample_rate)  # nothing of the recording goes on below a performance
        return known, known[:, :0]

    def finished(self, generated: FloatArray) -> FloatArray:
        return generated[:, round(LEAD_SECONDS * self.sample_rate) :]

    def described(self) -> dict[str, Any]:
        return {"like_frames": list(self._stretch), "lead_seconds": LEAD_SECONDS}

    def write(self, generated: FloatArray, run: dict[str, Any]) -> ExportReport:
        rate, place = self.sample_rate, self.destination
        return write_generated(
            generated, rate, [run], place, like=self.source, overwrite=self.overwrite, ending=self.ending
        )

    @cached_property
    def _stretch(self) -> tuple[int, int]:
        assert self.source is not None
        return loudest_stretch(self.source, context_tail_frames(self.network, self.settings, self.sample_rate))


def _run(task: _Task, progress: Progress | None) -> Result:
    from core.device import resolve_device
    from core.extension.extension import Extension
    from core.networks.checkpoint import load_denoiser

    before, after = task.known()
    settings, network, rate = task.settings, task.network, task.sample_rate
    began = time.monotonic()
    device = resolve_device(settings.device)
    denoiser = load_denoiser(settings.network, device)
    notes: Sequence[Note] = ()
    if task.notes and (settings.start < 1 or network.sees_notes):
        from core.extension.heard import with_heard

        known = (before, after)
        if settings.hold_level:
            known = (without_fade(before, rate), without_fade(after, rate, towards_end=False))
        notes = with_heard(task.notes, *known, rate, task.seconds)
    silent = task.source.noise_floor if task.source is not None else 0.0
    how = (denoiser, network, before, rate, task.seconds, settings)
    extension = Extension(*how, following=after, notes=notes, silent_below=silent)
    unfinished = Unfinished(task.destination, task.made_from(extension, notes))
    earlier = unfinished.load()
    if earlier is not None:
        extension.resume(*earlier)
    resumed = extension.windows_done
    cancelled = _denoise(extension, unfinished, progress)
    elapsed = time.monotonic() - began

    generated = task.finished(extension.audio())
    report: ExportReport | None = None
    if generated.shape[1]:
        run = describe_run(
            settings,
            network,
            extension.sampler,
            extension.plan,
            seconds=task.seconds,
            new_frames=generated.shape[1],
            evaluations=extension.evaluations_done,
            elapsed=elapsed,
            x_T_sha256=extension.x_T_sha256,
            device=device.type,
            complete=not cancelled,
            gap=task.gap,
            notes=notes,
        )
        report = task.write(generated, run | task.described())
    if not cancelled:
        unfinished.remove()
    return Result(
        report=report,
        recipe=recipe_path(report.path) if report is not None else None,
        seconds=generated.shape[1] / rate,
        evaluations=extension.evaluations_done,
        evaluations_total=extension.plan.evaluations,
        resumed=resumed,
        elapsed=elapsed,
        cancelled=cancelled,
    )


def _denoise(extension: Extension, unfinished: Unfinished, progress: Progress | None) -> bool:
    """Run it, keeping every window that is complete. Returns whether Ctrl-C ended it early."""
    try:
        for step in extension.run():
            if step.window_complete:
                unfinished.save(*extension.progress())
            if progress is not None:
                progress(step)
    except KeyboardInterrupt:
        return True
    return False
