"""The lane with the spectrogram: what is drawn where, in which colour, and what the user can do in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from core.analysis.pitch import PitchTrack
from core.analysis.spectrogram import COLUMN_SECONDS
from core.analysis.spectrogram_pyramid import BLOCK_COLUMNS, Block
from pianodiff_gui.look.ramps import ramp
from pianodiff_gui.look.theme import LIGHT, Theme
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.plots import TimeViewBox
from pianodiff_gui.views.spectrogram import SpectrogramView
from tests.pianodiff_gui.session.conftest import extended

ROWS = 307
A4 = (69 - 21) * 3


@pytest.fixture
def view(qtbot: QtBot, session: Session, theme: Theme) -> Iterator[SpectrogramView]:
    """Beside the session's 3 s, with a steady tone of A4 in a block."""
    link = TimeViewBox()
    link.setXRange(0.0, 5.0, padding=0)
    made = SpectrogramView(session, theme, link, Preferences())
    qtbot.addWidget(made)
    made.resize(800, 400)
    made.show()
    qtbot.waitExposed(made)
    made.box.setXLink(None)
    made.box.setXRange(0.0, 5.0, padding=0)
    session.source_changed.emit()
    made.set_block(0, tone())
    yield made


def tone(level: int = 200) -> Block:
    levels = np.zeros((BLOCK_COLUMNS, ROWS), np.uint8)
    levels[:, A4] = level
    return Block.of(levels)


def colour_at(view: SpectrogramView, seconds: float, note: float) -> QColor:
    place = view.plot.mapFromScene(view.box.mapViewToScene(QPointF(seconds, note)))
    return view.plot.grab().toImage().pixelColor(place)


def test_a_tone_is_dark_at_its_note_and_nowhere_else(view: SpectrogramView) -> None:
    """Breaks when the picture is upside down, an octave off, or goes on behind the recording."""
    assert colour_at(view, 1.0, 69).lightness() < 128
    for seconds, note in ((1.0, 70), (1.0, 68), (1.0, 81), (1.0, 57), (4.0, 69)):
        assert colour_at(view, seconds, note) == QColor(LIGHT.surface)


def test_what_was_generated_has_the_colour_of_its_take(view: SpectrogramView, session: Session) -> None:
    """Breaks when generated sound is drawn as if it were recorded, or the seam lies elsewhere than in the waveform."""
    extended(session, 1.5)
    view.set_block(0, tone())
    inks = {ramp(LIGHT, colour)[-1] & 0xFFFFFF: colour for colour in (LIGHT.ink, LIGHT.takes[0])}

    def drawn(seconds: float) -> str:
        for image, place, shown in view.image.pieces:
            if shown.left() <= seconds < shown.right():
                column = int((seconds - place.left()) / place.width() * image.width())
                return inks[image.pixel(column, A4) & 0xFFFFFF]
        return "nothing"

    assert [drawn(at) for at in (0.1, 2.99, 3.01, 4.4)] == [LIGHT.ink, LIGHT.ink, LIGHT.takes[0], LIGHT.takes[0]]
    assert view.boundary.value() == pytest.approx(3.0)


def test_columns_are_drawn_where_they_are_heard(view: SpectrogramView) -> None:
    """Breaks when the picture is stretched to the view and not laid along its time axis."""
    view.box.setXRange(1.0, 2.0, padding=0)
    [(image, place, shown)] = view.image.pieces
    assert [shown.left(), shown.right()] == pytest.approx([1.0, 2.0])
    assert place.left() <= 1.0 and place.right() >= 2.0
    assert place.width() / image.width() == pytest.approx(COLUMN_SECONDS)
    assert place.left() / COLUMN_SECONDS == pytest.approx(round(place.left() / COLUMN_SECONDS))
    assert place.height() / image.height() == pytest.approx(1 / 3)
    assert view.image.boundingRect() == QRectF(shown)


def test_softer_sounds_appear_as_one_makes_it_brighter_and_that_is_remembered(view: SpectrogramView) -> None:
    """Breaks when the control turns the wrong way, or the next start forgets it."""
    levels = np.zeros((BLOCK_COLUMNS, ROWS), np.uint8)
    levels[:, A4], levels[:, A4 + 12] = 200, 110  # 45 dB softer
    view.set_blocks({0: Block.of(levels)})
    before = colour_at(view, 1.0, 73).lightness()
    view.brightness.setValue(20)
    assert colour_at(view, 1.0, 73).lightness() < before
    assert Preferences().spectrogram_brightness == 20


def test_the_pitch_is_laid_over_it_where_that_is_wanted(view: SpectrogramView) -> None:
    """Breaks when the overlay shows unasked, off its note, or not at the next start."""
    times = np.linspace(0.0, 3.0, 130)
    view.add_known_pitch(PitchTrack(times, np.full(130, 220.0, np.float32), np.zeros(130, np.float32)))
    assert colour_at(view, 1.0, 57) == QColor(LIGHT.surface)
    view.overlay.setChecked(True)
    assert colour_at(view, 1.0, 57).hue() == pytest.approx(QColor(LIGHT.boundary).hue(), abs=3)
    assert Preferences().pitch_overlay
    view.overlay.setChecked(False)
    assert colour_at(view, 1.0, 57) == QColor(LIGHT.surface)


def test_the_pointer_reads_note_frequency_and_level(view: SpectrogramView) -> None:
    """Breaks when what is under the pointer is given for another row, or stays when the pointer has gone."""
    view.plot.scene().sigMouseMoved.emit(view.box.mapViewToScene(QPointF(1.0, 69.0)))
    assert view.reading.text().split("   ") == ["A4", "440 Hz", "\u221210 dB"]
    view.plot.scene().sigMouseMoved.emit(view.box.mapViewToScene(QPointF(4.5, 69.0)))
    assert not view.reading.isVisible()


def test_click_seeks_and_shift_selects(view: SpectrogramView, session: Session, qtbot: QtBot) -> None:
    """Breaks when the lane is a picture only: it is a time axis like the waveform's."""
    sought: list[float] = []
    view.seek_requested.connect(sought.append)
    at = view.plot.mapFromScene(view.box.mapViewToScene(QPointF(2.0, 60.0)))
    qtbot.mouseClick(view.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert sought == [pytest.approx(2.0, abs=0.02)]
    view.box.selected.emit(1.0, 1.5)
    assert session.selection is not None and view.ghost.isVisible()
    assert view.ghost.zValue() > view.image.zValue()  # it would lie under the picture


def test_it_says_how_much_is_there_and_what_went_wrong(view: SpectrogramView) -> None:
    """Breaks when a picture with holes looks finished."""
    view.show_progress(0.42)
    assert view.note.text() == "Analysing\u2026 42 %"
    view.show_progress(1.0)
    assert view.note.text() == ""
    view.show_progress(1.0, "The file is gone.")
    assert view.note.text() == "The file is gone."


def test_another_recording_begins_with_nothing(view: SpectrogramView, session: Session) -> None:
    """Breaks when the picture of the last recording lies under the next one's time."""
    session.source_changed.emit()
    assert view.image.pieces == []


def test_the_picture_does_not_breathe(view: SpectrogramView) -> None:
    """Breaks when every block that comes in changes how all the others are drawn a little."""
    before = colour_at(view, 1.0, 69)
    view.set_block(1, tone(203))
    assert colour_at(view, 1.0, 69) == before
