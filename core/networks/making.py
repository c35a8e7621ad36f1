"""Making the network that a config describes, once it is known that it fits: into memory, and to its weights."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.overrides import TorchFunctionMode

from core.errors import NetworkError
from core.networks.limits import MAX_WEIGHTS

Network = TypeVar("Network", bound=nn.Module)


def make(build: Callable[[], Network], config: Path, weights: Path | None = None) -> Network:
    """What `build` makes of the numbers in `config`, which are counted before they take memory.

    weights: the safetensors file that it is for; one with less than half of the network's numbers, by its header, is
    refused as soon as that is known. Without one, the network is first made without memory, which takes two seconds.

    Raises NetworkError: no network, a network of more than MAX_WEIGHTS numbers, or one that isn't the weights'.
    """
    try:
        if weights is not None and weights.is_file():
            with _Counted(weights):
                return build()
        with torch.device("meta"):
            size = sum(value.numel() for value in build().state_dict().values())
        if size > MAX_WEIGHTS:
            raise NetworkError(f"{config} describes a network of {size} numbers; {MAX_WEIGHTS} is the most.")
        return build()
    except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError, IndexError, MemoryError) as error:
        raise NetworkError(f"{config} does not describe a network ({error}).") from error


class _Counted(TorchFunctionMode):
    """Adds up the sizes of the tensors that are made; none with which they would be too many for `weights` is made."""

    MAKING = frozenset({torch.empty, torch.zeros, torch.ones, torch.full, torch.randn, torch.rand})

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self._weights, self._stored = weights, _stored(weights)
        self._size = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in self.MAKING:
            self._size += math.prod(args if isinstance(args[0], int) else args[0])
            if self._size > min(2 * self._stored, MAX_WEIGHTS):
                raise NetworkError(
                    f"The weights in {self._weights.name} do not fit this network: it has at least {self._size} "
                    f"numbers, the file {self._stored}, and {MAX_WEIGHTS} is the most."
                )
        return func(*args, **kwargs or {})


def _stored(path: Path) -> int:
    """How many numbers a safetensors file holds, by its header alone."""
    try:
        with safe_open(path, framework="pt") as file:
            shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118  # no mapping
    except (SafetensorError, OSError) as error:
        raise NetworkError(f"{path.name} is not a readable safetensors file ({error}).") from error
    return sum(torch.Size(shape).numel() for shape in shapes)
