"""Which networks there are, and which one a name or a path means; no torch needed.

A network is a folder with `config.json` and `weights.safetensors`. The shipped ones lie in the application's assets.
Other people's checkpoints are networks too (`core.networks.foreign`); torch is only imported when one is looked at.
"""

import os
from pathlib import Path

from core.assets import asset_path
from core.errors import NetworkError
from core.json_text import read_json
from core.networks.card import CONFIG_NAME, WEIGHTS_NAME, NetworkInfo, read_info

DEFAULT_NETWORK = "spectral"


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
    path = Path(os.path.expanduser(name_or_path))
    if not os.path.exists(path):  # Path.exists raises where a name is too long, or a folder may not be looked into
        names = ", ".join(info.name for info in shipped_networks())
        raise NetworkError(
            f"There is no network '{name_or_path}': neither a shipped one ({names}) nor a file or folder."
        )
    try:
        return _found(path)
    except OSError as error:
        raise NetworkError(f"{path} can't be read: {error.strerror or error}.") from error


def _found(path: Path) -> NetworkInfo:
    """Ours or another's at that path. Raises NetworkError, OSError."""
    folder = path if path.is_dir() else path.parent
    if path.name in (CONFIG_NAME, WEIGHTS_NAME) or path == folder:
        if _is_ours(folder):
            return read_info(folder)
    elif path.suffix == ".safetensors" and (folder / CONFIG_NAME).is_file() and _is_ours(folder):
        return read_info(folder, path)
    from core.networks.foreign import layouts

    return layouts.describe(folder if path.name == CONFIG_NAME else path)


def _is_ours(folder: Path) -> bool:
    """Whether a folder is meant as a network of our own, sound or not: by its config, else by its weights."""
    try:
        config = read_json(folder / CONFIG_NAME)
    except FileNotFoundError:
        return (folder / WEIGHTS_NAME).is_file()
    except (OSError, ValueError):
        return True  # the reader says what is wrong with it
    return not (isinstance(config, dict) and config.keys() & _FOREIGN_KEYS)


_FOREIGN_KEYS = {"_class_name", "diffusion_config", "wavenet_config", "model_config"}
"""What tells the config.json of diffusers and of DiffWave-unconditional from ours."""
