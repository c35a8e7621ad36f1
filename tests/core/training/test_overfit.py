"""The one-file check: a network that is trained on one clip alone must learn to continue it. `pytest -m slow`."""

import faulthandler
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import stft

from core.commands.main import main
from core.extension.extension import Extension
from core.extension.settings import Settings
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network

RATE = 2000
DESIGN: dict[str, Any] = {
    "title": "One clip",
    "summary": "For the overfit check.",
    "kind": "spectral_unet",
    "sample_rate": RATE,
    "window_seconds": 3.0,
    "context_seconds": 2.0,
    "hop_seconds": 1.0,
    "data_rms": 0.1,
    "levels": 200,
    "schedule": {"kind": "power_sigma", "sigma_min": 1e-3, "sigma_max": 2.5, "rho": 7.0},
    "architecture": {"channels": [32, 64], "n_fft": 128, "hop": 64, "embedding": 64, "data_rms": 0.1},
}


def arpeggio() -> np.ndarray:
    """(10 s,) float32: C4 G4 E4 C5, half a second each, over and over; up to three decaying partials a note."""
    clip = np.zeros(11 * RATE)
    time = np.arange(RATE) / RATE
    for index, note in enumerate((60, 67, 64, 72) * 5):
        pitch = 440 * 2 ** ((note - 69) / 12)
        tone = sum(np.sin(2 * np.pi * pitch * h * time) / h**1.5 for h in (1, 2, 3) if pitch * h < RATE / 2)
        begin = index * RATE // 2
        clip[begin : begin + RATE] += 0.2 * tone * np.exp(-3 * time) * np.minimum(1, time / 0.005)
    return clip[: 10 * RATE].astype(np.float32)


def picture(samples: np.ndarray) -> np.ndarray:
    """Log magnitudes of the spectrogram, flat."""
    return np.asarray(np.log(np.abs(stft(samples, RATE, nperseg=256, noverlap=192)[2]) + 1e-3)).ravel()


@pytest.mark.slow
def test_a_network_learns_to_continue_the_one_clip_it_knows(tmp_path: Path) -> None:
    """Which note comes next, and when: nothing else in the tests needs data, loss, average, sampler and seam at once.

    The new second must look like the one that follows in the clip, and less like those half a second before and after.
    """
    faulthandler.cancel_dump_traceback_later()  # three minutes are the rule here, no sign of a deadlock
    clip = arpeggio()
    (tmp_path / "clip").mkdir()
    soundfile.write(tmp_path / "clip" / "clip.wav", clip, RATE, subtype="FLOAT")
    (tmp_path / "config.json").write_text(json.dumps(DESIGN))
    out = tmp_path / "run"
    options = {
        "--data": tmp_path / "clip", "--network": tmp_path / "config.json", "--out": out, "--steps": 800,
        "--crop-seconds": 3, "--batch-seconds": 24, "--learning-rate": 1e-3, "--half-life": 600,
        "--augmentation": "none", "--device": "cpu",
    }  # fmt: skip
    assert main(["train", "--no-samples", *(str(word) for pair in options.items() for word in pair)]) == 0

    denoiser, network = load_denoiser(str(out), torch.device("cpu")), find_network(str(out))
    for seconds in (3.0, 4.5, 6.75):
        at = round(seconds * RATE)
        settings = Settings(steps=50, seed=1, network=str(out), device="cpu")
        extension = Extension(denoiser, network, clip[None, at - 2 * RATE : at], RATE, 1.0, settings)
        for _ in extension.run():
            pass
        new = picture(extension.audio()[0])
        likeness = {
            shift: float(np.corrcoef(new, picture(clip[at + shift : at + shift + RATE]))[0, 1])
            for shift in (-RATE, -RATE // 2, 0, RATE // 2, RATE)
        }
        assert likeness[0] > 0.6, likeness
        assert likeness[0] > 0.25 + max(value for shift, value in likeness.items() if shift), likeness
