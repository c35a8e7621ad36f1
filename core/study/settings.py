"""What is evaluated, validated the moment it is settled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from core.errors import SettingsError
from core.extension.settings import Settings
from core.study.methods import parse_method

MIN_KNOWN_SECONDS, MIN_NEW_SECONDS, MAX_PART_SECONDS = 1.0, 0.5, 60.0
"""What the figures need to mean something: frames of a third of a second, and a tuning."""


@dataclass(frozen=True)
class StudySettings:
    """What is evaluated.

    clips       files and folders of held-out recordings
    out         where the results go
    networks    names or paths, as `--network` takes them
    samplers    methods: samplers, with their solver and steps where these differ, and whose notes lead them
                (`core.study.methods`)
    steps       denoising steps of a window, for methods that name none
    zero_shot   whether networks that can see the known audio are not shown it
    cases       how many continuations a row
    cuts        at most how many of one clip: 1 or 2
    begin, known, new   seconds: left out at the start of a clip, known, and made
    seed        of everything drawn
    seeds       continuations of each case by each method, with seeds of their own that all methods share
    traces      whether to keep how each one came about (`core.study.trace`)
    device      as in Settings

    Raises SettingsError.
    """

    clips: tuple[Path, ...]
    out: Path
    networks: tuple[str, ...] = (Settings.network,)
    samplers: tuple[str, ...] = (Settings.sampler,)
    steps: int = Settings.steps
    zero_shot: bool = False
    cases: int = 8
    cuts: int = 1
    begin: float = 2.0
    known: float = 4.0
    new: float = 2.0
    seed: int = 1
    seeds: int = 1
    traces: bool = False
    device: str = Settings.device

    def __post_init__(self) -> None:
        for sampler in self.samplers:
            parse_method(sampler, Settings(steps=self.steps, seed=self.seed, device=self.device))
        if self.cases < 1:
            raise SettingsError(f"There must be at least 1 case, not {self.cases}.")
        if self.seeds < 1:
            raise SettingsError(f"There must be at least 1 seed, not {self.seeds}.")
        if self.cuts not in (1, 2):
            raise SettingsError(f"A clip has 1 or 2 cuts, not {self.cuts}.")
        if not (math.isfinite(self.begin) and self.begin >= 0):
            raise SettingsError(f"The known part must begin at 0 s or later, not at {self.begin:g} s.")
        for name, value, least in (("known", self.known, MIN_KNOWN_SECONDS), ("new", self.new, MIN_NEW_SECONDS)):
            if not (math.isfinite(value) and least <= value <= MAX_PART_SECONDS):
                raise SettingsError(
                    f"The {name} part must be {least:g} to {MAX_PART_SECONDS:g} seconds long, not {value:g}: "
                    "in less than that the figures mean nothing."
                )
