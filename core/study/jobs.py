"""The continuations of an evaluation: a row (one network by one sampler) times a case, and where each is kept."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from core import __version__
from core.audio.opening import open_source
from core.audio.signal import FloatArray
from core.diffusion.own_sampler import find_sampler
from core.errors import AudioError, SettingsError
from core.extension.plan import context_tail_frames
from core.extension.recipe import describe_notes, describe_plan, describe_sampler
from core.extension.settings import Settings
from core.json_text import read_json
from core.networks.card import NetworkInfo
from core.networks.registry import find_network
from core.study.cases import Case
from core.study.continuation import Task
from core.study.features import RATE
from core.study.leading import Leader, Leading
from core.study.methods import LedBy, describe_method, led_by, parse_method
from core.study.settings import StudySettings

FORMAT = 2
"""Counts up when a stored continuation can't be taken over by a later version."""

_NOT_CONTENT = ("name", "title", "summary", "path", "weights", "trained_on", "plays_notes")
"""Of a NetworkInfo: what decides no samples. The weights count by their hash, not by where they lie."""


@dataclass(frozen=True)
class Row:
    """One network by one sampler, and whose notes lead it."""

    network: NetworkInfo
    chosen: str
    settings: Settings
    label: str
    led_by: LedBy | None = None

    def lead(self, leader: Leader, case: Case, take: int) -> Leading | None:
        """The notes of a continuation, None where the row has none. Raises as `Leader.lead`."""
        if self.led_by is None:
            return None
        return leader.lead(self.led_by, case, take, context_tail_frames(self.network, self.settings, RATE))

    def content(self, case: Case, device: str, seed: int, leading: Leading | None = None) -> dict[str, Any]:
        """All that decides the samples of a continuation, as it is kept beside them. `seed`: of its noise."""
        network = {name: value for name, value in asdict(self.network).items() if name not in _NOT_CONTENT}
        sampler = find_sampler(self.settings.sampler)
        content = {
            "format": FORMAT,
            "pianodiff": __version__,
            "network": {"weights_sha256": self.network.weights_sha256(), **network},
            "sampler": describe_sampler(self.settings, sampler) | {"steps": self.settings.steps},
            "seed": seed,
            "device": device,
            "clip_sha256": case.clip_sha256,
            "begin_seconds": case.begin_seconds,
            "known_seconds": case.known_seconds,
            "new_seconds": case.new_seconds,
        }
        if leading is not None:  # other rows' entries are as they were before there were notes
            content |= {"led_by": self.led_by, "asked": describe_notes(leading.asked)}
            content |= describe_plan(self.settings, leading.notes)
        plain: dict[str, Any] = json.loads(json.dumps(content, default=str))  # tuples become lists, as read back
        return plain

    def details(self) -> dict[str, Any]:
        """The row's entries in table.json."""
        return {
            "network": self.network.name,
            "weights_sha256": self.network.weights_sha256(),
            "sampler": self.settings.sampler,
            "solver": self.settings.solver,
            "steps": self.settings.steps,
            "led_by": self.led_by,
            "start": self.settings.start,
        }


def rows_of(settings: StudySettings) -> list[Row]:
    """Networks by samplers, each once; networks that share a name get the start of their hash as well.

    Raises NetworkError, and SettingsError where notes could not lead: from noise, a network that sees none.
    """
    networks: dict[Path, tuple[str, NetworkInfo]] = {}
    for chosen in settings.networks:
        info = find_network(chosen)
        networks.setdefault(info.weights_path.resolve(), (chosen, info))
    names = [info.name for _, info in networks.values()]
    rows = []
    for chosen, info in networks.values():
        label = info.name if names.count(info.name) == 1 else f"{info.name} ({info.weights_sha256()[:8]})"
        for method in dict.fromkeys(settings.samplers):
            common = Settings(
                steps=settings.steps, network=chosen, device=settings.device, zero_shot=settings.zero_shot
            )
            run = parse_method(method, common)
            leading = led_by(method)
            if leading and run.start == 1 and not info.sees_notes:
                raise SettingsError(f"The network '{info.name}' sees no notes: for '{method}' choose a start below 1.")
            how = describe_method(method, run, info.sees_known)
            rows.append(Row(info, chosen, run, f"{label}, {how}", leading))
    return rows


@dataclass(frozen=True)
class Job:
    """One continuation to be had: a row, a case, its how-manieth (0 first), and where it is kept."""

    row: Row
    case: Case
    take: int
    content: dict[str, Any]
    stem: Path
    leading: Leading | None

    @classmethod
    def of(cls, row: Row, case: Case, take: int, leader: Leader, *, seed: int, device: str, folder: Path) -> Job:
        """The job of that row, case and take.

        Args:
            leader: finds its notes, where any lead the row.
            seed: the study's.
            device: kind of device it runs on.
            folder: where it is kept.

        Raises as `Leader.lead`.
        """
        leading = row.lead(leader, case, take)
        content = row.content(case, device, case.seed(seed, take), leading)
        key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
        words = (case.clip.stem, f"{case.begin_seconds:g}s", row.network.name, Path(row.settings.sampler).stem, key)
        return cls(row, case, take, content, folder / "-".join(map(_plain, words)), leading)

    @property
    def settings(self) -> Settings:
        """The row's, with the seed of this continuation. Where nothing was asked nor heard, it begins with noise."""
        nothing = self.leading is not None and not self.leading.notes
        return replace(self.row.settings, seed=self.content["seed"], start=1.0 if nothing else self.row.settings.start)

    @property
    def audio_path(self) -> Path:
        """Known and new audio, as one."""
        return self.stem.with_name(self.stem.name + ".wav")

    @property
    def trace_path(self) -> Path:
        """How it came about, where traces are kept."""
        return self.stem.with_name(self.stem.name + ".npz")

    @property
    def record_path(self) -> Path:
        """What it was made from and took; written last, so that it stands for the whole."""
        return self.stem.with_name(self.stem.name + ".json")

    def task(self, device: torch.device) -> Task:
        """What it takes to make it. Raises AudioError: its clip can't be read any more."""
        known, true = self.case.read()
        notes = self.leading.notes if self.leading is not None else ()
        return Task(self.row.network, self.settings, known, self.case.new_seconds, true.size, device.type, notes)

    def record(self) -> dict[str, Any] | None:
        """What is kept beside the audio, None unless both are there, whole, and made from exactly this."""
        try:
            record = read_json(self.record_path)
            digest = hashlib.sha256(self.audio_path.read_bytes()).hexdigest()
        except (OSError, ValueError):
            return None
        whole = isinstance(record, dict) and record.get("audio_sha256") == digest
        return record if whole and record.get("made_from") == self.content else None

    def new_audio(self) -> FloatArray:
        """(M,) the new part."""
        with open_source(self.audio_path) as source:
            return source.read(round(self.case.known_seconds * RATE))[0]

    def costs(self) -> dict[str, Any]:
        """What it took, from its record. Raises AudioError when that is gone."""
        record = self.record()
        if record is None:
            raise AudioError(f"{self.audio_path} was changed or deleted while the evaluation ran. Run it again.")
        memory = record["memory_mb"]
        return {
            "raw_level": record.get("raw_level", math.nan),  # not kept by earlier versions
            "evaluations": record["evaluations"],
            "gradients": record["gradients"],
            "seconds": record["seconds"],
            "memory_mb": math.nan if memory is None else memory,
            "memory_kind": record["memory_kind"],
            "seed": self.content["seed"],
            "file": self.audio_path.name,
        }


def _plain(text: str) -> str:
    """A word for a file name: letters, digits, dots, dashes and underscores, at most 40."""
    return re.sub(r"[^\w.-]+", "_", text)[:40].strip(".") or "clip"
