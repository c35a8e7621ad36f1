"""What the next run will be made with, as the user has chosen it: the settings, the network, and what leads it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from core.diffusion.own_sampler import find_sampler
from core.errors import PianoDiffError
from core.extension.settings import DEFAULT, START_WITH_NOTES, STEPS_WITH_NOTES, Settings
from core.extension.taste import Taste

if TYPE_CHECKING:
    from core.networks.card import NetworkInfo

COMPOSED, PLANNED, NOISE = "composed", "planned", "noise"
LEADS = (COMPOSED, PLANNED, NOISE)
"""What may lead a run: notes that are composed for it, those that are planned, or none."""


def options_of(sampler: str) -> tuple[str, ...]:
    """The settings that a sampler goes by; none of one of the user's own that is gone or broken."""
    try:
        return find_sampler(sampler).options
    except PianoDiffError:
        return ()


class Choice(QObject):
    """Whatever is open and whatever runs; setters emit only when something changed."""

    settings_changed = Signal()  # the settings, what leads, or how it is composed
    network_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = DEFAULT
        self._network: NetworkInfo | None = None
        self._awaited = ""
        self._lead, self._taste, self._as_played = NOISE, Taste(), True
        self._steps = {False: DEFAULT.steps, True: STEPS_WITH_NOTES}  # without notes, and with

    @property
    def settings(self) -> Settings:
        """Where notes lead, it starts from them, in as many steps as were chosen for that."""
        return self._settings

    @property
    def from_noise(self) -> Settings:
        """The same where no notes are there to lead."""
        return replace(self._settings, start=1.0, steps=self._steps[False])

    @property
    def network(self) -> NetworkInfo | None:
        return self._network

    @property
    def awaited(self) -> str:
        """What the settings will call the network that was chosen and is still being read; "" when there is none."""
        return self._awaited

    @property
    def chosen_lead(self) -> str:
        """One of LEADS, whether or not the network plays notes."""
        return self._lead

    @property
    def lead(self) -> str:
        """What leads the next run."""
        return self._lead if self._network is not None and self._network.plays_notes else NOISE

    @property
    def taste(self) -> Taste:
        """How notes are composed."""
        return self._taste

    @property
    def as_played(self) -> bool:
        """Whether only what changes of a selection's notes is made anew, and the rest stays as it was played."""
        return self._as_played

    def set_settings(self, **changes: Any) -> None:
        """Change some settings. Raises SettingsError; nothing has changed then."""
        settings = replace(self._settings, **changes)
        if settings != self._settings:
            self._steps[settings.start < 1] = settings.steps
            self._settings = settings
            self.settings_changed.emit()

    def set_lead(self, lead: str) -> None:
        """Let one of LEADS lead, in the steps that were last chosen for its like."""
        if lead != self._lead:
            self._lead = lead
            self._follow_lead()
            self.settings_changed.emit()

    def set_taste(self, **changes: float) -> None:
        """Compose otherwise. Raises SettingsError; nothing has changed then."""
        taste = replace(self._taste, **changes)
        if taste != self._taste:
            self._taste = taste
            self.settings_changed.emit()

    def set_as_played(self, on: bool) -> None:
        """Keep what does not change, or make all of a selection anew."""
        if on != self._as_played:
            self._as_played = on
            self.settings_changed.emit()

    def set_network(self, network: NetworkInfo | None, name: str) -> None:
        """Use `network`; `name` is what the settings call it (a shipped name, or a path)."""
        changed = network != self._network or bool(self._awaited)
        self._network, self._awaited = network, ""
        led = self._follow_lead()
        if name != self._settings.network or led:
            self._settings = replace(self._settings, network=name)
            self.settings_changed.emit()
        if changed:
            self.network_changed.emit()

    def await_network(self, name: str) -> None:
        """`name` was chosen and is being read: nothing can be run until it is there. "" goes back to what was."""
        if name != self._awaited:
            self._awaited = name
            self.network_changed.emit()

    def new_seed(self) -> int:
        """Draw another seed, never the same one again."""
        seed = self._settings.seed
        while seed == self._settings.seed:
            seed = random.randrange(100_000)
        self.set_settings(seed=seed)
        return seed

    def _follow_lead(self) -> bool:
        """Start where what leads starts. Whether that changed anything."""
        led = self.lead != NOISE
        if led == (self._settings.start < 1):
            return False
        start = START_WITH_NOTES if led else 1.0
        self._settings = replace(self._settings, start=start, steps=self._steps[led])
        return True
