"""Where the network runs."""

import torch
from torch.utils._triton import has_triton

from core.errors import SettingsError


def available_devices() -> list[str]:
    """Names of the devices of this machine, the fastest first; "cpu" is always among them."""
    devices = []
    if torch.cuda.is_available():
        devices.append("cuda")
    if torch.backends.mps.is_available():
        devices.append("mps")
    return [*devices, "cpu"]


def resolve_device(name: str) -> torch.device:
    """The device of that name; "auto" is the fastest there is. Raises SettingsError when it is not on this machine.
    """
    devices = available_devices()
    if name == "auto":
        return torch.device(devices[0])
    if name not in devices:
        raise SettingsError(f"This machine has no device '{name}'. It has: {', '.join(devices)}.")
    return torch.device(name)


def has_fast_bfloat16(device: torch.device) -> bool:
    """bf16 halves the time where the hardware has it; elsewhere it would be emulated, slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu" and torch.backends.mkldnn.is_available():  # builds without oneDNN lack the question, too
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return False


def compiles_on(device: torch.device) -> bool:
    """Whether torch.compile pays and works there: on CUDA, where Triton is installed and knows the card."""
    return device.type == "cuda" and bool(has_triton())
