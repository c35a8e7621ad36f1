"""The figures that the lanes of a duel are compared by, and which is the best of each. No widgets here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pianodiff_gui.duel.duel import Contender
from pianodiff_gui.work.figures import SHOWN


@dataclass(frozen=True)
class Column:
    """A figure that lanes are compared by.

    form    how it is written; best: of these numbers, which one is the best, where that means anything
    """

    title: str
    tip: str
    form: str
    best: Callable[[list[float]], float] | None = None


def _nearest_to_nothing(values: list[float]) -> float:
    return min(values, key=abs)


COLUMNS: dict[str, Column] = {
    "evaluations": Column("Evaluations", "How often the network was asked", ",.0f", min),
    "seconds": Column("Seconds", "How long it took on this machine, with all that ran beside it", ".1f"),
    "similarity": Column("KS similarity", "At the last step: 1 \u2212 D of Kolmogorov-Smirnov, 1 is alike", ".3f", max),
    "gradients": Column("Gradients", "How many of the evaluations were differentiated as well", ",.0f"),
    "level_db": Column(*SHOWN["level_db"], _nearest_to_nothing),
    "seam": Column(*SHOWN["seam"], min),
    "voiced": Column(*SHOWN["voiced"]),
    "cents": Column(*SHOWN["cents"], min),
}
"""What stands beside each lane, by name, in two rows of four."""


def values_of(contender: Contender, measured: Mapping[str, float]) -> dict[str, float]:
    """The numbers of COLUMNS that are known so far. measured: by `figures.measure_last`."""
    values = {name: measured[name] for name in COLUMNS if name in measured}
    frame, outcome = contender.frame, contender.outcome
    if frame is not None or outcome is not None:
        values["evaluations"] = float(contender.evaluations)
        values["gradients"] = float(contender.evaluations if contender.differentiated else 0)
    if outcome is not None:
        values["seconds"] = outcome.elapsed
    elif frame is not None:
        values["seconds"] = frame.elapsed
    if contender.similarity is not None:
        values["similarity"] = contender.similarity
    return values


def written(name: str, value: float) -> str:
    """As the lane shows it."""
    if math.isnan(value):
        return "\u2013"
    return format(value, COLUMNS[name].form).replace(",", "\u2009").replace("-", "\u2212")


def best_of(lanes: Iterable[Mapping[str, float]]) -> dict[str, str]:
    """How the best value of each column is written, where one is better than another.

    lanes: what `values_of` gives of those that are done.
    """
    lanes = list(lanes)
    best = {}
    for name, column in COLUMNS.items():
        known = [values[name] for values in lanes if name in values and not math.isnan(values[name])]
        # What can't be told apart as it is written is not better.
        if column.best is not None and len({written(name, value) for value in known}) > 1:
            best[name] = written(name, column.best(known))
    return best
