"""Numbers, names and texts as people say them."""

from __future__ import annotations

import pytest

from pianodiff_gui.look import wording


@pytest.mark.parametrize(
    ("seconds", "decimals", "words"),
    [(83.24, 0, "1:23"), (83.24, 1, "1:23.2"), (59.96, 1, "1:00.0"), (-1.5, 1, "-0:01.5"), (3661, 0, "61:01")],
)
def test_places_are_said_in_minutes_and_seconds(seconds: float, decimals: int, words: str) -> None:
    """Breaks when 60 seconds are no minute, or what lies before the recording has no sign."""
    assert wording.clock(seconds, decimals) == words
