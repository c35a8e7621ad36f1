"""Training a network that hears notes: recordings with their notes beside them, and labels that follow the crops."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from core.commands.main import main
from core.errors import SettingsError
from core.networks.listener_card import load_listener
from core.notes.midi import write_midi
from core.notes.note import Note
from core.training.augmentation import Augmentation, Treatment
from core.training.cache import load_corpus
from core.training.listening import ListenerTargets
from core.training.loop import train
from core.training.scores import OFFSET, ONSET, Scores
from core.training.settings import TrainingSettings
from core.training.state import STATE_NAME
from tests.core.notes.conftest import write_listener

pytestmark = pytest.mark.journey

RATE = 22_050


def clicks(seconds: float, times: np.ndarray) -> np.ndarray:
    """Short bursts that can be found again to a sample or two, over a level that decoding keeps."""
    audio = np.zeros(round(seconds * RATE), np.float32)
    for time in times:
        start = round(time * RATE)
        audio[start : start + 40] = np.hanning(42)[1:-1]
    return audio


def write_pair(folder: Path, name: str, times: np.ndarray, seconds: float = 12.0) -> None:
    """A recording of clicks and, beside it, a note for each."""
    folder.mkdir(exist_ok=True)
    soundfile.write(folder / f"{name}.wav", clicks(seconds, times), RATE, subtype="FLOAT")
    write_midi(folder / f"{name}.mid", [Note(time, time + 0.2, 60 + i % 12, 70) for i, time in enumerate(times)])


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    for index, name in enumerate(("piecea", "pieceb", "piecec")):
        write_pair(folder, name, np.arange(0.4 + 0.1 * index, 11.5, 0.7))
    return folder


@pytest.mark.parametrize("cents", [-50.0, 0.0, 50.0])
def test_labels_follow_what_detuning_does_to_time(pairs: Path, tmp_path: Path, cents: float) -> None:
    """Also in a part of a file, as the split cuts it. Breaks when a detuned crop keeps the times of the plain one: at
    50 cents, 8 s are 0.23 s off at their end.
    """
    corpus = load_corpus(pairs, tmp_path / "cache", RATE, 0.1)
    scores = Scores()
    assert scores.read(corpus) == []
    part = corpus.stretch(2 * RATE, corpus.frames)
    treatments = Augmentation(RATE, detune_cents=50.0)
    for seed in range(6):
        crop = treatments.render(part, 8 * RATE, replace(Treatment(), cents=cents), np.random.default_rng(seed))
        heard = np.flatnonzero(crop.audio > 0.8 * crop.audio.max())
        notes = scores.of_crop(part, crop)
        assert notes is not None and len(notes) >= 11
        for note in notes:
            if 0.05 < note[ONSET] < 7.9:
                assert np.abs(heard / RATE - note[ONSET] - 0.0009).min() < 0.001
                assert note[OFFSET] - note[ONSET] == pytest.approx(0.2 / crop.pace, abs=0.001)


def test_targets_are_where_the_notes_are() -> None:
    notes = np.array([[1.0, 1.5, 60, 127], [-0.3, 0.2, 21, 1], [2.9, 9.0, 108, 64]])
    targets = ListenerTargets(RATE, 512)(notes, np.zeros(3 * RATE, np.float32))
    onset, sounding, velocity = targets
    frame = 1.0 * RATE / 512
    assert targets.shape == (3, 3 * RATE // 512 + 1, 88)
    assert np.average(np.arange(len(onset)), weights=onset[:, 39]) == pytest.approx(frame, abs=0.01)
    assert set(np.flatnonzero(sounding[:, 39])) == set(range(round(frame), round(1.5 * RATE / 512)))
    assert onset[:, 0].sum() == 0 and sounding[:8, 0].all() and not sounding[10:, 0].any()
    assert sounding[-1, 87] == 1 and velocity[onset[:, 39] > 0, 39] == pytest.approx(1.0)


def command(pairs: Path, design: Path, out: Path, *more: str) -> list[str]:
    return ["train", "--data", str(pairs), "--network", str(design), "--out", str(out), "--crop-seconds", "1",
            "--batch-seconds", "4", "--precision", "float32", "--device", "cpu", "--workers", "0", *more]  # fmt: skip


def test_a_listener_is_trained_by_the_same_command(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And is one that can be used at once. Its loss must fall, or labels and audio are not of the same crop."""
    design, out = write_listener(tmp_path / "design"), tmp_path / "mine"
    (pairs / "noted by nobody.wav").write_bytes((pairs / "piecea.wav").read_bytes())
    options = ("--steps", "60", "--learning-rate", "0.01", "--half-life", "20", "--augmentation", "none")
    assert main(command(pairs, design, out, "--warm-up", "2", *options)) == 0
    said = capsys.readouterr().out
    assert "left out: noted by nobody.wav: " in said and f"pianodiff transcribe IN OUT.mid --listener {out}" in said
    info, _ = load_listener(out)
    assert info.title == "Tiny listener (mine)"
    last = json.loads((out / "log.jsonl").read_text().splitlines()[-1])
    assert last["validation/notes"] < 3.0  # it is 6.1 before the first step


def test_recordings_without_notes_are_refused(pairs: Path, tmp_path: Path) -> None:
    for path in pairs.glob("*.mid"):
        path.unlink()
    settings: dict[str, Any] = {"data": (str(pairs),), "network": str(write_listener(tmp_path / "design")), "steps": 1}
    with pytest.raises(SettingsError, match=r"None of the recordings in .* has its notes"):
        train(TrainingSettings(**settings), tmp_path / "run", say=lambda _: None)


def test_other_notes_make_it_another_run(pairs: Path, tmp_path: Path) -> None:
    """A run that goes on with labels it did not begin with could not be described."""
    design = write_listener(tmp_path / "design")
    assert main(command(pairs, design, tmp_path / "run", "--steps", "1")) == 0
    assert (tmp_path / "run" / STATE_NAME).is_file()
    write_midi(pairs / "piecea.mid", [Note(1.0, 2.0, 60)], overwrite=True)
    run = TrainingSettings(data=(str(pairs),), network=str(design), steps=2, workers=0)
    with pytest.raises(SettingsError, match="have changed"):
        train(run, tmp_path / "run", resume=True, say=lambda _: None)
