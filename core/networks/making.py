"""Making the network that a config describes, once it is known that it fits: into memory, and to its weights."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from core.errors import NetworkError
from core.networks.limits import MAX_WEIGHTS

Network = TypeVar("Network", bound=nn.Module)


def make(build: Callable[[], Network], config: Path, weights: Path | None = None) -> Network:
    """What `build` makes of the numbers in `config`. It is first made without memory, and counted.

    weights: the safetensors file that it is for; one with less than half of the network's numbers, by its header, is
    refused before memory is taken.

    Raises NetworkError: no network, a network of more than MAX_WEIGHTS numbers, or one that isn't the weights'.
    """
    try:
        with torch.device("meta"):
            size = sum(value.numel() for value in build().state_dict().values())
        if size > MAX_WEIGHTS:
            raise NetworkError(f"{config} describes a network of {size} numbers; {MAX_WEIGHTS} is the most.")
        if weights is not None and weights.is_file():
            stored = _stored(weights)
            if size > 2 * stored:
                raise NetworkError(
                    f"The weights in {weights.name} do not fit this network: it has {size} numbers, the file {stored}."
                )
        return build()
    except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError, IndexError, MemoryError) as error:
        raise NetworkError(f"{config} does not describe a network ({error}).") from error


def _stored(path: Path) -> int:
    """How many numbers a safetensors file holds, by its header alone."""
    try:
        with safe_open(path, framework="pt") as file:
            shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118  # no mapping
    except (SafetensorError, OSError) as error:
        raise NetworkError(f"{path.name} is not a readable safetensors file ({error}).") from error
    return sum(torch.Size(shape).numel() for shape in shapes)
