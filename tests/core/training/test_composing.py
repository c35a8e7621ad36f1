"""Training a composer: MIDI files as rolls, crops on whole frames, and a loss that falls."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.commands.main import main
from core.errors import AudioError
from core.extension.composing import Composition, compose
from core.networks.card import CONFIG_NAME
from core.networks.composer_card import load_composer
from core.notes.midi import write_midi
from core.notes.note import Note
from core.notes.roll import RATE, VALUES, notes_from, roll_of
from core.training.batches import Batches, BatchPlan
from core.training.cache import load_corpus
from core.training.composing import ComposerObjective, Transposition
from core.training.corpus import Corpus
from core.training.medium import SCORES
from core.training.objectives import make_objective
from core.training.split import split_validation
from tests.core.tiny_composer import CARD, write_composer


def scale(first: int, seconds: float = 80.0) -> list[Note]:
    steps = (0, 2, 4, 5, 7, 9, 11, 12)
    return [Note(at, at + 0.4, first + steps[k % 8], 40 + k % 8) for k, at in enumerate(np.arange(0, seconds, 0.5))]


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    folder = tmp_path / "scores"
    folder.mkdir()
    for name, first in {"alpha": 48, "beta": 60, "gamma": 72}.items():
        write_midi(folder / f"{name}.mid", scale(first))
    (folder / "broken.mid").write_bytes(b"no MIDI at all")
    (folder / "note.txt").write_text("not for training")
    return folder


@pytest.fixture
def corpus(scores: Path, tmp_path: Path) -> Corpus:
    return load_corpus(scores, tmp_path / "cache", RATE, 1.0, medium=SCORES)


@pytest.fixture
def objective(tmp_path: Path) -> ComposerObjective:
    made = make_objective(CARD, tmp_path)
    assert isinstance(made, ComposerObjective)
    return made


def test_a_folder_of_scores_is_a_corpus(corpus: Corpus, tmp_path: Path) -> None:
    """With the files that can't be read named. Breaks when rolls are levelled or resampled as audio is."""
    assert corpus.files == ("alpha.mid", "beta.mid", "gamma.mid") and corpus.seconds == pytest.approx(240, abs=1)
    assert [name for name, _ in corpus.skipped] == ["broken.mid"]
    frames = round(39.9 * 24)
    roll = corpus.read(1, 0, frames * VALUES).reshape(frames, 3, 88)
    assert [note.key for note in notes_from(roll)[:8]] == [60, 62, 64, 65, 67, 69, 71, 72]
    with pytest.raises(AudioError, match=r"No MIDI files under .*\(mid, midi\)"):
        load_corpus(tmp_path / "cache", tmp_path / "cache", RATE, 1.0, medium=SCORES)


def test_crops_and_cuts_begin_with_a_frame(corpus: Corpus) -> None:
    """A crop that began within a frame would take treble for bass. Also in what is kept back of a single piece."""
    rng = np.random.default_rng(0)
    single = corpus.with_files({"beta.mid"})
    training, kept = split_validation(single)
    assert kept is not None and (kept.frames % VALUES, training.frames % VALUES) == (0, 0)
    played = {note.key for first in (48, 60, 72) for note in scale(first)}
    for part in (corpus, training, kept):
        for _ in range(20):
            crop = part.crop(2 * RATE, rng).reshape(-1, 3, 88)
            assert set(np.flatnonzero(crop[:, 0].any(axis=0)) + 21) <= played


def test_transposition_moves_keys_and_loudness_and_nothing_else(corpus: Corpus) -> None:
    """Intervals and times stay: it is the same music in another key."""
    length, moved = 4 * RATE // VALUES * VALUES, set()
    for seed in range(12):
        plain = Transposition(0, 0.0).draw(corpus, length, np.random.default_rng(seed))
        drawn = Transposition().draw(corpus, length, np.random.default_rng(seed))
        first, second = (notes_from(crop.audio.reshape(-1, 3, 88)) for crop in (plain, drawn))
        shift = second[0].key - first[0].key
        moved.add(shift)
        assert [note.key + shift for note in first] == [note.key for note in second] and abs(shift) <= 6
        assert [note.onset for note in first] == pytest.approx([note.onset for note in second])
    assert len(moved) > 4


def test_the_loss_counts_what_is_hidden_alone(objective: ComposerObjective) -> None:
    """And is the same in whatever batch a crop lands. Breaks when known frames count, or the mask is not the loss's."""
    torch.manual_seed(0)
    clean = torch.from_numpy(np.stack([roll_of(scale(first, 3.0), 72).ravel() for first in (48, 60)]))
    noise, u = torch.randn_like(clean), torch.tensor([0.3, 0.8])
    keep = torch.arange(clean.shape[1]).expand_as(clean) < 36 * VALUES + 50  # half of frame 36 is not shown
    both = objective(clean, u, noise, keep)
    alone = objective(clean[1:], u[1:], noise[1:], keep[1:])
    assert both[1].item() == pytest.approx(alone[0].item(), rel=1e-4)
    other = torch.where(keep, -noise, noise)
    other[:, 36 * VALUES : 37 * VALUES] = noise[:, 36 * VALUES : 37 * VALUES]
    assert torch.allclose(objective(clean, u, other, keep), both)


def test_rolls_are_batched_as_audio_is(corpus: Corpus, objective: ComposerObjective) -> None:
    """Masks end anywhere, crops hold whole moments, and few crops are shown nothing."""
    plan = BatchPlan(RATE, (2.0,), 80.0, objective.frames_multiple)
    batch = Batches([(corpus, 1.0)], objective.drawing("mild"), plan, 0, nothing_shown=objective.nothing_shown)[0]
    assert batch.clean.shape[1] == 2 * RATE and objective(*objective.inputs(batch)).shape == (40,)
    assert (~batch.keep.any(dim=1)).float().mean() < 0.2


@pytest.mark.journey
def test_a_composer_is_trained_by_the_same_command(
    scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And can be used at once. Breaks when the loss doesn't fall on three scales."""
    design, out = write_composer(tmp_path / "design"), tmp_path / "mine"
    command = ["train", "--data", str(scores), "--network", str(design), "--out", str(out), "--crop-seconds", "4",
               "--batch-seconds", "32", "--precision", "float32", "--device", "cpu", "--workers", "0", "--warm-up", "2",
               "--steps", "60", "--learning-rate", "0.01", "--half-life", "100"]  # fmt: skip
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "left out: broken.mid" in said and f"pianodiff compose IN OUT.mid --seconds 8 --composer {out}" in said
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["validation/sigma 1"] < 6.0  # it is 18 before the first step
    composer = load_composer(out)
    assert composer.info.title == "Tiny composer (mine)"
    beside = [Note(note.onset - 80, note.offset - 80, note.key, note.velocity) for note in scale(60)]
    assert compose(Composition(composer, beside, 2.0, (80.0, 0.0))) is not None


def test_a_design_without_a_composer_is_said(scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_composer(tmp_path / "design")
    (folder / CONFIG_NAME).write_text(json.dumps(CARD | {"schedule": {}}))
    command = ["train", "--data", str(scores), "--network", str(folder), "--out", str(tmp_path / "out"), "--steps", "1"]
    assert main(command) != 0 and "does not describe a composer" in capsys.readouterr().err
