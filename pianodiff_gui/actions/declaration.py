"""The form of a declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pianodiff_gui.actions.situation import Offer, Situation

Condition = Callable[[Situation], Offer]


def always(_: Situation) -> Offer:
    """It can be done at any time."""
    return Offer()


@dataclass(frozen=True)
class Spec:
    """An action. `short` is its name on a button, `tip` what it does; shortcuts are Qt key sequences."""

    name: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    short: str = ""
    checkable: bool = False
    offer: Condition = always
