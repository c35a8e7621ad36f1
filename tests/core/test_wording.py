"""Numbers as people type them: a comma or a point where no doubt is possible, and words where one is."""

import pytest

from core.wording import DoubtfulNumber, typed_number, typed_whole


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1.5", 1.5), ("1,5", 1.5), (",5", 0.5), ("0,05", 0.05), ("-1,5", -1.5), ("+1,5", 1.5), (" 1,5 ", 1.5)),
        *(("1,5e-3", 0.0015), ("1e-4", 1e-4), ("7", 7.0), ("inf", float("inf"))),
        # No separator of thousands: behind a nought, behind four digits, before two or four.
        *(("0,125", 0.125), ("1234,567", 1234.567), ("1,25", 1.25), ("1,2345", 1.2345), ("00,125", 0.125)),
        # A point never is one: recipes, sheets and commands of before have such numbers.
        *(("1.234", 1.234), ("12.345", 12.345)),
    ],
)
def test_numbers_without_doubt(text: str, value: float) -> None:
    """Breaks when a comma is refused, or means something else than a point."""
    assert typed_number(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,234", "'1,234' may be 1.234 or 1234: type one of these"),
        ("-12,345", "'-12,345' may be -12.345 or -12345: type one of these"),
        ("1,234e2", "'1,234e2' may be 1.234e2 or 1234e2: type one of these"),
        ("1.234,5", "'1.234,5' has separators between its thousands: type 1234.5"),
        ("1,234.5", "'1,234.5' has separators between its thousands: type 1234.5"),
        ("1,234,567", "'1,234,567' has separators between its thousands: type 1234567"),
        ("1.234.567", "'1.234.567' has separators between its thousands: type 1234567"),
    ],
)
def test_doubtful_numbers_say_what_to_type(text: str, says: str) -> None:
    """Breaks when a number is guessed at: 1,234 is a thousand times more to one than to another."""
    with pytest.raises(DoubtfulNumber) as error:
        typed_number(text)
    assert str(error.value) == says


@pytest.mark.parametrize("text", ["", "x", "1,", ",", "1,,5", "1 234,5", "1,5x", "--1,5", "1'234"])
def test_what_is_no_number(text: str) -> None:
    """Breaks when half a number passes for one, or the message is Python's own."""
    with pytest.raises(ValueError, match="is not a number"):
        typed_number(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,000", "'1,000' is not a whole number: if it is 1000, type that"),
        ("1.000.000", "'1.000.000' is not a whole number: if it is 1000000, type that"),
        ("1,5", "'1,5' is not a whole number"),
        ("1.5", "'1.5' is not a whole number"),
        ("x", "'x' is not a whole number"),
    ],
)
def test_whole_numbers_have_neither(text: str, says: str) -> None:
    """Breaks when 1,5 steps become 15, or 1 000 become 1."""
    with pytest.raises(ValueError) as error:
        typed_whole(text)
    assert str(error.value) == says


def test_whole_numbers() -> None:
    """Breaks when plain ones are no longer read."""
    assert [typed_whole(text) for text in ("0", "-7", " 1000 ")] == [0, -7, 1000]
