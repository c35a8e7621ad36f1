"""Reading what strangers made: checkpoints as numbers only, and the settings beside them."""

import math
import pickle
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import torch
from torch import Tensor, nn

from core import json_text
from core.errors import NetworkError
from core.networks.card import NetworkInfo

SUFFIXES = (".pt", ".pth", ".ckpt", ".pkl", ".bin", ".safetensors")
OVERRIDES_NAME = "pianodiff.json"
OVERRIDES = (
    "title",
    "trained_on",
    "sample_rate",
    "window_seconds",
    "context_seconds",
    "hop_seconds",
    "data_rms",
)
"""What it may set for any layout."""
WINDOW_SECONDS, CONTEXT_SECONDS, HOP_SECONDS = 5.0, 4.0, 1.0
"""The paper's, for networks that take any length."""
DATA_RMS = 0.1
"""The active RMS assumed of the audio a foreign network learned from, -20 dBFS: no layout records it."""
MAX_LEVELS = 10_000
MAX_DILATION_CYCLE = 16
"""Dilations up to 2^15, a layer that reaches over 3 s at 22.05 kHz."""

_LFS = b"version https://git-lfs"
_WEIGHTS_KEYS = ("model", "model_state_dict", "state_dict")


@dataclass(frozen=True)
class Checkpoint:
    """weights: tensors by name, without a wrapper's "module." prefix.  extra: what else the file holds."""

    weights: dict[str, Tensor]
    extra: dict[str, Any]


def file_of(path: Path) -> Path:
    """The checkpoint that `path` means: itself, or the one checkpoint in a folder (lmnt's weights.pt before others).

    Raises NetworkError when it is of another type, or a folder holds none or several.
    """
    if path.is_dir():
        if (path / "weights.pt").is_file():
            return path / "weights.pt"
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
        if len(files) != 1:
            found = f"has {len(files)} checkpoints: choose one of them" if files else "holds no checkpoint"
            raise NetworkError(f"{path} is not a network: it {found}.")
        return files[0]
    if path.suffix.lower() not in SUFFIXES:
        raise NetworkError(f"{path.name} is not a network: checkpoints end in {', '.join(SUFFIXES)}.")
    return path


def read_checkpoint(path: Path, mapped: bool = False) -> Checkpoint:
    """Read a checkpoint into memory, or only map it: names, shapes and settings are then there in no time.

    Raises NetworkError: it holds anything that is not a number, a text or a container of them (nothing of it is run),
    is damaged, or claims more numbers than fit into the file.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_LFS)) == _LFS:
                raise NetworkError(f"{path.name} only points to the checkpoint: fetch it with 'git lfs pull' first.")
        if path.suffix.lower() == ".safetensors":
            from safetensors.torch import load_file

            content: Any = load_file(path)
        else:
            # Files from before PyTorch 1.6 are no zip archives, and cannot be mapped.
            mapped = mapped and zipfile.is_zipfile(path)
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
        size = path.stat().st_size
    except NetworkError:
        raise
    except Exception as error:  # a damaged pickle can end in an exception of nearly any type
        raise NetworkError(_cannot_read(path, error)) from error
    if not isinstance(content, dict):
        raise NetworkError(f"{path.name} holds no weights: a dictionary of tensors was expected.")
    inner = next((content[key] for key in _WEIGHTS_KEYS if isinstance(content.get(key), dict)), None)
    named = content if inner is None else inner
    extra = {} if inner is None else {str(k): v for k, v in content.items() if v is not inner}
    weights = {str(name): value for name, value in named.items() if isinstance(value, Tensor)}
    if weights and all(name.startswith("module.") for name in weights):  # saved from a data-parallel wrapper
        weights = {name.removeprefix("module."): value for name, value in weights.items()}
    # A tensor can be declared larger than what is stored of it (a stride of 0), and would fill the memory.
    if sum(value.numel() * value.element_size() for value in weights.values()) > size:
        raise NetworkError(f"{path.name} is damaged: it claims more numbers than fit into its {size} bytes.")
    return Checkpoint(weights, extra)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; {} when there is no such file. Raises NetworkError when it is anything else."""
    if not path.is_file():
        return {}
    try:
        content = json_text.read_json(path)
    except (OSError, ValueError) as error:
        raise NetworkError(f"{path} is not readable JSON ({error}).") from error
    if not isinstance(content, dict):
        raise NetworkError(f"{path} holds no settings: a JSON object was expected.")
    return content


class Lengths(TypedDict):
    """Of a network's window, as its card has them."""

    window_seconds: float
    context_seconds: float
    hop_seconds: float


@dataclass
class Facts:
    """Settings of a foreign network: what its user says in pianodiff.json, or its files say, or had to be assumed."""

    overrides: dict[str, Any]
    assumed: list[str] = field(default_factory=list)

    @classmethod
    def beside(cls, folder: Path, *more: str) -> "Facts":
        """With the pianodiff.json of this folder, if it has one; `more` is what only this layout lets it set.

        Raises NetworkError when it is not sound.
        """
        overrides = read_json(folder / OVERRIDES_NAME)
        known = [*OVERRIDES, *more]
        unknown = sorted(overrides.keys() - set(known))
        if unknown:
            raise NetworkError(f"{folder / OVERRIDES_NAME} sets '{unknown[0]}', which is none of {', '.join(known)}.")
        return cls(overrides)

    def choose(self, key: str, found: Any, default: Any, assumption: str) -> Any:
        """The user's word on `key`, else what was found, else the default; the last is noted as an assumption."""
        if key in self.overrides:
            return self.overrides[key]
        if found is not None:
            return found
        self.assumed.append(assumption)
        return default

    def lengths(
        self, window: float = WINDOW_SECONDS, context: float = CONTEXT_SECONDS, hop: float = HOP_SECONDS
    ) -> Lengths:
        """Those that the user gave, else these."""
        return Lengths(
            window_seconds=float(self.overrides.get("window_seconds", window)),
            context_seconds=float(self.overrides.get("context_seconds", context)),
            hop_seconds=float(self.overrides.get("hop_seconds", hop)),
        )

    def data_rms(self) -> float:
        """The active RMS of what it learned from."""
        return float(self.choose("data_rms", None, DATA_RMS, f"audio at {20 * math.log10(DATA_RMS):.0f} dBFS"))

    def dilation_cycle(self, found: Any, default: int) -> int:
        """After how many layers the dilations start again at 1; no shape tells it. Raises ValueError."""
        cycle = int(self.choose("dilation_cycle", found, default, f"dilations up to 2^{default - 1}"))
        if not 1 <= cycle <= MAX_DILATION_CYCLE:
            raise ValueError(f"a dilation cycle of {cycle}")
        return cycle

    def diffwave_card(
        self, path: Path, layout: str, project: str, sample_rate: int, betas: list[float], architecture: dict[str, Any]
    ) -> NetworkInfo:
        """The card of a DiffWave in either layout. `architecture` holds at least its layers and channels."""
        layers, channels = architecture["layers"], architecture["channels"]
        return NetworkInfo(
            name=path.name,
            title=str(self.overrides.get("title", f"DiffWave ({path.name})")),
            kind="diffwave",
            path=path,
            sample_rate=sample_rate,
            **self.lengths(),
            data_rms=self.data_rms(),
            levels=len(betas),
            schedule={"kind": "betas", "betas": betas},
            architecture=architecture,
            trained_on=str(self.overrides.get("trained_on", "")),
            summary=self.summary(
                f"{project}, {layers} layers of {channels} channels, {sample_rate} Hz, {len(betas)} levels."
            ),
            layout=layout,
            weights=path,
        )

    def summary(self, description: str) -> str:
        """A description, with the assumptions behind it."""
        if not self.assumed:
            return description
        return f"{description} The files do not say, so assumed: {'; '.join(self.assumed)}."


def check_betas(values: Any) -> list[float]:
    """A noise schedule as a list of betas. Raises ValueError when it is not one."""
    if isinstance(values, Tensor):
        values = values.tolist()
    betas = [float(value) for value in values]
    if not (0 < len(betas) <= MAX_LEVELS and all(0 < beta < 1 for beta in betas)):
        raise ValueError(f"a noise schedule is a list of at most {MAX_LEVELS} betas between 0 and 1")
    return betas


def require(weights: Mapping[str, Tensor], name: str, path: Path, dimensions: int) -> Tensor:
    """The tensor of this name. Raises NetworkError when the checkpoint lacks it, or it is no such array of numbers."""
    value = weights.get(name)
    if value is None:
        raise NetworkError(f"{path.name} is not complete: it lacks '{name}'.")
    if value.ndim != dimensions or 0 in value.shape:
        raise NetworkError(f"{path.name} is damaged: '{name}' has the shape {tuple(value.shape)}.")
    return value


def count_layers(weights: Mapping[str, Tensor], prefix: str) -> int:
    """How many numbered layers there are under a prefix such as "residual_layers."."""
    found = (re.match(r"(\d{1,6})\.", name.removeprefix(prefix)) for name in weights if name.startswith(prefix))
    return len({match[1] for match in found if match})


def fold_weight_norm(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weight-normalised layers as plain ones: weight = g v / |v|, the norm over all but the first dimension.

    g and v are called weight_g and weight_v, or parametrizations.weight.original0 and original1 since PyTorch 2.
    """
    folded = dict(weights)
    for g_name, v_name in (("weight_g", "weight_v"), (_PARAMETRIZED + "0", _PARAMETRIZED + "1")):
        for name in [name for name in folded if name.endswith("." + g_name)]:
            prefix = name.removesuffix(g_name)
            if prefix + v_name in folded:
                g, v = folded.pop(name), folded.pop(prefix + v_name)
                if v.ndim < 2 or g.shape != (len(v), *[1] * (v.ndim - 1)):
                    raise NetworkError(f"The weights are damaged: '{name}' does not fit '{prefix + v_name}'.")
                folded[prefix + "weight"] = g * (v / v.flatten(1).norm(dim=1).view_as(g))
    return folded


_PARAMETRIZED = "parametrizations.weight.original"


def build(make: Callable[[], nn.Module], weights: Mapping[str, Tensor], path: Path, device: torch.device) -> nn.Module:
    """The network that `make` makes, with these weights, in evaluation mode on `device`.

    It is first made without memory, so that shapes that do not fit are found before anything large is allocated.
    Raises NetworkError: weights are missing, left over, of another shape, or not finite numbers.
    """
    try:
        with torch.device("meta"):
            wanted = make().state_dict()
    except (TypeError, ValueError, RuntimeError, KeyError, IndexError, ArithmeticError) as error:
        raise NetworkError(f"{path.name} does not describe a network ({error}).") from error
    missing, surplus = sorted(wanted.keys() - weights.keys()), sorted(weights.keys() - wanted.keys())
    if missing or surplus:
        what = f"it lacks '{missing[0]}'" if missing else f"'{surplus[0]}' is none of its network's"
        raise NetworkError(f"{path.name} does not fit the network it says it is: {what}.")
    for name, value in weights.items():
        if value.shape != wanted[name].shape:
            shapes = f"{tuple(value.shape)} instead of {tuple(wanted[name].shape)}"
            raise NetworkError(f"{path.name} does not fit the network it says it is: '{name}' is {shapes}.")
        whole = value.layout is torch.strided and value.is_floating_point()
        if not whole or not bool(value.float().isfinite().all()):
            raise NetworkError(f"{path.name} is damaged: '{name}' holds values that are not numbers.")
    network = make()
    network.load_state_dict(weights)  # into float32, whatever they are
    return network.eval().requires_grad_(False).to(device)


def _cannot_read(path: Path, error: Exception) -> str:
    """What to tell the user when a checkpoint was not loaded."""
    if isinstance(error, pickle.UnpicklingError):
        asked = re.search(r"GLOBAL (\S+)", str(error))
        what = f"it asks for {asked[1]}, and" if asked else "it is damaged or holds more than weights, and"
        return (
            f"{path.name} was not opened: {what} such a pickle can run any code. "
            f"Ask its maker for the bare state_dict, or for safetensors."
        )
    # The exceptions of a reader that lost its way say nothing; PyTorch's and safetensors' own do.
    said = type(error).__module__ != "builtins" or isinstance(error, RuntimeError | OSError | MemoryError)
    reason = str(error).partition(". ")[0].strip()[:200] if said else ""
    because = f" ({reason})" if reason else ""
    return f"{path.name} is not a readable checkpoint: it is damaged, incomplete or something else{because}."
