"""What a study leaves behind: every continuation as a row (CSV and SQLite), the figures, and a report in Markdown.

    DIR/report.md               the table, paired tests, figures
    DIR/figures/*.png, *.svg    figures 2 to 6 of the paper, and quality by cost
    DIR/continuations.csv       one row a clip, method and seed; also in DIR/study.sqlite
    DIR/cases                   the continuations themselves, and how they came about
"""

from __future__ import annotations

import csv
import io
import math
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from core.audio.writing import write_bytes, write_text
from core.errors import AudioError, ExportError
from core.study import figures
from core.study.evaluate import Evaluation
from core.study.figures import BY_EXAMPLE, Example
from core.study.jobs import Job
from core.study.metrics import COLUMNS, Column
from core.study.paired import MIN_PAIRS, Paired, compare
from core.study.table import DASH, RowResult, table_json, table_markdown
from core.study.trace import DAMAGE, Trace

Drawing = tuple[str, Figure, str]
"""Name of the file, figure, caption."""

_CAPTIONS = {
    "figure-2-lambda": "Fig. 2: the lambda schedules of interpolation guidance.",
    "figure-3-similarity": "Fig. 3: KS similarity over t, median of all continuations and the middle half of them.",
    "figure-4-noisy": "Fig. 4: x_t at t = 25 of 200 {shown}.",
    "figure-5-result": "Fig. 5: x_0 {shown}; the red line is where the new audio begins.",
    "figure-6-pitch": "Fig. 6: YIN pitch {shown}; squares where generated.",
}

TESTED = (
    *("ks", "seam", "level_db", "spectrum_db", "flatness", "floor_db", "voiced", "onsets", "chroma"),
    *("note_f1", "note_rate"),
)
"""Columns that are compared in pairs, where any two rows have them."""


def write_report(evaluation: Evaluation) -> str:
    """Measure a finished study and write everything; gives the report. Raises AudioError, ExportError."""
    out = evaluation.settings.out
    results = evaluation.measured()
    described = evaluation.description()
    made = results[: len(evaluation.rows)]
    true = next(row for row in results if row.name == "true")
    records = _records(evaluation, made)
    write_text(out / "continuations.csv", _csv(records), overwrite=True)
    write_bytes(out / "study.sqlite", _sqlite(records, described), overwrite=True)
    write_text(out / "table.json", table_json(results, described), overwrite=True)
    drawn = _draw(evaluation, made)
    clips = list(dict.fromkeys(case.clip_sha256 for case in evaluation.cases))
    clip_of = [
        clips.index(case.clip_sha256) for case in evaluation.cases for _ in range(evaluation.settings.seeds)
    ]
    pairs = _pairs(made, true, clip_of, evaluation.settings.seed)
    text = "\n".join(["# Study", "", table_markdown(results, described), *pairs, *drawn, ""])
    write_text(out / "report.md", text, overwrite=True)
    return text


def _records(evaluation: Evaluation, made: list[RowResult]) -> list[dict[str, Any]]:
    """One dictionary a continuation."""
    each = iter(evaluation.jobs)
    records = []
    for row in made:
        for figures_of_case in row.cases:
            job = next(each)
            records.append(
                {
                    "clip": job.case.clip.name,
                    "clip_sha256": job.case.clip_sha256,
                    "begin_seconds": job.case.begin_seconds,
                    "method": row.label,
                    **row.details,
                    "take": job.take,
                    **{name: value if _is_there(value) else None for name, value in figures_of_case.items()},
                }
            )
    return records


def _is_there(value: Any) -> bool:
    return not (isinstance(value, float) and not math.isfinite(value))


def _csv(records: list[dict[str, Any]]) -> str:
    held = io.StringIO()
    writer = csv.DictWriter(held, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return held.getvalue()


def _sqlite(records: list[dict[str, Any]], described: dict[str, Any]) -> bytes:
    """A database file of the continuations, and of what they are about."""
    names = list(records[0])
    columns = ", ".join(f'"{name}" {_sql_type(records, name)}' for name in names)
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute(f"CREATE TABLE continuations ({columns})")
        marks = ", ".join("?" * len(names))
        base.executemany(f"INSERT INTO continuations VALUES ({marks})", [list(r.values()) for r in records])
        base.execute("CREATE TABLE about (name TEXT, value TEXT)")
        about = [("summary", described["summary"]), *((k, str(v)) for k, v in described["versions"].items())]
        base.executemany("INSERT INTO about VALUES (?, ?)", about)
        base.commit()
        return base.serialize()


def _sql_type(records: list[dict[str, Any]], name: str) -> str:
    kinds = {type(record[name]) for record in records} - {type(None)}
    return "INTEGER" if kinds == {int} else "REAL" if kinds and kinds <= {int, float} else "TEXT"


def _pairs(made: list[RowResult], true: RowResult, clip_of: list[int], seed: int) -> list[str]:
    """Every method against the first one."""
    if len(made) < 2:
        return []
    base, *others = made
    found = {
        column: [compare(row, base, true, column, clip_of, seed) for row in others]
        for column in COLUMNS
        if column.name in TESTED
    }
    found = {column: pairs for column, pairs in found.items() if any(pair.clips for pair in pairs)}
    lines = [
        f"## Against {base.label}, clip by clip",
        "",
        "How much further from the true continuation a method is than the first one, median over clips (below 0: "
        "nearer), with its 95 % bootstrap interval, and on how many clips it is nearer. "
        f"p: Wilcoxon's signed-rank test, two-sided, from {MIN_PAIRS} clips on, not corrected for the number of tests "
        f"in this table ({len(others) * len(found)}). A clip's seeds count as one.",
        "",
        "| method | " + " | ".join(column.title for column in found) + " |",
        "|---|" + "---|" * len(found),
    ]
    for k, row in enumerate(others):
        cells = [_cell(pairs[k], column) for column, pairs in found.items()]
        lines.append(f"| {row.label} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _cell(pair: Paired, column: Column) -> str:
    if not pair.clips:
        return DASH
    form = "+.2f" if column.compared == "ratio" else "+" + column.format.lstrip("+")
    text = format(pair.difference, form)
    if pair.interval is not None:
        text += f" [{format(pair.interval[0], form)}, {format(pair.interval[1], form)}]"
    text += f", {pair.nearer}/{pair.clips}"
    return text + (f", p {pair.p:.2g}" if math.isfinite(pair.p) else "")


def _draw(evaluation: Evaluation, made: list[RowResult]) -> list[str]:
    """Write the figures; gives the report's lines on them."""
    folder = evaluation.settings.out / "figures"
    by_row = len(evaluation.jobs) // len(evaluation.rows)
    jobs = [evaluation.jobs[k * by_row : (k + 1) * by_row] for k in range(len(evaluation.rows))]
    traces = {row.label: [_trace(job) for job in of_row] for row, of_row in zip(made, jobs, strict=True)}
    first = evaluation.cases[0]
    examples = [_example(row.label, of_row[0], traces[row.label][0]) for row, of_row in zip(made, jobs, strict=True)]
    ratio = next(column for column in COLUMNS if column.name == "frechet_ratio")
    points = {
        row.label: (
            row.figures["evaluations"].value + float(row.cases[0]["gradients"]),
            row.figures[ratio.name].value,
            row.figures[ratio.name].interval,
        )
        for row in made
        if math.isfinite(row.figures[ratio.name].value)
    }
    shown = f"of {first.clip.name}, the first case and seed (chosen before anything was computed)"
    more: list[Drawing] = []
    if points:
        figure = figures.quality_by_cost(points, f"Fréchet, {ratio.title}", 1.0)
        caption = "Fréchet distance over that of the true continuations' halves (1), by cost."
        more.append(("quality-by-cost", figure, caption))
    return write_figures(folder, traces, examples, shown, more)


def write_figures(
    folder: Path,
    traces: Mapping[str, Sequence[Trace]],
    examples: Sequence[Example],
    shown: str,
    more: Sequence[Drawing] = (),
) -> list[str]:
    """Draw the paper's figures 2 to 6, and more, as PNG and SVG; gives the lines on them for a report beside `folder`.

    Args:
        folder: is made where it is missing.
        traces: of each method; figure 3 is left out where there are none.
        examples: of figures 4 to 6; `shown` says in their captions what they are.

    Raises:
        ExportError: they can't be written.
    """
    drawn: list[Drawing] = [("figure-2-lambda", figures.lambda_schedules(), _CAPTIONS["figure-2-lambda"])]
    if traces:
        drawn.append(("figure-3-similarity", figures.similarity_over_t(traces), _CAPTIONS["figure-3-similarity"]))
    for name, draw in BY_EXAMPLE.items():
        # How an example came about may not have been kept.
        drawable = [example for example in examples if draw is not figures.noisy_states or example.trace.x.size]
        if drawable:
            drawn.append((name, draw(drawable), _CAPTIONS[name].format(shown=shown)))
    drawn += more
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure, _ in drawn:
            figures.save(figure, folder / name)
    except OSError as error:
        raise ExportError(f"The figures can't be written to {folder} ({error}).") from error
    lines = ["## Figures", ""]
    for name, _, caption in drawn:
        lines += [f"![{caption}]({folder.name}/{name}.png)", "", caption, ""]
    return lines


def _trace(job: Job) -> Trace:
    """How a continuation came about. Raises AudioError: what is kept of it was changed or deleted."""
    try:
        return Trace.load(job.trace_path)
    except (OSError, *DAMAGE) as error:
        raise AudioError(f"{job.trace_path} was changed or deleted. Remove it, and call the study again.") from error


def _example(label: str, job: Job, trace: Trace) -> Example:
    known, _ = job.case.read()
    new = job.new_audio()
    return Example(label, np.concatenate([known, new]), len(known), trace)
