"""Weights on disk: safetensors only. A pickle is never loaded."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import NetworkError


def load_weights(network: nn.Module, path: Path) -> None:
    """Load safetensors weights into `network`; half precision is widened. Buffers the file lacks keep their values.

    Raises NetworkError when the file is missing, is not safetensors, or belongs to another network.
    """
    if not path.is_file():
        raise NetworkError(f"There is no network file at {path}.")
    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise NetworkError(f"{path.name} is not a readable safetensors file ({error}).") from error
    wanted = network.state_dict()
    parameters = {name for name, _ in network.named_parameters()}
    missing = sorted(parameters - weights.keys())
    foreign = sorted(weights.keys() - wanted.keys())
    misshapen = sorted(n for n in weights.keys() & wanted.keys() if weights[n].shape != wanted[n].shape)
    if missing or foreign or misshapen:
        example = (missing + foreign + misshapen)[0]
        raise NetworkError(f"The weights in {path.name} do not fit this network (first difference: {example}).")
    network.load_state_dict({name: value.to(wanted[name].dtype) for name, value in weights.items()}, strict=False)


def save_weights(path: Path, weights: Mapping[str, Tensor], dtype: torch.dtype = torch.float32) -> None:
    """Write safetensors through a temporary file and a rename, so that a crash never leaves half a file."""
    temporary = path.with_name(path.name + ".part")
    save_file({n: v.detach().cpu().to(dtype).contiguous() for n, v in weights.items()}, temporary)
    os.replace(temporary, path)
