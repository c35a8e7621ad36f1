"""The table of an evaluation: medians and their intervals, as Markdown and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.study.bootstrap import MIN_CLIPS, Interval, median_interval
from core.study.metrics import COLUMNS, Column
from core.wording import counted

DASH = "–"
"""Stands for a figure that does not exist, as the pitch of silence."""
HEARD = (
    "Notes, as our listener hears them. Precision, recall and F1 are against the notes that led a row; for the true "
    "continuation, against its own."
)
"""Stands above the second table."""


@dataclass(frozen=True)
class Figure:
    """One cell.

    value       the median over cases, or the figure of the whole set
    mean        the mean over cases; NaN for a figure of the set
    interval    95 % by the bootstrap over clips, None where there are too few
    cases       how many cases have the figure
    """

    value: float
    mean: float
    interval: Interval | None
    cases: int


@dataclass(frozen=True)
class RowResult:
    """One row.

    name        "made", or a name in REFERENCES
    label       as the table shows it
    details     of the network and the sampler, for table.json
    cases       one dictionary of figures a case, by the columns' names; NaN for those that don't exist
    figures     by the columns' names; a column the row has nothing for is missing
    """

    name: str
    label: str
    details: dict[str, Any]
    cases: list[dict[str, float]]
    figures: dict[str, Figure]


def row_result(
    name: str,
    label: str,
    details: dict[str, Any],
    cases: list[dict[str, float]],
    of_set: dict[str, tuple[float, Interval | None]],
    clip_of: Sequence[int],
    seed: int,
) -> RowResult:
    """A row from its cases' figures and those of the whole set; `clip_of` (cases,) numbers each case's clip."""
    figures: dict[str, Figure] = {}
    for column in COLUMNS:
        if column.kind == "set":
            value, interval = of_set[column.name]
            figures[column.name] = Figure(value, math.nan, interval, len(cases) if math.isfinite(value) else 0)
        elif all(column.name in case for case in cases):
            figures[column.name] = _over_cases([case[column.name] for case in cases], clip_of, seed)
    return RowResult(name, label, details, cases, figures)


def _over_cases(values: Sequence[float], clip_of: Sequence[int], seed: int) -> Figure:
    there = [value for value in values if math.isfinite(value)]
    if not there:
        return Figure(math.nan, math.nan, None, 0)
    interval = median_interval(values, clip_of, seed)
    return Figure(float(np.median(there)), float(np.mean(there)), interval, len(there))


def cell(column: Column, figure: Figure | None) -> str:
    """A figure as the table shows it: value, interval in brackets, and the number of cases when some have none."""
    if figure is None or not math.isfinite(figure.value):
        return DASH
    text = _number(figure.value, column.format)
    if figure.interval is not None:
        low, high = (_number(end, column.format) for end in figure.interval)
        text += f" [{low}, {high}]" if low != high else ""
    return text


def _number(value: float, form: str) -> str:
    text = format(value, form)
    return format(0.0, form) if float(text) == 0.0 else text  # no -0.0


def table_markdown(rows: Sequence[RowResult], described: dict[str, Any]) -> str:
    """Both tables, with a line on what they are of and notes on how to read them. `described` as in
    :func:`table_json`.
    """
    notes = [
        "Medians over cases; the Fréchet columns are of all cases together. In square brackets 95 % bootstrap "
        f"intervals over {counted(described['clips'], 'clip')}"
        f"{' (too few for any)' if described['clips'] < MIN_CLIPS else ''}.",
        f"In round brackets how many cases have the figure, where not all do. {DASH}: there is none. What each column "
        "can and can't tell: docs/evaluation.md.",
        *(f"Left out: {text}" for text in described["left_out"]),
    ]
    sound, of_notes = (
        _table(rows, [column for column in COLUMNS if (column.kind == "notes") == wanted], described)
        for wanted in (False, True)
    )
    return "\n".join(
        [described["summary"], "", sound, "", HEARD, "", of_notes, "", *(f"- {note}" for note in notes), ""]
    )


def _table(rows: Sequence[RowResult], columns: Sequence[Column], described: dict[str, Any]) -> str:
    lines = [[counted(described["cases"], "case"), *(column.title for column in columns)]]
    for row in rows:
        cells = [row.label.replace("|", r"\|")]
        for column in columns:
            figure = row.figures.get(column.name)
            text = cell(column, figure)
            some_missing = figure is not None and 0 < figure.cases < described["continuations"]
            cells.append(f"{text} ({figure.cases})" if figure is not None and some_missing else text)
        lines.append(cells)
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def table_json(rows: Sequence[RowResult], described: dict[str, Any]) -> str:
    """Everything: `described`, the columns, and of every row its figures and those of each case."""
    data = {
        **described,
        "columns": [
            {"name": column.name, "title": column.title, "kind": column.kind, "compared": column.compared}
            for column in COLUMNS
        ],
        "rows": [
            {
                "row": row.name,
                "label": row.label,
                **row.details,
                "figures": {
                    name: {
                        "value": figure.value,
                        "mean": figure.mean,
                        "interval": figure.interval,
                        "cases": figure.cases,
                    }
                    for name, figure in row.figures.items()
                },
                "cases": row.cases,
            }
            for row in rows
        ],
    }
    return json.dumps(_without_nan(data), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _without_nan(data: Any) -> Any:
    """The same with None for numbers that JSON can't hold."""
    if isinstance(data, dict):
        return {name: _without_nan(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without_nan(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
