"""The panel's part about notes: what leads a run, how it is composed, and ideas to choose from."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from core.extension.taste import COLDEST, FEWEST, HOTTEST, MOST
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.look import wording
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.choice import COMPOSED, NOISE, PLANNED
from pianodiff_gui.session.goal import Errand
from pianodiff_gui.session.ideas import Ideas
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.fields import (
    action_button,
    column,
    fill,
    row,
    section,
    settle_menu,
    share_box,
    show_choice,
    small,
)
from pianodiff_gui.views.idea_cards import IdeaCards
from pianodiff_gui.views.panel import Line

LEAD_LINES = (
    Line("Composed", COMPOSED, "Notes that go on from what is heard are composed, and played"),
    Line("As planned", PLANNED, "The notes in the roll are played, and no others"),
    Line("None, from noise", NOISE, "What is played is left to the network, as in the paper"),
)


class NotesSection(QWidget):
    """Reads the session and the ideas. What is chosen is told: it is remembered as well."""

    lead_chosen = Signal(str)
    density_chosen = Signal(float)
    temperature_chosen = Signal(float)
    as_played_chosen = Signal(bool)

    def __init__(self, session: Session, ideas: Ideas, theme: Theme, commands: Actions) -> None:
        super().__init__()
        self._session, self._ideas = session, ideas
        self.lead = QComboBox()
        self.lead.setAccessibleName("What leads the run")
        fill(self.lead, LEAD_LINES)
        settle_menu(self.lead, theme)
        self.density = share_box(FEWEST, MOST, 0.25, "How many notes, against what is played beside: 1 is as many")
        self.density.setPrefix("\u00d7 ")
        self.temperature = share_box(
            COLDEST, HOTTEST, 0.05, "Below 1 what is composed keeps to what is likeliest, above 1 it strays"
        )
        self.cards = IdeaCards(ideas, theme)
        self.more = action_button(commands["ideas"])
        self.onward = action_button(commands["ideas_on"])
        self.mend = action_button(commands["mend"])
        self.as_played = QCheckBox("Keep the rest as it was played")
        self.as_played.setToolTip("Only notes that differ from those heard there are made anew, as long as they ring")
        self._onward = commands["ideas_on"]
        self.note = small()
        self._composed = [row("Density", self.density), row("Temperature", self.temperature), self.cards, self.more]
        layout = column(self)
        layout.addWidget(section("Notes"))
        layout.addWidget(row("Led by", self.lead))
        for part in (*self._composed, self.onward, self.note, self.mend, self.as_played):
            layout.addWidget(part)
        self.lead.activated.connect(lambda index: self.lead_chosen.emit(self.lead.itemData(index)))
        self.density.valueChanged.connect(lambda value: self.density_chosen.emit(round(value, 2)))
        self.temperature.valueChanged.connect(lambda value: self.temperature_chosen.emit(round(value, 2)))
        self.as_played.toggled.connect(self.as_played_chosen)
        self._onward.changed.connect(self._offer_onward)
        choice = session.choice
        for signal in (choice.settings_changed, choice.network_changed, session.timeline_changed):
            signal.connect(self.refresh)
        for other in (session.target_changed, session.engine.changed, ideas.changed):
            other.connect(self.refresh)
        self.refresh()
        self._offer_onward()

    def _offer_onward(self) -> None:
        """Only while a note is chosen from which it could go on."""
        self.onward.setVisible(self._onward.isEnabled())

    def refresh(self, _value: object = None) -> None:
        """Show it as it is."""
        choice = self._session.choice
        plays = choice.network is not None and choice.network.plays_notes
        show_choice(self.lead, choice.lead)
        self.lead.setEnabled(plays)
        self.lead.setToolTip("" if plays else self._unplayed())
        for box, value in ((self.density, choice.taste.density), (self.temperature, choice.taste.temperature)):
            with QSignalBlocker(box):
                box.setValue(value)
        for part in self._composed:
            part.setVisible(choice.lead == COMPOSED)
        self.cards.setVisible(choice.lead == COMPOSED and self._ideas.basis is not None)
        self.mend.setVisible(plays and self._session.selection is not None)
        with QSignalBlocker(self.as_played):
            self.as_played.setChecked(choice.as_played)
        self.as_played.setVisible(plays and self._are_own())
        said = self._said()
        self.note.setText(said)
        self.note.setVisible(bool(said))

    def _are_own(self) -> bool:
        """Whether notes of the user's own are to be played in a selection, not composed ones."""
        session, lead = self._session, self._session.choice.lead
        timeline = session.timeline
        if timeline is None or session.selection is None or lead == NOISE:
            return False
        errand = Errand(timeline, session.goal)
        there = errand.within(session.score.planned)
        return lead == PLANNED or bool(there and not self._ideas.are_planned(errand))

    def _unplayed(self) -> str:
        if self._session.choice.network is None:
            return "There is no network."
        return "This network has not been found to play notes well, so it begins with noise."

    def _said(self) -> str:
        """What there is to know beside what is chosen."""
        session, ideas, lead = self._session, self._ideas, self._session.choice.lead
        if session.choice.network is None or not session.choice.network.plays_notes:
            return self._unplayed()
        timeline = session.timeline
        if lead == NOISE or timeline is None or session.engine.busy:
            return ""
        errand = Errand(timeline, session.goal)
        planned = len(errand.within(session.score.planned))
        if lead == PLANNED:
            return f"{wording.count(planned, 'note')} planned there." if planned else ""
        if ideas.trouble:
            return ideas.trouble
        if ideas.all and not ideas.all[0].heard:
            return "No notes were heard beside it, so it is left to the network."
        if planned and ideas.planned is None and not ideas.are_planned(errand):
            return f"The {wording.count(planned, 'note')} in the roll are yours, and are played as they stand."
        return ""
