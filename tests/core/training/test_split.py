"""What is held out for validation."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SettingsError
from core.training.cache import load_corpus
from core.training.corpus import Corpus
from core.training.split import keep_back, split_validation
from tests.core.tones import chord
from tests.core.training.corpora import corpus_of


def intervals(corpus: Corpus) -> set[int]:
    """All its frames in the cache."""
    return {frame for begin, end in zip(corpus.begins, corpus.ends, strict=True) for frame in range(begin, end)}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 400)), min_size=1, max_size=20),
    st.floats(0.01, 0.5),
)
def test_the_two_sides_never_overlap(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, int]], share: float
) -> None:
    """Nothing is lost, nothing is on both sides, and neither side is empty, whatever the folder looks like."""
    path = tmp_path_factory.getbasetemp() / "split"
    names = [f"{piece}_{number}.wav" for number, (piece, _) in enumerate(files)]
    corpus = corpus_of(path, [np.ones(frames) for _, frames in files], sample_rate=10, names=names)
    training, validation = split_validation(corpus, share)
    if validation is None:
        assert len(corpus.pieces) == 1 and corpus.seconds < 60 and training is corpus
        return
    assert not intervals(training) & intervals(validation)
    assert intervals(training) | intervals(validation) == intervals(corpus)
    if len(corpus.pieces) > 1:
        assert not set(training.pieces) & set(validation.pieces)


def test_drawn_crops_never_touch_the_other_side(tmp_path: Path) -> None:
    """The samples themselves: the held-out pieces are 2 where the others are 1."""
    names = [f"piece {chr(97 + i)}.wav" for i in range(14)]
    plain = corpus_of(tmp_path / "plain", [np.ones(900)] * 14, names=names)
    _, held = split_validation(plain, 0.1)
    assert held is not None
    coded = [np.full(900, 2 if name in held.files else 1) for name in names]
    training, validation = split_validation(corpus_of(tmp_path / "coded", coded, names=names), 0.1)
    assert validation is not None
    rng = np.random.default_rng(0)
    assert all((training.crop(400, rng) == 1).all() and (validation.crop(400, rng) == 2).all() for _ in range(300))


def test_the_share_is_kept_and_added_files_reshuffle_nothing(tmp_path: Path) -> None:
    """A run that goes on with more data must not train on what was held out before."""
    letters = [f"piece {a}{b}.wav" for a in "abcdefghij" for b in "abcdefghij"]
    few = corpus_of(tmp_path / "few", [np.ones(60)] * 60, sample_rate=1, names=letters[:60])
    more = corpus_of(tmp_path / "more", [np.ones(60)] * 63, sample_rate=1, names=letters[:63])
    before, after = split_validation(few, 0.1)[1], split_validation(more, 0.1)[1]
    assert before is not None and after is not None
    assert before.seconds == pytest.approx(0.1 * few.seconds, abs=60)
    added = set(more.pieces) - set(few.pieces)
    # Of the old pieces, at most as many leave as new ones came in, and none joins but to fill up the larger share.
    assert len(set(before.pieces) - set(after.pieces)) <= len(set(after.pieces) & added)
    assert len(set(after.pieces) - set(before.pieces) - added) <= 1
    assert split_validation(few, 0.1)[1].pieces == before.pieces  # type: ignore[union-attr]


def test_no_more_than_ten_minutes_and_no_giant_is_held_out(tmp_path: Path) -> None:
    """Of a hundred hours, five would be lost; of a day-long recording and ten short ones, the day."""
    names = [f"piece {a}{b}.wav" for a in "abcdefghij" for b in "abcdefghij"]
    large = corpus_of(tmp_path / "large", [np.ones(300)] * 100, sample_rate=1, names=names)
    _, held = split_validation(large)
    assert held is not None and held.seconds == 600
    for giant in range(11):
        files = [np.ones(20_000 if i == giant else 60) for i in range(11)]
        uneven = corpus_of(tmp_path / "uneven", files, sample_rate=1, names=names[:11])
        training, held = split_validation(uneven)
        assert held is not None and 60 <= held.seconds <= 600 and len(training.pieces) > 5 and training.seconds > 20_000


def test_two_pieces_are_split_and_one_is_cut(tmp_path: Path) -> None:
    """A folder with a single recording still says whether it is learned by heart: its end is held out."""
    two = corpus_of(tmp_path / "two", [np.ones(30), np.ones(30)], sample_rate=1, names=("a.wav", "b.wav"))
    training, validation = split_validation(two)
    assert validation is not None and {*training.pieces, *validation.pieces} == {"a", "b"}

    cuts = corpus_of(tmp_path / "cuts", [np.arange(60)] * 10, sample_rate=1, names=[f"a_{i}.wav" for i in range(10)])
    training, validation = split_validation(cuts)
    assert validation is not None and validation.files == ("a_9.wav",) and training.seconds == 540

    one = corpus_of(tmp_path / "one", [np.arange(600)], sample_rate=1, names=("a.wav",))
    training, validation = split_validation(one)
    assert validation is not None and training.seconds == 540
    assert validation.read(0, -5, 65).tolist() == [0] * 5 + list(range(540, 600))
    assert not training.read(0, 540, 60).any()

    hours = corpus_of(tmp_path / "hours", [np.ones(36_000)], sample_rate=1)
    assert split_validation(hours)[1].seconds == 600  # type: ignore[union-attr]
    short = corpus_of(tmp_path / "short", [np.ones(59)], sample_rate=1)
    assert split_validation(short) == (short, None)
    assert split_validation(hours, 0) == (hours, None)
    with pytest.raises(SettingsError, match=r"0 to 0\.5"):
        split_validation(hours, 0.9)


def test_cuts_of_one_piece_stay_on_one_side(tmp_path: Path) -> None:
    """Ten cuts each of five pieces: the split goes through none of them."""
    names = [f"prelude{piece:02}_{start:03}s.flac" for piece in range(5) for start in range(0, 150, 15)]
    corpus = corpus_of(tmp_path / "c", [np.ones(15)] * 50, sample_rate=1, names=names)
    training, validation = split_validation(corpus)
    assert validation is not None and len(validation.files) == 10 and len(training.files) == 40
    assert len({name[:9] for name in validation.files}) == 1


def test_the_turn_of_a_piece_is_the_same_everywhere(tmp_path: Path) -> None:
    """Python's own hash differs in every process; the split must not."""
    names = [f"piece {letter}.wav" for letter in "abcdefgh"]
    corpus = corpus_of(tmp_path / "c", [np.ones(10)] * 8, sample_rate=1, names=names)
    first = min((name[:-4] for name in names), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    assert split_validation(corpus)[1].pieces == (first,)  # type: ignore[union-attr]


def test_a_piece_kept_back_of_one_folder_is_not_trained_on_in_another(recordings: Path, tmp_path: Path) -> None:
    """Two renderings of one score in two folders: validation would be on a piece that was learned."""
    copies = tmp_path / "copies"
    shutil.copytree(recordings, copies)
    corpora = [(load_corpus(folder, tmp_path / "cache", 4000, 0.1), 1.0) for folder in (recordings, copies)]
    more = np.concatenate([chord(4.0, 4000)] * 20, axis=1).T
    soundfile.write(copies / "pieced.wav", more, 4000)
    corpora[1] = (load_corpus(copies, tmp_path / "cache", 4000, 0.1), 1.0)
    training, held_out = keep_back(corpora)
    learned = {piece for corpus, _ in training for piece in corpus.pieces}
    assert held_out and not learned & {piece for corpus, _ in held_out for piece in corpus.pieces}
