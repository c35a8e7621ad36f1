"""What the lanes under the waveform share: its time axis, what will be generated, where that begins, the playhead."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QShowEvent

from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.plots import Plot, Strip, TimeAxis, TimeViewBox
from pianodiff_gui.views.waveform import style_lines, time_lines


class TimeLane(Strip):
    """A lane over the time axis of `link`. It draws by `draw`, once something has changed and only while it is seen.

    Reads the session. box: for a lane in which more can be done than to move through time.
    """

    seek_requested = Signal(float)

    def __init__(
        self,
        title: str,
        session: Session,
        theme: Theme,
        link: TimeViewBox,
        left: pg.AxisItem,
        box: TimeViewBox | None = None,
    ) -> None:
        super().__init__(title)
        self._session, self._theme = session, theme
        self.box = box if box is not None else TimeViewBox()
        self.plot = Plot(theme, self.box, left=left, bottom=TimeAxis("bottom"), show_bottom=True)
        self.body.addWidget(self.plot, 1)
        self.ghost, self.boundary, self.playhead = time_lines(self.plot)
        self.box.setXLink(link)
        self.box.clicked.connect(self._clicked)
        self.box.zoomed.connect(link.zoomed)
        self.box.selected.connect(session.select)
        self.box.sigRangeChanged.connect(self.redraw)
        self.plot.installEventFilter(self)
        session.source_changed.connect(self._show_source)
        session.timeline_changed.connect(self._show_region)
        session.target_changed.connect(self._show_region)
        theme.changed.connect(self.restyle)

    def draw(self) -> None:
        """Draw what is in view."""
        raise NotImplementedError

    def recolour(self) -> None:
        """Draw what is generated in the colour of the take that is shown."""
        raise NotImplementedError

    def restyle(self) -> None:
        """Take over the theme's colours."""
        self.recolour()
        style_lines(self._theme, self.ghost, self.boundary, self.playhead)

    def redraw(self) -> None:
        """Draw, now or when it is next seen."""
        if self.isVisible():
            self.draw()

    def set_playhead(self, seconds: float) -> None:
        self.playhead.setVisible(self._session.source is not None)
        self.playhead.setValue(seconds)

    def _clicked(self, seconds: float) -> None:
        timeline = self._session.timeline
        if timeline is not None:
            self.seek_requested.emit(min(max(seconds, timeline.begin_seconds), timeline.end_seconds))

    def _show_source(self) -> None:
        source = self._session.source
        if source is not None:
            self.boundary.show()
            self.boundary.setValue(source.seconds)
            self.playhead.setValue(0.0)
            self.playhead.show()
        self.redraw()

    def _show_region(self, _target: float = 0.0) -> None:
        if self._session.source is None:
            return
        self.ghost.setRegion(self._session.asked)
        self.ghost.setBrush(self._theme.take_colour(self._session.take_number, 0.10))
        self.ghost.setVisible(self._session.goal.seconds > 1e-6)
        self.recolour()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.draw()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.plot and event.type() == QEvent.Type.Resize:
            QTimer.singleShot(0, self, self.redraw)
        return False
