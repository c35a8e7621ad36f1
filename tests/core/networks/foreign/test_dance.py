"""Dance Diffusion: what it computes here, its folders, and its window."""

import importlib.util
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.diffusion.denoiser import VelocityDenoiser
from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.extension.plan import plan_extension
from core.extension.settings import Settings
from core.networks.checkpoint import load_denoiser, save_weights
from core.networks.foreign.dance import MonoUNet, mirror_left
from core.networks.registry import find_network
from tests.core.networks.foreign.codebases import (
    dance_config,
    save_dance,
)
from tests.core.networks.material import CPU, GaussianVelocity, noise


def test_velocities_are_read_as_diffusers_reads_them() -> None:
    """One step of diffusers' own scheduler for Dance Diffusion, made from our clean and noise estimates."""
    from diffusers import IPNDMScheduler

    scheduler = IPNDMScheduler()
    scheduler.set_timesteps(100)
    scheduler.set_begin_index(30)
    x, v = noise(1, 1, 50), noise(1, 1, 50, seed=1)
    expected = scheduler.step(v, scheduler.timesteps[30], x).prev_sample

    asked: list[float] = []

    class Says(nn.Module):
        def forward(self, x: Tensor, time: Tensor) -> Tensor:
            asked.append(float(time))
            return v

    alphas = scheduler.alphas.double().numpy()
    schedule = NoiseSchedule(np.array([alphas[31] ** 2, alphas[30] ** 2]))
    clean, eps = VelocityDenoiser(Says(), schedule)(x, 2)
    after = schedule.scales(1)
    assert asked == [pytest.approx(float(scheduler.timesteps[30]), abs=1e-5)]
    assert torch.allclose(after.signal * clean + after.noise * eps, expected, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_mono_engine_gets_the_posterior_of_the_mid(channels: int) -> None:
    """Were the noise of both channels the same, or the mid scaled by 1/2, this would be another number."""
    network = MonoUNet(GaussianVelocity(0.3), channels, frames=256, multiple=16)
    schedule = NoiseSchedule.crash(200)
    x = noise(1, 1, 200)
    for level in (1, 80, 200):
        clean, _ = VelocityDenoiser(network, schedule)(x, level)
        signal, scale = schedule.scales(level)
        assert torch.allclose(clean, signal * 0.09 / (signal**2 * 0.09 + scale**2) * x, atol=1e-5)


def test_a_stereo_network_sees_what_it_was_trained_on() -> None:
    """Equal music left and right, unit noise in either that does not depend on the other's, the same every time."""
    seen: list[Tensor] = []

    class Listens(nn.Module):
        def forward(self, x: Tensor, time: Tensor, return_dict: bool = False) -> tuple[Tensor]:
            seen.append(x)
            return (x,)

    frames = 65536
    network = MonoUNet(Listens(), 2, frames, 8192)
    alpha, sigma = math.cos(0.3 * math.pi), math.sin(0.3 * math.pi)
    music = torch.sin(torch.arange(frames) / 9)
    for _ in range(2):
        network(math.sqrt(2) * alpha * music + sigma * noise(1, 1, frames, seed=3), torch.tensor([0.6]))
    assert torch.equal(seen[0], seen[1])
    rest = (seen[0][0] - alpha * music) / sigma
    assert np.allclose(np.cov(rest.numpy()), np.eye(2), atol=0.02)


def test_short_windows_are_mirrored_to_the_left_and_cut_again() -> None:
    """The network must see a length its halvings divide, and the answer must be that of the frames asked about."""
    seen: list[Tensor] = []

    class Echoes(nn.Module):
        def forward(self, x: Tensor, time: Tensor, return_dict: bool = False) -> tuple[Tensor]:
            seen.append(x)
            return (x,)

    network = MonoUNet(Echoes(), 1, 256, 16)
    for count, length in ((256, 256), (250, 256), (100, 112), (33, 48), (2, 48), (1, 48)):
        x = noise(1, 1, count)
        assert torch.equal(network(x, torch.tensor([0.5])), x)
        assert seen[-1].shape[-1] == length
    assert mirror_left(torch.tensor([[[1.0, 2.0, 3.0]]]), 8)[0, 0].tolist() == [2, 1, 2, 3, 2, 1, 2, 3]
    with pytest.raises(ValueError, match="257 frames"):
        network(noise(1, 1, 257), torch.tensor([0.5]))


def test_a_dance_diffusion_folder_is_found_by_any_of_its_files(tmp_path: Path) -> None:
    """A file dialog gives one file; the network is the whole folder."""
    folder = save_dance(tmp_path / "maestro")
    info = find_network(str(folder))
    assert (info.name, info.sample_rate, info.window_seconds, info.layout) == ("maestro", 4000, 1.024, "dance")
    assert info.data_rms == pytest.approx(math.sqrt(2) * 0.1)
    for file in ("model_index.json", "unet", "unet/config.json", "unet/diffusion_pytorch_model.bin"):
        assert find_network(str(folder / file)) == info


@pytest.mark.parametrize(("rate", "frames"), [(16000, 65536), (48000, 65536), (48000, 131072), (4000, 4096)])
def test_a_dance_diffusion_window_is_never_exceeded(tmp_path: Path, rate: int, frames: int) -> None:
    """It was trained on one length; the plan of windows must fit into it, whatever is asked for."""
    folder = save_dance(tmp_path / "net", sample_rate=rate, sample_size=frames)
    info = find_network(str(folder))
    for seconds in (0.3, 1.0, 7.7):
        for known in (0.0, 0.1, 60.0):
            plan = plan_extension(info, Settings(), known, seconds)
            assert all(window.context_frames + window.new_frames <= frames for window in plan.windows)


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: rewrite(f / "model_index.json", _class_name="AudioLDMPipeline"), "is a AudioLDMPipeline"),
        (lambda f: rewrite(f / "scheduler/scheduler_config.json", _class_name="DDPMScheduler"), "made for a DDPM"),
        (lambda f: rewrite(f / "unet/config.json", _class_name="UNet2DModel"), "a UNet2DModel"),
        (lambda f: rewrite(f / "unet/config.json", in_channels=6), "6 channels"),
        (lambda f: rewrite(f / "unet/config.json", time_embedding_type="positional"), "a positional time"),
        (lambda f: rewrite(f / "unet/config.json", sample_size=900), "too short"),
        (lambda f: rewrite(f / "unet/config.json", down_block_types=None), "does not describe"),
        (lambda f: rewrite(f / "unet/config.json", mid_block_type="Nothing"), "does not describe"),
        (lambda f: rewrite(f / "unet/config.json", block_out_channels=[8, 16, 32, 64]), "does not fit"),
        (lambda f: rewrite(f / "unet/config.json", block_out_channels=[8, 16, 32, 2**24]), "does not fit"),
        (lambda f: (f / "unet/config.json").write_text("{"), "not readable JSON"),
        (lambda f: (f / "unet/diffusion_pytorch_model.bin").unlink(), "has no weights"),
        (lambda f: (f / "unet/diffusion_pytorch_model.bin").write_bytes(b"x"), "was not opened"),
    ],
)
def test_a_damaged_dance_diffusion_folder_says_what_is_wrong(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    """The same, where it is a folder of files."""
    folder = save_dance(tmp_path / "net")
    damage(folder)
    with pytest.raises(NetworkError, match=message):
        load_denoiser(str(folder), CPU)


def test_dance_diffusion_without_diffusers_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is optional; it must be asked for before anything costly begins."""
    folder = save_dance(tmp_path / "net")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NetworkError, match=r"pip install -c packaging/constraints\.txt '\.\[dance\]'"):
        find_network(str(folder))


def test_dance_diffusion_weights_may_be_safetensors_of_one_channel(tmp_path: Path) -> None:
    """As diffusers writes them today."""
    folder = save_dance(tmp_path / "net", channels=1)
    old = folder / "unet" / "diffusion_pytorch_model.bin"
    save_weights(old.with_suffix(".safetensors"), torch.load(old, weights_only=True))
    old.unlink()
    info = find_network(str(folder))
    assert info.data_rms == 0.1 and "Stereo" not in info.summary
    assert dance_config(1)["in_channels"] == info.architecture["channels"]
    assert torch.isfinite(load_denoiser(str(folder), CPU)(noise(1, 1, 4000), 100).clean).all()
