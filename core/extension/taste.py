"""What the user may turn when notes are composed, validated the moment it is made. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import SettingsError
from core.extension.settings import Settings

SETTINGS = Settings(sampler="replacement", steps=18, solver="dpmpp-2m-sde", start=0.55)
"""How rolls are denoised where nobody chose: from what would be played if the known part repeated itself, noised to a
little more than half of the levels (docs/notes.md)."""
FEWEST, MOST = 0.25, 4.0
"""Limits of what the density may be turned to."""
COLDEST, HOTTEST = 0.5, 1.5
"""Limits of the temperature."""


@dataclass(frozen=True)
class Taste:
    """What the user may turn.

    temperature   of the noise: below 1 nearer to what the network holds for likeliest, above 1 farther from it
    density       onsets a second, over those of the known notes beside

    Raises SettingsError outside 0.5..1.5 and 0.25..4.
    """

    temperature: float = 1.0
    density: float = 1.0

    def __post_init__(self) -> None:
        for name, low, high in (("temperature", COLDEST, HOTTEST), ("density", FEWEST, MOST)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(f"The {name} must be between {low:g} and {high:g}, not {value:g}.")
