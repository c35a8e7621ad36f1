"""lmnt-com/diffwave: a dictionary with "model" (the state_dict), "params" (its settings), "step" and an optimizer.

Our DiffWave uses the same names, gate order and timestep embedding, so the weights go in as they are. Only networks
trained without a spectrogram can generate by themselves; the vocoders cannot.

The timestep is the index into params["noise_schedule"], a list of betas (50 of them by default), as here level - 1.
"""

from pathlib import Path

import numpy as np
import torch

from core.diffusion.denoiser import Denoiser, EpsilonDenoiser
from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.networks.card import NetworkInfo
from core.networks.diffwave import DiffWave
from core.networks.foreign.reading import Checkpoint, Facts, build, check_betas, count_layers, require

LAYOUT = "lmnt"
_CONDITIONER = ("spectrogram_upsampler.", "conditioner_projection.")


def recognises(weights: dict[str, torch.Tensor]) -> bool:
    """Whether these are the names of lmnt's DiffWave."""
    return any(name.startswith("residual_layers.") and "dilated_conv" in name for name in weights)


def describe(path: Path, checkpoint: Checkpoint) -> NetworkInfo:
    """Its card, by its own "params" and the shapes of its weights. Raises NetworkError."""
    weights = checkpoint.weights
    if any(part in name for name in weights for part in _CONDITIONER):
        raise NetworkError(
            f"{path.name} is a vocoder: it turns a spectrogram into sound, and cannot generate by itself. "
            f"PianoDiff needs a DiffWave that was trained unconditionally."
        )
    params = checkpoint.extra.get("params")
    params = params if isinstance(params, dict) else {}
    facts = Facts.beside(path.parent, "betas", "dilation_cycle")
    channels = len(require(weights, "input_projection.weight", path, 3))
    layers = count_layers(weights, "residual_layers.")
    try:
        rate = int(facts.choose("sample_rate", params.get("sample_rate"), 22050, "22050 Hz"))
        cycle = facts.dilation_cycle(params.get("dilation_cycle_length"), 10)
        default = np.linspace(1e-4, 0.05, 50).tolist()
        found = params.get("noise_schedule")
        betas = check_betas(facts.choose("betas", found, default, "50 levels, beta 0.0001 to 0.05"))
        architecture = {"layers": layers, "channels": channels, "dilation_cycle": cycle}
        return facts.diffwave_card(path, LAYOUT, "lmnt's DiffWave", rate, betas, architecture)
    except (TypeError, ValueError, OverflowError) as error:
        raise NetworkError(f"The settings of {path.name} are not sound ({error}).") from error


def load(info: NetworkInfo, checkpoint: Checkpoint, device: torch.device) -> Denoiser:
    """The network of that card. Raises NetworkError."""
    # Some versions also saved the table of the timestep embedding, which is computed here.
    weights = {name: value for name, value in checkpoint.weights.items() if name != "diffusion_embedding.embedding"}
    network = build(lambda: DiffWave(**info.architecture), weights, info.weights_path, device)
    assert isinstance(network, DiffWave)
    return EpsilonDenoiser(network, NoiseSchedule.from_betas(info.schedule["betas"]), reach=network.reach)
