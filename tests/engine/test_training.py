"""Training: its data, its loss, and one very short run."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import lfilter

from core.audio import active_rms
from core.errors import AudioError
from core.networks.checkpoint import load_weights
from core.networks.spectral_unet import SpectralUNet
from core.training.data import draw_batch, load_corpus
from core.training.loop import SIGMA_MAX, SIGMA_MIN, band_weights, denoising_loss, draw_sigma, main, measure_bands
from tests.engine.conftest import chord
from tests.tiny_network import ARCHITECTURE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A long quiet file, a short loud one at another rate and in stereo, and one of silence."""
    folder = tmp_path / "audio"
    folder.mkdir()
    soundfile.write(folder / "long.wav", chord(6.0, 22050, level=0.02).T, 22050, subtype="FLOAT")
    soundfile.write(folder / "short.flac", chord(2.0, 44100, channels=2, level=0.2).T, 44100)
    soundfile.write(folder / "silence.wav", np.zeros(22050), 22050)
    return folder


def test_a_corpus_is_levelled_and_counts_by_duration(folder: Path, tmp_path: Path) -> None:
    """Files at different levels would teach the network a level; silent ones would teach it silence."""
    corpus = load_corpus(folder, tmp_path / "cache", 22050, 0.1)
    assert len(corpus.starts) == 3 and corpus.frames == pytest.approx(8 * 22050, abs=10)
    for begin, end in zip(corpus.starts[:-1], corpus.starts[1:], strict=True):
        assert active_rms(corpus.samples[begin:end].astype(np.float32)[None], 22050) == pytest.approx(0.1, rel=0.01)
    rng = np.random.default_rng(0)
    offsets = [corpus.crop(22050, rng) for _ in range(200)]
    assert all(crop.shape == (22050,) for crop in offsets)
    again = load_corpus(folder, tmp_path / "cache", 22050, 0.1)
    assert np.array_equal(again.samples, corpus.samples) and len(list((tmp_path / "cache").iterdir())) == 2


def test_a_file_shorter_than_a_crop_is_padded(folder: Path, tmp_path: Path) -> None:
    """Short files must neither crash nor bleed into their neighbour."""
    corpus = load_corpus(folder, tmp_path / "cache", 22050, 0.1)
    crop = corpus.crop(10 * 22050, np.random.default_rng(0))
    assert crop.shape == (10 * 22050,) and not crop[-22050:].any()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """Hours later is too late."""
    with pytest.raises(AudioError, match="No audio"):
        load_corpus(tmp_path, tmp_path / "cache", 22050, 0.1)


def test_noise_levels_cover_the_range_in_every_batch() -> None:
    """Stratified: a batch without low levels teaches nothing of hiss, one without high levels nothing of notes."""
    rng = np.random.default_rng(0)
    batches = torch.stack([draw_sigma(4, rng) for _ in range(500)])
    assert float(batches.min()) >= SIGMA_MIN and float(batches.max()) <= SIGMA_MAX
    ordered = batches.sort(dim=1).values
    assert float(ordered[:, 0].max()) < 0.02 and float(ordered[:, 3].min()) > 0.4


def test_a_network_that_knows_nothing_has_a_loss_of_about_1(tmp_path: Path) -> None:
    """With bands measured on the data, F* has unit variance at every noise level: else a level is not learned."""
    torch.manual_seed(0)
    white = np.random.default_rng(1).standard_normal(10 * 22050)
    soundfile.write(tmp_path / "dark.wav", lfilter([0.02], [1, -0.95], white), 22050, subtype="FLOAT")
    corpus = load_corpus(tmp_path, tmp_path / "cache", 22050, 0.1)
    network = SpectralUNet(**ARCHITECTURE)
    rng = np.random.default_rng(0)
    network.band_std.copy_(measure_bands(network, [(corpus, 1.0)], rng))
    clean = torch.from_numpy(draw_batch([(corpus, 1.0)], 8, 16384, rng))
    weights = band_weights(network.bins)
    assert float(weights.mean()) == pytest.approx(1.0)
    for sigma in (0.001, 0.03, 1.0):
        with torch.no_grad():
            loss = denoising_loss(network, clean, torch.full((8,), sigma), torch.randn_like(clean), weights)
        assert float(loss.mean()) == pytest.approx(1.0, abs=0.15)


def test_a_short_run_leaves_weights_that_load(folder: Path, tmp_path: Path) -> None:
    """The command as the README gives it, for a second: averaged and last weights, a log, what was seen."""
    out = tmp_path / "run"
    assert main(["--data", f"{folder}=2", "--out", str(out), "--minutes", "0.02", "--crop-seconds", "0.5",
                 "--batch-seconds", "0.5"]) == 0  # fmt: skip
    network = SpectralUNet()
    load_weights(network, out / "average.safetensors")
    load_weights(network, out / "last.safetensors")
    assert not bool((network.band_std == network.data_rms).all())
    assert json.loads((out / "progress.json").read_text())["steps"] >= 1
