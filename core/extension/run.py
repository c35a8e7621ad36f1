"""One run from file to file: check, denoise, export, write the recipe. What the command line and the demo
call.

Nothing here needs torch until the network is loaded, and everything that can be refused is refused before
that.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.audio.export import ExportReport, absolute, check_destination, export_audio, export_extended
from core.audio.source import FloatArray, Source
from core.errors import ExportError, SettingsError
from core.extension.plan import context_tail_seconds, plan_extension
from core.extension.recipe import (
    build_recipe,
    check_recipe_destination,
    describe_run,
    describe_sampler,
    recipe_path,
    versions,
    write_recipe,
)
from core.extension.settings import Settings, check_seconds
from core.extension.unfinished import Unfinished
from core.networks.registry import NetworkInfo, find_network

if TYPE_CHECKING:
    from core.extension.extension import Extension, Step

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
) -> Result:
    """Extend `source` by `seconds` and write original and extension as one file, with its recipe beside it.

    KeyboardInterrupt while it denoises ends the run; the windows that are complete are written. What ended before
    its last window, however it did, is taken up again by the same call (`core.extension.unfinished`).

    Raises:
        SettingsError, NetworkError, SamplerError, AudioError, ExportError: before the costly part wherever that can
        be known.
    """
    return _run_beside(source, destination, None, seconds, settings, overwrite, progress)


def run_prelude(
    source: Source,
    destination: str | os.PathLike[str],
    seconds: float,
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Put `seconds` of new audio before `source`. As :func:`run_extension`."""
    return _run_beside(source, destination, (0, 0), seconds, settings, overwrite, progress)


def run_fill(
    source: Source,
    destination: str | os.PathLike[str],
    begin: float,
    end: float,
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Put new audio in place of `source` from `begin` to `end` seconds. As :func:`run_extension`, but nothing is
    written of a run that is cancelled: half of what fills a gap would leave a hole.

    Raises SettingsError when there is no such stretch, or none of the recording before or behind it.
    """
    ends = [round(seconds * source.sample_rate) if math.isfinite(seconds) else 0 for seconds in (begin, end)]
    gap = ends[0], ends[1]
    if not 0 < gap[0] < gap[1] < source.frames:
        raise SettingsError(
            f"From {begin:g} s to {end:g} s is no gap within a recording of {source.seconds:.2f} s: it must end after "
            "it begins, and leave something of the recording on both sides."
        )
    seconds = (gap[1] - gap[0]) / source.sample_rate
    return _run_beside(source, destination, gap, seconds, settings, overwrite, progress)


def _run_beside(
    source: Source,
    destination: str | os.PathLike[str],
    gap: tuple[int, int] | None,
    seconds: float,
    settings: Settings,
    overwrite: bool,
    progress: Progress | None,
) -> Result:
    network = find_network(settings.network)
    begin, end = gap if gap is not None else (source.frames, source.frames)
    rate = source.sample_rate
    plan_extension(network, settings, begin / rate, check_seconds(seconds), (source.frames - end) / rate)
    new_frames = round(seconds * rate) - (end - begin)
    check_destination(destination, source, new_frames=new_frames, overwrite=overwrite)
    check_recipe_destination(absolute(destination), overwrite=overwrite)
    source.check_finite()
    source.sha256()
    reach = round(context_tail_seconds(network, settings) * rate)
    before, after = source.read(max(0, begin - reach), begin), source.read(end, end + reach)
    return _run(source, before, after, gap, rate, destination, seconds, settings, network, overwrite, progress)


def run_generation(
    destination: str | os.PathLike[str],
    seconds: float,
    settings: Settings,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Make `seconds` of audio from nothing, mono at the network's rate, with its recipe. As :func:`run_extension`."""
    network = find_network(settings.network)
    plan_extension(network, settings, 0.0, check_seconds(seconds))
    rate = network.sample_rate
    check_destination(destination, sample_rate=rate, new_frames=round(seconds * rate), overwrite=overwrite)
    check_recipe_destination(absolute(destination), overwrite=overwrite)
    nothing = np.zeros((1, 0), np.float32)
    return _run(None, nothing, nothing, None, rate, destination, seconds, settings, network, overwrite, progress)


def _run(
    source: Source | None,
    before: FloatArray,
    after: FloatArray,
    gap: tuple[int, int] | None,
    sample_rate: int,
    destination: str | os.PathLike[str],
    seconds: float,
    settings: Settings,
    network: NetworkInfo,
    overwrite: bool,
    progress: Progress | None,
) -> Result:
    from core.device import resolve_device
    from core.extension.extension import Extension
    from core.networks.checkpoint import load_denoiser

    began = time.monotonic()
    device = resolve_device(settings.device)
    denoiser = load_denoiser(settings.network, device)
    extension = Extension(denoiser, network, before, sample_rate, seconds, settings, following=after)
    unfinished = Unfinished(absolute(destination), _made_from(source, gap, seconds, settings, network, extension))
    earlier = unfinished.load()
    if earlier is not None:
        extension.resume(*earlier)
    resumed = extension.windows_done
    cancelled = False
    try:
        for step in extension.run():
            if step.window_complete:
                unfinished.save(*extension.progress())
            if progress is not None:
                progress(step)
    except KeyboardInterrupt:
        cancelled = True
    elapsed = time.monotonic() - began

    generated = extension.audio()
    report: ExportReport | None = None
    written: Path | None = None
    if generated.shape[1]:
        if source is None:
            report = export_audio(generated, sample_rate, destination, overwrite=overwrite)
        else:
            report = export_extended(source, generated, destination, gap=gap, overwrite=overwrite)
        run = describe_run(
            settings,
            network,
            extension.sampler,
            extension.plan,
            seconds=seconds,
            new_frames=generated.shape[1],
            evaluations=extension.evaluations_done,
            elapsed=elapsed,
            x_T_sha256=extension.x_T_sha256,
            device=device.type,
            complete=not cancelled,
            gap=gap,
        )
        written = recipe_path(report.path)
        try:
            write_recipe(written, build_recipe([run], source, report), overwrite=overwrite)
        except ExportError as error:
            raise ExportError(f"{report.path} is written, but not its recipe. {error}") from error
    if not cancelled:
        unfinished.remove()
    return Result(
        report=report,
        recipe=written,
        seconds=generated.shape[1] / sample_rate,
        evaluations=extension.evaluations_done,
        evaluations_total=extension.plan.evaluations,
        resumed=resumed,
        elapsed=elapsed,
        cancelled=cancelled,
    )


def _made_from(
    source: Source | None,
    gap: tuple[int, int] | None,
    seconds: float,
    settings: Settings,
    network: NetworkInfo,
    extension: Extension,
) -> dict[str, Any]:
    """All that decides the samples of a run."""
    return {
        "source": source.sha256() if source is not None else None,
        "gap": gap,
        "seconds": seconds,
        "network": network.weights_sha256(),
        "sampler": describe_sampler(settings, extension.sampler),
        "steps": settings.steps,
        "seed": settings.seed,
        "device": settings.device,
        "windows": extension.plan.windows,
        "versions": versions(),
    }
