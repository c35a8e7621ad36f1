"""What only a GPU can show of training: compiled steps, page-locked batches, noise made on the device."""

import json
from pathlib import Path

import pytest
import torch

from core.training.loop import train
from core.training.objectives import make_objective
from core.training.settings import TrainingSettings
from tests.core.training.conftest import DIFFWAVE

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device on this machine"),
]


@pytest.mark.parametrize("kind", ["spectral", "diffwave"])
def test_a_run_on_the_gpu_ends_with_finite_weights(kind: str, recordings: Path, design: Path, tmp_path: Path) -> None:
    """The whole loop as it runs there, bf16 and compiled where that works: a mistake would stop it, or leave NaN."""
    if kind == "diffwave":
        (design / "config.json").write_text(json.dumps(DIFFWAVE))
    settings = TrainingSettings(
        data=(str(recordings),),
        network=str(design),
        steps=6,
        crop_seconds=(0.25, 0.5),
        batch_seconds=2.0,
        device="cuda",
    )
    outcome = train(settings, tmp_path / "run", say=lambda _: None)
    assert outcome.finished and outcome.progress.skipped == 0
    assert list((tmp_path / "run" / "samples").iterdir())


@pytest.mark.parametrize("kind", ["spectral", "diffwave"])
def test_losses_agree_with_the_cpu(kind: str, design: Path) -> None:
    """In float32 both compute the same: else what is learned on a GPU is not what is played on a CPU."""
    config = DIFFWAVE if kind == "diffwave" else json.loads((design / "config.json").read_text())
    objective = make_objective(config, design)
    for parameter in objective.network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    clean, noise = torch.randn(2, 4, 2048, generator=torch.Generator().manual_seed(0)).unbind(0)
    u, keep = torch.tensor([0.1, 0.4, 0.6, 0.9]), torch.arange(2048).expand(4, -1) < 1000
    with torch.no_grad():
        expected = objective(clean, u, noise, keep)
        found = objective.cuda()(clean.cuda(), u.cuda(), noise.cuda(), keep.cuda()).cpu()
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-4)
