"""From a design (a network's config.json) to a new network's folder: what a training run starts from and leaves."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from core.assets import asset_path
from core.audio.writing import write_text
from core.errors import NetworkError
from core.json_text import read_json
from core.networks.card import CONFIG_NAME, WEIGHTS_NAME
from core.networks.checkpoint import save_weights
from core.networks.registry import find_network
from core.training.corpus import Weighted
from core.training.settings import TrainingSettings, data_weight
from core.training.state import Progress


def read_design(name_or_path: str) -> tuple[dict[str, Any], Path]:
    """The config of a shipped network by name (of those that hear notes, too), or of a folder or a config.json, and its
    folder. Weights may be missing.

    Raises NetworkError when there is none, or it can't be read.
    """
    places = [asset_path(room) / name_or_path for room in ("networks", "notes")]
    path = next((place for place in places if os.path.isdir(place)), Path(os.path.expanduser(name_or_path)))
    path = path / CONFIG_NAME if os.path.isdir(path) else path
    try:
        config = read_json(path)
    except (OSError, ValueError) as error:
        raise NetworkError(
            f"'{name_or_path}' is not a network to train: neither spectral nor diffwave nor listener nor a "
            f"folder with a {CONFIG_NAME} ({error})."
        ) from error
    if not isinstance(config, dict):
        raise NetworkError(f"{path} is not a network's config.")
    config.pop("plays_notes", None)  # found of that network; another has yet to show it
    return config, path.parent


def starting_weights(name_or_path: str) -> Path:
    """The safetensors file that `--from` means: any such file, or a network by name or folder. NetworkError."""
    path = Path(os.path.expanduser(name_or_path))
    return path if path.suffix == ".safetensors" and os.path.isfile(path) else find_network(name_or_path).weights_path


def publish(
    folder: Path,
    config: Mapping[str, Any],
    settings: TrainingSettings,
    data: Weighted,
    network: nn.Module,
    average: Mapping[str, Tensor],
    progress: Progress,
) -> None:
    """Make `folder` a network: a config that says what it learned from, and the averaged weights.

    Parameters are stored in half precision, buffers (statistics of the data, a few numbers) as they are.

    Raises ExportError when it can't be written.
    """
    parameters = {name for name, _ in network.named_parameters()}
    weights = {name: value.half() if name in parameters else value for name, value in average.items()}
    card = dict(config) | {
        "title": settings.title or f"{config['title']} ({folder.resolve().name})",
        "trained_on": describe_training(settings, data, progress),
    }
    save_weights(folder / WEIGHTS_NAME, weights)
    write_text(folder / CONFIG_NAME, json.dumps(card, indent=2, ensure_ascii=False) + "\n", overwrite=True)


def describe_training(settings: TrainingSettings, data: Weighted, progress: Progress) -> str:
    """What a run learns from, for the network's card: where it started, minutes and share of each folder, how much."""
    total = sum(weight for _, weight in data)
    folders = [Path(data_weight(entry)[0]).resolve().name for entry in settings.data]
    parts = [
        f"{corpus.seconds / 60:.3g} minutes of '{folder}'" + (f" ({weight / total:.0%})" if len(data) > 1 else "")
        for folder, (corpus, weight) in zip(folders, data, strict=True)
    ]
    start = "" if settings.start is None else f", from the weights of '{_network_name(settings.start)}'"
    return f"{', '.join(parts)}; {progress.step} steps, {progress.audio_seconds:.0f} s of audio{start}"


def _network_name(start: str) -> str:
    path = Path(start)
    return path.resolve().parent.name if path.suffix == ".safetensors" else path.name
