"""The paper's figures 2 to 6, and one of quality by cost, from a finished study: PNG and SVG, for a page's width."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import cycle
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from core.analysis.tracking import whole_track
from core.audio.signal import FloatArray
from core.audio.writing import write_bytes
from core.diffusion.lambdas import LAMBDAS, Curve, lambda_curve
from core.study.features import RATE
from core.study.trace import Trace

Arguments = ParamSpec("Arguments")

_WIDTH = 7.0  # inches: a page's
_RED, _INK, _GREY = "#c8102e", "#1a1a1a", "#8a8a8a"
_COLOURS = ("#0b6bcb", "#d9541a", "#2f8f4e", "#7a4fb5", "#b58900", "#108a8a", "#a83279", "#5b6770", "#8c510a")
_MARKERS = "os^D"
_STEP_ASIDE = 1.03
_COSTS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "svg.hashsalt": "pianodiff",  # the same study gives the same file
}


@dataclass(frozen=True)
class Example:
    """One continuation to look at: known and new audio as one at RATE, where the new begins, and its trace."""

    label: str
    audio: FloatArray
    known_frames: int
    trace: Trace


def _styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """`draw` in the common style: Matplotlib looks at it when each part is added."""

    @wraps(draw)
    def styled(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        with matplotlib.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def short_labels(labels: Sequence[str]) -> list[str]:
    """Labels like "network, method, how" without the parts that all of several share."""
    parts = [label.split(", ") for label in labels]
    shared = set(parts[0]).intersection(*parts) if len(parts) > 1 else set()
    own = [", ".join(part for part in all_parts if part not in shared) for all_parts in parts]
    return [short or label for short, label in zip(own, labels, strict=True)]


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG, each whole or not at all; gives their paths. Raises ExportError."""
    paths = []
    options: dict[str, dict[str, Any]] = {".png": {"dpi": 160}, ".svg": {"metadata": {"Date": None}}}
    for suffix, more in options.items():
        path, held = stem.with_suffix(suffix), io.BytesIO()
        with matplotlib.rc_context(_STYLE):
            figure.savefig(held, format=suffix[1:], bbox_inches="tight", **more)
        write_bytes(path, held.getvalue(), overwrite=True)
        paths.append(path)
    return paths


def drawn(height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of `rows` plots under one another, `height` inches each."""
    figure = Figure(figsize=(_WIDTH, height * rows), layout="constrained")
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    return figure, list(axes)


@_styled
def lambda_schedules(curves: dict[str, Curve] | None = None, steps: int = 200) -> Figure:
    """Fig. 2: lambda over t for the schedules."""
    figure, (axes,) = drawn(2.6)
    named = curves if curves is not None else {name: name for name in LAMBDAS}
    for colour, (name, curve) in zip(cycle(_COLOURS), named.items(), strict=False):
        axes.plot(np.arange(steps - 1, -1, -1), lambda_curve(curve, steps), color=colour, label=name, lw=1.5)
    axes.set(xlabel="t (denoising goes to the right)", ylabel="λ", xlim=(steps - 1, 0), ylim=(-0.02, 1.02))
    axes.legend()
    return figure


@_styled
def similarity_over_t(traces: Mapping[str, Sequence[Trace]]) -> Figure:
    """Fig. 3: KS similarity 1 - D of the new part of x_t with the known audio noised to the same t; median over the
    continuations of each method, and the middle half of them.
    """
    figure, (axes,) = drawn(3.2)
    top = max(trace.top for of_method in traces.values() for trace in of_method)
    grid = np.linspace(0, top, 201)
    for colour, label, of_method in zip(cycle(_COLOURS), short_labels([*traces]), traces.values(), strict=False):
        curves = np.array([_over_levels(trace, grid * trace.top / top) for trace in of_method])
        there = np.isfinite(curves).any(axis=0)  # nothing above the first step's end
        low, middle, high = np.nanquantile(curves[:, there], (0.25, 0.5, 0.75), axis=0)
        axes.plot(grid[there], middle, color=colour, label=label, lw=1.5)
        axes.fill_between(grid[there], low, high, color=colour, alpha=0.15, lw=0)
    axes.set(xlabel="t (denoising goes to the right)", ylabel="KS similarity, 1 − D", xlim=(top, 0))
    axes.legend(fontsize=7.5)
    return figure


@_styled
def noisy_states(examples: Sequence[Example]) -> Figure:
    """Fig. 4: x_t at t = 25 of 200, or after the step nearest to it."""

    def draw(axes: Axes, example: Example) -> str:
        trace = example.trace
        _waveform(axes, trace.x, trace.known_frames, trace.sample_rate)
        return f", t = {trace.x_level:.0f} of {trace.top}"

    return _one_below_another(examples, 1.15, draw)


@_styled
def results(examples: Sequence[Example]) -> Figure:
    """Fig. 5: x_0, with a red line where the new audio begins."""

    def draw(axes: Axes, example: Example) -> str:
        _waveform(axes, example.audio, example.known_frames, RATE)
        return ""

    return _one_below_another(examples, 1.15, draw)


@_styled
def pitches(examples: Sequence[Example]) -> Figure:
    """Fig. 6: YIN pitch; dots where known, squares where generated."""

    def draw(axes: Axes, example: Example) -> str:
        track = whole_track(example.audio, RATE)
        voiced = track.voiced() & (track.f0 > 0)
        new = track.times >= example.known_frames / RATE
        for part, marker, colour in ((voiced & ~new, "o", _INK), (voiced & new, "s", _RED)):
            axes.plot(track.times[part], track.f0[part], marker, ms=2.2, color=colour, mew=0)
        axes.axvline(example.known_frames / RATE, color=_RED, lw=0.8)
        axes.set(yscale="log", ylim=(25, 4600), ylabel="Hz", xlim=(0, len(example.audio) / RATE))
        axes.set_yticks([27.5, 110, 440, 1760], ["27.5", "110", "440", "1760"])
        axes.minorticks_off()
        return ""

    return _one_below_another(examples, 1.4, draw)


@_styled
def quality_by_cost(
    points: dict[str, tuple[float, float, tuple[float, float] | None]], title: str, reference: float
) -> Figure:
    """A figure of the whole set over network evaluations: label -> (evaluations, value, interval)."""
    figure, (axes,) = drawn(3.4)
    costs = [cost for cost, _, _ in points.values()]
    axes.axhline(reference, color=_GREY, lw=0.8, ls="--")
    for k, (label, (cost, value, interval)) in enumerate(zip(short_labels([*points]), points.values(), strict=True)):
        colour, marker = _COLOURS[k % len(_COLOURS)], _MARKERS[k // len(_COLOURS) % len(_MARKERS)]
        # Those of the same cost stand side by side.
        x = cost * _STEP_ASIDE ** (costs[:k].count(cost) - (costs.count(cost) - 1) / 2)
        if interval is not None:
            axes.plot([x, x], interval, color=colour, lw=1, alpha=0.6)
        axes.plot([x], [value], marker, ms=5, color=colour, label=label)
    axes.set(xscale="log", ylabel=title)
    ticks = [tick for tick in _COSTS if min(costs) / 1.5 <= tick <= 1.5 * max(costs)]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("network evaluations of a continuation, gradient passes counted as one more")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _one_below_another(examples: Sequence[Example], height: float, draw: Callable[[Axes, Example], str]) -> Figure:
    """Each example as `draw` draws it, over the same seconds; it returns what follows the label in the title."""
    figure, rows = drawn(height, len(examples))
    labels = short_labels([example.label for example in examples])
    for axes, label, example in zip(rows, labels, examples, strict=True):
        more = draw(axes, example)
        axes.set_title(label + more)
    rows[-1].set_xlabel("seconds")
    return figure


def _over_levels(trace: Trace, grid: np.ndarray) -> np.ndarray:
    """The newest similarity at each level, between levels in a straight line; NaN beyond those there are."""
    newest = dict(zip(trace.levels, trace.similarities, strict=True))
    levels = np.array(sorted(newest))
    return np.interp(grid, levels, [newest[level] for level in levels], right=np.nan)


def _waveform(axes: Axes, samples: FloatArray, known: int, sample_rate: int) -> None:
    """Minima and maxima of some thousand columns, and a red line at the boundary."""
    width = max(1, len(samples) // 1600)
    starts = np.arange(0, len(samples), width)
    times = starts / sample_rate
    axes.fill_between(
        times, np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts), color=_INK, lw=0.2
    )
    axes.axvline(known / sample_rate, color=_RED, lw=1.2)
    peak = float(np.abs(samples).max(initial=1e-3))
    axes.set(xlim=(0, len(samples) / sample_rate), ylim=(-1.05 * peak, 1.05 * peak))


Drawer = Callable[[Sequence[Example]], Figure]
BY_EXAMPLE: dict[str, Drawer] = {"figure-4-noisy": noisy_states, "figure-5-result": results, "figure-6-pitch": pitches}
"""Figures of single continuations, by the name of their file."""
