"""A session on disk: which recording, all takes, settings and where the window stood.

    session.json        everything but the audio
    take-*.wav          what was generated, one file a stretch (float32); takes that share one share its file
    take-*.npz          how it came about (core.study.trace)

As a folder it is what `pianodiff_gui.session.autosave` keeps; as one file (.pianodiff, a ZIP archive of the same) the
user saves it and takes it elsewhere. The recording is not in it, only its path, length and number of channels.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from core.audio.decoding import UndecodableError, decode
from core.audio.source import Source
from core.audio.writing import write_bytes, write_text
from core.bounds import real, several, whole
from core.errors import PianoDiffError, SettingsError
from core.extension.recipe import check_run, describe_notes
from core.extension.settings import Settings
from core.extension.taste import Taste
from core.json_text import parse_json
from core.notes.note import HIGHEST_KEY, LOWEST_KEY, Note
from core.study.trace import Trace
from pianodiff_gui.session.choice import LEADS, NOISE
from pianodiff_gui.session.takes import Take, Takes
from pianodiff_gui.session.timeline import BEFORE, Gap, Stretch, Timeline, is_within

SUFFIX = ".pianodiff"
FORMAT = 1
"""Counts up when a session written by an older version would be misread."""

MOST_NOTES = 1_000_000
"""That a session may plan."""

_STATE = "session.json"
_USUAL = Taste()
_FRAMES, _GAP, _CHANNELS, _NUMBER = whole(1, 2**48), whole(0, 2**48), whole(1, 1024), whole(1, 2**31)
_SECONDS = real(0, 1e9)
_NOTE = (real(-1e9, 1e9), real(-1e9, 1e9), whole(LOWEST_KEY, HIGHEST_KEY), whole(1, 127))
_LARGEST = 8 * 2**30  # bytes of an unpacked session: an archive can pretend to hold anything
_SMALL, _MOST_PACKED = 64 * 2**20, 50  # bytes that anything may unpack to; above, how far: audio packs by a tenth
_LARGEST_SEED = 2**31 - 1  # that the window has room for


@dataclass(frozen=True, eq=False)
class Saved:
    """What is saved. takes: (number, name, stretches) each; left_out: frames of the file behind the recording's last;
    planned: the notes that are to be played; lead, taste: what led the next run, one of LEADS, and how it was composed;
    the rest as in the window's session, times in seconds.
    """

    source: Path
    frames: int
    channels: int
    takes: tuple[tuple[int, str, tuple[Stretch, ...]], ...]
    shown: int | None
    settings: Settings
    target: float
    prelude_target: float = 0.0
    position: float = 0.0
    left_out: int = 0
    planned: tuple[Note, ...] = ()
    lead: str = NOISE
    taste: Taste = _USUAL

    @classmethod
    def of(
        cls,
        source: Source,
        takes: Takes,
        settings: Settings,
        target: float,
        prelude_target: float,
        position: float,
        planned: tuple[Note, ...] = (),
        lead: str = NOISE,
        taste: Taste = _USUAL,
    ) -> Saved:
        """A session as it is now."""
        stretches = tuple((take.number, take.name, take.timeline.stretches) for take in takes.all)
        where = (source.path, source.frames, source.channels)
        lengths = (target, prelude_target, position)
        return cls(*where, stretches, takes.shown, settings, *lengths, source.left_out, planned, lead, taste)

    def samplers(self) -> set[str]:
        """What the settings, those of the takes as well, call their samplers."""
        return {self.settings.sampler, *(stretch.settings.sampler for stretch in _stretches(self))}

    def takes_of(self, source: Source) -> Takes | None:
        """The takes with their recording; None where that has changed and they don't fit it any more."""
        if (source.frames, source.channels, source.left_out) != (self.frames, self.channels, self.left_out):
            return None
        all_takes = tuple(Take(number, name, Timeline(source, found)) for number, name, found in self.takes)
        return Takes(all_takes, self.shown, max((take.number for take in all_takes), default=0))


def write_folder(saved: Saved, sample_rate: int, folder: Path, files: dict[int, tuple[Stretch, str]]) -> None:
    """Bring a session's folder up to date. Raises OSError, ExportError; it holds what it held then.

    files: of stretches by identity, the stretch (which keeps the identity) and its file's name; is brought up to date.
    """
    kept: dict[int, tuple[Stretch, str]] = {}
    for stretch in _stretches(saved):
        if id(stretch) not in files:
            name = f"take-{time.monotonic_ns()}.wav"
            _write_stretch(stretch, sample_rate, folder / name)
            files[id(stretch)] = (stretch, name)  # at once: if a later one fails, this one is there for the next try
        kept[id(stretch)] = files[id(stretch)]
    text = json.dumps(_state(saved, {key: name for key, (_, name) in kept.items()}))
    write_text(folder / _STATE, text, overwrite=True)
    for key, (_, name) in files.items():
        if key not in kept:
            for file in (name, _trace_name(name)):
                (folder / file).unlink(missing_ok=True)
    files.clear()
    files.update(kept)


def _write_stretch(stretch: Stretch, sample_rate: int, path: Path) -> None:
    """Raises OSError; nothing of it is left then, for the next try has another name."""
    trace = path.with_name(_trace_name(path.name))
    try:
        sf.write(path, stretch.samples.T, sample_rate, subtype="FLOAT")
        if stretch.trace is not None:
            trace.write_bytes(stretch.trace.packed())
    except (OSError, sf.SoundFileError, AssertionError) as error:
        for file in (path, trace):
            file.unlink(missing_ok=True)
        raise OSError(f"{path.name} could not be written") from error


def read_folder(folder: Path) -> Saved:
    """Read a session's folder. Raises PianoDiffError."""
    try:
        return _saved((folder / _STATE).read_bytes(), lambda name: (folder / Path(name).name).read_bytes())
    except _DAMAGE as error:
        raise PianoDiffError("The last session could not be read back; its files are damaged.") from error


def write_session(saved: Saved, sample_rate: int, path: Path, *, overwrite: bool) -> None:
    """Write a session as one file, whole or not at all. Raises ExportError."""
    from scipy.io import wavfile  # not before the window stands

    names: dict[int, str] = {}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for stretch in _stretches(saved):
            if id(stretch) not in names:
                names[id(stretch)] = f"take-{len(names) + 1}.wav"
                audio = io.BytesIO()
                wavfile.write(audio, sample_rate, np.asarray(stretch.samples.T, np.float32))
                _pack(archive, names[id(stretch)], audio.getvalue())
                if stretch.trace is not None:
                    _pack(archive, _trace_name(names[id(stretch)]), stretch.trace.packed())
        _pack(archive, _STATE, json.dumps(_state(saved, names), indent=1).encode())
    write_bytes(path, held.getvalue(), overwrite=overwrite)


def _pack(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Without the time at which it was packed: the same session makes the same file. (Its audio has none either, where
    libsndfile would write one.)
    """
    entry = zipfile.ZipInfo(name)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    archive.writestr(entry, data, compresslevel=1)


def read_session(path: Path) -> Saved:
    """Read a session's file. A recording that is not where it was is looked for beside it. Raises PianoDiffError."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive)
            saved = _saved(archive.read(_STATE), archive.read)
        beside = path.parent / saved.source.name
        # Path.exists raises where a name is too long, or a folder may not be looked into.
        moved = not os.path.exists(saved.source) and os.path.exists(beside)
        return dataclasses.replace(saved, source=beside) if moved else saved
    except FileNotFoundError as error:
        raise PianoDiffError(f"There is no file {path}.") from error
    except _DAMAGE as error:
        why = f" ({error})" if type(error) in (ValueError, SettingsError) else ""
        raise PianoDiffError(f"{path.name} is no session of PianoDiff, or it is damaged{why}.") from error


_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, sf.SoundFileError, UndecodableError, MemoryError),
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError),
    *(NotImplementedError, RuntimeError),  # of zipfile: encrypted, or packed in a way that it does not know
)


def _check_sizes(archive: zipfile.ZipFile) -> None:
    """Refuse what would fill the memory when it is unpacked. Raises ValueError."""
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > _LARGEST:
        raise ValueError("too large")
    if any(entry.file_size > max(_SMALL, _MOST_PACKED * entry.compress_size) for entry in entries):
        raise ValueError("packed more tightly than audio can be")


def _trace_name(name: str) -> str:
    return str(Path(name).with_suffix(".npz"))


def _stretches(saved: Saved) -> list[Stretch]:
    return [stretch for _, _, stretches in saved.takes for stretch in stretches]


def _state(saved: Saved, names: dict[int, str]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "source": str(saved.source),
        "frames": saved.frames,
        "channels": saved.channels,
        "takes": [
            {"number": number, "name": name, "stretches": [_described(s, names[id(s)]) for s in stretches]}
            for number, name, stretches in saved.takes
        ],
        "shown": saved.shown,
        "settings": dataclasses.asdict(saved.settings),
        "target": saved.target,
        "prelude_target": saved.prelude_target,
        "position": saved.position,
        "left_out": saved.left_out,
        "planned": describe_notes(saved.planned),
        "lead": saved.lead,
        "taste": dataclasses.asdict(saved.taste),
    }


def _described(stretch: Stretch, name: str) -> dict[str, Any]:
    settings = dataclasses.asdict(stretch.settings)
    traced = stretch.trace is not None
    return {"file": name, "settings": settings, "run": stretch.run, "gap": stretch.gap, "traced": traced}


def _saved(text: bytes, read: Callable[[str], bytes]) -> Saved:
    """From session.json and what reads a file beside it. Raises what `_DAMAGE` lists."""
    state = parse_json(text)
    if state["format"] != FORMAT:
        raise ValueError(f"format {state['format']}")
    if not isinstance(state["source"], str) or "\0" in state["source"]:
        raise ValueError('"source" must be a path')
    frames, channels = _FRAMES("frames", state["frames"]), _CHANNELS("channels", state["channels"])
    loaded: dict[str, np.ndarray] = {}

    def stretch(entry: dict[str, Any]) -> Stretch:
        name = str(entry["file"])
        if name not in loaded:
            loaded[name] = _samples(name, read(name), channels)
        gap = tuple(several(_GAP, 2, 2)("gap", entry["gap"])) if entry["gap"] is not None else None
        if gap not in (None, BEFORE) and not _fills(gap, loaded[name].shape[1], frames):
            raise ValueError(f"{name} does not fit its gap")
        trace = Trace.load(io.BytesIO(read(_trace_name(name)))) if entry["traced"] else None
        return Stretch(loaded[name], _settings(entry["settings"]), check_run(entry["run"]), gap, trace)

    made: dict[str, Stretch] = {}

    def shared(entry: dict[str, Any]) -> Stretch:
        key = json.dumps(entry, sort_keys=True)
        if key not in made:
            made[key] = stretch(entry)
        return made[key]

    takes = tuple(
        (_NUMBER("number", take["number"]), str(take["name"]), tuple(shared(entry) for entry in take["stretches"]))
        for take in state["takes"]
    )
    numbers = [number for number, _, _ in takes]
    if len(set(numbers)) != len(numbers) or not all(stretches for _, _, stretches in takes):
        raise ValueError("takes")
    for _, name, stretches in takes:
        _check_apart(name, [found.gap for found in stretches if is_within(found.gap)])
    target, prelude_target, position = (
        _SECONDS(name, state[name]) for name in ("target", "prelude_target", "position")
    )
    shown = state["shown"] if state["shown"] in numbers else None
    settings, left_out = _settings(state["settings"]), _GAP("left_out", state.get("left_out", 0))
    where, lengths = (Path(state["source"]), frames, channels), (target, prelude_target, position)
    planned, lead = _planned(state.get("planned", [])), state.get("lead", NOISE)
    if lead not in LEADS:
        raise ValueError("lead")
    taste = Taste(**state.get("taste", {}))
    return Saved(*where, takes, shown, settings, *lengths, left_out, planned, lead, taste)


def _planned(entries: Any) -> tuple[Note, ...]:
    """Raises ValueError."""

    def note(name: str, entry: Any) -> Note:
        if not isinstance(entry, list) or len(entry) != len(_NOTE):
            raise ValueError(f'"{name}" must be lists of onset, offset, key and velocity')
        return Note(*(check(name, value) for check, value in zip(_NOTE, entry, strict=True)))

    return tuple(several(note, 0, MOST_NOTES)("planned", entries))


def _settings(fields: Any) -> Settings:
    """Raises SettingsError, ValueError, TypeError."""
    settings = Settings(**fields)
    whole(0, _LARGEST_SEED)("seed", settings.seed)
    return settings


def _samples(name: str, content: bytes, channels: int) -> np.ndarray:
    """Generated audio, float32 (channels, frames), in the layout that :func:`write_session` gives it: another one could
    unpack to anything. Raises ValueError, UndecodableError, soundfile.SoundFileError.
    """
    with sf.SoundFile(io.BytesIO(content)) as file:
        if (file.format, file.subtype, file.channels) != ("WAV", "FLOAT", channels):
            raise ValueError(f"{name} does not fit")
        samples = decode(file, 0, file.frames, "float32")
    if not len(samples) or not np.isfinite(samples).all():
        raise ValueError(f"{name} does not fit")
    return np.ascontiguousarray(samples.T)


def _check_apart(name: str, gaps: list[Gap]) -> None:
    """Raises ValueError where two stretches of a take fill the same frames."""
    for one, next_one in pairwise(sorted(gaps)):
        if next_one[0] < one[1]:
            raise ValueError(f'"{name:.40}" fills frames {next_one[0]} to {one[1]} twice')


def _fills(gap: tuple[int, ...], length: int, frames: int) -> bool:
    return len(gap) == 2 and 0 <= gap[0] < gap[1] <= frames and gap[1] - gap[0] == length
