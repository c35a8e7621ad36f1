"""Which networks there are and what they ask for, read from their config files; no torch needed.

A network is a folder with `config.json` and `weights.safetensors`. The shipped ones lie in the application's assets.
Other people's checkpoints are networks too (`core.networks.foreign`); torch is only imported when one is looked at.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.assets import asset_path
from core.errors import NetworkError

CONFIG_NAME, WEIGHTS_NAME = "config.json", "weights.safetensors"
KINDS = ("spectral_unet", "diffwave")
DEFAULT_NETWORK = "spectral"


@dataclass(frozen=True)
class NetworkInfo:
    """A network's card, as its config.json tells it.

    kind             the architecture, one of KINDS, or "dance_diffusion"
    path             what opens it again: its folder, or the file where a network is one file
    sample_rate      Hz
    window_seconds   the longest stretch it is asked to denoise at once
    context_seconds  known audio at the start of a window, by default
    hop_seconds      new audio a window, at most
    data_rms         the active RMS that audio is brought to before it enters
    levels           T, the number of noise levels
    schedule         parameters of the noise schedule
    architecture     arguments of the network's class
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
    trained_on: str = ""
    layout: str = "pianodiff"
    weights: Path | None = None

    @property
    def sees_known(self) -> bool:
        """Whether it can be shown the known audio, having been trained to continue what it sees."""
        return self.architecture.get("sees_known") is True

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


def shipped_networks() -> list[NetworkInfo]:
    """The networks that come with the application, the default one first."""
    folders = sorted(p.parent for p in asset_path("networks").glob(f"*/{CONFIG_NAME}"))
    networks = [read_info(folder) for folder in folders]
    return sorted(networks, key=lambda info: info.name != DEFAULT_NETWORK)


def find_network(name_or_path: str) -> NetworkInfo:
    """A shipped network by name, or one by the path of its folder, its config or its weights.

    A .safetensors file of any name beside the config of a network of ours is that network with those weights.
    Everything else is another project's, and left to `core.networks.foreign`.

    Raises NetworkError: unknown name, missing file, config that is not one, checkpoint of no known layout.
    """
    for info in shipped_networks():
        if info.name == name_or_path:
            return info
    path = Path(name_or_path).expanduser()
    if not path.exists():
        names = ", ".join(info.name for info in shipped_networks())
        raise NetworkError(
            f"There is no network '{name_or_path}': neither a shipped one ({names}) nor a file or folder."
        )
    folder = path if path.is_dir() else path.parent
    if path.name in (CONFIG_NAME, WEIGHTS_NAME) or path == folder:
        if _is_ours(folder):
            return read_info(folder)
    elif path.suffix == ".safetensors" and (folder / CONFIG_NAME).is_file() and _is_ours(folder):
        return read_info(folder, path)
    from core.networks import foreign

    return foreign.describe(folder if path.name == CONFIG_NAME else path)


def _is_ours(folder: Path) -> bool:
    """Whether a folder is meant as a network of our own, sound or not: by its config, else by its weights."""
    try:
        config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return (folder / WEIGHTS_NAME).is_file()
    except (OSError, ValueError):
        return True  # the reader says what is wrong with it
    return not (isinstance(config, dict) and config.keys() & _FOREIGN_KEYS)


_FOREIGN_KEYS = {"_class_name", "diffusion_config", "wavenet_config", "model_config"}
"""What tells the config.json of diffusers and of DiffWave-unconditional from ours."""


def read_info(folder: Path, weights: Path | None = None) -> NetworkInfo:
    """The card of the network in `folder`, with its own weights or those of another file.

    Raises NetworkError when a file is missing or the config is not sound.
    """
    for file in (folder / CONFIG_NAME, weights or folder / WEIGHTS_NAME):
        if not file.is_file():
            raise NetworkError(f"{folder} is not a network: it has no {file.name}.")
    try:
        config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NetworkError(f"{folder / CONFIG_NAME} is not a valid network config ({error}).") from error
    return parse_config(config, folder, weights)


def parse_config(config: Any, folder: Path, weights: Path | None = None) -> NetworkInfo:
    """The card that a config.json read from `folder` makes. Raises NetworkError when it is not sound."""
    try:
        info = NetworkInfo(
            name=folder.name if weights is None else f"{folder.name}/{weights.name}",
            title=str(config["title"]),
            summary=str(config["summary"]),
            kind=str(config["kind"]),
            path=weights or folder,
            sample_rate=int(config["sample_rate"]),
            window_seconds=float(config["window_seconds"]),
            context_seconds=float(config["context_seconds"]),
            hop_seconds=float(config["hop_seconds"]),
            data_rms=float(config["data_rms"]),
            levels=int(config["levels"]),
            schedule=dict(config["schedule"]),
            architecture=dict(config["architecture"]),
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
    sound = info.sample_rate > 0 and info.levels > 0 and info.data_rms > 0 and info.hop_seconds > 0
    if not (sound and 0 < info.context_seconds < info.window_seconds):
        where = info.path / CONFIG_NAME if info.path.is_dir() else f"The card of {info.path}"
        raise NetworkError(f"{where} holds a length, rate or level out of range.")
    return info
