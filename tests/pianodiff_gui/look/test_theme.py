"""Colours: readable in both palettes, after the system or the user's choice, everywhere at once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pianodiff_gui.look.theme import DARK, LIGHT, Palette, Theme, contrast, icon_pixmap
from pianodiff_gui.shell.window import MainWindow


def test_takes_can_be_told_from_their_background_and_the_recording(tmp_path: Path) -> None:
    """Breaks when a take's colour can't be seen, or passes for the recording's."""
    for palette in (LIGHT, DARK):
        assert len(set(palette.takes)) == len(palette.takes) and palette.ink not in palette.takes
        for colour in palette.takes:
            assert contrast(colour, palette.surface) >= 3


ICONS = sorted(path.stem for path in (Path(__file__).parents[3] / "pianodiff_gui" / "icons").glob("*.svg"))


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("text", "window"), ("text", "surface"), ("text", "raised"), ("text", "hover"),
        ("muted", "window"), ("muted", "surface"), ("accent_text", "accent"), ("accent_text", "accent_hover"),
        ("accent_ink", "surface"), ("accent_ink", "hover"), ("warning", "window"),
    ],
)  # fmt: skip
def test_text_can_be_read(palette: Palette, text: str, behind: str) -> None:
    """Breaks when a change of colour makes text too faint: WCAG AA asks for 4.5 : 1."""
    assert contrast(getattr(palette, text), getattr(palette, behind)) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("mark", ["ink", "accent", "boundary", "playhead"])
def test_what_is_drawn_stands_out(palette: Palette, mark: str) -> None:
    """Breaks when a waveform or a line is too faint: WCAG asks for 3 : 1 for graphics."""
    assert contrast(getattr(palette, mark), palette.surface) >= 3.0


def test_contrast_is_wcags() -> None:
    """Breaks when the measure itself is wrong: black on white is 21, WCAG's example grey #767676 is 4.54."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ICONS)
def test_every_icon_is_drawn_in_the_colour_asked_for(qapp: object, name: str) -> None:
    """Breaks when an icon is broken SVG, or keeps a colour of its own that the dark theme cannot change."""
    image = icon_pixmap(name, "#ff0000", 24).toImage()
    drawn = [
        image.pixelColor(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() > 200
    ]
    assert drawn
    assert all(colour.red() > 240 and colour.green() < 15 and colour.blue() < 15 for colour in drawn)


def test_the_colours_follow_the_system(qapp: QApplication, theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when the window stays light although the system has gone dark."""

    class Hints(QObject):
        colorSchemeChanged = Signal()
        scheme = Qt.ColorScheme.Light

        def colorScheme(self) -> Qt.ColorScheme:
            return self.scheme

    hints = Hints()
    monkeypatch.setattr("pianodiff_gui.look.theme.QGuiApplication", SimpleNamespace(styleHints=lambda: hints))
    following = Theme(qapp, "system")
    try:
        assert following.palette is LIGHT
        hints.scheme = Qt.ColorScheme.Dark
        hints.colorSchemeChanged.emit()
        assert following.palette is DARK
        following.set_mode("light")
        assert following.palette is LIGHT
    finally:
        theme.set_mode("dark")
        theme.set_mode("light")


def test_switching_the_theme_recolours_everything_and_is_remembered(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a plot, a label or an icon keeps the colours of the other theme."""
    try:
        loaded.set_theme("dark")
        assert loaded.preferences.theme == "dark"
        views = (loaded.waveform, loaded.roll, loaded.pitch, loaded.diffusion)
        for plot in (*(view.plot for view in views), loaded.diffusion.curves):
            assert plot.backgroundBrush().color() == QColor(DARK.surface)
        picture = loaded.grab().toImage()
        assert QColor(picture.pixel(5, 200)).lightness() < 60
        assert QColor(picture.pixel(loaded.width() - 40, loaded.height() - 250)).lightness() < 60
    finally:
        loaded.set_theme("light")
    assert QColor(loaded.grab().toImage().pixel(5, 200)).lightness() > 200
