"""Notes asked against notes heard."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from core.notes.agreement import Agreement, agree, total
from core.notes.note import Note


def notes(*onsets: float, key: int = 60) -> list[Note]:
    return [Note(onset, onset + 0.2, key) for onset in onsets]


def test_an_onset_counts_within_50_ms() -> None:
    assert agree(notes(1.0), notes(1.05)).matched == 1
    assert agree(notes(1.0), notes(1.051)).matched == 0
    assert agree(notes(1.0), notes(1.0, key=61)).matched == 0


def test_each_note_is_matched_once_and_as_many_as_can_be() -> None:
    """Breaks when the nearest is taken first: 1.04 to 1.05 would leave 1.0 and 1.09 alone."""
    assert agree(notes(1.0, 1.05), notes(1.04, 1.09)) == Agreement(2, 2, 2)
    assert agree(notes(1.0), notes(0.98, 1.0, 1.02)) == Agreement(1, 3, 1)


def test_precision_recall_and_f1() -> None:
    found = agree([*notes(0.0, 1.0, 2.0), *notes(3.0, key=40)], notes(0.0, 1.0))
    assert (found.precision, found.recall) == (1.0, 0.5)
    assert found.f1 == pytest.approx(2 / 3)
    both = total([found, agree([], notes(1.0)), agree([], [])])
    assert both == Agreement(4, 3, 2)
    assert Agreement(0, 0, 0).f1 == 1.0 and Agreement(3, 0, 0).f1 == 0.0


def test_no_matching_is_larger() -> None:
    """Against the largest matching of all, on crowds of near onsets (mir_eval's definition of the counts)."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        asked, heard = (
            [
                Note(float(onset), float(onset) + 0.3, int(key))
                for onset, key in zip(rng.uniform(0, 2, 30), rng.integers(60, 64, 30), strict=True)
            ]
            for _ in range(2)
        )
        pairs = [[a.key == b.key and abs(a.onset - b.onset) <= 0.05 for b in heard] for a in asked]
        matching = maximum_bipartite_matching(csr_matrix(np.array(pairs, int)), perm_type="column")
        assert agree(asked, heard) == Agreement(30, 30, int((matching >= 0).sum()))
