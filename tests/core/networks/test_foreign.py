"""Other people's checkpoints: what they compute, and what becomes of those that are strange, broken or malicious."""

import importlib.util
import json
import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor, nn

from core.commands.main import main
from core.diffusion.denoiser import EpsilonDenoiser, VelocityDenoiser
from core.diffusion.schedule import NoiseSchedule
from core.errors import NetworkError
from core.extension.plan import plan_extension
from core.extension.settings import Settings
from core.networks.checkpoint import load_denoiser, save_weights
from core.networks.foreign.dance import MonoUNet, mirror_left
from core.networks.registry import find_network
from tests.core.networks.foreign_networks import (
    LMNT_BETAS,
    LmntDiffWave,
    WaveNet,
    dance_config,
    save_dance,
    save_lmnt,
    save_wavenet,
)
from tests.core.tiny_network import write_tiny_network
from tests.core.tones import chord

CPU = torch.device("cpu")


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def network_of(path: Path) -> nn.Module:
    denoiser = load_denoiser(str(path), CPU)
    assert isinstance(denoiser, EpsilonDenoiser | VelocityDenoiser)
    return denoiser.network


def agree(ours: nn.Module, theirs: nn.Module, steps: list[float]) -> bool:
    """Whether both answer alike, to 1e-5 of what they say, and not the same to every question."""
    x = noise(1, 1, 300)
    with torch.no_grad():
        expected = torch.cat([theirs(x, step) for step in steps])
        answers = torch.cat([ours(x, torch.tensor([step])) for step in steps])
    assert float(expected.std(dim=0).mean()) > 0.01 * float(expected.std()) > 0
    return float((answers - expected).abs().max()) < 1e-5 * max(1.0, float(expected.abs().max()))


# What they compute


def test_lmnts_diffwave_computes_what_lmnts_code_does(tmp_path: Path) -> None:
    """Gate order, embedding, scalings. Fractional steps too: lmnt's own fast inference asks for them."""
    path = save_lmnt(tmp_path / "weights.pt")
    assert agree(network_of(path), LmntDiffWave(), [0.0, 1.0, 17.0, 48.0, 49.0, 3.4, 12.75])


@pytest.mark.parametrize("modern", [False, True], ids=["weight_g", "parametrizations"])
@pytest.mark.parametrize("in_place", [True, False])
def test_the_unconditional_wavenet_computes_what_its_code_does(tmp_path: Path, modern: bool, in_place: bool) -> None:
    """Gate order, embedding, weight norm, and the step embedding that the published code adds in place."""
    theirs = WaveNet(modern, in_place)
    path = save_wavenet(tmp_path / "1000.pkl", theirs)
    steps = [0.0, 1.0, 30.0, 59.0, 3.4]
    assert agree(network_of(path), theirs, steps) == in_place  # the published code's way, unless told otherwise
    (tmp_path / "pianodiff.json").write_text(json.dumps({"step_in_residual": in_place}))
    assert agree(network_of(path), theirs, steps)


def test_a_state_dict_alone_opens_as_well(tmp_path: Path) -> None:
    """People pass on bare weights, as safetensors or from a data-parallel wrapper: without their settings."""
    theirs = LmntDiffWave()
    (tmp_path / "pianodiff.json").write_text(json.dumps({"dilation_cycle": 3}))
    save_weights(tmp_path / "bare.safetensors", theirs.state_dict())
    torch.save({f"module.{name}": value for name, value in theirs.state_dict().items()}, tmp_path / "wrapped.pth")
    for name in ("bare.safetensors", "wrapped.pth"):
        info = find_network(str(tmp_path / name))
        assert (info.sample_rate, info.levels) == (22050, 50)
        assert all(word in info.summary for word in ("22050 Hz", "50 levels", "-20 dBFS"))
        assert agree(network_of(tmp_path / name), theirs, [0.0, 20.0])


def test_files_from_before_zip_archives_open(tmp_path: Path) -> None:
    """The checkpoints of 2020 were written by PyTorch before 1.6."""
    theirs = WaveNet()
    save_wavenet(tmp_path / "1000.pkl", theirs)
    state = {"model_state_dict": theirs.state_dict()}
    torch.save(state, tmp_path / "1000.pkl", _use_new_zipfile_serialization=False)
    assert agree(network_of(tmp_path / "1000.pkl"), theirs, [0.0, 20.0])


def test_half_precision_weights_are_widened(tmp_path: Path) -> None:
    """A network left in half precision would fail on the CPU, or lose the quiet end of the music."""
    theirs = LmntDiffWave().half().float()
    path = save_lmnt(tmp_path / "weights.pt", LmntDiffWave().half())
    assert agree(network_of(path), theirs, [0.0, 20.0])


# Levels, times and noise


def test_any_list_of_betas_is_a_schedule(tmp_path: Path) -> None:
    """lmnt's checkpoints carry theirs; T is its length, and the timestep is the index into it: our level - 1."""
    betas = [1e-4, 0.02, 0.001, 0.3, 0.05]
    path = save_lmnt(tmp_path / "weights.pt", noise_schedule=betas)
    denoiser, info = load_denoiser(str(path), CPU), find_network(str(path))
    assert info.levels == denoiser.schedule.top == 5
    for level in range(1, 6):
        alpha_bar = math.prod(1 - beta for beta in betas[:level])
        assert denoiser.schedule.scales(level).signal ** 2 == pytest.approx(alpha_bar)


@pytest.mark.parametrize(("level", "step"), [(50, 49.0), (17, 16.0), (3.25, 2.25), (1, 0.0), (0.25, 0.0)])
def test_timesteps_are_levels_less_one_and_never_negative(level: float, step: float) -> None:
    """A sampler of the user's own may ask below level 1, where a network was never trained on a timestep."""
    asked: list[float] = []

    class Listens(nn.Module):
        def forward(self, x: Tensor, steps: Tensor) -> Tensor:
            asked.append(float(steps))
            return torch.zeros_like(x)

    EpsilonDenoiser(Listens(), NoiseSchedule.from_betas(LMNT_BETAS))(noise(1, 1, 10), level)
    assert asked == [step]


class GaussianVelocity(nn.Module):
    """The best prediction of v for independent samples of deviation `sd` in every channel."""

    def __init__(self, sd: float) -> None:
        super().__init__()
        self.variance = sd**2

    def forward(self, x: Tensor, time: Tensor, return_dict: bool = False) -> Any:
        alpha, sigma = torch.cos(math.pi / 2 * time)[:, None, None], torch.sin(math.pi / 2 * time)[:, None, None]
        total = alpha**2 * self.variance + sigma**2
        v = (alpha * sigma / total - sigma * alpha * self.variance / total) * x  # alpha E[eps | x] - sigma E[x_0 | x]
        return v if return_dict is None else (v,)


@pytest.mark.parametrize("level", [0.5, 1, 20, 117.5, 200])
def test_a_perfect_velocity_is_the_posterior_mean(level: float) -> None:
    """E[x_0 | x] = signal s^2 / (signal^2 s^2 + noise^2) x for a Gaussian prior; any slip of sign or angle shows."""

    class Plain(GaussianVelocity):
        def forward(self, x: Tensor, time: Tensor, return_dict: bool = False) -> Any:
            return super().forward(x, time)[0]

    schedule = NoiseSchedule.crash(200)
    x = noise(1, 1, 100)
    clean, eps = VelocityDenoiser(Plain(0.3), schedule)(x, level)
    signal, scale = schedule.scales(level)
    assert torch.allclose(clean, signal * 0.09 / (signal**2 * 0.09 + scale**2) * x, atol=1e-5)
    assert torch.allclose(signal * clean + scale * eps, x, atol=1e-5)


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


# Cards


def test_cards_of_lmnt_say_what_the_file_says(tmp_path: Path) -> None:
    """Rate and schedule come from the checkpoint's own params, the lengths are the paper's."""
    info = find_network(str(save_lmnt(tmp_path / "weights.pt")))
    assert (info.sample_rate, info.levels, info.layout) == (4000, 50, "lmnt")
    assert (info.window_seconds, info.context_seconds, info.hop_seconds) == (5, 4, 1)
    assert info.path == info.weights_path == tmp_path / "weights.pt"
    assert find_network(str(tmp_path)) == info


@pytest.mark.parametrize(
    ("folder", "config", "levels", "last", "rate"),
    [
        ("mine", True, 60, 0.04, 4000),
        ("ch8_T40_betaT0.05/logs/checkpoint", False, 40, 0.05, 16000),
        ("wnet_h8_d5_T100_betaT0.02_uncond/checkpoint", False, 100, 0.02, 16000),
        ("mine", False, 200, 0.02, 16000),
    ],
)
def test_a_wavenets_schedule_is_found(
    tmp_path: Path, folder: str, config: bool, levels: int, last: float, rate: int
) -> None:
    """In config.json beside it, or the name of the run's folder, or the published default, which the summary admits."""
    (tmp_path / folder).mkdir(parents=True)
    info = find_network(str(save_wavenet(tmp_path / folder / "500.pkl", config=config)))
    betas = info.schedule["betas"]
    assert (info.levels, len(betas), betas[-1], info.sample_rate) == (levels, levels, pytest.approx(last), rate)
    assert ("200 levels, beta" in info.summary) == (folder == "mine" and not config)


def test_the_user_may_know_better(tmp_path: Path) -> None:
    """pianodiff.json sets what no file holds; a misspelt key is an error, not a silent default."""
    path = save_lmnt(tmp_path / "weights.pt")
    settings = {"title": "Mine", "sample_rate": 8000, "data_rms": 0.2, "window_seconds": 3, "context_seconds": 2}
    (tmp_path / "pianodiff.json").write_text(json.dumps(settings))
    info = find_network(str(path))
    assert (info.title, info.sample_rate, info.data_rms) == ("Mine", 8000, 0.2)
    assert (info.window_seconds, info.context_seconds, info.hop_seconds) == (3, 2, 1)
    assert "assumed" not in info.summary
    for wrong, message in (
        ({"samplerate": 8000}, "sets 'samplerate'"),
        ({"step_in_residual": True}, "sets 'step_in_residual'"),  # another layout's
        ({"sample_rate": "fast"}, "not sound"),
        ({"betas": [0.1, 2]}, "not sound"),
        ({"dilation_cycle": 60}, "not sound"),
        ({"context_seconds": 9}, "out of range"),
        ([], "JSON object"),
    ):
        (tmp_path / "pianodiff.json").write_text(json.dumps(wrong))
        with pytest.raises(NetworkError, match=message):
            find_network(str(path))


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


def test_our_own_weights_may_have_another_name(tmp_path: Path) -> None:
    """A training run keeps several files of weights beside one config."""
    folder = write_tiny_network(tmp_path / "run")
    (folder / "weights.safetensors").rename(folder / "step-100.safetensors")
    (folder / "state.pt").touch()
    info = find_network(str(folder / "step-100.safetensors"))
    assert (info.name, info.layout, info.kind) == ("run/step-100.safetensors", "pianodiff", "spectral_unet")
    assert torch.isfinite(load_denoiser(str(info.path), CPU)(noise(1, 1, 2000), 100).clean).all()
    with pytest.raises(NetworkError, match=r"has no weights\.safetensors"):
        find_network(str(folder))


def test_the_hash_follows_the_file(tmp_path: Path) -> None:
    """A run overwrites its weights; a recipe with yesterday's hash would be a lie."""
    path = save_lmnt(tmp_path / "weights.pt")
    info = find_network(str(path))
    before = info.weights_sha256()
    save_lmnt(path, LmntDiffWave().half().float())
    os.utime(path, (1e9, 1e9))
    assert info.weights_sha256() != before


# From the command line to the file


def dance(folder: Path) -> Path:
    return save_dance(folder / "dance")


MAKERS: dict[str, Callable[[Path], Path]] = {
    "lmnt": lambda folder: save_lmnt(folder / "weights.pt"),
    "wavenet": lambda folder: save_wavenet(folder / "1000.pkl"),
    "dance": dance,
}


@pytest.mark.parametrize("layout", MAKERS)
def test_every_layout_extends_a_recording(tmp_path: Path, layout: str) -> None:
    """The whole way: the original bit for bit, new audio that is some, a recipe that finds the network again."""
    network = MAKERS[layout](tmp_path)
    soundfile.write(tmp_path / "in.wav", chord(1.5, 8000).T, 8000, subtype="FLOAT")
    for out, sampler in (("one.wav", "interpolation"), ("two.wav", "interpolation"), ("paint.wav", "repaint")):
        command = ["extend", str(tmp_path / "in.wav"), str(tmp_path / out), "--network", str(network), "--steps", "5"]
        options = ["--seconds", "0.4", "--seed", "3", "--sampler", sampler, "--context", "0.6"]
        assert main([*command, *options, "--jump-length", "2", "--resamplings", "2", "--device", "cpu"]) == 0
    one, two = (soundfile.read(tmp_path / name)[0] for name in ("one.wav", "two.wav"))
    original = soundfile.read(tmp_path / "in.wav")[0]
    assert np.array_equal(one[:12000], original)
    assert np.array_equal(one, two)
    assert len(one) == 15200 and np.isfinite(one).all() and one[12000:].std() > 1e-3
    recipe = json.loads((tmp_path / "one.wav.json").read_text())["network"]
    info = find_network(recipe["path"])
    assert info.layout == layout
    assert recipe["weights_sha256"] == info.weights_sha256()


# Strange, broken and malicious files


class Malicious:
    """Unpickled, it would write a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, (f"touch '{self.marker}'",))


@pytest.mark.parametrize("name", ["weights.pt", "1000.pkl", "unet/diffusion_pytorch_model.bin"])
@pytest.mark.parametrize("form", ["archive", "legacy", "pickle"])
def test_a_malicious_checkpoint_is_refused_and_not_run(tmp_path: Path, name: str, form: str) -> None:
    """The weights are all there and right; only beside them, something wants to be run."""
    marker = tmp_path / "owned"
    if name.startswith("unet"):
        path = save_dance(tmp_path / "net") / name
        content: Any = torch.load(path, weights_only=True)
    else:
        path = tmp_path / name
        content = {"model": LmntDiffWave().state_dict()}
    content["extra"] = Malicious(marker)
    if form == "pickle":
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "archive")
    with pytest.raises(NetworkError, match="can run any code"):
        load_denoiser(str(path), CPU)
    assert not marker.exists()
    if form != "pickle":  # the file is what it claims to be: opened without care it does run
        torch.load(path, weights_only=False)
        assert marker.exists()


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    checkpoint = torch.load(path, weights_only=True)
    change(checkpoint["model"])
    torch.save(checkpoint, path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:-500]), "not a readable checkpoint"),
        (lambda p: p.write_bytes(p.read_bytes()[:3000]), "not a readable checkpoint"),
        (lambda p: p.write_bytes(b""), "not a readable checkpoint"),
        (
            lambda p: p.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
            "git lfs pull",
        ),
        (lambda p: p.write_bytes(b"junk" * 500), "not a readable checkpoint"),
        (lambda p: torch.save([1, 2], p), "holds no weights"),
        (lambda p: torch.save({"a": 1}, p), "no layout that PianoDiff knows"),
        (lambda p: edited(p, lambda m: m.pop("input_projection.weight")), r"lacks 'input_projection\.weight'"),
        (lambda p: edited(p, lambda m: m.pop("skip_projection.bias")), r"lacks 'skip_projection\.bias'"),
        (lambda p: edited(p, lambda m: m.pop("residual_layers.2.output_projection.bias")), "lacks 'residual_layers"),
        (lambda p: edited(p, lambda m: m.update(more=torch.zeros(3))), "'more' is none"),
        (lambda p: edited(p, lambda m: m.update({"skip_projection.bias": torch.zeros(9)})), r"\(9,\) instead of"),
        (lambda p: edited(p, lambda m: m["skip_projection.bias"].fill_(math.nan)), "not numbers"),
        (lambda p: edited(p, lambda m: m.update({"skip_projection.bias": torch.zeros(8).int()})), "not numbers"),
        (lambda p: edited(p, lambda m: m.update({"input_projection.weight": torch.zeros(8)})), "has the shape"),
        (
            lambda p: edited(p, lambda m: m.update({"input_projection.weight": torch.zeros(10**6, 1, 1)})),
            "instead of",  # would need 24 terabytes, were the network made before the shapes are compared
        ),
        (
            lambda p: edited(p, lambda m: m.update({"skip_projection.bias": torch.zeros(1).expand(10**13)})),
            "more numbers than fit",
        ),
        (lambda p: save_lmnt(p, noise_schedule=[0.1, 1.5]), "not sound"),
        (lambda p: save_lmnt(p, noise_schedule=7), "not sound"),
        (lambda p: save_lmnt(p, sample_rate=-1), "out of range"),
        (lambda p: save_lmnt(p, dilation_cycle_length=0), "not sound"),
    ],
)
def test_a_damaged_checkpoint_says_what_is_wrong(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    """A traceback, an exhausted memory, or worse a network that half works, would follow otherwise."""
    path = save_lmnt(tmp_path / "weights.pt")
    damage(path)
    with pytest.raises(NetworkError, match=message):
        load_denoiser(str(path), CPU)


def test_a_config_of_another_network_is_noticed(tmp_path: Path) -> None:
    """Its dilations would be wrong, and only noise would come of it."""
    path = save_wavenet(tmp_path / "1000.pkl")
    config = json.loads((tmp_path / "config.json").read_text())
    config["wavenet_config"]["res_channels"] = 256
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(NetworkError, match="belongs to another network: its res_channels is 256"):
        find_network(str(path))


def save(path: Path, **tensors: Tensor) -> Path:
    torch.save({"model_state_dict": {name.replace("__", "."): value for name, value in tensors.items()}}, path)
    return path


def mel_wavenet(path: Path) -> Path:
    weights = WaveNet().state_dict()
    weights["residual_layer.residual_blocks.0.mel_conv.conv.bias"] = torch.zeros(16)
    torch.save({"model_state_dict": weights}, path)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: save_lmnt(f / "weights.pt", LmntDiffWave(mels=80)), "spectrogram .* cannot generate by itself"),
        (lambda f: mel_wavenet(f / "1000.pkl"), "spectrogram .* cannot generate by itself"),
        (lambda f: save(f / "1.pkl", c_layers__0__layer__log_dt=torch.zeros(3)), r"state-space \(S4\) layers"),
        (lambda f: save(f / "m.ckpt", diffusion_ema__net__0__main__0__weight=torch.zeros(3)), "convert_dance_diff"),
        (lambda f: save(f / "x.pt", encoder__weight=torch.zeros(3)), "first tensor is 'encoder.weight'.*lmnt's Diff"),
        (lambda f: f, "holds no checkpoint"),
        (lambda f: save(f / "1.pkl", a=torch.zeros(1)) and save(f / "2.pkl", a=torch.zeros(1)).parent, "2 checkpoints"),
        (lambda f: soundfile.write(f / "a.wav", np.zeros(9), 8000) or f / "a.wav", "a.wav is not a network"),
    ],
)
def test_what_cannot_be_opened_says_why(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    """Each of these exists in public under a name much like that of one that works."""
    with pytest.raises(NetworkError, match=message):
        find_network(str(make(tmp_path)))


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
