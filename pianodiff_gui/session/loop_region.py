"""What Loop plays over and over: a stretch of time, as long as the recording is open. It isn't saved with a session."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from pianodiff_gui.session.session import Session

SHORTEST_LOOP = 0.05  # s

Span = tuple[float, float]
"""Seconds from the start of the recording, from where to where."""


class LoopRegion(QObject):
    """One region or none. It may reach into what has yet to be generated."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._span: Span | None = None
        session.source_changed.connect(self.clear)

    @property
    def span(self) -> Span | None:
        """None for the whole."""
        return self._span

    def set(self, begin: float, end: float) -> None:
        """Loop seconds begin..end, in either order, as far as there is or will be something.

        Next to nothing is none.
        """
        session = self._session
        source, timeline = session.source, session.timeline
        if source is None or timeline is None:
            return
        first = min(timeline.begin_seconds, -session.prelude_target)
        last = max(timeline.end_seconds, source.seconds + session.target)
        low, high = (min(max(seconds, first), last) for seconds in (min(begin, end), max(begin, end)))
        self._put((low, high) if high - low >= SHORTEST_LOOP else None)

    def clear(self) -> None:
        """Loop the whole."""
        self._put(None)

    def _put(self, span: Span | None) -> None:
        if span != self._span:
            self._span = span
            self.changed.emit()
