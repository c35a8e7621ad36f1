"""Dance Diffusion (Harmonai) as a folder of diffusers: model_index.json, and `unet` with config.json and weights.

A U-Net over the waveform that predicts v at a continuous time t in 0..1. The network itself is diffusers'
UNet1DModel; the package is optional. Its samplers are not used: the time that belongs to one of our levels follows
from the level's noise.

**Two channels.** The public networks are stereo, with independent noise in either channel; this engine is mono. With
the orthonormal mid m = (left + right) / sqrt(2) and side s = (left - right) / sqrt(2), noise in left and right that
is independent and of unit variance is so in m and s too. The engine's x_t is m_t. A mono recording has s_0 = 0, so
s_t = noise(t) eps is known but for its eps, which is drawn once, from a fixed seed. The network sees
left, right = (m_t ± s_t) / sqrt(2), exactly what it was trained on when left and right are the same music, and
m of its answer is the answer.

**Length.** It was trained on windows of one length (65536 frames of most) and halves them up to 13 times. A window is
at most that long; a shorter one is continued to the left by its own mirror image, up to the next length that the
halvings divide (at least three times their product, as in diffusers), and the answer is cut again. To the left lies
what is known, so no new note has to fit the mirror.
"""

import importlib.util
import inspect
import math
import sys
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.diffusion.denoiser import Denoiser, VelocityDenoiser
from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.networks.card import CONFIG_NAME, MIN_NEW_SECONDS, NetworkInfo
from core.networks.foreign.reading import Facts, build, read_checkpoint, read_json, require

LAYOUT = "dance"
INDEX_NAME = "model_index.json"
WEIGHTS_NAMES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
LEVELS = 200
SIDE_SEED = 0

_CLASS = "_class_name"


class MonoUNet(nn.Module):
    """v of a mono x_t (B, 1, N) at the time t (B,), by a network of one or two channels.

    channels    of the network
    frames      the length that it was trained on
    multiple    what its halvings come to: lengths must be a multiple of it
    """

    def __init__(self, unet: nn.Module, channels: int, frames: int, multiple: int) -> None:
        super().__init__()
        self.unet, self.channels, self.multiple = unet, channels, multiple
        self.frames = -(-max(frames, 3 * multiple) // multiple) * multiple
        side = torch.randn(1, 1, self.frames, generator=torch.Generator().manual_seed(SIDE_SEED), device="cpu")
        self.register_buffer("side", side, persistent=False)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """x (B, 1, N), time (B,) -> v (B, 1, N). Raises ValueError when x is longer than the network's window."""
        count = x.shape[-1]
        length = max(3, -(-count // self.multiple)) * self.multiple
        if length > self.frames:
            raise ValueError(f"{count} frames are more than the {self.frames} of the network's window")
        mid = mirror_left(x, length)
        if self.channels == 1:
            v = self._ask(mid, time)
        else:
            side = torch.sin(math.pi / 2 * time)[:, None, None] * self.get_buffer("side")[..., -length:]
            v = self._ask(torch.cat([mid + side, mid - side], dim=1) / math.sqrt(2), time)
            v = v.sum(dim=1, keepdim=True) / math.sqrt(2)
        return v[..., length - count :]

    def _ask(self, x: Tensor, time: Tensor) -> Tensor:
        result: Tensor = self.unet(x, time, return_dict=False)[0]
        return result


def mirror_left(x: Tensor, length: int) -> Tensor:
    """x (B, C, N) continued to the left by its mirror image, again and again where needed, to `length` frames."""
    while x.shape[-1] < length:
        missing = min(length - x.shape[-1], max(1, x.shape[-1] - 1))
        x = F.pad(x, (missing, 0), mode="reflect" if x.shape[-1] > 1 else "replicate")
    return x


def folder_of(path: Path) -> Path | None:
    """The Dance Diffusion folder that `path` means: itself, or the one a file belongs to; None when it is none."""
    folder = path if path.is_dir() else path.parent
    if path.is_file() and path.name not in (INDEX_NAME, CONFIG_NAME, *WEIGHTS_NAMES):
        return None
    if folder.name == "unet" and (folder.parent / INDEX_NAME).is_file():
        folder = folder.parent
    for name in (INDEX_NAME, CONFIG_NAME):
        if (folder / name).is_file() and _CLASS in read_json(folder / name):
            return folder
    return folder if (folder / "unet" / CONFIG_NAME).is_file() else None


def describe(folder: Path) -> NetworkInfo:
    """Its card, by its config files alone. Raises NetworkError, also when diffusers is not installed."""
    index = read_json(folder / INDEX_NAME)
    if index.get(_CLASS, "DanceDiffusionPipeline") != "DanceDiffusionPipeline":
        raise NetworkError(f"{folder} is a {index[_CLASS]} of diffusers, not a DanceDiffusionPipeline.")
    scheduler = read_json(folder / "scheduler" / "scheduler_config.json").get(_CLASS, "IPNDMScheduler")
    if scheduler != "IPNDMScheduler":
        raise NetworkError(
            f"{folder} was made for a {scheduler}; PianoDiff knows Dance Diffusion's v-prediction (IPNDMScheduler)."
        )
    unet = _unet_folder(folder)
    config = read_json(unet / CONFIG_NAME)
    if config.get(_CLASS) != "UNet1DModel":
        raise NetworkError(f"{unet / CONFIG_NAME} describes a {config.get(_CLASS)}, not Dance Diffusion's UNet1DModel.")
    weights = next((unet / name for name in WEIGHTS_NAMES if (unet / name).is_file()), None)
    if weights is None:
        raise NetworkError(f"{unet} has no weights: one of {' and '.join(WEIGHTS_NAMES)} belongs there.")
    _require_diffusers()

    facts = Facts.beside(folder)
    name = folder.parent.name if folder.name == "unet" else folder.name
    try:
        channels = int(config.get("in_channels", 2))
        if channels not in (1, 2) or int(config.get("out_channels", 2)) != channels:
            raise ValueError(f"{channels} channels in and {config.get('out_channels', 2)} out")
        if config.get("time_embedding_type", "fourier") != "fourier":
            raise ValueError(f"a {config['time_embedding_type']} time embedding")
        blocks = len(config["down_block_types"])
        frames = int(config["sample_size"])
        if not 1 <= blocks <= 16 or not 0 < frames <= 2**24:
            raise ValueError(f"{frames} frames in {blocks} blocks")
        rate = int(facts.choose("sample_rate", config.get("sample_rate"), 16000, "16000 Hz"))
        window = frames / rate
        if window <= 2 * MIN_NEW_SECONDS:
            raise ValueError(f"a window of {window:g} s, too short to continue anything in")
        hop = max(window / 5, MIN_NEW_SECONDS)  # the paper's share, 1 s of 5
        lengths = facts.lengths(window, window - hop, hop)
        if lengths["window_seconds"] > window:
            raise ValueError(f"its window cannot be longer than {window:g} s")
        stereo = " Stereo: fed the same music left and right, its mid is the answer." if channels == 2 else ""
        return NetworkInfo(
            name=name,
            title=str(facts.overrides.get("title", f"Dance Diffusion ({name})")),
            kind="dance_diffusion",
            path=folder,
            sample_rate=rate,
            **lengths,
            data_rms=facts.data_rms() * math.sqrt(channels),  # of the mid, where two channels are equal
            levels=LEVELS,
            schedule={"kind": "crash"},
            architecture={"channels": channels, "frames": frames, "multiple": 2**blocks, "config": config},
            trained_on=str(facts.overrides.get("trained_on", "")),
            summary=facts.summary(f"Dance Diffusion, {rate} Hz, {window:.3g} s windows.{stereo}"),
            layout=LAYOUT,
            weights=weights,
        )
    except (KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise NetworkError(f"{unet / CONFIG_NAME} does not describe a Dance Diffusion network ({error}).") from error


def load(info: NetworkInfo, device: torch.device) -> Denoiser:
    """The network of that card. Raises NetworkError."""
    path = info.weights_path
    weights = read_checkpoint(path).weights
    settings = info.architecture
    rates = require(weights, "time_proj.weight", path, 1)
    unet = build(lambda: _make_unet(settings["config"], len(rates)), weights, path, device)
    network = MonoUNet(unet, settings["channels"], settings["frames"], settings["multiple"])
    return VelocityDenoiser(network.eval().to(device), NoiseSchedule.crash(info.levels))


def _make_unet(config: dict[str, Any], frequencies: int) -> nn.Module:
    from diffusers import UNet1DModel

    public = {key: value for key, value in config.items() if not key.startswith("_")}
    if "time_embedding_dim" in inspect.signature(UNet1DModel.__init__).parameters:
        # The public configs do not say it, and versions of diffusers differ in what they take in its place.
        public["time_embedding_dim"] = 2 * frequencies
    network: nn.Module = UNet1DModel.from_config(public)
    return network


def _unet_folder(folder: Path) -> Path:
    return folder / "unet" if (folder / "unet" / CONFIG_NAME).is_file() else folder


def _require_diffusers() -> None:
    if importlib.util.find_spec("diffusers") is not None:
        return
    if getattr(sys, "frozen", False):
        raise NetworkError("Dance Diffusion networks need a PianoDiff installed with pip: this one has no diffusers.")
    raise NetworkError(
        "Dance Diffusion networks need the package diffusers, which is not installed. In PianoDiff's folder: "
        ".venv/bin/pip install -c packaging/constraints.txt '.[dance]'"
    )
