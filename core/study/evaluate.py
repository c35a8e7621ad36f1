"""An evaluation: every network by every sampler on the same held-out cases, kept as it goes, and one table of it.

    DIR/cases/*.wav, *.json     one pair a finished continuation: known and new audio as one (float, 22.05 kHz), and
                                what it was made from and took
    DIR/table.md, table.json    the table, and every figure behind it

A finished continuation is known by what it was made from: weights and configuration of the network, sampler and its
settings, clip, cut, seed, kind of device, version. A run in the same folder takes what it finds made from exactly the
same and makes the rest. Figures are not kept with it but measured anew from its audio, in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from core import __version__
from core.audio.export import check_destination, export_audio
from core.audio.opening import open_source
from core.audio.signal import FloatArray
from core.audio.writing import check_text_destination, write_text
from core.device import resolve_device
from core.diffusion.denoiser import Denoiser
from core.diffusion.own_sampler import find_sampler
from core.errors import AudioError, ExportError, NetworkError, SettingsError
from core.extension.plan import plan_extension
from core.extension.recipe import describe_sampler, versions
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from core.study.cases import Case, Skipped, choose_cases, find_clips
from core.study.continuation import Made, Task, continuation
from core.study.features import RATE, Array, Sound
from core.study.frechet import FrechetFigures, Moments, mel_frames
from core.study.methods import describe_method, parse_method
from core.study.metrics import Context, measure
from core.study.references import REFERENCES, references
from core.study.table import RowResult, counted, row_result, table_json, table_markdown

FORMAT = 2
"""Counts up when a stored continuation can't be taken over by a later version."""

MIN_KNOWN_SECONDS, MIN_NEW_SECONDS, MAX_PART_SECONDS = 1.0, 0.5, 60.0
"""What the figures need to mean something: frames of a third of a second, and a tuning."""

_TITLES = {
    "true": "true continuation",
    "loop": "loop of the last {new:g} s",
    "silence": "silence",
    "noise": "white noise",
}
_NOT_CONTENT = ("name", "title", "summary", "path", "weights", "trained_on")
"""Of a NetworkInfo: what decides no samples. The weights count by their hash, not by where they lie."""

Progress = Callable[[int, int, int, int], object]
"""Called after every network evaluation: done, of how many, which continuation (0 first), of how many."""


@dataclass(frozen=True)
class StudySettings:
    """What is evaluated.

    clips       files and folders of held-out recordings
    out         where the results go
    networks    names or paths, as `--network` takes them
    samplers    methods: samplers, with their solver and steps where these differ (`core.study.methods`)
    steps       denoising steps of a window, for methods that name none
    zero_shot   whether networks that can see the known audio are not shown it
    cases       how many continuations a row
    cuts        at most how many of one clip: 1 or 2
    begin, known, new   seconds: left out at the start of a clip, known, and made
    seed        of everything drawn
    seeds       continuations of each case by each method, with seeds of their own that all methods share
    traces      whether to keep how each one came about (`core.study.trace`)
    device      as in Settings

    Raises SettingsError.
    """

    clips: tuple[Path, ...]
    out: Path
    networks: tuple[str, ...] = (Settings.network,)
    samplers: tuple[str, ...] = (Settings.sampler,)
    steps: int = Settings.steps
    zero_shot: bool = False
    cases: int = 8
    cuts: int = 1
    begin: float = 2.0
    known: float = 4.0
    new: float = 2.0
    seed: int = 1
    seeds: int = 1
    traces: bool = False
    device: str = Settings.device

    def __post_init__(self) -> None:
        for sampler in self.samplers:
            parse_method(sampler, Settings(steps=self.steps, seed=self.seed, device=self.device))
        if self.cases < 1:
            raise SettingsError(f"There must be at least 1 case, not {self.cases}.")
        if self.seeds < 1:
            raise SettingsError(f"There must be at least 1 seed, not {self.seeds}.")
        if self.cuts not in (1, 2):
            raise SettingsError(f"A clip has 1 or 2 cuts, not {self.cuts}.")
        if not (math.isfinite(self.begin) and self.begin >= 0):
            raise SettingsError(f"The known part must begin at 0 s or later, not at {self.begin:g} s.")
        for name, value, least in (("known", self.known, MIN_KNOWN_SECONDS), ("new", self.new, MIN_NEW_SECONDS)):
            if not (math.isfinite(value) and least <= value <= MAX_PART_SECONDS):
                raise SettingsError(
                    f"The {name} part must be {least:g} to {MAX_PART_SECONDS:g} seconds long, not {value:g}: "
                    "in less than that the figures mean nothing."
                )


@dataclass(frozen=True)
class Row:
    """One network by one sampler."""

    network: NetworkInfo
    chosen: str
    settings: Settings
    label: str

    def content(self, case: Case, device: str, seed: int) -> dict[str, Any]:
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
        }


@dataclass(frozen=True)
class Job:
    """One continuation to be had: a row, a case, its how-manieth (0 first), and where it is kept."""

    row: Row
    case: Case
    take: int
    content: dict[str, Any]
    stem: Path

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
        settings = replace(self.row.settings, seed=self.content["seed"])
        return Task(self.row.network, settings, known, self.case.new_seconds, true.size, device.type)

    def record(self) -> dict[str, Any] | None:
        """What is kept beside the audio, None unless both are there, whole, and made from exactly this."""
        try:
            record = json.loads(self.record_path.read_text(encoding="utf-8"))
            digest = hashlib.sha256(self.audio_path.read_bytes()).hexdigest()
        except (OSError, ValueError):
            return None
        whole = isinstance(record, dict) and record.get("audio_sha256") == digest
        return record if whole and record.get("made_from") == self.content else None

    def new_audio(self) -> FloatArray:
        """(M,) the new part."""
        with open_source(self.audio_path) as source:
            return source.read(round(self.case.known_seconds * RATE))[0]


class Evaluation:
    """Settled when it is created (clips chosen, networks and folder checked); then :meth:`make`, then :meth:`table`.

    Attributes:
        cases: what is continued.
        skipped: what had to be left out, and why.
        rows: the networks by samplers.
        jobs: all continuations, row after row.
        pending: those that are not finished yet.

    Raises:
        AudioError, NetworkError, SettingsError, ExportError: before anything is computed.
    """

    def __init__(self, settings: StudySettings) -> None:
        self.settings = settings
        self.rows = _rows(settings)
        for row in self.rows:
            plan_extension(row.network, row.settings, settings.known, settings.new)
        self.device = resolve_device(settings.device)
        self._folder = _prepare_folder(settings)
        clips, unreadable = find_clips(settings.clips, leave_out=settings.out)
        chosen = choose_cases(clips, settings.cases, settings.cuts, settings.begin, settings.known, settings.new)
        self.cases: list[Case] = chosen[0]
        self.skipped: list[Skipped] = [*unreadable, *chosen[1]]
        self.jobs = [
            self._job(row, case, take) for row in self.rows for case in self.cases for take in range(settings.seeds)
        ]
        self.pending = [job for job in self.jobs if not self._finished(job)]
        for row in {job.row.chosen: job.row for job in self.pending}.values():
            load_denoiser(row.chosen, self.device)  # weights that don't fit are found now, not after the first network

    def _finished(self, job: Job) -> bool:
        return job.record() is not None and (not self.settings.traces or job.trace_path.is_file())

    def _job(self, row: Row, case: Case, take: int) -> Job:
        content = row.content(case, self.device.type, case.seed(self.settings.seed, take))
        key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
        words = (case.clip.stem, f"{case.begin_seconds:g}s", row.network.name, Path(row.settings.sampler).stem, key)
        return Job(row, case, take, content, self._folder / "-".join(map(_plain, words)))

    def table(self) -> str:
        """Measure everything and write the table, when nothing is pending any more; returns it as Markdown."""
        results = self.measured()
        described = self.description()
        text = table_markdown(results, described)
        out = self.settings.out
        write_text(out / "table.json", table_json(results, described), overwrite=True)
        write_text(out / "table.md", text, overwrite=True)
        return text

    def make(self, progress: Progress | None = None, cluster: str | None = None) -> None:
        """Make what is pending, here or, where an address is given, on that Ray cluster (`core.study.cluster`).

        Ctrl-C may come at any time: what is finished by then is kept, and `pending` says what is not.

        Raises:
            NetworkError, PianoDiffError: a network's samples are not numbers, or memory is short.
            SettingsError: there is no such cluster, or it can't do it.
        """
        jobs = list(self.pending)
        if not jobs:
            return
        total = sum(self._evaluations(job) for job in jobs)
        done = finished = 0
        with closing(self._made_here(jobs) if cluster is None else self._made_there(jobs, cluster)) as results:
            for job, news in results:
                if isinstance(news, Made):
                    self._keep(job, news)
                    self.pending.remove(job)
                    done += news.costs["evaluations"]
                    place = (done, total, finished, len(jobs))
                    finished += 1
                else:
                    place = (done + news, total, finished, len(jobs))
                if progress is not None:
                    progress(*place)

    def _evaluations(self, job: Job) -> int:
        return plan_extension(job.row.network, job.row.settings, self.settings.known, self.settings.new).evaluations

    def _made_here(self, jobs: list[Job]) -> Generator[tuple[Job, int | Made], None, None]:
        """One after the other: each job with the evaluations done after every step, and at last what was made."""
        loaded: tuple[str, Denoiser] | None = None
        for job in jobs:
            if loaded is None or loaded[0] != job.row.chosen:
                loaded = None  # two networks at once would count as one's memory
                loaded = (job.row.chosen, self._load(job))
            for news in continuation(job.task(self.device), loaded[1]):
                yield job, news

    def _made_there(self, jobs: list[Job], address: str) -> Generator[tuple[Job, Made], None, None]:
        """In whatever order they are finished."""
        from core.study.cluster import make_on_cluster

        return make_on_cluster(jobs, self._load, address, self.device)

    def _load(self, job: Job) -> Denoiser:
        denoiser = load_denoiser(job.row.chosen, self.device)
        if job.row.network.weights_sha256() != job.content["network"]["weights_sha256"]:
            raise NetworkError(
                f"The weights of {job.row.chosen} have changed since the evaluation began. Call it again, or "
                "evaluate a copy of them: what is finished is kept."
            )
        return denoiser

    def _keep(self, job: Job, made: Made) -> None:
        """Write it down: the record last, since it stands for the whole."""
        export_audio(made.audio[None], RATE, job.audio_path, subtype="FLOAT", overwrite=True)
        if self.settings.traces:
            made.trace.save(job.trace_path)
        record = {
            "made_from": job.content,
            "clip": job.case.clip.name,
            "network": job.row.network.name,
            **made.costs,
            "audio_sha256": hashlib.sha256(job.audio_path.read_bytes()).hexdigest(),
        }
        write_text(job.record_path, json.dumps(record, indent=1, ensure_ascii=False) + "\n", overwrite=True)

    def measured(self) -> list[RowResult]:
        """All rows, the made ones in the order of `rows`, then the references; of a row, the continuations of the first
        case, then those of the second. When nothing is pending any more.
        """
        settings = self.settings
        numbers = {digest: k for k, digest in enumerate(dict.fromkeys(case.clip_sha256 for case in self.cases))}
        takes = settings.seeds
        clip_of = [numbers[case.clip_sha256] for case in self.cases for _ in range(takes)]
        names = [*(f"made {k}" for k in range(len(self.rows))), *REFERENCES]
        figures: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        frames: dict[str, list[Array]] = {name: [] for name in names}
        for index, case in enumerate(self.cases):
            context = Context(*case.read())
            sounds = references(context.known.samples, context.true.samples, case.seed(settings.seed))
            for name in REFERENCES:  # as often as the others, so that all rows weigh the clips alike
                sound = context.true if name == "true" else Sound(sounds[name])
                figures[name] += [measure(context, sound)] * takes
                frames[name] += [mel_frames(sound, context.known)] * takes
            for number, name in enumerate(names[: len(self.rows)]):
                first = (number * len(self.cases) + index) * takes
                for job in self.jobs[first : first + takes]:
                    sound = Sound(job.new_audio())
                    figures[name].append({**measure(context, sound), **_costs(job)})
                    frames[name].append(mel_frames(sound, context.known))
        true = Moments.of(frames["true"], clip_of)
        frechet = FrechetFigures(true, settings.seed)
        results = []
        for name in names:
            of_set = frechet.of(true if name == "true" else Moments.of(frames[name], clip_of))
            kind, label, details = name, _TITLES.get(name, "").format(new=settings.new), {}
            if name not in REFERENCES:
                row = self.rows[int(name.removeprefix("made "))]
                kind, label, details = "made", row.label, row.details()
            results.append(row_result(kind, label, details, figures[name], of_set, clip_of, settings.seed))
        return results

    def description(self) -> dict[str, Any]:
        """What the table is of."""
        settings = self.settings
        clips = len({case.clip_sha256 for case in self.cases})
        used = versions()
        return {
            "summary": f"{counted(len(self.cases), 'case')} from {counted(clips, 'clip')}"
            f"{f', {settings.seeds} seeds each' if settings.seeds > 1 else ''}: {settings.known:g} s known, "
            f"{settings.new:g} s new, {settings.steps} steps, seed {settings.seed}, {self.device.type}, "
            f"PianoDiff {used['pianodiff']}, PyTorch {used.get('torch', 'unknown')}.",
            "format": FORMAT,
            "cases": len(self.cases),
            "continuations": len(self.cases) * settings.seeds,
            "clips": clips,
            "left_out": [str(skipped) for skipped in self.skipped],
            "settings": {
                **{name: value for name, value in asdict(settings).items() if name not in ("clips", "out")},
                "clips": [str(path) for path in settings.clips],
                "device": self.device.type,
            },
            "versions": used,
            "continued": [
                {
                    "clip": case.clip.name,
                    "clip_sha256": case.clip_sha256,
                    "begin_seconds": case.begin_seconds,
                    "seed": case.seed(settings.seed),
                }
                for case in self.cases
            ],
        }


def _rows(settings: StudySettings) -> list[Row]:
    """Networks by samplers, each once; networks that share a name get the start of their hash as well."""
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
            how = describe_method(method, run, info.sees_known)
            rows.append(Row(info, chosen, run, f"{label}, {how}"))
    return rows


def _costs(job: Job) -> dict[str, Any]:
    """What the continuation took, from its record."""
    record = job.record()
    if record is None:
        raise AudioError(f"{job.audio_path} was changed or deleted while the evaluation ran. Run it again.")
    memory = record["memory_mb"]
    return {
        "evaluations": record["evaluations"],
        "gradients": record["gradients"],
        "seconds": record["seconds"],
        "memory_mb": math.nan if memory is None else memory,
        "memory_kind": record["memory_kind"],
        "seed": job.content["seed"],
        "file": job.audio_path.name,
    }


def _prepare_folder(settings: StudySettings) -> Path:
    """Make sure that results can be written; gives the folder of the cases."""
    folder = settings.out / "cases"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"The folder {folder} can't be made: {reason}. Choose another --out.") from error
    frames = round((settings.known + settings.new) * RATE)
    check_destination(folder / "case.wav", sample_rate=RATE, new_frames=frames, subtype="FLOAT", overwrite=True)
    for name in ("table.md", "table.json"):
        check_text_destination(settings.out / name, overwrite=True)
    return folder


def _plain(text: str) -> str:
    """A word for a file name: letters, digits, dots, dashes and underscores, at most 40."""
    return re.sub(r"[^\w.-]+", "_", text)[:40].strip(".") or "clip"
