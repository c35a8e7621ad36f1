"""The card of a listener, a network that hears notes: its config.json, and its weights read. Which one is shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.assets import asset_path
from core.errors import NetworkError
from core.json_text import read_json
from core.networks.card import CONFIG_NAME, LISTENER, WEIGHTS_NAME, kind_of
from core.networks.limits import RATE, RMS, WINDOW, check_architecture

if TYPE_CHECKING:
    from core.networks.listener import Listener


@dataclass(frozen=True)
class ListenerInfo:
    """What the config.json of a listener says.

    path             its folder
    sample_rate      Hz
    window_seconds   what it hears at once
    data_rms         the active RMS that audio is brought to before it enters
    architecture     arguments of `core.networks.listener.Listener`, beside rate and level
    """

    title: str
    path: Path
    sample_rate: int
    window_seconds: float
    data_rms: float
    architecture: dict[str, Any]

    def build(self, weights: Path | None = None) -> Listener:
        """The network, with fresh weights, which will be those of the file `weights` if it is given. Raises
        NetworkError.
        """
        from core.networks.listener import Listener
        from core.networks.making import make

        make_listener = partial(Listener, sample_rate=self.sample_rate, data_rms=self.data_rms, **self.architecture)
        return make(make_listener, self.path / CONFIG_NAME, weights)


def parse_listener(config: Mapping[str, Any], folder: Path) -> ListenerInfo:
    """The card that a config.json read from `folder` makes. Raises NetworkError when it is not sound."""
    try:
        check_architecture(LISTENER, config["architecture"])
        info = ListenerInfo(
            title=str(config["title"]),
            path=folder,
            sample_rate=RATE("sample_rate", config["sample_rate"]),
            window_seconds=WINDOW("window_seconds", config["window_seconds"]),
            data_rms=RMS("data_rms", config["data_rms"]),
            architecture=dict(config["architecture"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise NetworkError(f"{folder / CONFIG_NAME} is not the config of a listener ({error}).") from error
    if not (info.sample_rate > 0 and 1 <= info.window_seconds <= 60 and info.data_rms > 0):
        raise NetworkError(f"{folder / CONFIG_NAME} holds a length, rate or level out of range.")
    return info


def load_listener(folder: Path | None = None) -> tuple[ListenerInfo, Listener]:
    """The listener in a folder, or the shipped one, ready to use on the CPU. Raises NetworkError."""
    from core.networks.checkpoint import load_weights

    folder = asset_path("notes") / LISTENER if folder is None else folder
    if kind_of(folder) != LISTENER:
        raise NetworkError(f"{folder} holds no listener, a network that hears notes.")
    info = parse_listener(read_json(folder / CONFIG_NAME), folder)
    network = info.build(folder / WEIGHTS_NAME)
    load_weights(network, folder / WEIGHTS_NAME)
    network.eval().requires_grad_(False)
    return info, network
