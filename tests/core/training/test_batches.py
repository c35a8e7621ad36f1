"""Batches are a function of seed and step: the ground on which resume and several processes stand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import SettingsError
from core.training.augmentation import Augmentation, Crop
from core.training.batches import Batch, Batches, BatchPlan
from core.training.cache import load_corpus
from core.training.corpus import Corpus
from core.training.masks import draw_mask

PLAN = BatchPlan(4000, (0.5, 1.0), 4.0, frames_multiple=64)


@pytest.fixture
def corpus(recordings: Path, tmp_path: Path) -> Corpus:
    return load_corpus(recordings, tmp_path / "cache", 4000, 0.1)


def make(corpus: Corpus, seed: int = 0, rank: int = 0, world: int = 1) -> Batches:
    return Batches([(corpus, 1.0)], Augmentation(4000), PLAN, seed, rank, world)


def same(a: Batch, b: Batch) -> bool:
    return (
        torch.equal(a.clean, b.clean)
        and torch.equal(a.u, b.u)
        and torch.equal(a.keep, b.keep)
        and torch.equal(a.noise(), b.noise())
    )


def test_a_step_is_always_the_same_and_other_steps_and_seeds_differ(corpus: Corpus) -> None:
    """Else a resumed run would see other data than one that was never stopped."""
    first = make(corpus)[6]
    assert same(first, make(corpus)[6])
    assert not same(first, make(corpus)[8]) and not same(first, make(corpus, seed=1)[6])


def test_lengths_take_turns(corpus: Corpus) -> None:
    """Crops of each length, with the same amount of audio in a step, cut to what the network can take."""
    assert make(corpus)[0].clean.shape == (8, 1984) and make(corpus)[1].clean.shape == (4, 3968)


def test_two_processes_share_the_batch_of_one(corpus: Corpus) -> None:
    """Together they must see exactly what one process would: nothing twice, nothing left out."""
    whole = make(corpus)[3]
    left, right = (make(corpus, rank=rank, world=2)[3] for rank in (0, 1))
    for name in ("clean", "u", "keep"):
        assert torch.equal(getattr(whole, name)[0::2], getattr(left, name))
        assert torch.equal(getattr(whole, name)[1::2], getattr(right, name))
    assert torch.equal(whole.noise()[0::2], left.noise()) and torch.equal(whole.noise()[1::2], right.noise())


def test_background_workers_give_the_same_batches_in_order(corpus: Corpus) -> None:
    """A worker that kept its own generator would break resume; out of order would too."""
    loaded = [batch for batch, _ in zip(make(corpus).loader(5, 2, pin_memory=False), range(4), strict=False)]
    assert [batch.step for batch in loaded] == [5, 6, 7, 8]
    assert all(same(batch, make(corpus)[batch.step]) for batch in loaded)


def test_noise_levels_cover_the_range_in_every_batch(corpus: Corpus) -> None:
    """Stratified: a batch without low levels teaches nothing of hiss, one without high levels nothing of notes."""
    for step in range(0, 20, 2):
        u = np.sort(make(corpus)[step].u.numpy())
        assert ((u >= np.arange(8) / 8) & (u < (np.arange(8) + 1) / 8)).all()


def test_masks_show_nothing_a_beginning_an_end_or_both(corpus: Corpus) -> None:
    """All of them: a network that never saw nothing can't be used without, and one that never saw an end can't fill."""
    drawn = [draw_mask(1000, np.random.default_rng(seed)) for seed in range(2000)]
    shares = np.array([mask.mean() for mask in drawn])
    shown = shares > 0
    assert 0.36 < (~shown).mean() < 0.44 and shares[shown].min() >= 0.25 and shares.max() <= 0.85
    kinds = {(bool(mask[0]), bool(mask[-1])) for mask in drawn}
    assert kinds == {(False, False), (True, False), (False, True), (True, True)}
    # What is hidden is always one stretch: audio to be made, with known audio around it.
    assert all(np.count_nonzero(np.diff(mask.astype(int))) <= 2 for mask in drawn)
    assert all(not mask.all() for mask in drawn)
    keep = make(corpus)[0].keep
    assert keep.shape == (8, 1984) and len({row.sum().item() for row in keep}) > 2


def test_noise_is_white_with_deviation_1_and_of_its_own_for_each_crop(corpus: Corpus) -> None:
    """Crops that shared their noise would make the gradient noisier than the batch promises."""
    noise = make(corpus)[1].noise().numpy()
    assert noise.std() == pytest.approx(1.0, abs=0.02)
    assert np.abs(np.corrcoef(noise) - np.eye(len(noise))).max() < 0.1


def test_corpora_count_by_their_weights(corpus: Corpus) -> None:
    """A small folder with a large weight must be seen as often as asked for."""
    drawn: list[int] = []

    class Recorder(Augmentation):
        def draw(self, source: Corpus, length: int, rng: np.random.Generator) -> Crop:
            drawn.append(len(source.files))
            return Crop(np.zeros(length, np.float32), 0, 0, 1.0)

    batches = Batches([(corpus, 1.0), (corpus.only(corpus.pieces[:1]), 3.0)], Recorder(4000), PLAN, 0)
    for step in range(100):
        batches[step]
    assert np.mean(np.array(drawn) == 1) == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize(("world", "seconds"), [(3, 4.0), (2, 1.0)])
def test_a_batch_that_can_not_be_shared_evenly_is_refused(world: int, seconds: float) -> None:
    """Uneven shares would weigh some crops more than others, silently."""
    with pytest.raises(SettingsError, match="shared evenly"):
        BatchPlan(4000, (0.5, 1.0), seconds).check(world)


def test_a_crop_without_a_frame_is_refused() -> None:
    """Shorter than the network's smallest unit."""
    with pytest.raises(SettingsError, match="too short"):
        BatchPlan(4000, (0.001,), 4.0, frames_multiple=64).check(1)
