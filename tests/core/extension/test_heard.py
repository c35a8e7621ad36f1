"""What is heard beside the new audio, and a network that is shown the notes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.extension.extension import Extension
from core.extension.heard import RINGS_ON, with_heard
from core.extension.settings import Settings
from core.networks.card import WEIGHTS_NAME
from core.networks.checkpoint import load_denoiser, save_weights
from core.networks.registry import find_network
from core.notes.note import Note, moved
from core.notes.sketch import sketch
from tests.core.tiny_network import SEEING, write_tiny_network

RATE = 4000
HEARD = [Note(-0.55, -0.3, 57, 80), Note(-0.3, -0.02, 61, 80)]
PLAN = [Note(0.1, 0.3, 60, 90), Note(0.35, 0.7, 64, 70), Note(0.6, 0.9, 55, 90)]


def test_what_sounds_at_the_seam_rings_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its key is struck again, or for a while; what ended before does not, and late notes are left out."""
    heard = [Note(0.0, 1.0, 50), Note(0.5, 1.98, 60), Note(1.0, 2.0, 64)]
    monkeypatch.setattr("core.extension.heard.listen", lambda samples, rate: heard)
    known = np.zeros((1, 2 * RATE), np.float32)
    notes = with_heard([Note(0.4, 5.0, 64), Note(3.5, 4.0, 70)], known, known[:, :0], RATE, 3.0)
    ends = {(note.key, round(note.onset, 2)): note.offset for note in notes}
    assert ends == {(50, -2.0): -1.0, (60, -1.5): RINGS_ON, (64, -1.0): 0.4, (64, 0.4): 5.0}


def test_what_is_heard_behind_a_gap_lies_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.extension.heard.listen", lambda samples, rate: [Note(0.25, 0.5, 50)])
    known = np.zeros((1, RATE), np.float32)
    assert [n.onset for n in with_heard([Note(0.1, 0.2, 60)], known, known, RATE, 0.5)] == [-0.75, 0.1, 0.75]


def test_a_network_that_sees_notes_is_shown_them_from_noise_as_well(tmp_path: Path) -> None:
    """Its stem for the sketch begins at zero, so that weights that never saw notes are a beginning; trained, other
    notes give other audio.
    """
    folder = write_tiny_network(tmp_path / "led", architecture=SEEING | {"sees_notes": True})
    info = find_network(str(folder))
    assert info.sees_notes
    known = sketch(moved(HEARD, 0.6), round(0.6 * RATE), RATE)[None]

    def likeness() -> float:
        """Of what is made of the plan to what is made of another; the level goes by the plan, whatever is seen."""
        denoiser = load_denoiser(str(folder), torch.device("cpu"))
        made: list[np.ndarray] = []
        for plan in (PLAN, [replace(note, key=note.key + 3) for note in PLAN]):
            settings = Settings(sampler="replacement", steps=6)
            extension = Extension(denoiser, info, known, RATE, 0.25, settings, notes=[*HEARD, *plan])
            for _ in extension.run():
                pass
            made.append(extension.audio()[0, :200])
        return float(np.corrcoef(made[0], made[1])[0, 1])

    assert likeness() > 0.9999
    weights = load_file(folder / WEIGHTS_NAME)
    stem = torch.empty_like(weights["sketch_stem.conv.weight"])
    weights["sketch_stem.conv.weight"] = stem.normal_(std=30.0, generator=torch.Generator().manual_seed(1))
    save_weights(folder / WEIGHTS_NAME, weights)
    assert likeness() < 0.9997
