"""The mouse on the roll: what is at the place, and which gesture that begins. All else is as in every lane."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QGraphicsSceneMouseEvent

from core.notes.note import Note
from pianodiff_gui.views.plots import TimeViewBox
from pianodiff_gui.views.roll_editor import Gesture, Place, RollEditor
from pianodiff_gui.views.roll_items import NotesItem

_EDGE = 6  # px at a note's right end by which it is lengthened
_BEYOND = 3  # px of them behind it
_NOTCH = 120
_VELOCITY_STEPS = 4  # for a notch of the wheel

_SHIFT, _CONTROL, _ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


class RollBox(TimeViewBox):
    """items: those whose notes are looked for under the pointer, the planned ones, which can be edited, first."""

    pointed = Signal(object)  # Note | None under the pointer
    scrolled = Signal(float)  # notches of the wheel, about the keys

    def __init__(self, editor: RollEditor, *items: NotesItem) -> None:
        super().__init__()
        self._editor, self._items = editor, items
        self._held = False  # a gesture of the editor's is under way

    def place(self, scene: QPointF) -> Place:
        """A place in the scene as seconds and key."""
        at = self.mapSceneToView(scene)
        return Place(float(at.x()), float(at.y()), float(scene.y()))

    def planned_at(self, place: Place) -> Note | None:
        """The planned note there, or the one whose right end is within reach."""
        return self._items[0].at(place.seconds, round(place.key), self._seconds(_BEYOND))

    def _seconds(self, pixels: float) -> float:
        low, high = self.viewRange()[0]
        return float(pixels * (high - low) / max(1.0, self.width()))

    def _is_edge(self, note: Note, place: Place) -> bool:
        """The right end; of a short note a third is."""
        return place.seconds > note.offset - min(self._seconds(_EDGE - _BEYOND), note.seconds / 3)

    def _gesture(self, place: Place, modifiers: Qt.KeyboardModifier) -> tuple[Gesture | None, Note | None]:
        """What a drag from there would do: None where it moves the view, or selects what is filled anew."""
        if modifiers & _SHIFT:
            return None, None
        if modifiers & _CONTROL:
            return Gesture.SELECT, None
        note = self.planned_at(place)
        if note is None:
            return (Gesture.DRAW if self._editor.pencil else None), None
        if modifiers & _ALT:
            return Gesture.VELOCITY, note
        return (Gesture.LENGTHEN if self._is_edge(note, place) else Gesture.MOVE), note

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() == Qt.MouseButton.LeftButton and event.isStart():
            start = self.place(event.buttonDownScenePos())
            gesture, note = self._gesture(start, event.modifiers())
            self._held = gesture is not None
            if gesture is not None:
                self._editor.begin(gesture, start, note)
        if not self._held:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        self._editor.drag(self.place(event.scenePos()))
        if event.isFinish():
            self._held = False
            self._editor.end()

    def mouseClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        place = self.place(event.scenePos())
        note = self.planned_at(place)
        if event.double() or (self._editor.pencil and note is None):  # type: ignore[attr-defined]
            if note is None:
                self._editor.draw(place)
        elif not self._editor.click(note, bool(event.modifiers() & _CONTROL)):
            self.clicked.emit(place.seconds)

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        notches = event.delta() / _NOTCH
        note = self.planned_at(self.place(event.scenePos()))
        if event.modifiers() & _CONTROL and note is not None:
            self._editor.turn_velocity(round(notches * _VELOCITY_STEPS), note)
            event.accept()
        elif event.modifiers() & _SHIFT:
            self.scrolled.emit(notches)
            event.accept()
        else:
            super().wheelEvent(event, axis)

    def hoverEvent(self, event: Any) -> None:
        """pyqtgraph tells it of every move of the pointer."""
        if event.isExit():
            self.unsetCursor()
            self.pointed.emit(None)
            return
        place = self.place(event.scenePos())
        planned = self.planned_at(place)
        if planned is not None:
            edge = self._is_edge(planned, place)
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.SizeAllCursor)
        elif self._editor.pencil:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()
        found = (item.at(place.seconds, round(place.key)) for item in self._items)
        self.pointed.emit(planned or next((note for note in found if note is not None), None))
