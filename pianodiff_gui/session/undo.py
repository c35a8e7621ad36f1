"""Undo over what was made and what is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from PySide6.QtGui import QUndoCommand

from pianodiff_gui.session.takes import Takes

S = TypeVar("S")

DEFAULT_TARGET = 2.0  # s, of a freshly opened recording


@dataclass(frozen=True, eq=False)
class State:
    """The takes and lengths that undo brings back."""

    takes: Takes = field(default_factory=Takes)
    target: float = DEFAULT_TARGET
    prelude_target: float = 0.0

    @classmethod
    def at_rest(cls, takes: Takes) -> State:
        """With nothing asked for beyond what there is, but on a recording without anything the default."""
        take = takes.current
        if take is None:
            return cls(takes)
        return cls(takes, take.timeline.extension_seconds, take.timeline.prelude_seconds)


class Change(QUndoCommand, Generic[S]):
    """Any change of the takes, or of the notes: from one state to another, each of which `show` brings back. Changes of
    one `kind` that follow one another (trims by arrow keys or the spin box) are undone together; 0 stands for itself.
    """

    def __init__(self, show: Callable[[S], None], text: str, before: S, after: S, kind: int = 0) -> None:
        super().__init__(text)
        self._show, self._before, self._after, self._kind = show, before, after, kind

    def redo(self) -> None:
        self._show(self._after)

    def undo(self) -> None:
        self._show(self._before)

    def id(self) -> int:
        return self._kind or -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Change):
            return False
        self._after = other._after
        return True
