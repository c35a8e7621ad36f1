"""Pitch under the waveform's time axis: dots for the recording, squares for what was generated (the paper's Fig. 6)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QBrush, QColor

from core.analysis.pitch import PitchTrack
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.plots import FixedAxis, Plot, Swatch, TimeViewBox, line_pen
from pianodiff_gui.views.time_lane import TimeLane

LOWEST, HIGHEST = 18.0, 114.0  # MIDI note numbers: A0 to C8, and room for half a mark and A7's label
_SHADES = (1.0, 0.75, 0.5, 0.3, 0.15)  # opacity, from steady tone to almost noise
_FADE_FROM, _FADE_TO = 0.05, 0.45  # aperiodicity of the first and of the last shade; beyond it nothing is drawn
_SIZES = {"o": 4.5, "s": 5.0}  # px


def midi(frequency: np.ndarray) -> np.ndarray:
    """MIDI note numbers (69 is A4, 440 Hz), fractional, of frequencies in Hz."""
    return 69 + 12 * np.log2(np.asarray(frequency, np.float64) / 440.0)


def shade_of(aperiodicity: np.ndarray) -> np.ndarray:
    """Index into the shades for each frame, len(_SHADES) where it is too noisy to have a pitch."""
    share = (np.asarray(aperiodicity, np.float64) - _FADE_FROM) / (_FADE_TO - _FADE_FROM)
    index = np.ceil(np.clip(share, 0.0, None) * (len(_SHADES) - 1))
    return np.minimum(np.nan_to_num(index, nan=np.inf), len(_SHADES)).astype(int)


@cache  # pyqtgraph keeps a picture of the mark for each brush that it has ever seen
def _brush(rgb: int, alpha: float) -> QBrush:
    shade = QColor(rgb)
    shade.setAlphaF(alpha)
    return QBrush(shade)


class PitchDots:
    """One kind of mark in five shades, drawn from a track that may hold an hour. They lie at MIDI note numbers."""

    def __init__(self, plot: Plot, symbol: str, size: float = 0.0) -> None:
        size = size or _SIZES[symbol]
        self.items = [pg.ScatterPlotItem(pen=None, symbol=symbol, size=size, pxMode=True) for _ in _SHADES]
        for item in reversed(self.items):
            plot.addItem(item, ignoreBounds=True)
        self.clear()

    def clear(self) -> None:
        self._pieces: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._joined: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def append(self, track: PitchTrack) -> None:
        f0 = np.asarray(track.f0, np.float64)
        shade = np.where(np.isfinite(f0) & (f0 > 0), shade_of(track.aperiodicity), len(_SHADES))
        note = midi(np.where(shade < len(_SHADES), f0, 440.0))
        seen = shade < len(_SHADES)
        self._pieces.append((track.times[seen], note[seen], shade[seen]))
        self._joined = None

    def draw(self, low: float, high: float, columns: int) -> int:
        """Show what lies in low..high seconds, at most two marks a column, the steadiest first. Returns how many."""
        if self._joined is None:
            parts = self._pieces or [(np.zeros(0), np.zeros(0), np.zeros(0, int))]
            self._joined = tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[assignment]
        assert self._joined is not None
        times, notes, shades = self._joined
        first, last = np.searchsorted(times, [low, high])
        times, notes, shades = times[first:last], notes[first:last], shades[first:last]
        if len(times) > 2 * columns:
            # Columns at fixed multiples of time, so that panning does not make the dots flicker.
            span = (high - low) / columns
            column = np.floor(times / span).astype(int)
            order = np.lexsort((shades, column))
            rank = np.arange(len(order)) - np.searchsorted(column[order], column[order])
            chosen = np.sort(order[rank < 2])
            times, notes, shades = times[chosen], notes[chosen], shades[chosen]
        for index, item in enumerate(self.items):
            here = shades == index
            item.setData(x=times[here], y=notes[here])
        return len(times)

    def recolour(self, colour: QColor) -> None:
        for item, alpha in zip(self.items, _SHADES, strict=True):
            item.setBrush(_brush(colour.rgb(), alpha))


class PitchView(TimeLane):
    """The window hands it pitch tracks as they are found."""

    def __init__(self, session: Session, theme: Theme, link: TimeViewBox) -> None:
        notes = [(float(21 + 12 * octave), f"A{octave}") for octave in range(8)]
        super().__init__("Pitch", session, theme, link, FixedAxis("left", notes[1::2], between=notes[::2]))
        self.legend.addWidget(Swatch(theme, "ink", "recording", "dot"))
        self.generated_swatch = Swatch(theme, "accent", "generated", "square")
        self.legend.addWidget(self.generated_swatch)
        self.grid = [pg.InfiniteLine(pos=note, angle=0) for note, _ in notes]
        for line in self.grid:
            line.setZValue(-20)
            self.plot.addItem(line, ignoreBounds=True)
        self.known, self.generated = PitchDots(self.plot, "o"), PitchDots(self.plot, "s")
        self.box.setYRange(LOWEST, HIGHEST, padding=0)
        self.box.setLimits(yMin=LOWEST, yMax=HIGHEST)
        session.source_changed.connect(self._forget)
        self.restyle()

    def add_known(self, track: PitchTrack) -> None:
        """The next stretch of the recording's pitch."""
        self.known.append(track)
        self.redraw()

    def set_generated(self, track: PitchTrack | None) -> None:
        """The pitch of everything generated."""
        self.generated.clear()
        if track is not None:
            self.generated.append(track)
        self.redraw()

    def _forget(self) -> None:
        self.known.clear()
        self.generated.clear()
        self.redraw()

    def draw(self) -> None:
        low, high = self.box.viewRange()[0]
        columns = max(2, round(self.box.width()))
        for dots in (self.known, self.generated):
            dots.draw(low, high, columns)

    def recolour(self) -> None:
        number = self._session.take_number
        self.generated.recolour(self._theme.take_colour(number))
        self.generated_swatch.show_take(number)

    def restyle(self) -> None:
        super().restyle()
        self.known.recolour(self._theme.colour("ink"))
        for line in self.grid:
            line.setPen(line_pen(self._theme, "grid"))
