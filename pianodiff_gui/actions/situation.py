"""What decides which actions are offered: the session, and what lies beside it in plain values."""

from __future__ import annotations

from dataclasses import dataclass

from pianodiff_gui.session.session import Session


@dataclass(frozen=True)
class LaneOffer:
    """A lane of a duel, as the number keys see it. made: whether there is anything to listen to yet."""

    title: str
    made: bool


@dataclass(frozen=True)
class Situation:
    """The facts at one moment.

    silent           why nothing can be played; "" when it can, or before anybody has looked
    playing          the recording or a take is playing
    waiting          it plays, but stands at the end of what a run has made so far
    looped           there is a loop region
    playing_step     a step of the last run is playing
    no_past          why the steps of the last run can't be looked at; "" when they can
    reading_network  a network is being read, and may be waited for
    recoverable      an earlier session was left behind
    drawable         some take has what the paper's figures need
    ideas            there are ideas for what is asked for
    lanes            of the duel that is open; None when there is none
    chosen           how many planned notes are chosen
    copied           notes were copied
    roll_seen        the notes are what is shown under the waveform
    """

    session: Session
    silent: str = ""
    playing: bool = False
    waiting: bool = False
    looped: bool = False
    playing_step: bool = False
    no_past: str = ""
    reading_network: bool = False
    recoverable: bool = False
    drawable: bool = False
    ideas: bool = False
    lanes: tuple[LaneOffer, ...] | None = None
    chosen: int = 0
    copied: bool = False
    roll_seen: bool = True

    @property
    def nothing(self) -> str:
        """Why nothing at all can be done with a recording."""
        return "" if self.session.source is not None else "Open a recording first."

    @property
    def busy(self) -> str:
        """Why nothing can be changed while the engine is at work, or something occupies the session."""
        engine = self.session.engine
        return engine.occupied or ("Cancel the running extension first." if engine.running else "")

    @property
    def takes_busy(self) -> str:
        """Why the takes can't be changed."""
        return self.nothing or self.session.engine.busy

    @property
    def untaken(self) -> str:
        """Why nothing can be done with the takes: there are none."""
        return "" if self.session.takes.all else "There are no takes yet. Extend first."

    @property
    def unseen(self) -> str:
        """Why notes can't be edited: they are not seen."""
        return "" if self.roll_seen else "Show the notes first."

    @property
    def unsaveable(self) -> str:
        """Why there is nothing to save: neither takes nor notes."""
        return "" if self.session.score.planned else self.untaken


@dataclass(frozen=True)
class Offer:
    """How an action is offered; what is empty is as it was declared.

    blocked  why it can't be done now, which disables it and becomes its tooltip
    tip      what it does now
    text     its words in the menu
    button   its words on a button
    icon     its icon
    visible  whether the menu has it at all
    """

    blocked: str = ""
    tip: str = ""
    text: str = ""
    button: str = ""
    icon: str = ""
    visible: bool = True
