"""The paper's figures 2 to 6 and a table of the open recording's takes: what `pianodiff study` has of many clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.peaks import mix
from core.audio.signal import resample
from core.audio.writing import check_text_destination, write_text
from core.errors import ExportError
from pianodiff_gui.look.wording import sampler_title
from pianodiff_gui.session.takes import Take
from pianodiff_gui.session.timeline import Timeline
from pianodiff_gui.work.comparison import TITLES, cells_of

if TYPE_CHECKING:
    from core.study.figures import Example

_KNOWN_SECONDS = 4.0  # before the new audio, as in the paper
_MOST = 6  # examples, or the figures don't fit a page


def drawable(takes: Sequence[Take]) -> list[Take]:
    """Those whose last stretch goes on from the end: the paper's figures are of such. The newest, as many as fit."""
    return [take for take in takes if take.timeline.stretches[-1].gap is None][-_MOST:]


def write_clip_report(
    takes: Sequence[Take], figures_of: Mapping[int, Mapping[str, float]], folder: Path, *, overwrite: bool
) -> Path:
    """Write `folder`/report.md and `folder`/figures; gives the report's path.

    takes: as `drawable` gives them, at least one; figures_of: what was measured of each, by its number.

    Raises ExportError, AudioError.
    """
    from core.study.report import write_figures

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {folder} can't be made: {error.strerror or error}. Choose another.") from error
    report = folder / "report.md"
    check_text_destination(report, overwrite=overwrite)
    source = takes[0].timeline.source
    examples = [_example(take) for take in takes]
    traces = {example.label: [example.trace] for example in examples if example.trace.levels}
    lines = write_figures(folder / "figures", traces, examples, f"of the takes of {source.path.name}")
    table = [f"# {source.path.name}", "", *_table(takes, figures_of), "", *lines]
    write_text(report, "\n".join(table) + "\n", overwrite=overwrite)
    return report


def _example(take: Take) -> Example:
    from core.study.features import RATE
    from core.study.figures import Example
    from core.study.trace import Trace

    stretch, rate = take.timeline.stretches[-1], take.timeline.sample_rate
    base = Timeline(take.timeline.source, take.timeline.stretches[:-1])
    known, _ = base.around(None, _KNOWN_SECONDS)
    audio = resample(mix(np.concatenate([known, stretch.samples], axis=1))[None], rate, RATE)[0]
    trace = stretch.trace if stretch.trace is not None else Trace(1, RATE)
    label = f"{take.name}: {sampler_title(stretch.settings.sampler)}"
    return Example(label, audio, round(known.shape[1] * RATE / rate), trace)


def _table(takes: Sequence[Take], figures_of: Mapping[int, Mapping[str, float]]) -> list[str]:
    rows = [list(TITLES), ["---"] * len(TITLES), *(cells_of(take, figures_of.get(take.number, {})) for take in takes)]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
