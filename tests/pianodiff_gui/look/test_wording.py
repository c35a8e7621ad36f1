"""Numbers, names and texts as people say them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pianodiff_gui.look import wording


@pytest.mark.parametrize(
    ("seconds", "decimals", "words"),
    [(83.24, 0, "1:23"), (83.24, 1, "1:23.2"), (59.96, 1, "1:00.0"), (-1.5, 1, "-0:01.5"), (3661, 0, "61:01")],
)
def test_places_are_said_in_minutes_and_seconds(seconds: float, decimals: int, words: str) -> None:
    """Breaks when 60 seconds are no minute, or what lies before the recording has no sign."""
    assert wording.clock(seconds, decimals) == words


@pytest.mark.parametrize(
    ("size", "words"), [(640, "640 B"), (12_345, "12 kB"), (26_191_036, "26.2 MB"), (1_400_000_000, "1.4 GB")]
)
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    """Breaks when a card says 26191036."""
    assert wording.file_size(size) == words


def test_long_words_can_be_wrapped_and_texts_cut_between_words() -> None:
    """Breaks when a path without a blank runs out of the panel, or a summary is cut within a word."""
    path = "/some/where/networks/" + "x" * 60
    pieces = wording.breakable(path).split("\u200b")
    assert "".join(pieces) == path and max(map(len, pieces)) <= 24
    assert wording.short("a b\n c", 10) == "a b c"
    assert wording.short("one two three four", 9) == "one two\u2026"
    assert wording.place(Path.home() / "a") == str(Path("~/a")) and wording.place(Path("/a/b")) == str(Path("/a/b"))
    assert wording.short("x" * 50, 9) == "x" * 9 + "\u2026"
