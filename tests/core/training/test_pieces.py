"""Which files count as one piece."""


import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.training.pieces import piece_name


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("prelude01_030s.flac", "prelude01"),
        ("prelude01.wav", "prelude01"),
        ("Prelude01.MP3", "prelude01"),
        ("bach/prelude 1m30s.wav", "bach/prelude"),
        ("sonata_30-60.wav", "sonata"),
        ("sonata [12.5s].wav", "sonata"),
        ("nocturne__grand.wav", "nocturne"),
        ("nocturne_12__upright_2.wav", "nocturne"),
        ("nocturne (take 2).wav", "nocturne"),
        ("nocturne_part1_v2.wav", "nocturne"),
        ("nocturne - Copy (2).wav", "nocturne"),
        ("nocturne-03.wav", "nocturne"),
        ("aria_da_capo_000s.flac", "aria_da_capo"),
        ("wtc1_prelude02_cmin.flac", "wtc1_prelude02_cmin"),
        ("chopin_072_1_MEIf_003_ecossaise_rh__salamander.flac", "chopin_072_1_meif_003_ecossaise_rh"),
        ("Op. 10 No. 3.wav", "op. 10 no"),
        ("op9.wav", "op9"),
        ("0001.wav", "#"),
        ("take-03.wav", "#"),
        ("album/07.flac", "album/#"),
        ("caf\u00e9.wav", "caf\u00e9"),
        ("cafe\u0301.wav", "caf\u00e9"),
        ("__.wav", "#"),
        ("no suffix 3", "no suffix"),
    ],
)
def test_what_counts_as_one_piece(name: str, piece: str) -> None:
    """Cuts and other renderings on both sides of the split would make the validation a test of memory."""
    assert piece_name(name) == piece


@given(
    st.sampled_from(["prelude01", "a b", "\u4e2d", "op9_no2_es"]),
    st.lists(
        st.sampled_from(["_030s", "-03", " (2)", "_1m30s", " take 4", ".part2", " copy", "_v2", "#7"]), max_size=4
    ),
    st.sampled_from(["", "__grand", "__grand_2__b"]),
)
def test_any_run_of_cut_marks_is_taken_off(piece: str, marks: list[str], rendering: str) -> None:
    """However often something was cut, the piece stays the same."""
    expected = piece_name(f"{piece}.wav")
    assert piece_name(f"{piece}{''.join(marks)}{rendering}.wav") == expected


def test_long_names_take_no_time() -> None:
    """A pattern with nested repeats would hang here."""
    for tail in ("1" * 250, "1m" * 125, "_1" * 125, "(" * 250, "copy " * 50):
        assert piece_name(f"x_{tail}!.wav").startswith("x")
