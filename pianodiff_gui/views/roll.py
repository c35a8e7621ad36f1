"""The notes as a piano roll under the waveform's time axis: what was heard, and what is to be played."""

from __future__ import annotations

from core.notes.note import HIGHEST_KEY, LOWEST_KEY
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.plots import FixedAxis, Swatch, TimeViewBox
from pianodiff_gui.views.time_lane import TimeLane

MIDDLE_C = 60
OCTAVE = 12


class RollView(TimeLane):
    """Keys from A0 to C8 over time."""

    def __init__(self, session: Session, theme: Theme, link: TimeViewBox) -> None:
        labels = [(float(MIDDLE_C + OCTAVE * octave), f"C{4 + octave}") for octave in range(-3, 5)]
        super().__init__("Notes", session, theme, link, FixedAxis("left", labels[1::2], between=labels[::2]))
        self.legend.addWidget(Swatch(theme, "ink", "heard"))
        self.planned_swatch = Swatch(theme, "accent", "planned")
        self.legend.addWidget(self.planned_swatch)
        self.box.setYRange(LOWEST_KEY - 0.5, HIGHEST_KEY + 0.5, padding=0)
        self.restyle()

    def draw(self) -> None:
        pass

    def recolour(self) -> None:
        self.planned_swatch.show_take(self._session.take_number)
