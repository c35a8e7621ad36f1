"""Colours, type and spacing of the window, in a light and a dark palette with one accent colour.

Everything sits on a grid of 8 px. Text keeps a contrast of at least 4.5 : 1 against what is behind it (WCAG AA).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from string import Template

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

import pianodiff_gui

GRID = 8
AXIS_WIDTH = 48  # px, the same left axis under every plot, so that their time axes line up
PANEL_WIDTH = 304
ICON_SIZE = 20
GRIP = 14  # px, across the knob of a slider

_HERE = Path(pianodiff_gui.__file__).resolve().parent
FAMILY = "Inter"


@dataclass(frozen=True)
class Palette:
    """One set of colours (CSS hex strings)."""

    name: str
    window: str  # behind everything
    surface: str  # plots, panel, menus
    raised: str  # buttons and fields
    hover: str
    hairline: str
    border: str
    text: str
    muted: str  # secondary text
    disabled: str
    accent: str  # the main button, what is asked for
    accent_hover: str
    accent_text: str  # on the accent
    accent_ink: str  # text in the accent colour on a surface
    ink: str  # the known recording in the plots
    boundary: str  # the paper's red line
    grid: str
    playhead: str
    key_white: str  # of the keyboard
    key_black: str
    warning: str
    takes: tuple[str, ...]  # generated audio, take by take, and over again


LIGHT = Palette(
    name="light",
    window="#f4f5f7",
    surface="#ffffff",
    raised="#ffffff",
    hover="#eef0f4",
    hairline="#e2e5ea",
    border="#c9ced7",
    text="#1b2029",
    muted="#596273",
    disabled="#9aa2b0",
    accent="#5a55d6",
    accent_hover="#4a45c4",
    accent_text="#ffffff",
    accent_ink="#4d48c8",
    ink="#3b4556",
    boundary="#d92d3a",
    grid="#edeff3",
    playhead="#1b2029",
    key_white="#ffffff",
    key_black="#596273",
    warning="#9a5b00",
    takes=("#5a55d6", "#b45309", "#0f766e", "#be185d", "#4d7c0f", "#0369a1"),
)
DARK = Palette(
    name="dark",
    window="#12151b",
    surface="#191d25",
    raised="#232833",
    hover="#2c3240",
    hairline="#2a303b",
    border="#3c4453",
    text="#e8ebf1",
    muted="#9fa8b8",
    disabled="#636c7c",
    accent="#8d89ff",
    accent_hover="#a19eff",
    accent_text="#14131f",
    accent_ink="#a5a2ff",
    ink="#bcc5d3",
    boundary="#ff5f69",
    grid="#232833",
    playhead="#f4f6fa",
    key_white="#4a5263",
    key_black="#12151b",
    warning="#f0b45a",
    takes=("#8d89ff", "#fb923c", "#2dd4bf", "#f472b6", "#a3e635", "#38bdf8"),
)


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio (1 to 21) of two CSS hex colours."""

    def luminance(colour: str) -> float:
        channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@cache
def _svg(name: str) -> bytes:
    return (_HERE / "icons" / f"{name}.svg").read_bytes()


def icon_pixmap(name: str, colour: str, size: int, ratio: float = 2.0) -> QPixmap:
    """The icon `name` of pianodiff_gui/icons drawn in `colour`, `size` logical pixels square."""
    renderer = QSvgRenderer(QByteArray(_svg(name).replace(b"currentColor", colour.encode())))
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def make_icon(name: str, palette: Palette, colour: str | None = None) -> QIcon:
    """A QIcon in the palette's text colour (or `colour`), in the accent colour while it is on, grey while disabled."""
    icon = QIcon()
    for ratio in (1.0, 2.0):
        icon.addPixmap(icon_pixmap(name, colour or palette.text, ICON_SIZE, ratio), QIcon.Mode.Normal)
        icon.addPixmap(icon_pixmap(name, palette.disabled, ICON_SIZE, ratio), QIcon.Mode.Disabled)
        on = icon_pixmap(name, palette.accent_ink, ICON_SIZE, ratio)
        icon.addPixmap(on, QIcon.Mode.Normal, QIcon.State.On)
    return icon


def load_fonts() -> None:
    """Register the shipped typeface, so that text looks the same on every system and exists on a bare one."""
    for path in sorted((_HERE / "fonts").glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))


def font(points: float = 9.75, weight: QFont.Weight = QFont.Weight.Normal, tabular: bool = False) -> QFont:
    """The window's typeface. Tabular figures keep changing numbers from jumping about."""
    result = QFont(FAMILY)
    result.setPointSizeF(points)
    result.setWeight(weight)
    result.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    if tabular:
        result.setFeature(QFont.Tag("tnum"), 1)
    return result


class Theme(QObject):
    """The palette in use. `changed` is emitted after the application's style has been updated."""

    changed = Signal()

    MODES = ("system", "light", "dark")

    def __init__(self, application: QApplication, mode: str = "system") -> None:
        super().__init__(application)
        self._application = application
        self._mode = mode if mode in self.MODES else "system"
        self._files = QTemporaryDir()
        self.palette = self._wanted()
        self._apply()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def mode(self) -> str:
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Follow the system, or stay "light" or "dark"."""
        if mode not in self.MODES:
            raise ValueError(f"no such theme: {mode}")
        self._mode = mode
        self._refresh()

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        return make_icon(name, self.palette, colour)

    def colour(self, name: str, alpha: float = 1.0) -> QColor:
        """A palette entry as QColor, with `alpha` 0 to 1."""
        result = QColor(getattr(self.palette, name))
        result.setAlphaF(alpha)
        return result

    def take_colour(self, number: int, alpha: float = 1.0) -> QColor:
        """The colour of the take with that number, 1 for the first."""
        result = QColor(self.palette.takes[(number - 1) % len(self.palette.takes)])
        result.setAlphaF(alpha)
        return result

    def _wanted(self) -> Palette:
        if self._mode == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return DARK if self._mode == "dark" else LIGHT

    def _system_changed(self) -> None:
        if self._mode == "system":
            self._refresh()

    def _refresh(self) -> None:
        if self._wanted() is not self.palette:
            self.palette = self._wanted()
            self._apply()
            self.changed.emit()

    def _apply(self) -> None:
        p = self.palette
        self._application.setPalette(qt_palette(p))
        down, up = (self._coloured(name, p.muted) for name in ("chevron-down", "chevron-up"))
        self._application.setStyleSheet(style_sheet(p, down, up, self._coloured("check", p.accent_text)))

    def _coloured(self, name: str, colour: str) -> str:
        """A recoloured copy of an icon as a file: style sheets take images only as files."""
        path = Path(self._files.path()) / f"{name}-{self.palette.name}.svg"
        path.write_bytes(_svg(name).replace(b"currentColor", colour.encode()))
        return path.as_posix()


def qt_palette(p: Palette) -> QPalette:
    """The same colours for what Qt draws itself (dialogs, selections, placeholders)."""
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: p.window,
        QPalette.ColorRole.WindowText: p.text,
        QPalette.ColorRole.Base: p.surface,
        QPalette.ColorRole.AlternateBase: p.window,
        QPalette.ColorRole.ToolTipBase: p.text,
        QPalette.ColorRole.ToolTipText: p.surface,
        QPalette.ColorRole.Text: p.text,
        QPalette.ColorRole.PlaceholderText: p.muted,
        QPalette.ColorRole.Button: p.raised,
        QPalette.ColorRole.ButtonText: p.text,
        QPalette.ColorRole.BrightText: p.accent_text,
        QPalette.ColorRole.Highlight: p.accent,
        QPalette.ColorRole.HighlightedText: p.accent_text,
        QPalette.ColorRole.Link: p.accent_ink,
        QPalette.ColorRole.Accent: p.accent,
        QPalette.ColorRole.Light: p.surface,
        QPalette.ColorRole.Mid: p.border,
        QPalette.ColorRole.Dark: p.border,
    }
    for role, colour in roles.items():
        result.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(p.disabled))
    return result


def style_sheet(p: Palette, arrow_down: str, arrow_up: str, check: str) -> str:
    """The application's style sheet in the colours of `p`. arrow_down, arrow_up, check: paths of images."""
    sizes = {"cell": str(GRID), "knob": str(GRIP - 4), "half_grip": str(GRIP // 2)}
    images = {"arrow_down": arrow_down, "arrow_up": arrow_up, "check": check}
    return _template().substitute(asdict(p), **sizes, **images)


@cache
def _template() -> Template:
    return Template((_HERE / "look" / "style.qss").read_text(encoding="utf-8"))
