"""What the next run will be made with, as the user has chosen it: the settings and the network."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from core.diffusion.own_sampler import find_sampler
from core.errors import PianoDiffError
from core.extension.settings import DEFAULT, Settings

if TYPE_CHECKING:
    from core.networks.card import NetworkInfo


def options_of(sampler: str) -> tuple[str, ...]:
    """The settings that a sampler goes by; none of one of the user's own that is gone or broken."""
    try:
        return find_sampler(sampler).options
    except PianoDiffError:
        return ()


class Choice(QObject):
    """Whatever is open and whatever runs; setters emit only when something changed."""

    settings_changed = Signal()
    network_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = DEFAULT
        self._network: NetworkInfo | None = None
        self._awaited = ""

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def network(self) -> NetworkInfo | None:
        return self._network

    @property
    def awaited(self) -> str:
        """What the settings will call the network that was chosen and is still being read; "" when there is none."""
        return self._awaited

    def set_settings(self, **changes: Any) -> None:
        """Change some settings. Raises SettingsError; nothing has changed then."""
        settings = replace(self._settings, **changes)
        if settings != self._settings:
            self._settings = settings
            self.settings_changed.emit()

    def set_network(self, network: NetworkInfo | None, name: str) -> None:
        """Use `network`; `name` is what the settings call it (a shipped name, or a path)."""
        changed = network != self._network or bool(self._awaited)
        self._network, self._awaited = network, ""
        self.set_settings(network=name)
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
