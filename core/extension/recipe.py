"""The recipe that lies beside every exported file: all that is needed to make the same samples again.

One run of the engine is described by :func:`describe_run`; a window may have chained several. The recipe
holds the last run's entries at its top, the ones before it under "earlier_runs", and what they all share: the
source, the file that was written, and the versions of the software.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from core import __version__
from core.audio.endings import AS_MADE, Ending
from core.audio.export import ExportReport
from core.audio.source import Source
from core.audio.writing import check_text_destination, write_text
from core.bounds import Check, real, several, whole
from core.diffusion.samplers import Sampler, Scripted
from core.errors import SettingsError
from core.extension.plan import Plan, context_tail_seconds, shortened_by_notes
from core.extension.settings import MAX_SEED, Settings, check_seconds
from core.json_text import read_json
from core.networks.card import NetworkInfo
from core.networks.registry import shipped_networks
from core.notes.note import Note

FORMAT = 1
"""Counts up when a recipe written by an older version would be misread."""

_ENTRIES = {
    "lambda_schedule": "lambda",
    "jump_length": "jump_length",
    "resamplings": "resamplings",
    "solver": "solver",
    "eta": "eta",
}
"""A sampler's options, and how a recipe calls them."""

_NOTES = several(several(real(-1e9, 1e9), 4, 4), 0, 1_000_000)

_RUN: dict[str, Check] = {
    "seed": whole(0, MAX_SEED),
    "evaluations": whole(0, 2**40),
    "new_frames": whole(0, 2**40),
    "elapsed_seconds": real(0, 1e9),
    "windows": several(lambda _, window: window, 0, 10**6),
}
"""Of a run's entries, those that are read again."""

_PACKAGES = ("torch", "numpy", "scipy", "soundfile", "soxr")


def recipe_path(audio: Path) -> Path:
    """Where the recipe of an audio file lies: its name with ".json" behind it."""
    return audio.with_name(audio.name + ".json")


def describe_run(
    settings: Settings,
    network: NetworkInfo,
    sampler: Sampler,
    plan: Plan,
    *,
    seconds: float,
    new_frames: int,
    evaluations: int,
    elapsed: float,
    x_T_sha256: str,
    device: str,
    complete: bool = True,
    first_window: int = 0,
    gap: tuple[int, int] | None = None,
    notes: Sequence[Note] = (),
) -> dict[str, Any]:
    """The entries of one run.

    Args:
        seconds: new audio asked for; with a cancelled run more than was made.
        new_frames: new audio that is used, in frames at the recording's rate.
        evaluations: network evaluations done.
        elapsed: seconds the run took.
        x_T_sha256: hash of the noise that the first window started from.
        device: where the network ran ("cpu", "cuda", "mps").
        complete: False when the run was cancelled after some of its windows.
        first_window: windows of earlier runs, from which this one counted on.
        gap: the source's frames in whose place the new audio comes, (0, 0) before everything; None behind it.
        notes: what was to be played, and what was heard in the known audio, in seconds from the first new sample.
    """
    shipped = any(info.path == network.path for info in shipped_networks())
    return {
        "network": {
            "name": network.name,
            **({} if shipped else {"path": str(network.path.resolve())}),
            "weights_sha256": network.weights_sha256(),
            "sample_rate": network.sample_rate,
        },
        "sampler": describe_sampler(settings, sampler),
        "steps": settings.steps,
        "seed": settings.seed,
        "context_seconds": _context_seconds(network, settings),
        **({"hold_level": True} if settings.hold_level else {}),
        "first_window": first_window,
        **({"gap_frames": list(gap)} if gap is not None else {}),
        "windows": [
            {"context_frames": w.context_frames, "new_frames": w.new_frames}
            | ({"after_frames": w.after_frames} if w.after_frames else {})
            for w in plan.windows
        ],
        "evaluations": evaluations,
        "seconds": seconds,
        "new_frames": new_frames,
        "complete": complete,
        "x_T_sha256": x_T_sha256,
        "device": device,
        **(describe_plan(settings, notes) if notes or settings.start < 1 else {}),
        "elapsed_seconds": round(elapsed, 3),
    }


def _context_seconds(network: NetworkInfo, settings: Settings) -> float | None:
    """None where notes have shortened the windows: a length that is named would count as chosen, and stay."""
    return None if shortened_by_notes(network, settings) else context_tail_seconds(network, settings)


def describe_plan(settings: Settings, notes: Sequence[Note]) -> dict[str, Any]:
    """Where the denoising started, and the notes that it started with."""
    return {"start": settings.start, "notes": describe_notes(notes)}


def describe_notes(notes: Sequence[Note]) -> list[list[float]]:
    """Onset, offset, key and velocity of each."""
    return [[note.onset, note.offset, note.key, note.velocity] for note in notes]


def describe_sampler(settings: Settings, sampler: Sampler) -> dict[str, Any]:
    """The sampler's name and those of its settings that it uses."""
    entries: dict[str, Any] = {"name": settings.sampler}
    if isinstance(sampler, Scripted) and sampler.sha256:
        entries["sha256"] = sampler.sha256
    options = set(sampler.options)
    if settings.solver != "ddim":
        options.discard("eta")
    entries |= {entry: getattr(settings, option) for option, entry in _ENTRIES.items() if option in options}
    if settings.zero_shot:
        entries["zero_shot"] = True
    return entries


def made_with(runs: Sequence[dict[str, Any]]) -> str:
    """What a file's comment says of how it was made: "network spectral, sampler replacement, seed 7"."""
    said = {
        "network": [run["network"]["name"] for run in runs],
        "sampler": [Path(run["sampler"]["name"]).name for run in runs],  # one of the user's own is a file
        "seed": [str(run["seed"]) for run in runs],
    }
    each = {what: list(dict.fromkeys(names)) for what, names in said.items()}
    return ", ".join(f"{what}{'s' if len(names) > 1 else ''} {' and '.join(names)}" for what, names in each.items())


def build_recipe(
    runs: Sequence[dict[str, Any]], source: Source | None, report: ExportReport, ending: Ending = AS_MADE
) -> dict[str, Any]:
    """The recipe of an exported file.

    Args:
        runs: from :func:`describe_run`, in the order in which their audio follows the source; at least one.
        source: what was extended, None for audio generated from nothing.
        report: of the export.
        ending: what became of new audio at the file's two ends.
    """
    *earlier, last = runs
    recipe: dict[str, Any] = {
        "recipe_format": FORMAT,
        "output": report.path.name,
        **last,
        "identical_samples": report.original_samples if report.identical else 0,
        "source": None
        if source is None
        else {
            "name": source.path.name,
            "sha256": source.sha256(),
            "sample_rate": source.sample_rate,
            "channels": source.channels,
            "frames": source.frames,
            **({"frames_left_out": source.left_out} if source.left_out else {}),
            "type": f"{source.format} {source.subtype}",
        },
        "versions": versions(),
        **({"ending": str(ending)} if ending != AS_MADE else {}),
    }
    if earlier:
        recipe["earlier_runs"] = earlier
    return recipe


def write_recipe(path: Path, recipe: dict[str, Any], *, overwrite: bool = True) -> None:
    """Write a recipe as JSON, whole or not at all.

    Raises:
        ExportError: it can't be written there, or mustn't be replaced.
    """
    write_text(path, json.dumps(recipe, indent=2, ensure_ascii=False) + "\n", overwrite=overwrite)


def check_recipe_destination(audio: Path, *, overwrite: bool) -> None:
    """Find out beforehand whether the recipe beside `audio` could be written. Raises ExportError."""
    check_text_destination(recipe_path(audio), overwrite=overwrite)


def read_recipe(path: Path) -> dict[str, Any]:
    """Read a recipe back.

    Raises:
        SettingsError: missing, not JSON, or not a recipe.
    """
    try:
        recipe = read_json(path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} is not a readable recipe: {error}.") from error
    if not isinstance(recipe, dict) or "sampler" not in recipe:
        raise SettingsError(f"{path} is not a recipe of PianoDiff.")
    return recipe


def recipe_settings(recipe: dict[str, Any]) -> tuple[Settings, float]:
    """The settings and the seconds of new audio that make the samples of this recipe's last run again.

    Raises:
        SettingsError: entries are missing or out of range, or it was written by a later version.
    """
    try:
        if recipe["recipe_format"] > FORMAT:
            raise SettingsError("This recipe was written by a later version of PianoDiff.")
        sampler = recipe["sampler"]
        network = recipe["network"]
        extras = {entry: option for option, entry in _ENTRIES.items()} | {"zero_shot": "zero_shot"}
        settings = Settings(
            sampler=sampler["name"],
            steps=recipe["steps"],
            seed=recipe["seed"],
            network=network.get("path", network["name"]),
            device=recipe["device"],
            context_seconds=recipe["context_seconds"],
            start=recipe.get("start", 1.0),
            hold_level=recipe.get("hold_level", False),
            **{setting: sampler[name] for name, setting in extras.items() if name in sampler},
        )
        return settings, check_seconds(recipe["seconds"])
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise SettingsError(f"This recipe is damaged: {error!r}.") from error


def recipe_notes(recipe: dict[str, Any]) -> list[Note]:
    """The notes of this recipe's last run, in seconds from its first new sample; none where it had none.

    Raises:
        SettingsError: they are damaged.
    """
    try:
        entries = recipe.get("notes", [])
        _NOTES("notes", entries)
        return [Note(*entry) for entry in entries]
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(f"The notes of this recipe are damaged: {error}.") from error


def check_run(run: Any) -> dict[str, Any]:
    """What somebody else has for the entries of a run, where a recipe can be made of them. Raises ValueError."""
    if not isinstance(run, dict):
        raise ValueError("a run must be a JSON object")
    for part in ("network", "sampler"):
        if not isinstance(run.get(part), dict) or not isinstance(run[part].get("name"), str):
            raise ValueError(f'a run\'s "{part}" must have a "name"')
    if "seed" not in run:
        raise ValueError('a run must have a "seed"')
    for name, check in _RUN.items():
        if name in run:
            check(name, run[name])
    return run


def recipe_ending(recipe: dict[str, Any]) -> Ending:
    """What became of new audio at the two ends of this recipe's file. Raises SettingsError: it is damaged."""
    return Ending.parse(str(recipe.get("ending", AS_MADE)))


def versions() -> dict[str, str]:
    """Versions of PianoDiff, Python and the packages that the samples depend on."""
    found = {"pianodiff": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        # A frozen application carries no package metadata, but has loaded the modules.
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is None:
            try:
                version = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
        found[name] = str(version)
    return found
