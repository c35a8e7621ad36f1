"""Continuations that need no network."""


import numpy as np
import pytest

from core.study.references import REFERENCES, references
from tests.core.tones import piano_tone


def test_references() -> None:
    known, true = piano_tone(440.0, 1.0), piano_tone(330.0, 0.5)
    rows = references(known, true, seed=3)
    assert tuple(rows) == REFERENCES and all(row.shape == true.shape for row in rows.values())
    np.testing.assert_array_equal(rows["true"], true)
    np.testing.assert_array_equal(rows["loop"], known[-true.size :])
    assert not rows["silence"].any()
    assert np.mean(rows["noise"] ** 2) == pytest.approx(np.mean(known**2), rel=1e-4)
    np.testing.assert_array_equal(rows["noise"], references(known, true, seed=3)["noise"])
    assert not np.array_equal(rows["noise"], references(known, true, seed=4)["noise"])


def test_a_loop_longer_than_what_is_known() -> None:
    known = piano_tone(440.0, 0.25)
    looped = references(known, piano_tone(330.0, 0.6), seed=0)["loop"]
    np.testing.assert_array_equal(looped, np.resize(known, looped.size))
