"""Which objective a config.json asks for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.networks.card import COMPOSER, LISTENER, parse_config
from core.networks.checkpoint import build
from core.networks.composer_card import parse_composer
from core.networks.diffwave import DiffWave
from core.networks.listener_card import parse_listener
from core.networks.spectral_unet import SpectralUNet
from core.training.composing import ComposerObjective
from core.training.denoising import DiffWaveObjective, SpectralObjective
from core.training.listening import ListenerObjective
from core.training.objective import Objective


def make_objective(config: Mapping[str, Any], folder: Path) -> Objective:
    """The objective for a config.json read from `folder`, with fresh weights.

    Raises NetworkError when it does not describe a whole network: also what only its use would need is checked.
    """
    if config.get("kind") == LISTENER:
        return ListenerObjective(parse_listener(config, folder))
    if config.get("kind") == COMPOSER:
        return ComposerObjective(parse_composer(config, folder))
    info = parse_config(config, folder)
    schedule, network = build(info)
    if isinstance(network, SpectralUNet):
        return SpectralObjective(info, schedule, network)
    assert isinstance(network, DiffWave)
    return DiffWaveObjective(info, schedule, network)
