"""Changing notes of a recording from file to file: what `pianodiff mend` calls. Like `core.extension.run`, but the new
audio is in several places, each as long as the notes that change there ring.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.audio.export import Insert, check_destination
from core.audio.source import Source
from core.audio.writing import absolute
from core.errors import NotesError, SettingsError
from core.extension.mending import Changes, Mend, changes
from core.extension.plan import check_plan, context_tail_frames
from core.extension.recipe import check_recipe_destination, describe_run, recipe_path
from core.extension.run import Progress, Result
from core.extension.settings import Settings
from core.extension.writing import write_extended
from core.networks.card import NetworkInfo
from core.networks.registry import find_network
from core.notes.note import Note, moved, sounding

if TYPE_CHECKING:
    from core.diffusion.denoiser import Denoiser
    from core.extension.extension import Extension

KNOWN_SECONDS = 0.1
"""The least of a recording that has to be known before and behind a note that changes."""

Hearing = Callable[[float], object]
"""Called with the share of the recording that has been heard."""


def run_mend(
    source: Source,
    destination: str | os.PathLike[str],
    notes: Sequence[Note],
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
    hearing: Hearing | None = None,
) -> Result:
    """Write `source` with other notes, and the recipe beside it: what differs between `notes`, in seconds from its
    first sample, and those that are heard in it is changed, as long as it rings, and all else is kept bit for bit.

    KeyboardInterrupt while it denoises ends the run, and nothing is written: only some of the changes would be in it.

    Raises:
        NotesError: nothing differs, or something does where nothing is known on one side.
        SettingsError, NetworkError, SamplerError, AudioError, ExportError.
    """
    network, place = find_network(settings.network), absolute(destination)
    _check(source, place, settings, network, overwrite)
    heard = _heard(source, hearing)
    changed = changes(heard, notes)
    stretches = [
        _Stretch.of(source, part, changed.stay, heard, notes) for part in together(changed, source.seconds)
    ]

    from core.device import resolve_device
    from core.networks.checkpoint import load_denoiser

    began = time.monotonic()
    device = resolve_device(settings.device)
    denoiser = load_denoiser(settings.network, device)
    extensions = [stretch.extension(source, settings, network, denoiser) for stretch in stretches]
    total, done = sum(extension.plan.evaluations for extension in extensions), 0
    try:
        for extension in extensions:
            for step in extension.run():
                if progress is not None:
                    progress(replace(step, evaluations=done + step.evaluations, evaluations_total=total))
            done += extension.evaluations_done
    except KeyboardInterrupt:
        done = sum(extension.evaluations_done for extension in extensions)
        return Result(None, None, 0.0, done, total, 0, time.monotonic() - began, cancelled=True)
    elapsed = time.monotonic() - began

    made = list(zip(stretches, extensions, strict=True))
    inserts = [Insert.of(source, stretch.gap, extension.audio()) for stretch, extension in made]
    runs = [
        stretch.described(source, settings, network, extension, device.type, elapsed / len(made))
        for stretch, extension in made
    ]
    report = write_extended(source, inserts, runs, place, overwrite=overwrite)
    seconds = sum(run["seconds"] for run in runs)
    return Result(report, recipe_path(report.path), seconds, done, total, 0, elapsed, cancelled=False)


def _check(source: Source, place: Path, settings: Settings, network: NetworkInfo, overwrite: bool) -> None:
    """Everything that can be refused before anything is heard."""
    if settings.start == 1:
        raise SettingsError("Mending begins with what was played: choose a start below 1.")
    if settings.hold_level:
        raise SettingsError("Mending keeps the level that there is: leave out --hold-level.")
    check_plan(network, settings, source.seconds)
    check_destination(place, source, sample_rate=source.sample_rate, new_frames=0, overwrite=overwrite)
    check_recipe_destination(place, overwrite=overwrite)
    source.check_finite()
    source.sha256()


def together(changed: Changes, seconds: float) -> list[Changes]:
    """The changes of a recording of so many seconds, those together that ring together, in the order of time.

    Raises NotesError: something is to change where nothing is known on one side.
    """
    parts: list[Changes] = []
    for note in sorted((*changed.gone, *changed.come)):
        if not KNOWN_SECONDS < note.onset < seconds - KNOWN_SECONDS:
            raise NotesError(
                f"The note at {note.onset:.2f} s can't be changed: {KNOWN_SECONDS:g} s of the recording, which is "
                f"{seconds:.2f} s long, have to be there on both sides of it."
            )
        one = Changes((note,), (), ()) if note in changed.gone else Changes((), (note,), ())
        if parts and one.rings[0] < parts[-1].rings[1]:
            last = parts.pop()
            one = Changes(last.gone + one.gone, last.come + one.come, ())
        parts.append(one)
    return parts


@dataclass(frozen=True)
class _Stretch:
    """The source's frames that are made anew and, in seconds from the first of them, what changes in them, and all
    notes of them and of what lies around.
    """

    gap: tuple[int, int]
    changed: Changes
    notes: tuple[Note, ...]

    @classmethod
    def of(
        cls, source: Source, part: Changes, stay: Sequence[Note], heard: Sequence[Note], wanted: Sequence[Note]
    ) -> _Stretch:
        rate, known = source.sample_rate, KNOWN_SECONDS / 2
        lowest, highest = round(known * rate), round((source.seconds - known) * rate)
        gap, changed = part.placed(stay, lowest, highest, rate)
        begin, end = (frame / rate for frame in gap)
        within = [note for note in wanted if begin <= note.onset < end]
        around = [note for note in heard if not begin <= note.onset < end]
        return cls(gap, changed, tuple(moved(sorted(within + around), -begin)))

    def extension(
        self, source: Source, settings: Settings, network: NetworkInfo, denoiser: Denoiser
    ) -> Extension:
        from core.extension.extension import Extension

        (first, last), rate = self.gap, source.sample_rate
        reach = context_tail_frames(network, settings, rate)
        seconds = (last - first) / rate
        return Extension(
            denoiser,
            network,
            source.read(max(0, first - reach), first),
            rate,
            seconds,
            settings,
            following=source.read(last, last + reach),
            notes=sounding(self.notes, -reach / rate, seconds + reach / rate),
            silent_below=source.noise_floor,
            mend=Mend(source.read(first, last), self.changed),
        )

    def described(
        self,
        source: Source,
        settings: Settings,
        network: NetworkInfo,
        extension: Extension,
        device: str,
        elapsed: float,
    ) -> dict[str, Any]:
        """For the recipe."""
        first, last = self.gap
        run = describe_run(
            settings,
            network,
            extension.sampler,
            extension.plan,
            seconds=(last - first) / source.sample_rate,
            new_frames=last - first,
            evaluations=extension.evaluations_done,
            elapsed=elapsed,
            x_T_sha256=extension.x_T_sha256,
            device=device,
            gap=self.gap,
            notes=self.notes,
        )
        return run | {"mended": self.changed.described()}


def _heard(source: Source, hearing: Hearing | None) -> list[Note]:
    from core.notes.listening import hear

    listening = hear(source)
    for share in listening:
        if hearing is not None:
            hearing(share)
    return listening.notes()
