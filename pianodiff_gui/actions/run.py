"""The actions of the menu Run."""

from __future__ import annotations

from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.actions.situation import Offer, Situation
from pianodiff_gui.session.choice import COMPOSED
from pianodiff_gui.session.goal import Errand
from pianodiff_gui.session.timeline import BEFORE, Gap

_VERBS: dict[Gap | None, str] = {None: "Extend", BEFORE: "Prepend"}
_AIMS: dict[Gap | None, str] = {None: "Go on from the end of what is there", BEFORE: "Make what comes before"}
_FILL = "Make what is selected anew, so that it fits to both sides"


def _extend(situation: Situation) -> Offer:
    session = situation.session
    gap = session.goal.gap
    return Offer(session.extend_blocked(), _AIMS.get(gap, _FILL), button=_VERBS.get(gap, "Fill"))


def _again(situation: Situation) -> Offer:
    return Offer(situation.session.again_blocked())


def _ideas(situation: Situation) -> Offer:
    session = situation.session
    blocked = "" if session.choice.lead == COMPOSED else "Ideas are for runs that composed notes lead: choose that."
    return Offer(blocked or session.extend_blocked(), button="Other ideas" if situation.ideas else "Compose ideas")


def _ideas_on(situation: Situation) -> Offer:
    blocked = "" if situation.chosen else "Choose a planned note in the roll first: what comes behind it is composed."
    return Offer(blocked or _ideas(situation).blocked)


def _mend(situation: Situation) -> Offer:
    session = situation.session
    timeline, network = session.timeline, session.choice.network
    if timeline is None or situation.busy:
        return Offer(situation.nothing or situation.busy)
    if session.selection is None:
        return Offer("Select a stretch of the recording first: drag with Shift.")
    if network is None or not network.plays_notes:
        return Offer("Only a network that plays notes can play them anew. Choose one under Network.")
    heard = Errand(timeline, session.goal).within(session.score.heard)
    return Offer("" if heard else "No notes have been heard in the selection.")


def _duel(situation: Situation) -> Offer:
    return Offer(situation.session.extend_blocked(led=False))


def _cancel(situation: Situation) -> Offer:
    """What there is to be got out of, the nearest first."""
    session = situation.session
    if situation.reading_network and not session.engine.running:
        return Offer(tip="Do not wait for the network that is being read")
    if situation.lanes is not None and not session.engine.running:
        return Offer(tip="Close the duel")
    if session.selection is not None:
        return Offer(tip="Take the selection away")
    if not session.engine.running and situation.looped:
        return Offer(tip="Take the loop region away")
    if not session.engine.running:
        return Offer("Nothing is running.")
    return Offer("It is stopping." if session.engine.cancelling else "")


RUN = (
    Spec(
        "extend",
        "E&xtend",
        "Go on from the end of what is there",
        ("Ctrl+Return", "Ctrl+Enter"),
        "extend",
        "Extend",
        offer=_extend,
    ),
    Spec(
        "again",
        "&Try again",
        "Replace the last extension by another, with a new seed",
        ("R",),
        "retry",
        "Try again",
        offer=_again,
    ),
    Spec(
        "cancel",
        "&Cancel",
        "Stop within one step and keep the windows that are complete",
        ("Escape",),
        "cancel",
        "Cancel",
        offer=_cancel,
    ),
    Spec(
        "ideas",
        "&Ideas",
        "Compose three ideas of what to play, to choose from",
        ("C",),
        "dice",
        "Compose ideas",
        offer=_ideas,
    ),
    Spec(
        "ideas_on",
        "Ideas from here &on",
        "Compose three ideas that keep what is planned up to the chosen note",
        ("Shift+C",),
        "",
        "From here on",
        offer=_ideas_on,
    ),
    Spec(
        "mend",
        "&Mend the selection\u2019s notes",
        "Plan the notes that are heard in the selection, to change them in the roll and play them anew",
        ("M",),
        "",
        "Edit what is heard there",
        offer=_mend,
    ),
    Spec("duel", "D&uel\u2026", "Compare samplers, from the same noise", ("Ctrl+D",), offer=_duel),
    Spec("dice", "New &seed", "Draw another seed", ("D",), "dice"),
)
