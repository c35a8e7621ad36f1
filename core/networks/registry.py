"""Which networks there are and what they ask for, read from their config files; no torch needed.

A network is a folder with `config.json` and `weights.safetensors`. The shipped ones lie in the application's assets.
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

    kind             the architecture, one of KINDS
    sample_rate      Hz
    window_seconds   the longest stretch it is asked to denoise at once
    context_seconds  known audio at the start of a window, by default
    hop_seconds      new audio a window, at most
    data_rms         the active RMS that audio is brought to before it enters
    levels           T, the number of noise levels
    schedule         parameters of the noise schedule
    architecture     arguments of the network's class
    trained_on       what it learned from, in a sentence or two; "" when its config does not say
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

    @property
    def weights_path(self) -> Path:
        """The safetensors file."""
        return self.path / WEIGHTS_NAME

    def weights_sha256(self) -> str:
        """Hash of the weights, for recipes."""
        return _sha256(self.weights_path)


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shipped_networks() -> list[NetworkInfo]:
    """The networks that come with the application, the default one first."""
    folders = sorted(p.parent for p in asset_path("networks").glob(f"*/{CONFIG_NAME}"))
    networks = [read_info(folder) for folder in folders]
    return sorted(networks, key=lambda info: info.name != DEFAULT_NETWORK)


def find_network(name_or_path: str) -> NetworkInfo:
    """A shipped network by name, or one by the path of its folder, its config or its weights.

    Raises NetworkError: unknown name, missing file, config that is not one.
    """
    for info in shipped_networks():
        if info.name == name_or_path:
            return info
    path = Path(name_or_path).expanduser()
    if path.is_file():
        if path.name not in (CONFIG_NAME, WEIGHTS_NAME):
            raise NetworkError(
                f"{path.name} is not a PianoDiff network: choose its folder, or the {WEIGHTS_NAME} beside its "
                f"{CONFIG_NAME}. Pickled checkpoints (.pt, .pth, .ckpt) are not opened: they can run any code."
            )
        path = path.parent
    if not path.is_dir():
        names = ", ".join(info.name for info in shipped_networks())
        raise NetworkError(
            f"There is no network '{name_or_path}': neither a shipped one ({names}) nor a file or folder."
        )
    return read_info(path)


def read_info(folder: Path) -> NetworkInfo:
    """The card of the network in `folder`. Raises NetworkError when a file is missing or the config is not sound."""
    for name in (CONFIG_NAME, WEIGHTS_NAME):
        if not (folder / name).is_file():
            raise NetworkError(f"{folder} is not a network: it has no {name}.")
    try:
        config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
        info = NetworkInfo(
            name=folder.name,
            title=str(config["title"]),
            summary=str(config["summary"]),
            kind=str(config["kind"]),
            path=folder,
            sample_rate=int(config["sample_rate"]),
            window_seconds=float(config["window_seconds"]),
            context_seconds=float(config["context_seconds"]),
            hop_seconds=float(config["hop_seconds"]),
            data_rms=float(config["data_rms"]),
            levels=int(config["levels"]),
            schedule=dict(config["schedule"]),
            architecture=dict(config["architecture"]),
            trained_on=str(config.get("trained_on", "")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NetworkError(f"{folder / CONFIG_NAME} is not a valid network config ({error}).") from error
    if info.kind not in KINDS:
        raise NetworkError(f"{folder.name} is a '{info.kind}', which this version does not know ({', '.join(KINDS)}).")
    sound = info.sample_rate > 0 and info.levels > 0 and info.data_rms > 0 and info.hop_seconds > 0
    if not (sound and 0 < info.context_seconds < info.window_seconds):
        raise NetworkError(f"{folder / CONFIG_NAME} holds a length, rate or level out of range.")
    return info
