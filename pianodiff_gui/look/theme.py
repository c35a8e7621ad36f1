"""Colours, type and spacing of the window, in a light and a dark palette with one accent colour.

Everything sits on a grid of 8 px. Text keeps a contrast of at least 4.5 : 1 against what is behind it (WCAG AA).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

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
    """The application's style sheet in the colours of `p`."""
    return f"""
    * {{ outline: none; }}
    QMainWindow, QDialog, QMessageBox {{ background: {p.window}; }}
    QLabel {{ background: transparent; }}
    QLabel[role="muted"] {{ color: {p.muted}; }}
    QLabel[role="title"] {{ font-weight: 600; }}
    QLabel[role="warning"] {{ color: {p.warning}; }}
    QLabel[role="section"] {{ color: {p.muted}; font-weight: 500; }}
    QToolTip {{ background: {p.text}; color: {p.surface}; border: 0; padding: 5px 8px; }}

    #toolbar, #panel, #card, #takes {{ background: {p.surface}; }}
    #toolbar {{ border-bottom: 1px solid {p.hairline}; }}
    #panel {{ border-left: 1px solid {p.hairline}; }}
    #panelFoot {{ background: {p.surface}; border-top: 1px solid {p.hairline}; }}
    #hairline {{ background: {p.hairline}; }}
    #cost {{ background: {p.window}; border: 1px solid {p.hairline}; border-radius: 8px; }}
    #notice {{ background: {p.window}; border: 1px solid {p.border}; border-radius: 8px; }}

    QMenuBar {{ background: {p.surface}; color: {p.text}; padding: 2px 8px; border: 0; }}
    QMenuBar::item {{ padding: 5px 10px; border-radius: 6px; background: transparent; }}
    QMenuBar::item:selected {{ background: {p.hover}; }}
    QMenu {{ background: {p.surface}; color: {p.text}; border: 1px solid {p.border}; padding: 6px; }}
    QMenu::item {{ padding: 6px 28px 6px 28px; border-radius: 6px; }}
    QMenu::item:selected {{ background: {p.hover}; }}
    QMenu::item:disabled {{ color: {p.disabled}; }}
    QMenu::icon {{ padding-left: 8px; }}
    QMenu::separator {{ height: 1px; background: {p.hairline}; margin: 6px 8px; }}

    QStatusBar {{ background: {p.surface}; color: {p.muted}; border-top: 1px solid {p.hairline}; }}
    QStatusBar::item {{ border: 0; }}
    QStatusBar QLabel {{ color: {p.muted}; padding: 0 8px; }}

    QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 7px; padding: 5px 8px;
                   color: {p.text}; }}
    QToolButton:hover {{ background: {p.hover}; }}
    QToolButton:pressed {{ background: {p.hairline}; }}
    QToolButton:checked {{ background: {p.hover}; color: {p.accent_ink}; }}
    QToolButton:focus {{ border-color: {p.accent}; }}
    QToolButton:disabled {{ color: {p.disabled}; background: transparent; }}

    QPushButton {{ background: {p.raised}; color: {p.text}; border: 1px solid {p.border}; border-radius: 7px;
                   padding: 6px 14px; min-height: 18px; }}
    QPushButton:hover {{ background: {p.hover}; }}
    QPushButton:pressed {{ background: {p.hairline}; }}
    QPushButton:focus {{ border-color: {p.accent}; }}
    QPushButton:disabled {{ color: {p.disabled}; border-color: {p.hairline}; background: {p.window}; }}
    QPushButton[role="primary"] {{ background: {p.accent}; color: {p.accent_text}; border-color: {p.accent};
                                   font-weight: 600; }}
    QPushButton[role="primary"]:hover {{ background: {p.accent_hover}; border-color: {p.accent_hover}; }}
    QPushButton[role="primary"]:pressed {{ background: {p.accent_ink}; }}
    QPushButton[role="primary"]:focus {{ border-color: {p.text}; }}
    QPushButton[role="primary"]:disabled {{ background: {p.hover}; color: {p.disabled}; border-color: {p.hover}; }}

    QPushButton[role="quiet"] {{ background: transparent; border-color: transparent; color: {p.accent_ink};
                                 padding: 2px 8px; font-weight: 500; }}
    QPushButton[role="quiet"]:hover {{ background: {p.hover}; }}
    QPushButton[role="quiet"]:focus {{ border-color: {p.accent}; }}

    QSpinBox, QDoubleSpinBox, QComboBox, QLineEdit {{
        background: {p.raised}; color: {p.text}; border: 1px solid {p.border}; border-radius: 7px;
        padding: 4px 8px; min-height: 20px; selection-background-color: {p.accent};
        selection-color: {p.accent_text}; }}
    QSpinBox:hover, QDoubleSpinBox:hover, QComboBox:hover, QLineEdit:hover {{ border-color: {p.disabled}; }}
    QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QLineEdit:focus {{ border-color: {p.accent}; }}
    QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled, QLineEdit:disabled {{
        color: {p.disabled}; background: {p.window}; border-color: {p.hairline}; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button {{ subcontrol-position: top right; width: 20px; border: 0;
        margin: 2px 3px 0 0; }}
    QSpinBox::down-button, QDoubleSpinBox::down-button {{ subcontrol-position: bottom right; width: 20px; border: 0;
        margin: 0 3px 2px 0; }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url({arrow_up}); width: 11px; height: 11px; }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url({arrow_down}); width: 11px; height: 11px; }}
    QAbstractSpinBox QLineEdit {{ border: 0; padding: 0; min-height: 0; background: transparent; }}
    QComboBox::drop-down {{ border: 0; width: 24px; }}
    QComboBox::down-arrow {{ image: url({arrow_down}); width: 13px; height: 13px; }}
    QComboBox {{ combobox-popup: 0; }}
    QComboBox QAbstractItemView {{ background: {p.surface}; border: 1px solid {p.border};
        padding: 4px; selection-background-color: {p.hover}; selection-color: {p.text}; }}
    QComboBox QAbstractItemView::item {{ min-height: 26px; padding: 0 6px; }}

    QProgressBar {{ background: {p.hairline}; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; }}
    QProgressBar::chunk {{ background: {p.accent}; border-radius: 3px; }}

    QSlider::groove:horizontal {{ background: {p.hairline}; height: 4px; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {p.accent}; border-radius: 2px; }}
    QSlider::handle:horizontal {{ background: {p.accent}; width: {GRIP - 4}px; height: {GRIP - 4}px;
        margin: -5px 0; border: 2px solid {p.surface}; border-radius: {GRIP // 2}px; }}
    QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ background: {p.accent_hover};
        border-color: {p.text}; }}

    #scrub {{ border-top: 1px solid {p.hairline}; }}
    #segments {{ background: {p.window}; border: 1px solid {p.border}; border-radius: 7px; }}
    #segments QToolButton {{ color: {p.muted}; padding: 3px 10px; border-radius: 5px; }}
    #segments QToolButton:checked {{ background: {p.raised}; color: {p.accent_ink}; border-color: {p.border}; }}
    #segments QToolButton:focus {{ border-color: {p.accent}; }}

    QCheckBox {{ spacing: 8px; }}
    QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {p.disabled}; border-radius: 4px;
                            background: {p.raised}; }}
    QCheckBox::indicator:hover {{ border-color: {p.accent}; }}
    QCheckBox::indicator:checked {{ background: {p.accent}; border-color: {p.accent}; image: url({check}); }}
    QCheckBox::indicator:disabled {{ border-color: {p.hairline}; background: {p.window}; }}
    QCheckBox::indicator:checked:disabled {{ background: {p.disabled}; border-color: {p.disabled}; }}
    QCheckBox:focus {{ color: {p.accent_ink}; }}
    QScrollArea, #takesRow {{ background: transparent; border: 0; }}
    #panelBody {{ background: {p.surface}; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
    QScrollBar::handle:vertical {{ background: {p.border}; border-radius: 3px; min-height: 24px; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
    QScrollBar::handle:horizontal {{ background: {p.border}; border-radius: 3px; min-width: 24px; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none;
        height: 0; width: 0; }}
    QTableView {{ background: {p.surface}; color: {p.text}; border: 1px solid {p.hairline}; border-radius: 8px;
                  selection-background-color: {p.hover}; selection-color: {p.text}; }}
    QTableView::item {{ padding: 0 {GRID}px; }}
    QHeaderView {{ background: {p.surface}; }}
    QHeaderView::section {{ background: {p.surface}; color: {p.muted}; border: 0; padding: 6px {GRID}px;
                            border-bottom: 1px solid {p.hairline}; font-weight: 500; }}
    QSplitter::handle {{ background: {p.hairline}; }}
    QSplitter::handle:hover {{ background: {p.accent}; }}
    """
