"""A result as it is left on disk: the audio, and beside it the recipe that makes it again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.audio.endings import AS_MADE, Ending
from core.audio.export import ExportReport, Insert, export_audio, export_inserted
from core.audio.signal import FloatArray
from core.audio.source import Source
from core.audio.writing import absolute
from core.errors import ExportError
from core.extension.recipe import build_recipe, made_with, recipe_path, write_recipe
from core.folder_lock import in_turn


def write_extended(
    source: Source,
    inserts: Sequence[Insert],
    runs: Sequence[dict[str, Any]],
    destination: str | os.PathLike[str],
    *,
    subtype: str | None = None,
    overwrite: bool = False,
    ending: Ending = AS_MADE,
) -> ExportReport:
    """Write `source` with what was generated around and within it, and the recipe beside it.

    Whether the recipe may be written is found out beforehand by :func:`core.extension.recipe.check_recipe_destination`:
    here the audio comes first, for it is what took the time.

    Args:
        source: what was extended.
        inserts, subtype, overwrite: as :func:`core.audio.export.export_inserted` takes them.
        runs: from :func:`core.extension.recipe.describe_run`, in the order in which they were made; at least one.
        destination: the audio file, .wav or .flac; the recipe's name is that with ".json" behind it.
        ending: what becomes of new audio at the file's two ends.

    Raises:
        ExportError: the audio, or only the recipe, can't or mustn't be written; the message says which.
        AudioError: the source is damaged, gone or changed since it was opened.
    """
    inserts, how = _ended(source, inserts, ending), made_with(runs)
    with in_turn(_folder_of(destination)):
        report = export_inserted(source, inserts, destination, subtype=subtype, overwrite=overwrite, how=how)
        return _with_recipe(report, runs, source, overwrite, ending)


def write_generated(
    samples: FloatArray,
    sample_rate: int,
    runs: Sequence[dict[str, Any]],
    destination: str | os.PathLike[str],
    *,
    like: Source | None = None,
    overwrite: bool = False,
    ending: Ending = AS_MADE,
) -> ExportReport:
    """Write (channels, frames) that were made from nothing, or in the sound of the recording `like`, of which nothing
    is in them, and the recipe. As :func:`write_extended`.
    """
    samples = ending.end(ending.begin(samples, sample_rate), sample_rate)
    with in_turn(_folder_of(destination)):
        report = export_audio(samples, sample_rate, destination, overwrite=overwrite)
        return _with_recipe(report, runs, like, overwrite, ending)


def _folder_of(destination: str | os.PathLike[str]) -> Path:
    """Where audio and recipe are written: two programs take turns there, so that both are of the same run."""
    return absolute(destination).parent


def _ended(source: Source, inserts: Sequence[Insert], ending: Ending) -> list[Insert]:
    """The same, with what begins or ends the file begun and ended."""
    changed, rate = list(inserts), source.sample_rate
    if changed and changed[0].end == 0:
        changed[0] = changed[0]._replace(samples=ending.begin(changed[0].samples, rate))
    if changed and changed[-1].begin == source.frames:
        changed[-1] = changed[-1]._replace(samples=ending.end(changed[-1].samples, rate))
    return changed


def _with_recipe(
    report: ExportReport, runs: Sequence[dict[str, Any]], source: Source | None, overwrite: bool, ending: Ending
) -> ExportReport:
    try:
        write_recipe(recipe_path(report.path), build_recipe(runs, source, report, ending), overwrite=overwrite)
    except ExportError as error:
        raise ExportError(f"{report.path} is written, but not its recipe. {error}") from error
    return report
