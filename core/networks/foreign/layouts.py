"""Other people's networks: checkpoints of public codebases, read as numbers only and fitted to this engine.

Three layouts are understood, each in a file of its own that says what the codebase does differently:

    lmnt        diffwave.py   lmnt-com/diffwave, trained without spectrograms
    wavenet     wavenet.py    philsyn/DiffWave-unconditional and the WaveNet of albertfgu/diffwave-sashimi
    dance       dance.py      Dance Diffusion, as a folder of diffusers

A pickle is only ever read by torch's restricted reader (weights_only), which builds tensors, numbers, texts and
containers of them and refuses all else.
"""

from pathlib import Path

import torch

from core.diffusion.denoiser import Denoiser
from core.errors import NetworkError
from core.networks.card import NetworkInfo, check_info
from core.networks.foreign import dance, diffwave, wavenet
from core.networks.foreign.reading import Checkpoint, file_of, read_checkpoint

_CHECKPOINTS = {diffwave.LAYOUT: diffwave, wavenet.LAYOUT: wavenet}

UNDERSTOOD = (
    "lmnt's DiffWave (weights.pt), DiffWave-unconditional and the WaveNet of diffwave-sashimi (.pkl), "
    "and Dance Diffusion as a folder of diffusers (model_index.json and unet)"
)


def describe(path: Path) -> NetworkInfo:
    """The card of the foreign network at `path`, a file or a folder; its weights are not read yet.

    Raises NetworkError: no layout that is understood, refused, damaged, or a network that cannot generate by itself.
    """
    folder = dance.folder_of(path)
    if folder is not None:
        return check_info(dance.describe(folder))
    file = file_of(path)
    checkpoint = read_checkpoint(file, mapped=True)
    for layout in _CHECKPOINTS.values():
        if layout.recognises(checkpoint.weights):
            return check_info(layout.describe(file, checkpoint))
    raise NetworkError(_unknown(file, checkpoint))


def load(info: NetworkInfo, device: torch.device) -> Denoiser:
    """The network of a card from :func:`describe`, in evaluation mode on `device`. Raises NetworkError."""
    if info.layout == dance.LAYOUT:
        return dance.load(info, device)
    layout = _CHECKPOINTS[info.layout]
    return layout.load(info, read_checkpoint(info.weights_path), device)


def _unknown(file: Path, checkpoint: Checkpoint) -> str:
    names = sorted(checkpoint.weights)
    if any(name.startswith(("d_layers.", "c_layers.", "u_layers.")) or ".log_dt" in name for name in names):
        return (
            f"{file.name} is SaShiMi: it is built of state-space (S4) layers, which PianoDiff does not have and cannot "
            f"convert. Of the same project, the WaveNet checkpoints open."
        )
    if any(name.startswith(("diffusion.", "diffusion_ema.")) for name in names):
        return (
            f"{file.name} is an original Dance Diffusion checkpoint. PianoDiff opens the folder that diffusers' "
            f"convert_dance_diffusion_to_diffusers.py makes of it."
        )
    example = f" (its first tensor is '{names[0]}')" if names else ""
    return f"{file.name} is in no layout that PianoDiff knows{example}. It opens {UNDERSTOOD}."
