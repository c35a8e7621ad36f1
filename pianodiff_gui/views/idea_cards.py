"""Three cards, each with a small roll of an idea: to listen to, and to choose."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import GRID, Theme, font
from pianodiff_gui.session.ideas import AT_ONCE, Idea, Ideas

_HEIGHT = 7 * GRID
_ROUND = 6.0  # px
_FEWEST_KEYS = 12
"""A card shows an octave at least, so that a single note isn't as high as the card."""


class IdeaCard(QAbstractButton):
    """One of them, or the place of one."""

    def __init__(self, theme: Theme, number: int) -> None:
        super().__init__()
        self._theme, self._number = theme, number
        self._idea: Idea | None = None
        self._keys = (60, 72)
        self._words = ""
        self._playhead: float | None = None
        self.setCheckable(True)
        self.setAutoExclusive(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self.update)

    @property
    def idea(self) -> Idea | None:
        return self._idea

    def sizeHint(self) -> QSize:
        return QSize(9 * GRID, _HEIGHT)

    def nextCheckState(self) -> None:
        """Which one is chosen is decided by the plan, not by the click."""

    def show_idea(self, idea: Idea | None, keys: tuple[int, int], chosen: bool, words: str) -> None:
        """keys: the lowest and the highest that is drawn; words: in place of an idea that is not there."""
        self._idea, self._keys, self._words = idea, keys, words
        self.setChecked(chosen)
        self.setEnabled(idea is not None and bool(idea.notes))
        said = f"Idea {self._number}"
        if idea is not None:
            said += f": {wording.count(len(idea.notes), 'note')}, seed {idea.seed}" if idea.notes else ": a rest"
        self.setAccessibleName(said + (", chosen" if chosen else ""))
        self.setToolTip(f"{said}. Click to hear it, and to have it played." if self.isEnabled() else said)
        self.update()

    def set_playhead(self, seconds: float | None) -> None:
        """Where it plays; None when it does not."""
        if seconds != self._playhead:
            self._playhead = seconds
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge, frame = self._edge(), QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(edge, 2.0 if self.isChecked() or self.hasFocus() else 1.0))
        background = self._theme.colour("accent", 0.1) if self.isChecked() else self._theme.colour("raised")
        painter.setBrush(background if self._idea is not None else self._theme.colour("window"))
        painter.drawRoundedRect(frame, _ROUND, _ROUND)
        inside = frame.adjusted(5, 5, -5, -5)
        if self._idea is not None and self._idea.notes:
            self._paint_notes(painter, inside, self._idea)
        else:
            painter.setFont(font(8.75))
            painter.setPen(self._theme.colour("muted"))
            words = self._words if self._idea is None else "a rest"
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()

    def _edge(self) -> QColor:
        if self.isChecked() or self.hasFocus() or (self.underMouse() and self.isEnabled()):
            return self._theme.colour("accent")
        return self._theme.colour("border" if self._idea is not None else "hairline")

    def _paint_notes(self, painter: QPainter, inside: QRectF, idea: Idea) -> None:
        low, high = self._keys
        step = inside.height() / (high - low + 1)
        across = inside.width() / idea.seconds
        painter.setPen(Qt.PenStyle.NoPen)
        for note in idea.notes:
            painter.setBrush(self._theme.colour("accent", 0.45 + 0.55 * note.velocity / 127))
            left = inside.left() + note.onset * across
            right = inside.left() + min(note.offset, idea.seconds) * across
            top = inside.top() + (high - note.key) * step
            painter.drawRoundedRect(QRectF(left, top, max(2.0, right - left - 1), max(2.0, step)), 1, 1)
        if self._playhead is not None and self._playhead <= idea.seconds:
            at = round(inside.left() + self._playhead * across)
            painter.fillRect(QRectF(at, inside.top() - 3, 1.0, inside.height() + 6), self._theme.colour("playhead"))


class IdeaCards(QWidget):
    """All three, side by side."""

    chosen = Signal(object)  # Idea

    def __init__(self, ideas: Ideas, theme: Theme) -> None:
        super().__init__()
        self._ideas = ideas
        self.cards = [IdeaCard(theme, number) for number in range(1, AT_ONCE + 1)]
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        for card in self.cards:
            layout.addWidget(card, 1)
            card.clicked.connect(lambda _checked=False, card=card: self.chosen.emit(card.idea))
        ideas.changed.connect(self._refresh)
        self._refresh()

    def show_playing(self, idea: Idea | None, seconds: float) -> None:
        """Where which of them plays; None: none."""
        for card in self.cards:
            card.set_playhead(seconds if idea is not None and card.idea is idea else None)

    def _refresh(self) -> None:
        there = self._ideas.all
        keys = [note.key for idea in there for note in idea.notes]
        low, high = (min(keys), max(keys)) if keys else (60, 72)
        low -= max(0, _FEWEST_KEYS - (high - low)) // 2
        for at, card in enumerate(self.cards):
            idea = there[at] if at < len(there) else None
            words = "\u2026" if self._ideas.composing else str(at + 1)
            card.show_idea(idea, (low, max(high, low + _FEWEST_KEYS)), at == self._ideas.planned, words)
