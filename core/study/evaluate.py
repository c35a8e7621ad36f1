"""An evaluation: every network by every sampler on the same held-out cases, kept as it goes, and one table of it.

    DIR/cases/*.wav, *.json     one pair a finished continuation: known and new audio as one (float, 22.05 kHz), and
                                what it was made from and took
    DIR/table.md, table.json    the table, and every figure behind it

A finished continuation is known by what it was made from: weights and configuration of the network, sampler and its
settings, clip, cut, seed, kind of device, version, and the notes that led it. A run in the same folder takes what it
finds made from exactly the same and makes the rest. Figures are not kept with it but measured anew from its audio, in
a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.audio.export import check_destination, export_audio
from core.audio.writing import check_text_destination, write_text
from core.device import resolve_device
from core.diffusion.denoiser import Denoiser
from core.errors import ExportError, NetworkError
from core.extension.plan import check_plan, plan_extension
from core.extension.recipe import versions
from core.networks.checkpoint import load_denoiser
from core.notes.note import Note
from core.study.cases import Case, Skipped, choose_cases, find_clips
from core.study.cluster import make_on_cluster
from core.study.continuation import Made, continuation
from core.study.features import RATE, Array, Sound
from core.study.frechet import FrechetFigures, Moments, mel_frames
from core.study.hearing import Heard, hear
from core.study.jobs import FORMAT, Job, rows_of
from core.study.leading import Leader, true_notes
from core.study.metrics import Context, measure, raw_level_difference
from core.study.note_figures import note_figures
from core.study.references import REFERENCES, references
from core.study.settings import StudySettings
from core.study.table import RowResult, row_result, table_json, table_markdown
from core.wording import counted

_TITLES = {
    "true": "true continuation",
    "loop": "loop of the last {new:g} s",
    "silence": "silence",
    "noise": "white noise",
}
Progress = Callable[[int, int, int, int], object]
"""Called after every network evaluation: done, of how many, which continuation (0 first), of how many."""


class Evaluation:
    """Settled when it is created (clips chosen, networks and folder checked); then :meth:`make`, then :meth:`table`.

    Attributes:
        cases: what is continued.
        skipped: what had to be left out, and why.
        rows: the networks by samplers.
        jobs: all continuations, row after row.
        pending: those that are not finished yet.

    Raises:
        AudioError, NetworkError, NotesError, SettingsError, ExportError: before anything is made.
    """

    def __init__(self, settings: StudySettings) -> None:
        self.settings = settings
        self.rows = rows_of(settings)
        for row in self.rows:
            check_plan(row.network, row.settings, settings.new)
        self.device = resolve_device(settings.device)
        folder = _prepare_folder(settings)
        clips, unreadable = find_clips(settings.clips, leave_out=settings.out)
        chosen = choose_cases(clips, settings.cases, settings.cuts, settings.begin, settings.known, settings.new)
        self.cases: list[Case] = chosen[0]
        self.skipped: list[Skipped] = [*unreadable, *chosen[1]]
        leader = Leader(settings.seed)
        self.jobs = [
            Job.of(row, case, take, leader, seed=settings.seed, device=self.device.type, folder=folder)
            for row in self.rows
            for case in self.cases
            for take in range(settings.seeds)
        ]
        self.pending = [job for job in self.jobs if not self._finished(job)]
        for row in {job.row.chosen: job.row for job in self.pending}.values():
            load_denoiser(row.chosen, self.device)  # weights that don't fit are found now, not after the first network

    def _finished(self, job: Job) -> bool:
        return job.record() is not None and (not self.settings.traces or job.trace_path.is_file())

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
        making: Generator[tuple[Job, int | Made], None, None] = (
            self._made_here(jobs) if cluster is None else make_on_cluster(jobs, self._load, cluster, self.device)
        )
        with closing(making) as results:
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
        return plan_extension(job.row.network, job.settings, self.settings.known, self.settings.new).evaluations

    def _made_here(self, jobs: list[Job]) -> Generator[tuple[Job, int | Made], None, None]:
        """One after the other: each job with the evaluations done after every step, and at last what was made."""
        loaded: tuple[str, Denoiser] | None = None
        for job in jobs:
            if loaded is None or loaded[0] != job.row.chosen:
                loaded = None  # two networks at once would count as one's memory
                loaded = (job.row.chosen, self._load(job))
            for news in continuation(job.task(self.device), loaded[1]):
                yield job, news

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
            true_heard = hear(context.known.samples, context.true.samples)
            sounds = references(context.known.samples, context.true.samples, case.seed(settings.seed))
            for name in REFERENCES:  # as often as the others, so that all rows weigh the clips alike
                sound = context.true if name == "true" else Sound(sounds[name])
                asked: Sequence[Note] | None = true_notes(case, true_heard) if name == "true" else None
                figures[name] += [_figures(context, sound, true_heard, asked)] * takes
                frames[name] += [mel_frames(sound, context.known)] * takes
            for number, name in enumerate(names[: len(self.rows)]):
                first = (number * len(self.cases) + index) * takes
                for job in self.jobs[first : first + takes]:
                    sound = Sound(job.new_audio())
                    asked = None if job.leading is None else job.leading.asked
                    costs = job.costs()
                    costs["raw_db"] = raw_level_difference(context, costs.pop("raw_level"))
                    figures[name].append({**_figures(context, sound, true_heard, asked), **costs})
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


def _figures(context: Context, sound: Sound, true: Heard, asked: Sequence[Note] | None) -> dict[str, float]:
    """All figures of a continuation but its costs; `true`: heard in the true one; `asked`: the notes that led it."""
    heard = true if sound is context.true else hear(context.known.samples, sound.samples)
    return measure(context, sound) | note_figures(asked, heard, true)


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
