"""The notes as a piano roll under the waveform's time axis: what was heard, and what is to be played."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from core.notes.note import HIGHEST_KEY, LOWEST_KEY, Note
from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import Theme, font
from pianodiff_gui.session.score import Notes
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import is_within
from pianodiff_gui.views.keyboard import KeyboardAxis
from pianodiff_gui.views.plots import Swatch, TimeViewBox
from pianodiff_gui.views.roll_items import NotesItem, RowsItem, name_of
from pianodiff_gui.views.time_lane import TimeLane

_LOW, _HIGH = LOWEST_KEY - 0.5, HIGHEST_KEY + 0.5
_AT_FIRST = (40.0, 84.0)  # keys that are in view before there are notes
_LEAST_KEYS = 12.0
_COMFORTABLE_KEYS = 30.0  # in view at least as long as nobody has chosen
_ROOM = 2.5  # keys above and below the notes
_SCROLL_KEYS, _ZOOM = 3.0, 1.2  # for a notch of the wheel


class RollView(TimeLane):
    """Keys from A0 to C8 over time. Reads the session's score."""

    def __init__(self, session: Session, theme: Theme, link: TimeViewBox) -> None:
        self.keyboard = KeyboardAxis(theme)
        super().__init__("Notes", session, theme, link, self.keyboard)
        self._hearing, self._trouble = False, ""
        self._fitting = True  # the keys in view are those of the notes, until somebody scrolls
        self._stale = True
        self.legend.addWidget(Swatch(theme, "ink", "heard"))
        self.planned_swatch = Swatch(theme, "accent", "planned", tip="What is to be played in what is made")
        self.legend.addWidget(self.planned_swatch)
        self.rows = RowsItem()
        self.heard, self.planned, self.heard_new = NotesItem(), NotesItem(), NotesItem(hollow=True)
        for item, z in ((self.rows, -30), (self.heard, 0), (self.planned, 5), (self.heard_new, 8)):
            item.setZValue(z)
            self.plot.addItem(item, ignoreBounds=True)
        self.nothing = QLabel(self.plot)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setProperty("role", "muted")
        self.nothing.setFont(font(9.75))
        self.nothing.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.box.setLimits(yMin=_LOW, yMax=_HIGH, minYRange=_LEAST_KEYS)
        self.box.setYRange(*_AT_FIRST, padding=0)
        self.keyboard.scrolled.connect(self.scroll_keys)
        for changed in (session.score.planned_changed, session.score.heard_changed, session.timeline_changed):
            changed.connect(self._notes_changed)
        session.source_changed.connect(self._fit_again)
        self.restyle()

    def show_hearing(self, under_way: bool, trouble: str) -> None:
        """Whether the recording is still being listened to, or why it can't be."""
        self._hearing, self._trouble = under_way, trouble
        self._say_nothing()

    def scroll_keys(self, notches: float, zoom: bool = False) -> None:
        """Show higher keys (lower ones for fewer than 0), or fewer keys."""
        self._fitting = False
        low, high = self.box.viewRange()[1]
        if zoom:
            middle, half = (low + high) / 2, (high - low) / 2 * _ZOOM**-notches
            low, high = middle - half, middle + half
        else:
            low, high = (each + _SCROLL_KEYS * notches for each in (low, high))
            low, high = (each + max(0.0, _LOW - low) - max(0.0, high - _HIGH) for each in (low, high))
        self.box.setYRange(max(low, _LOW), min(high, _HIGH), padding=0)

    # Drawing

    def draw(self) -> None:
        if self._stale:
            self._stale = False
            score = self._session.score
            self.heard.set_notes(self._left_of(score.heard))
            self.planned.set_notes(score.planned)
            self.heard_new.set_notes(score.heard_new)
            self._fit()
        self._say_nothing()

    def recolour(self) -> None:
        number = self._session.take_number
        self.planned.set_colours(self._theme.take_colour(number), self._theme.colour("text"))
        self.planned_swatch.show_take(number)

    def restyle(self) -> None:
        super().restyle()
        theme = self._theme
        self.rows.set_colours(theme.colour("grid"), theme.colour("border"))
        self.heard.set_colours(theme.colour("ink"), theme.colour("text"))
        self.heard_new.set_colours(theme.colour("text"), theme.colour("text"))
        self.keyboard.update()

    def _notes_changed(self) -> None:
        self._stale = True
        self.redraw()

    def _left_of(self, heard: Notes) -> Notes:
        """Without the notes of the recording in whose place something generated is shown."""
        timeline = self._session.timeline
        if timeline is None:
            return heard
        rate = timeline.sample_rate
        gaps = [stretch.gap for stretch in timeline.stretches if is_within(stretch.gap)]
        for begin, end in ((first / rate, last / rate) for first, last in gaps):
            heard = tuple(note for note in heard if not begin <= note.onset < end)
        return heard

    def _fit_again(self) -> None:
        self._fitting = True
        self.box.setYRange(*_AT_FIRST, padding=0)

    def _fit(self) -> None:
        """Bring all notes into view."""
        keys = [note.key for item in (self.heard, self.planned, self.heard_new) for note in item.notes]
        if not self._fitting or not keys:
            return
        low, high = min(keys) - _ROOM, max(keys) + _ROOM
        room = max(0.0, _COMFORTABLE_KEYS - (high - low)) / 2
        low, high = max(low - room, _LOW), min(high + room, _HIGH)
        if (low, high) != tuple(self.box.viewRange()[1]):
            self.box.setYRange(low, high, padding=0)

    def _say_nothing(self) -> None:
        """Why there are no notes of the recording, where they would be."""
        text = ""
        if self._session.source is not None and not self.heard.notes:
            text = "Listening\u2026" if self._hearing else self._trouble or "No notes were heard in this recording."
        area = self.plot.area()
        end = min(max(self.plot.x_to_pixel(self.boundary.value()), area.left()), area.right())
        self.nothing.setText(text)
        self.nothing.setGeometry(round(area.left()), round(area.top()), round(end - area.left()), round(area.height()))
        self.nothing.setVisible(bool(text) and end - area.left() > self.nothing.sizeHint().width())


def facts_of(note: Note) -> str:
    """A note in a line: its key, how hard, from when to when."""
    begin, end = wording.clock(note.onset, 2), wording.clock(note.offset, 2)
    return f"{name_of(note.key)} \u00b7 velocity {note.velocity} \u00b7 {begin} to {end} ({note.seconds:.2f} s)"
