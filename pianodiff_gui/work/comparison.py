"""A table of takes, in words: how they were made, what they cost, and figures of how they sound."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pianodiff_gui.look import wording
from pianodiff_gui.session.takes import Take, place_of
from pianodiff_gui.work.figures import SHOWN

_MADE = {
    "Take": "",
    "Made": "What was made last",
    "Sampler": "",
    "Steps": "Denoising steps of a window",
    "Network": "",
    "Seed": "",
    "Evaluations": "How often the network was asked",
    "Time": "",
}
TITLES = {**_MADE, **{figure.title: figure.tip for figure in SHOWN.values()}}
"""The columns and what they tell."""


def cells_of(take: Take, figures: Mapping[str, float]) -> list[str]:
    """A row of the table. figures: as `measure_last` gives them, nothing where it is not done yet."""
    last = take.timeline.stretches[-1]
    run = last.run
    elapsed = run.get("elapsed_seconds")
    cells = [
        take.name,
        place_of(last, take.timeline),
        wording.sampler_title(last.settings.sampler),
        str(last.settings.steps),
        str(run.get("network", {}).get("name", last.settings.network)),
        str(last.settings.seed),
        wording.thousands(run["evaluations"]) if "evaluations" in run else "\u2013",
        wording.duration(elapsed) if elapsed is not None else "\u2013",
    ]
    for name, figure in SHOWN.items():
        value = figures.get(name)
        cells.append("\u2026" if value is None else "\u2013" if math.isnan(value) else format(value, figure.form))
    return cells
