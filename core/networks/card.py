"""A network's card: what its config.json says of it, as every part of the program asks for it. No torch needed."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import NetworkError
from core.json_text import read_json
from core.networks.limits import LEVELS, PART, RATE, RMS, WINDOW, check_architecture, check_schedule

CONFIG_NAME, WEIGHTS_NAME = "config.json", "weights.safetensors"
KINDS = ("spectral_unet", "diffwave")
"""Architectures of our own. `core.networks.checkpoint` builds them."""

LISTENER = "listener"
"""The kind of networks that hear notes (`core.networks.listener_card`), and can't extend audio."""
COMPOSER = "composer"
"""The kind of networks that say which notes come next (`core.networks.composer_card`), and can't either."""

MIN_NEW_SECONDS = 0.25
"""A window with less new audio than this would cost a whole pass for next to nothing."""


@dataclass(frozen=True)
class NetworkInfo:
    """A network's card, as its config.json tells it.

    kind             the architecture, one of KINDS, or "dance_diffusion"
    path             what opens it again: its folder, or the file where a network is one file
    sample_rate      Hz
    window_seconds   the longest stretch it is asked to denoise at once
    context_seconds  known audio at the start of a window, by default
    context_with_notes_seconds      where notes lead: what they tell it, it need not hear, and the rest of the window is
                     new; None is no difference
    hop_seconds      new audio a window, at most
    data_rms         the active RMS that audio is brought to before it enters
    levels           T, the number of noise levels
    schedule         parameters of the noise schedule
    architecture     arguments of the network's class
    plays_notes      whether it has been found to play notes well, from their sketch: then notes are composed for it
                     where nobody says otherwise
    trained_on       what it learned from, in a sentence or two; "" when its config does not say
    layout           whose files it is made of: "pianodiff", or one of `core.networks.foreign`
    weights          the file with the weights; None is weights.safetensors in the folder
    """

    name: str
    title: str
    summary: str
    kind: str
    path: Path
    sample_rate: int
    window_seconds: float
    context_seconds: float
    hop_seconds: float
    data_rms: float
    levels: int
    schedule: dict[str, Any]
    architecture: dict[str, Any]
    plays_notes: bool = False
    context_with_notes_seconds: float | None = None
    trained_on: str = ""
    layout: str = "pianodiff"
    weights: Path | None = None

    @property
    def sees_known(self) -> bool:
        """Whether it can be shown the known audio, having been trained to continue what it sees."""
        return self.architecture.get("sees_known") is True

    @property
    def sees_notes(self) -> bool:
        """Whether it can be shown a sketch of the notes that are played."""
        return self.architecture.get("sees_notes") is True

    @property
    def weights_path(self) -> Path:
        """The file with the weights."""
        return self.weights or self.path / WEIGHTS_NAME

    def weights_sha256(self) -> str:
        """Hash of the weights, for recipes."""
        status = self.weights_path.stat()
        return _sha256(self.weights_path, status.st_mtime_ns, status.st_size)


@cache
def _sha256(path: Path, modified: int, size: int) -> str:
    """The hash of a file as it was then: a training run writes its weights anew under the same name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_info(folder: Path, weights: Path | None = None) -> NetworkInfo:
    """The card of the network in `folder`, with its own weights or those of another file.

    Raises NetworkError when a file is missing or the config is not sound.
    """
    for file in (folder / CONFIG_NAME, weights or folder / WEIGHTS_NAME):
        if not file.is_file():
            raise NetworkError(f"{folder} is not a network: it has no {file.name}.")
    try:
        config = read_json(folder / CONFIG_NAME)
    except (OSError, ValueError) as error:
        raise NetworkError(f"{folder / CONFIG_NAME} is not a valid network config ({error}).") from error
    return parse_config(config, folder, weights)


def kind_of(folder: Path) -> str:
    """The kind of the network in a folder, by its config; "" where there is none."""
    try:
        return str(read_json(folder / CONFIG_NAME)["kind"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def parse_config(config: Any, folder: Path, weights: Path | None = None) -> NetworkInfo:
    """The card that a config.json read from `folder` makes. Raises NetworkError when it is not sound."""
    if isinstance(config, dict) and config.get("kind") == LISTENER:
        raise NetworkError(f"{folder.name} hears notes, and can't extend audio: it is for 'pianodiff transcribe'.")
    if isinstance(config, dict) and config.get("kind") == COMPOSER:
        raise NetworkError(f"{folder.name} composes notes, and can't extend audio: it is for 'pianodiff compose'.")
    try:
        if config["kind"] in KINDS:
            check_architecture(config["kind"], config["architecture"])
        check_schedule(config["schedule"])
        info = NetworkInfo(
            name=folder.name if weights is None else f"{folder.name}/{weights.name}",
            title=str(config["title"]),
            summary=str(config["summary"]),
            kind=str(config["kind"]),
            path=weights or folder,
            sample_rate=RATE("sample_rate", config["sample_rate"]),
            window_seconds=WINDOW("window_seconds", config["window_seconds"]),
            context_seconds=PART("context_seconds", config["context_seconds"]),
            hop_seconds=PART("hop_seconds", config["hop_seconds"]),
            data_rms=RMS("data_rms", config["data_rms"]),
            levels=LEVELS("levels", config["levels"]),
            schedule=dict(config["schedule"]),
            architecture=dict(config["architecture"]),
            plays_notes=config.get("plays_notes") is True,
            context_with_notes_seconds=config.get("context_with_notes_seconds"),
            trained_on=str(config.get("trained_on", "")),
            weights=weights,
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise NetworkError(f"{folder / CONFIG_NAME} is not a valid network config ({error}).") from error
    if info.kind not in KINDS:
        raise NetworkError(f"{folder.name} is a '{info.kind}', which this version does not know ({', '.join(KINDS)}).")
    return check_info(info)


def check_info(info: NetworkInfo) -> NetworkInfo:
    """`info` when what it says is possible. Raises NetworkError."""
    where = info.path / CONFIG_NAME if info.path.is_dir() else f"The card of {info.path}"
    checks = {"sample_rate": RATE, "levels": LEVELS, "data_rms": RMS}
    checks |= {"window_seconds": WINDOW, "context_seconds": PART, "hop_seconds": PART}
    try:
        for name, check in checks.items():
            check(name, getattr(info, name))
        if info.context_with_notes_seconds is not None:
            PART("context_with_notes_seconds", info.context_with_notes_seconds)
    except ValueError as error:
        raise NetworkError(f"{where} holds a length, rate or level out of range: {error}.") from error
    if not info.context_seconds < info.window_seconds:
        raise NetworkError(
            f'{where} holds a length out of range: "context_seconds" must be less than "window_seconds".'
        )
    if (info.context_with_notes_seconds or 0.0) > info.context_seconds:
        raise NetworkError(
            f'{where} holds a length out of range: "context_with_notes_seconds" must be at most "context_seconds".'
        )
    return info
