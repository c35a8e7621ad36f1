"""Numbers as people read them, in lines on a terminal and in tables, and as they type them."""

import re

_ONE_COMMA = re.compile(r"[+-]?\d*,\d+(?:e[+-]?\d+)?", re.IGNORECASE)
_MAY_BE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}(?:\D.*)?")
_SEPARATED = re.compile(r"[+-]?\d+(?:[.,]\d+)+")


class DoubtfulNumber(ValueError):
    """What was typed may be one number or another; the message says why, and what to type."""


def typed_number(text: str) -> float:
    """A number as people type it, with a point or a comma before its fraction: "1.5", "1,5".

    A point never parts thousands here: "1.234" is a little more than one, as it always was. A comma may, where three
    digits follow it.

    Raises:
        DoubtfulNumber: "1,234", "1.234,5", "1,234,567".
        ValueError: no number at all.
    """
    text = text.strip()
    try:
        return float(text)
    except ValueError:
        pass
    if _ONE_COMMA.fullmatch(text):
        if _MAY_BE_THOUSANDS.fullmatch(text):
            raise DoubtfulNumber(
                f"'{text}' may be {text.replace(',', '.')} or {text.replace(',', '')}: type one of these"
            )
        return float(text.replace(",", "."))
    if _SEPARATED.fullmatch(text):
        *thousands, last = re.split("[.,]", text)
        point = "" if len(set(re.findall("[.,]", text))) == 1 else "."
        plain = f"{''.join(thousands)}{point}{last}"
        raise DoubtfulNumber(f"'{text}' has separators between its thousands: type {plain}")
    raise ValueError(f"'{text}' is not a number")


def typed_whole(text: str) -> int:
    """A whole number as people type it.

    Raises:
        DoubtfulNumber: it has a comma or a point, which may part thousands or a fraction.
        ValueError: no number at all.
    """
    text = text.strip()
    if _SEPARATED.fullmatch(text):
        plain = re.sub("[.,]", "", text)
        shown = f": if it is {plain}, type that" if re.fullmatch(r"[+-]?\d{1,3}(?:[.,]\d{3})+", text) else ""
        raise DoubtfulNumber(f"'{text}' is not a whole number{shown}")
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a whole number") from None


def clock(seconds: float) -> str:
    """Seconds as a clock shows them: 75.4 -> "1:15", 3700 -> "1:01:40"."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def counted(number: int, thing: str) -> str:
    """With its number: "1 case", "2 cases"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
