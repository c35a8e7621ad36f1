"""The actions of the menu Takes. While a duel is open, the number keys belong to its lanes."""

from __future__ import annotations

from pianodiff_gui.actions.declaration import Condition, Spec
from pianodiff_gui.actions.situation import LaneOffer, Offer, Situation

TAKE_KEYS = range(1, 10)


def _recording(situation: Situation) -> Offer:
    return Offer(situation.takes_busy)


def _take(key: int) -> Condition:
    def offer(situation: Situation) -> Offer:
        if situation.lanes is not None:
            return _lane(key, situation.lanes)
        takes = situation.session.takes.all
        if key > len(takes):
            return Offer(situation.takes_busy or "There are not so many takes.", visible=False)
        return Offer(situation.takes_busy, text=f"&{key}  {takes[key - 1].name}")

    return offer


def _lane(key: int, lanes: tuple[LaneOffer, ...]) -> Offer:
    unmade, tip = "There is nothing to listen to yet.", "Play this lane"
    if key > len(lanes):
        return Offer(unmade, tip, visible=False)
    lane = lanes[key - 1]
    return Offer("" if lane.made else unmade, tip, text=f"&{key}  {lane.title}")


def _shown(situation: Situation) -> Offer:
    shown = situation.session.takes.current is not None
    return Offer(situation.takes_busy or ("" if shown else "No take is shown."))


def _compare(situation: Situation) -> Offer:
    return Offer(situation.takes_busy or situation.untaken)


def _take_tip(key: int) -> str:
    return "Show the first take; 2 to 9 show the others" if key == 1 else f"Show take {key}"


TAKES = (
    Spec(
        "recording",
        "&Recording by itself",
        "Show the recording without anything generated",
        ("0",),
        offer=_recording,
    ),
    *(Spec(f"take_{key}", f"Take &{key}", _take_tip(key), (str(key),), offer=_take(key)) for key in TAKE_KEYS),
    Spec("rename_take", "Re&name\u2026", "Give the take that is shown another name", ("F2",), offer=_shown),
    Spec("delete_take", "&Delete", "Take the take that is shown off the list", ("Delete",), offer=_shown),
    Spec("compare", "&Compare\u2026", "All takes in one table, with figures", ("T",), offer=_compare),
)
