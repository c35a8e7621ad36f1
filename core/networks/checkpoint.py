"""Weights on disk: ours are safetensors only. Other people's checkpoints are read in `core.networks.foreign`."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from core.audio.writing import write_bytes
from core.device import has_fast_bfloat16
from core.diffusion.denoiser import Denoiser, EpsilonDenoiser, SigmaDenoiser
from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.networks.card import CONFIG_NAME, NetworkInfo
from core.networks.diffwave import DiffWave
from core.networks.diffwave_inference import DiffWaveInference
from core.networks.foreign import layouts
from core.networks.making import make
from core.networks.registry import find_network
from core.networks.spectral_inference import SpectralInference
from core.networks.spectral_unet import SpectralUNet


def load_weights(network: nn.Module, path: Path, added: tuple[str, ...] = ()) -> list[str]:
    """Load safetensors weights into `network`; half precision is widened. Buffers the file lacks keep their values.

    Parameters whose names begin with one of `added` may be missing, and keep theirs too; returns those that were.

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
    absent = sorted(parameters - weights.keys())
    new = [name for name in absent if name.startswith(added)]
    missing = [name for name in absent if name not in new]
    foreign = sorted(weights.keys() - wanted.keys())
    misshapen = sorted(n for n in weights.keys() & wanted.keys() if weights[n].shape != wanted[n].shape)
    if missing or foreign or misshapen:
        example = (missing + foreign + misshapen)[0]
        raise NetworkError(f"The weights in {path.name} do not fit this network (first difference: {example}).")
    network.load_state_dict({name: value.to(wanted[name].dtype) for name, value in weights.items()}, strict=False)
    return new


def save_weights(path: Path, weights: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write safetensors, each tensor in its own type, and texts into their header: whole or not at all.

    Raises ExportError when it can't be written.
    """
    content = save({name: value.detach().cpu().contiguous() for name, value in weights.items()}, metadata)
    write_bytes(path, content, overwrite=True)


def load_denoiser(name_or_path: str, device: torch.device) -> Denoiser:
    """A network ready to use, in evaluation mode on `device`, with its own noise schedule.

    Raises NetworkError when it cannot be found or read, or its weights do not fit its config.
    """
    info = find_network(name_or_path)
    if info.layout != "pianodiff":
        return layouts.load(info, device)
    schedule, network = build(info, info.weights_path)
    load_weights(network, info.weights_path)
    network.eval().requires_grad_(False).to(device)
    in_bfloat16 = has_fast_bfloat16(device)
    laid_out = device.type == "cpu" and in_bfloat16
    if isinstance(network, DiffWave):
        called = DiffWaveInference(network) if laid_out else network
        return EpsilonDenoiser(called, schedule, in_bfloat16, network.reach)
    if isinstance(network, SpectralUNet) and laid_out:
        return SigmaDenoiser(SpectralInference(network), schedule)
    return SigmaDenoiser(network, schedule)


def build(info: NetworkInfo, weights: Path | None = None) -> tuple[NoiseSchedule, nn.Module]:
    """The noise schedule and the network, with fresh weights, that a card describes.

    weights: the file that will be loaded into it, when there is one. Raises NetworkError.
    """
    config = info.weights_path.with_name(CONFIG_NAME)
    try:
        parameters = {name: value for name, value in info.schedule.items() if name != "kind"}
        schedule = _SCHEDULES[info.schedule["kind"]](info.levels, **parameters)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise NetworkError(f"{config} does not describe a network ({error}).") from error
    return schedule, make(partial(_ARCHITECTURES[info.kind], **info.architecture), config, weights)


_ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {"spectral_unet": SpectralUNet, "diffwave": DiffWave}
_SCHEDULES: dict[str, Callable[..., NoiseSchedule]] = {
    "linear_beta": NoiseSchedule.linear_beta,
    "power_sigma": NoiseSchedule.power_sigma,
}
