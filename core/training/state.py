"""A training run on disk, such that a kill at any moment loses at most the steps since the last save.

All that a run needs to go on is one safetensors file: tensors, and a JSON text in its header. One file replaced by
one rename can't be half old and half new.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

from core.bounds import check_fields, real, whole
from core.errors import NetworkError, SettingsError
from core.json_text import parse_json
from core.networks.checkpoint import save_weights

STATE_NAME = "state.safetensors"
FORMAT = 1


@dataclass
class Progress:
    """How far a run is.

    step           of the next batch: steps done, skipped ones counted
    skipped        steps left out because loss or gradient was not finite
    audio_seconds  audio seen
    seconds        time spent, over all sessions
    """

    step: int = 0
    skipped: int = 0
    audio_seconds: float = 0.0
    seconds: float = 0.0

    def as_floats(self) -> tuple[float, ...]:
        """All of it as numbers, for other processes."""
        return float(self.step), float(self.skipped), self.audio_seconds, self.seconds

    @classmethod
    def from_floats(cls, step: float, skipped: float, audio_seconds: float, seconds: float) -> "Progress":
        """The inverse of `as_floats`."""
        return cls(int(step), int(skipped), audio_seconds, seconds)


_PROGRESS = {
    "step": whole(0, 10**12),
    "skipped": whole(0, 10**12),
    "audio_seconds": real(0, 1e12),
    "seconds": real(0, 1e12),
}


@dataclass(frozen=True)
class Header:
    """What is saved beside the tensors.

    settings   the run's TrainingSettings
    identity   the design's config and the fingerprints of the audio: with others it would be another run
    """

    progress: Progress
    settings: dict[str, Any]
    identity: dict[str, Any]

    def check_identity(self, identity: dict[str, Any]) -> None:
        """Raises SettingsError when the run was started with another design, or on other recordings."""
        now = json.loads(json.dumps(identity))
        if self.identity.get("design") != now["design"]:
            raise SettingsError("The design of this network has changed since the run was started. Start a new run.")
        if self.identity.get("audio") != now["audio"]:
            raise SettingsError(
                "The recordings have changed since the run was started: some were added, removed, renamed or cut, or "
                "their notes were changed. Put them back, or start a new run from these weights (--from)."
            )


def save_state(
    folder: Path,
    header: Header,
    network: nn.Module,
    average: dict[str, Tensor],
    optimiser: Optimizer,
) -> None:
    """Write the run's state, float32, whole or not at all. Raises ExportError when it can't be written."""
    tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"average/{name}": value for name, value in average.items()}
    for name, parameter in network.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"optimiser/{key}/{name}"] = value
    text = json.dumps({"format": FORMAT, **asdict(header)})
    save_weights(folder / STATE_NAME, tensors, {"pianodiff": text})


def read_header(folder: Path) -> Header:
    """Progress, settings and identity of the run in `folder`. Raises NetworkError when it holds none."""
    # Not for torch, which opens the file a second time: by then a run that is still going may have put another there.
    header = parse_json(_open(folder, "numpy").metadata()["pianodiff"])
    try:
        check_fields(header["progress"], _PROGRESS, "progress")
        for name in ("settings", "identity"):
            if not isinstance(header[name], dict):
                raise ValueError(f'"{name}" must be a JSON object')
        return Header(Progress(**header["progress"]), header["settings"], header["identity"])
    except (KeyError, TypeError, ValueError) as error:
        raise NetworkError(f"{folder / STATE_NAME} is not the state of a training run ({error}).") from error


def load_state(folder: Path, network: nn.Module, average: dict[str, Tensor], optimiser: Optimizer) -> None:
    """Put weights, moving average and optimiser back, in place. Raises NetworkError when they do not fit."""
    file = _open(folder, "pt")
    names = set(file.keys())
    parameters = dict(network.named_parameters())
    try:
        network.load_state_dict({name: file.get_tensor(f"network/{name}") for name in network.state_dict()})
        for name, value in average.items():
            value.copy_(file.get_tensor(f"average/{name}"))
        for name, parameter in parameters.items():
            if f"optimiser/step/{name}" in names:  # not yet, when every step so far was skipped
                for tensor, key in zip(_moments(parameter, optimiser), _MOMENTS, strict=True):
                    tensor.copy_(file.get_tensor(f"optimiser/{key}/{name}"))
    except (SafetensorError, RuntimeError) as error:
        raise NetworkError(f"The run in {folder} is of another network ({error}).") from error


def optimiser_tensors(network: nn.Module, optimiser: Optimizer) -> list[Tensor]:
    """AdamW's tensors in an order that all processes share, zeros where it has not taken a step yet."""
    return [tensor for parameter in network.parameters() for tensor in _moments(parameter, optimiser)]


_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def _moments(parameter: Tensor, optimiser: Optimizer) -> list[Tensor]:
    """AdamW's tensors for a parameter, in its state. They lie in memory as it does: the fused step relies on that."""
    state = optimiser.state[parameter]
    if not state:
        state["step"] = torch.zeros((), device=parameter.device)
        state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
    return [state[key] for key in _MOMENTS]


def _open(folder: Path, framework: str) -> Any:
    path = folder / STATE_NAME
    if not path.is_file():
        raise NetworkError(f"{folder} holds no training run to go on with: it has no {STATE_NAME}.")
    try:
        file = safe_open(path, framework=framework)
        if parse_json(file.metadata()["pianodiff"])["format"] > FORMAT:
            raise NetworkError(f"{path} was written by a later version of PianoDiff.")
        return file
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise NetworkError(f"{path} is not the state of a training run ({error}).") from error
