"""Which lane of a duel is the best, without a widget."""

from __future__ import annotations

import math

from pianodiff_gui.duel.verdict import best_of, written


def test_the_best_is_by_what_each_figure_means() -> None:
    """Breaks when the louder, the slower or the less alike lane is marked as the best."""
    lanes = [
        {"evaluations": 100.0, "similarity": 0.8, "level_db": -3.0, "seconds": 5.0},
        {"evaluations": 50.0, "similarity": 0.9, "level_db": 1.0, "seconds": 9.0},
    ]
    assert best_of(lanes) == {"evaluations": "50", "similarity": "0.900", "level_db": "+1.0"}


def test_what_cannot_be_told_apart_is_not_better() -> None:
    """Breaks when a difference that is not to be seen, or one lane alone, makes a winner."""
    assert best_of([{"similarity": 0.90001}, {"similarity": 0.90002}]) == {}
    assert best_of([{"cents": math.nan}, {"cents": 3.0}]) == {}
    assert written("cents", math.nan) == "\u2013"
