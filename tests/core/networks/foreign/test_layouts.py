"""Other people's checkpoints: what they compute, and what becomes of those that are strange, broken or malicious."""

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
from core.networks.checkpoint import load_denoiser, save_weights
from core.networks.registry import find_network
from tests.core.networks.foreign.codebases import (
    LMNT_BETAS,
    LmntDiffWave,
    WaveNet,
    save_dance,
    save_lmnt,
    save_wavenet,
)
from tests.core.networks.material import CPU, noise
from tests.core.tones import chord


def network_of(path: Path) -> nn.Module:
    denoiser = load_denoiser(str(path), CPU)
    assert isinstance(denoiser, EpsilonDenoiser | VelocityDenoiser)
    assert isinstance(denoiser.network, nn.Module)
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
