"""Crops drawn from a corpus, and the views of it."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from core.errors import AudioError, SettingsError
from core.training.cache import load_corpus
from tests.core.tones import chord
from tests.core.training.corpora import RATE, contents, corpus_of


def test_a_corpus_travels_to_workers_as_a_path(folder: Path, tmp_path: Path) -> None:
    """Workers that are spawned get a pickle; an hour of audio in it would be copied for each."""
    corpus = load_corpus(folder, tmp_path / "cache", RATE, 0.1)
    corpus.crop(100, np.random.default_rng(0))
    pickled = pickle.dumps(corpus)
    assert len(pickled) < 2000
    copy = pickle.loads(pickled)
    assert np.array_equal(copy.crop(9000, np.random.default_rng(3)), corpus.crop(9000, np.random.default_rng(3)))
    corpus.audio.unlink()
    with pytest.raises(AudioError, match="Start again"):
        pickle.loads(pickled).crop(100, np.random.default_rng(0))


def test_files_are_drawn_by_duration_and_places_evenly(tmp_path: Path) -> None:
    """Not by file: an hour-long one holds more music than a jingle. A file no longer than a crop has its share too."""
    lengths = [2000, 1000, 500, 300, 200]
    corpus = corpus_of(tmp_path / "c", [np.arange(n) for n in lengths])
    rng = np.random.default_rng(0)
    places = np.array([corpus.place(300, rng) for _ in range(20_000)])
    counts = np.bincount(places[:, 0], minlength=5)
    assert chisquare(counts, 20_000 * np.array(lengths) / sum(lengths)).pvalue > 1e-3
    for file, length in enumerate(lengths):
        starts = places[places[:, 0] == file, 1]
        assert starts.min() == 0 and starts.max() == max(length - 300, 0)
        if length > 300:
            edges = np.linspace(0, length - 300 + 1, 11)
            widths = np.histogram(np.arange(length - 300 + 1), edges)[0]
            observed = np.histogram(starts, edges)[0]
            assert chisquare(observed, len(starts) * widths / widths.sum()).pvalue > 1e-3


def test_a_crop_is_a_stretch_of_one_file(tmp_path: Path) -> None:
    """Never half of one piece and half of the next."""
    corpus = corpus_of(tmp_path / "c", [np.arange(1, 801), np.arange(1001, 1401)])
    rng = np.random.default_rng(0)
    for _ in range(500):
        crop = corpus.crop(100, rng)
        assert crop.dtype == np.float32 and np.array_equal(np.diff(crop), np.ones(99))


@pytest.mark.parametrize("seconds", [[3.0], [0.2], [0.4] * 14, [5.0], [0.01, 6.0]])
def test_any_collection_gives_crops_of_four_seconds(tmp_path: Path, seconds: list[float]) -> None:
    """One file, many short ones, files shorter than a crop or than a tenth of it: zeros follow what there is."""
    files = [chord(s, RATE)[0] for s in seconds]
    corpus = corpus_of(tmp_path / "c", files)
    rng = np.random.default_rng(0)
    for _ in range(30):
        file, _ = corpus.place(4 * RATE, np.random.default_rng(rng.integers(1000)))
        crop = corpus.crop(4 * RATE, rng)
        assert crop.shape == (4 * RATE,) and crop.any() and 0 <= file < len(files)
        if max(seconds) < 4:
            length = max(len(f) for f in files)
            assert crop[:10].any() and not crop[length:].any()


def test_reading_outside_a_file_gives_zeros(tmp_path: Path) -> None:
    """Neighbours in the cache are other files."""
    corpus = corpus_of(tmp_path / "c", [np.full(10, 1), np.full(10, 2), np.full(10, 3)])
    assert corpus.read(1, -5, 20).tolist() == [0] * 5 + [2] * 10 + [0] * 5
    assert not corpus.read(1, -30, 20).any() and not corpus.read(1, 10, 5).any()
    assert corpus.read(1, 3, 4).tolist() == [2] * 4


def test_views_share_the_cache(tmp_path: Path) -> None:
    """Parts of a corpus are bounds, not copies."""
    corpus = corpus_of(tmp_path / "c", [np.full(n, n) for n in (10, 20, 30)], names=("a.wav", "b.wav", "c.wav"))
    part = corpus.only(["a", "c"])
    assert part.pieces == ("a", "c") and part.frames == 40 and part.audio == corpus.audio
    assert [int(samples[0]) for samples in contents(part)] == [10, 30]
    middle = corpus.stretch(5, 35)
    assert [len(samples) for samples in contents(middle)] == [5, 20, 5] and middle.files == corpus.files
    assert middle.stretch(5, 25).files == ("b.wav",) and middle.stretch(5, 25).frames == 20
    with pytest.raises(SettingsError, match="empty"):
        corpus.only(["d"])
    with pytest.raises(SettingsError, match="empty"):
        corpus.stretch(60, 70)
