"""The card of a composer, a network that knows which notes come next: its config.json, and its weights read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.assets import asset_path
from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.json_text import read_json
from core.networks.card import COMPOSER, CONFIG_NAME, WEIGHTS_NAME, kind_of
from core.networks.limits import LEVELS, PART, WINDOW, check_architecture, check_schedule

if TYPE_CHECKING:
    from core.networks.composer import Composer

FRAMES_A_SECOND = 24
"""Of every roll, `core.notes.roll`: a network knows no other tempo."""


@dataclass(frozen=True)
class ComposerInfo:
    """What the config.json of a composer says.

    name            of the network
    path            its folder
    sample_rate     frames of a roll a second
    window_seconds  the longest stretch it is asked to denoise at once
    context_seconds known notes beside the new ones, at most
    hop_seconds     new notes in a window, at most
    levels          T, the number of noise levels
    schedule        arguments of `NoiseSchedule.power_sigma`
    architecture    arguments of `core.networks.composer.Composer`
    """

    name: str
    title: str
    path: Path
    sample_rate: int
    window_seconds: float
    context_seconds: float
    hop_seconds: float
    levels: int
    schedule: dict[str, Any]
    architecture: dict[str, Any]

    @property
    def context_with_notes_seconds(self) -> None:
        """Where it starts with notes it sees as much as elsewhere."""

    def build(self, weights: Path | None = None) -> tuple[NoiseSchedule, Composer]:
        """Its noise schedule, and the network with fresh weights, which will be those of the file `weights` if it is
        given. Raises NetworkError.
        """
        from core.networks.composer import Composer
        from core.networks.making import make

        try:
            schedule = NoiseSchedule.power_sigma(self.levels, **self.schedule)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise NetworkError(f"{self.path / CONFIG_NAME} does not describe a composer ({error}).") from error
        make_composer = partial(Composer, **self.architecture)
        return schedule, make(make_composer, self.path / CONFIG_NAME, weights)


def parse_composer(config: Mapping[str, Any], folder: Path) -> ComposerInfo:
    """The card that a config.json read from `folder` makes. Raises NetworkError when it is not sound."""
    try:
        check_architecture(COMPOSER, config["architecture"])
        check_schedule(config["schedule"])
        info = ComposerInfo(
            name=folder.name,
            title=str(config["title"]),
            path=folder,
            sample_rate=FRAMES_A_SECOND,
            window_seconds=WINDOW("window_seconds", config["window_seconds"]),
            context_seconds=PART("context_seconds", config["context_seconds"]),
            hop_seconds=PART("hop_seconds", config["hop_seconds"]),
            levels=LEVELS("levels", config["levels"]),
            schedule=dict(config["schedule"]),
            architecture=dict(config["architecture"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise NetworkError(f"{folder / CONFIG_NAME} is not the config of a composer ({error}).") from error
    lengths = info.hop_seconds, info.context_seconds
    if not (info.levels > 0 and min(lengths) > 0 and sum(lengths) <= info.window_seconds <= 120):
        raise NetworkError(f"{folder / CONFIG_NAME} holds a length or number of levels out of range.")
    return info


class Composing(NamedTuple):
    """A composer that is ready to use."""

    info: ComposerInfo
    schedule: NoiseSchedule
    network: Composer


def load_composer(folder: Path | None = None) -> Composing:
    """The composer in a folder, or the shipped one, ready to use on the CPU. Raises NetworkError."""
    from core.networks.checkpoint import load_weights

    folder = asset_path("notes") / COMPOSER if folder is None else folder
    if kind_of(folder) != COMPOSER:
        raise NetworkError(f"{folder} holds no composer, a network that knows which notes come next.")
    info = parse_composer(read_json(folder / CONFIG_NAME), folder)
    schedule, network = info.build(folder / WEIGHTS_NAME)
    load_weights(network, folder / WEIGHTS_NAME)
    network.eval().requires_grad_(False)
    return Composing(info, schedule, network)
