"""The notes as a piano roll under the waveform's time axis: what was heard, and what is to be played."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QGraphicsRectItem, QLabel, QToolButton

from core.notes.note import HIGHEST_KEY, LOWEST_KEY, Note
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import Theme, font
from pianodiff_gui.session.score import Notes, left_of
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.keyboard import KeyboardAxis
from pianodiff_gui.views.plots import Swatch, TimeViewBox, line_pen
from pianodiff_gui.views.roll_box import RollBox
from pianodiff_gui.views.roll_editor import RollEditor
from pianodiff_gui.views.roll_items import NotesItem, RowsItem, name_of
from pianodiff_gui.views.time_lane import TimeLane

_LOW, _HIGH = LOWEST_KEY - 0.5, HIGHEST_KEY + 0.5
_AT_FIRST = (40.0, 84.0)  # keys that are in view before there are notes
_LEAST_KEYS = 12.0
_COMFORTABLE_KEYS = 30.0  # in view at least as long as nobody has chosen
_ROOM = 2.5  # keys above and below the notes
_SCROLL_KEYS, _ZOOM = 3.0, 1.2  # for a notch of the wheel
_ICON = 14  # px
_PLAN_HINT = "Double-click where audio is to be made: a note that will be played."
_EDIT_HINT = "Drag notes; at the right end: length; with Alt: velocity. Ctrl and drag: choose several."
_PENCIL_HINT = "Drag where audio is to be made: a note, as long as that. Ctrl and drag: choose several."


class RollView(TimeLane):
    """Keys from A0 to C8 over time. Reads the session's score."""

    def __init__(self, session: Session, theme: Theme, link: TimeViewBox, actions: Actions) -> None:
        self.keyboard = KeyboardAxis(theme)
        self.heard, self.planned, self.heard_new = NotesItem(), NotesItem(), NotesItem(hollow=True)
        self.editor = RollEditor(session)
        self.roll_box = RollBox(self.editor, self.planned, self.heard_new, self.heard)
        super().__init__("Notes", session, theme, link, self.keyboard, self.roll_box)
        self.editor.setParent(self)
        self._hearing, self._trouble = False, ""
        self._fitting = True  # the keys in view are those of the notes, until somebody scrolls
        self._stale = True
        self._pointed: Note | None = None
        self._shown: Notes = ()  # of the plan, as it is drawn
        self._marked: frozenset[Note] = frozenset()
        self.legend.addWidget(Swatch(theme, "ink", "heard"))
        self.planned_swatch = Swatch(theme, "accent", "planned", tip="What is to be played in what is made")
        self.legend.addWidget(self.planned_swatch)
        self.new_swatch = Swatch(theme, "text", "played", "frame", tip="What was heard in what was made")
        self.new_swatch.hide()
        self.legend.addWidget(self.new_swatch)
        self.legend.addWidget(_button(actions["pencil"]))
        self.rows = RowsItem()
        self.band = QGraphicsRectItem()
        self.band.hide()
        for item, z in ((self.rows, -30), (self.heard, 0), (self.planned, 5), (self.heard_new, 8), (self.band, 25)):
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
        self.roll_box.scrolled.connect(self.scroll_keys)
        self.roll_box.pointed.connect(self._point)
        self.editor.changed.connect(self._edited)
        actions["pencil"].toggled.connect(self._set_pencil)
        for changed in (session.score.heard_changed, session.timeline_changed):
            changed.connect(self._notes_changed)
        session.source_changed.connect(self._fit_again)
        session.engine.changed.connect(self._say_what)
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
            score, timeline = self._session.score, self._session.timeline
            self.heard.set_notes(left_of(score.heard, timeline) if timeline is not None else ())
            self.heard_new.set_notes(score.heard_new)
            self.new_swatch.setVisible(bool(score.heard_new))
            self._fit()
        self._show_planned()
        self._say_nothing()
        self._say_what()

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
        self.band.setPen(line_pen(theme, "accent"))
        self.band.setBrush(theme.colour("accent", 0.12))
        self.keyboard.update()

    def _edited(self) -> None:
        """Only the plan, or what is chosen of it."""
        if self.isVisible():
            self._show_planned()
        band = self.editor.band
        self.band.setVisible(band is not None)
        if band is not None:
            one, other = (QPointF(place.seconds, place.key) for place in band)
            self.band.setRect(QRectF(one, other).normalized())
        self._say_what()

    def _show_planned(self) -> None:
        shown, marked = self.editor.shown, self.editor.marked
        if shown is not self._shown or marked != self._marked:  # one edit is told of several times
            self._shown, self._marked = shown, marked
            self.planned.set_notes(shown, marked)
            low, high = self.box.viewRange()[1]
            if not self.editor.dragging and any(not low < key < high for key in self.planned.span):
                self._fit()

    def _notes_changed(self) -> None:
        self._stale = True
        self.redraw()

    def _fit_again(self) -> None:
        self._fitting = True
        self.box.setYRange(*_AT_FIRST, padding=0)

    def _fit(self) -> None:
        """Bring all notes into view."""
        keys = [key for item in (self.heard, self.planned, self.heard_new) for key in item.span]
        if not self._fitting or not keys:
            return
        low, high = min(keys) - _ROOM, max(keys) + _ROOM
        room = max(0.0, _COMFORTABLE_KEYS - (high - low)) / 2
        low, high = max(low - room, _LOW), min(high + room, _HIGH)
        if (low, high) != tuple(self.box.viewRange()[1]):
            self.box.setYRange(low, high, padding=0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While notes are chosen, some keys are about them, as long as the roll has the focus."""
        if watched is self.plot and isinstance(event, QKeyEvent):
            ours = self.editor.wants(event.key(), event.modifiers())
            if ours and event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if ours and event.type() == QEvent.Type.KeyPress:
                far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self.editor.press(event.key(), far, event.isAutoRepeat())
                return True
        return super().eventFilter(watched, event)

    def _point(self, note: Note | None) -> None:
        self._pointed = note
        self._say_what()

    def _set_pencil(self, on: bool) -> None:
        self.editor.pencil = on
        self._say_what()

    def _say_what(self) -> None:
        """In the header: the note under the pointer, how many are chosen, or what can be done."""
        marked = self.editor.marked
        note = next(iter(marked)) if self.editor.dragging and len(marked) == 1 else self._pointed
        if note is not None:
            self.note.setText(facts_of(note))
        elif marked:
            self.note.setText(f"{wording.count(len(marked), 'note')} chosen")
        elif self._session.source is None or self._session.engine.busy:
            self.note.setText("")
        elif self.editor.pencil:
            self.note.setText(_PENCIL_HINT)
        else:
            self.note.setText(_EDIT_HINT if self._session.score.planned else _PLAN_HINT)

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


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(_ICON, _ICON))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setProperty("role", "small")
    return button


def facts_of(note: Note) -> str:
    """A note in a line: its key, how hard, from when to when."""
    begin, end = wording.clock(note.onset, 2), wording.clock(note.offset, 2)
    return f"{name_of(note.key)} \u00b7 velocity {note.velocity} \u00b7 {begin} to {end} ({note.seconds:.2f} s)"
