"""The spectrogram under the waveform's time axis: the recording in ink, what was generated in the take's colour."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QWidget

from core.analysis.pitch import PitchTrack, frequency_to_note
from core.analysis.spectrogram import COLUMN_SECONDS, LOWEST_NOTE, ROWS_A_SEMITONE, STEP_DB, Levels, decibel
from core.analysis.spectrogram_pyramid import BLOCK_COLUMNS, Block, Picture, SpectrogramPyramid, drawn_range
from pianodiff_gui.look.ramps import STEPS, ramp
from pianodiff_gui.look.theme import AXIS_WIDTH, GRID, Theme, font, icon_pixmap
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Part, Timeline
from pianodiff_gui.views.pitch import PitchDots
from pianodiff_gui.views.plots import FixedAxis, Swatch, TimeViewBox
from pianodiff_gui.views.scrub import StepSlider
from pianodiff_gui.views.time_lane import TimeLane

LOWEST, HIGHEST = 20.5, 123.5  # MIDI note numbers: half a semitone around A0 and 10 kHz
_BRIGHTEST = 30  # dB that the user may take the floor up or down
_STEADY = 6  # levels that the automatic range may be off before it is changed: the picture shall not breathe
_SLIDER, _ICON = 48, 16  # px
_DOT = 2.5  # px: what is under the pitch has to be seen

Piece = tuple[QImage, QRectF, QRectF]
"""A picture whose first row is the lowest, where it lies (s, notes), and which part of that is shown."""


class PictureItem(pg.GraphicsObject):
    """Pictures beside each other, scaled smoothly to where they lie."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []

    def set_pieces(self, pieces: list[Piece]) -> None:
        self.prepareGeometryChange()
        self.pieces = pieces
        self.update()

    def boundingRect(self) -> QRectF:
        bounds = QRectF()
        for _, _, shown in self.pieces:
            bounds |= shown
        return bounds

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for image, place, shown in self.pieces:
            painter.save()
            painter.setClipRect(shown, Qt.ClipOperation.IntersectClip)
            painter.drawImage(place, image)
            painter.restore()


class SpectrogramView(TimeLane):
    """The window hands it blocks and pitch as they are found. Reads the session."""

    shown = Signal()

    def __init__(self, session: Session, theme: Theme, link: TimeViewBox, preferences: Preferences) -> None:
        notes = [(float(21 + 12 * octave), f"A{octave}") for octave in range(9)]
        super().__init__("Spectrogram", session, theme, link, FixedAxis("left", notes[1::2], between=notes[::2]))
        self._preferences = preferences
        self.pyramid = SpectrogramPyramid(0)
        self._range = drawn_range(self.pyramid.counts())
        self._ramps: dict[str, np.ndarray] = {}
        self._make_legend()
        self.image = PictureItem()
        self.image.setZValue(-15)
        self.plot.addItem(self.image, ignoreBounds=True)
        self.ghost.setZValue(-5)
        self.known, self.generated = (PitchDots(self.plot, symbol, _DOT) for symbol in "os")
        self.reading = QLabel(self.plot)
        self.reading.setFont(font(8.5, tabular=True))
        self.reading.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.reading.move(AXIS_WIDTH + GRID, GRID // 2)
        self._pointer: QPointF | None = None  # in the scene
        self.box.setYRange(LOWEST, HIGHEST, padding=0)
        self.box.setLimits(yMin=LOWEST, yMax=HIGHEST)
        self.plot.scene().sigMouseMoved.connect(self._point_at)
        session.source_changed.connect(self._forget)
        self.restyle()

    def _make_legend(self) -> None:
        about = "Brightness: to the right, softer sounds are drawn too"
        self._brightness_icon = QLabel()
        self.brightness = StepSlider()
        self.brightness.setMinimumWidth(_SLIDER)
        self.brightness.setMaximumWidth(_SLIDER)
        self.brightness.setRange(-_BRIGHTEST, _BRIGHTEST)
        self.brightness.setValue(self._preferences.spectrogram_brightness)
        self.brightness.setAccessibleName("Brightness of the spectrogram")
        self.brightness.valueChanged.connect(self._set_brightness)
        control = QHBoxLayout()
        control.setSpacing(GRID)
        for part in (self._brightness_icon, self.brightness):
            part.setToolTip(about)
            control.addWidget(part)
        self.legend.addLayout(control)
        self.overlay = QCheckBox("Pitch overlay")
        self.overlay.setToolTip("Draw the pitch that was found over the spectrogram")
        self.overlay.setFont(font(8.5))
        self.overlay.setChecked(self._preferences.pitch_overlay)
        self.overlay.toggled.connect(self._set_overlay)
        self.generated_swatch = Swatch(self._theme, "accent", "generated")
        for widget in (self.overlay, Swatch(self._theme, "ink", "recording"), self.generated_swatch):
            self.legend.addWidget(widget)

    # What is found

    def set_blocks(self, blocks: dict[int, Block]) -> None:
        """Show these and no others."""
        self.pyramid.blocks = dict(blocks)
        self._blocks_changed()

    def set_block(self, index: int, block: Block) -> None:
        """One more, or another one in its place."""
        self.pyramid.blocks[index] = block
        self._blocks_changed()

    def show_progress(self, share: float, trouble: str = "") -> None:
        """How much of what is shown there is, 0..1, or why there is no more."""
        self.note.setText(trouble or (f"Analysing\u2026 {100 * share:.0f} %" if share < 1 else ""))

    def add_known_pitch(self, track: PitchTrack) -> None:
        """The next stretch of the recording's pitch."""
        self.known.append(track)
        self.redraw()

    def set_generated_pitch(self, track: PitchTrack | None) -> None:
        """The pitch of everything generated."""
        self.generated.clear()
        if track is not None:
            self.generated.append(track)
        self.redraw()

    @property
    def middle_block(self) -> float:
        """Where the middle of the view lies, counted in blocks."""
        low, high = self.box.viewRange()[0]
        return float((low + high) / 2 / COLUMN_SECONDS / BLOCK_COLUMNS)

    def _forget(self) -> None:
        self.known.clear()
        self.generated.clear()
        self.set_blocks({})

    def _blocks_changed(self) -> None:
        for block in self.pyramid.blocks.values():
            self.pyramid.rows = block.levels[0].shape[1]
            break
        found = drawn_range(self.pyramid.counts())
        if max(abs(new - old) for new, old in zip(found, self._range, strict=True)) >= _STEADY:
            self._range = found
        self.redraw()

    # What the user does

    def _set_brightness(self, value: int) -> None:
        self._preferences.spectrogram_brightness = value
        self.redraw()

    def _set_overlay(self, on: bool) -> None:
        self._preferences.pitch_overlay = on
        self.redraw()

    def _point_at(self, place: QPointF | None) -> None:
        self._pointer = place
        self._read()

    def _read(self) -> None:
        """Say what the pointer is on."""
        place = self._pointer
        words = self._words_at(place) if place is not None and self.box.sceneBoundingRect().contains(place) else ""
        self.reading.setText(words)
        self.reading.adjustSize()
        self.reading.setVisible(bool(words))

    def _words_at(self, place: QPointF) -> str:
        at, timeline = self.box.mapSceneToView(place), self._session.timeline
        if timeline is None or not timeline.begin_seconds <= at.x() < timeline.end_seconds:
            return ""
        hertz = 440 * 2 ** ((at.y() - 69) / 12)
        words = f"{frequency_to_note(hertz)}   {hertz:.0f} Hz"
        column, row = math.floor(at.x() / COLUMN_SECONDS), round((at.y() - LOWEST_NOTE) * ROWS_A_SEMITONE)
        levels = self.pyramid.picture(column, column + 1, 2).levels[0]
        if 0 <= row < len(levels) and levels[row]:
            words += f"   {decibel(levels[row]):.0f} dB".replace("-", "\u2212")
        return words

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.plot and event.type() == QEvent.Type.Leave:
            self._point_at(None)
        return super().eventFilter(watched, event)

    # Drawing

    def draw(self) -> None:
        timeline = self._session.timeline
        low, high = self.box.viewRange()[0]
        pixels = self.box.width() * self.devicePixelRatioF()
        pieces: list[Piece] = []
        if timeline is not None and self.pyramid.blocks:
            begin, end = max(low, timeline.begin_seconds), min(high, timeline.end_seconds)
            if begin < end:
                columns = max(2, round(pixels * (end - begin) / (high - low)))
                picture = self.pyramid.picture(begin / COLUMN_SECONDS, end / COLUMN_SECONDS, columns)
                pieces = self._pieces(timeline, picture, begin, end)
        self.image.set_pieces(pieces)
        self._read()
        for dots in (self.known, self.generated):
            for item in dots.items:
                item.setVisible(self.overlay.isChecked())
            if self.overlay.isChecked():
                dots.draw(low, high, max(2, round(self.box.width())))

    def _pieces(self, timeline: Timeline, picture: Picture, begin: float, end: float) -> list[Piece]:
        step = picture.step * COLUMN_SECONDS
        first_second = picture.first * COLUMN_SECONDS
        bottom, height = LOWEST_NOTE - 0.5 / ROWS_A_SEMITONE, self.pyramid.rows / ROWS_A_SEMITONE
        pieces: list[Piece] = []
        for part in timeline.parts:
            left = max(begin, part.begin / timeline.sample_rate)
            right = min(end, part.end / timeline.sample_rate)
            if left >= right:
                continue
            first = max(0, math.floor((left - first_second) / step))
            last = min(len(picture.levels), math.ceil((right - first_second) / step))
            image = self._image(picture.levels[first:last], part)
            place = QRectF(first_second + first * step, bottom, (last - first) * step, height)
            pieces.append((image, place, QRectF(left, bottom, right - left, height)))
        return pieces

    def _image(self, levels: Levels, part: Part) -> QImage:
        """levels (n, rows), in the ramp of `part`."""
        floor, ceiling = self._range
        floor -= round(self.brightness.value() / STEP_DB)
        share = np.clip((np.arange(256) - floor) / max(1, ceiling - floor), 0.0, 1.0)
        table = self._ramp(part.stretch is not None)[np.rint(share * (STEPS - 1)).astype(int)]
        pixels = np.take(table, np.ascontiguousarray(levels.T))
        rows, columns = pixels.shape
        return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()

    def _ramp(self, generated: bool) -> np.ndarray:
        palette = self._theme.palette
        colour = self._theme.take_colour(self._session.take_number).name() if generated else palette.ink
        if colour not in self._ramps:
            self._ramps[colour] = ramp(palette, colour)
        return self._ramps[colour]

    def recolour(self) -> None:
        self.generated_swatch.show_take(self._session.take_number)
        self.redraw()

    def restyle(self) -> None:
        self._ramps.clear()
        super().restyle()
        for dots in (self.known, self.generated):
            dots.recolour(self._theme.colour("boundary"))
        palette = self._theme.palette
        self._brightness_icon.setPixmap(icon_pixmap("brightness", palette.muted, _ICON))
        self.reading.setStyleSheet(
            f"color: {palette.text}; background: {palette.surface}; padding: 1px 6px; border-radius: 4px;"
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()
