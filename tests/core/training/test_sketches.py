"""A network that is shown notes: what it is shown in training, and where nothing is known."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.audio.signal import active_rms
from core.networks.card import parse_config
from core.networks.checkpoint import build
from core.networks.spectral_unet import SpectralUNet
from core.notes.note import Note
from core.notes.sketch import sketch
from core.training.batches import Batch
from core.training.denoising import SpectralObjective
from core.training.sketches import SketchTargets
from tests.core.tiny_network import SEEING, write_tiny_network

RATE = 4000
NOTES = [Note(0.1, 0.5, 57, 90), Note(0.6, 1.2, 64, 60), Note(1.3, 1.9, 60, 80)]
ROWS = np.array([(n.onset, n.offset, n.key, n.velocity) for n in NOTES])


@pytest.fixture
def objective(tmp_path: Path) -> SpectralObjective:
    torch.manual_seed(0)
    folder = write_tiny_network(tmp_path / "led", architecture=SEEING | {"sees_notes": True})
    info = parse_config(json.loads((folder / "config.json").read_text()), folder)
    schedule, network = build(info)
    assert isinstance(network, SpectralUNet)
    torch.nn.init.normal_(network.head.weight, std=0.05)
    return SpectralObjective(info, schedule, network)


def test_a_crop_is_shown_the_sketch_of_its_own_notes() -> None:
    """At the crop's level, whatever that is. Breaks when time, level or tuning of the crop are lost."""
    audio = np.float32(0.03) * sketch(NOTES, 2 * RATE, RATE)
    shown = SketchTargets(RATE)(ROWS, audio)
    assert np.corrcoef(shown, audio)[0, 1] > 0.95
    assert 20 * np.log10(active_rms(shown[None], RATE) / active_rms(audio[None], RATE)) == pytest.approx(0, abs=1)


def test_a_rest_is_silence_and_not_knowing_is_not() -> None:
    """A crop without a note is a rest, which the network is told; one whose notes nobody knows is something else."""
    audio = np.float32(0.01) * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert not SketchTargets(RATE)(np.zeros((0, 4)), audio).any()
    assert np.isnan(SketchTargets(RATE)(None, audio)).all()


def losses(objective: SpectralObjective, labels: torch.Tensor) -> np.ndarray:
    rng = torch.Generator().manual_seed(1)
    clean = 0.1 * torch.randn(3, 2 * RATE, generator=rng)
    keep = torch.zeros(3, 2 * RATE, dtype=torch.bool)
    batch = Batch(0, clean, torch.tensor([0.2, 0.5, 0.8]), keep, (1, 2, 3), labels)
    with torch.no_grad():
        return objective(*objective.inputs(batch)).numpy()


def test_what_is_not_known_is_as_if_it_could_not_be_seen(objective: SpectralObjective) -> None:
    """NaN stands for "nobody knows": none of it may reach a loss, in a batch where other crops have notes."""
    plan = torch.from_numpy(np.stack([sketch(NOTES, 2 * RATE, RATE)] * 3))
    unknown = torch.full_like(plan, torch.nan)
    mixed = torch.stack([plan[0], unknown[1], plan[2]])
    blind = losses(objective, unknown)
    np.testing.assert_allclose(losses(objective, plan), blind, rtol=1e-5)  # the stem begins at zero
    torch.nn.init.normal_(objective.network.sketch_stem.conv.weight, std=0.3)
    np.testing.assert_allclose(losses(objective, unknown), blind, rtol=1e-5)
    seen = losses(objective, mixed)
    assert np.isfinite(seen).all() and seen[1] == pytest.approx(blind[1], rel=1e-5)
    assert abs(seen[0] - blind[0]) > 1e-4 and abs(seen[2] - blind[2]) > 1e-4


def test_validation_tells_both(objective: SpectralObjective) -> None:
    """Without notes and led by them, at each level: else nobody sees that it forgets the one for the other."""
    clean = torch.zeros(2, 2 * RATE)
    names = [name for name, _ in objective.validation_inputs(clean, torch.zeros_like(clean))]
    assert len(names) == len(set(names)) == 4 * len(objective.validation_levels())
    assert sum(name.endswith(", led by notes") for name in names) == len(names) // 2
