"""Numbers as people say them."""

from __future__ import annotations


def count(number: int, one: str) -> str:
    """ "1 window", "1 200 windows"."""
    return f"{thousands(number)} {one if number == 1 else one + 's'}"


def thousands(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")


def seconds(value: float) -> str:
    """A length of audio: "4.0 s", "12 min 30 s"."""
    if value < 60:
        return f"{value:.1f} s"
    return duration(value)


def duration(value: float) -> str:
    """A length of time as told to someone who waits: "under 1 s", "45 s", "2 min 40 s", "1 h 12 min"."""
    if value < 1:
        return "under 1 s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def about(value: float) -> str:
    """An estimate, rounded to what it is worth: "about 2 min 40 s"."""
    if value >= 600:
        value = round(value / 60) * 60
    elif value >= 60:
        value = round(value / 10) * 10
    elif value >= 10:
        value = round(value / 5) * 5
    return "under a second" if value < 1 else f"about {duration(value)}"
