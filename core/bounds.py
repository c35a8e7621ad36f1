"""Numbers of a file that anybody may have written, checked before anything is built of them. Each function returns the
number, or raises ValueError with the field's name and what it may be.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[str, Any], Any]
"""Of a field's name and its value; returns the value."""


def whole(low: int, high: int) -> Check:
    """A whole number from `low` to `high`; neither 3.0 nor True is one."""

    def check(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f'"{name}" must be a whole number from {low} to {high}, not {shown(value)}')
        return value

    return check


def real(low: float, high: float) -> Check:
    """A finite number from `low` to `high`."""

    def check(name: str, value: Any) -> float:
        if not (is_number(value) and low <= value <= high):
            raise ValueError(f'"{name}" must be a number from {low:g} to {high:g}, not {shown(value)}')
        return float(value)

    return check


def is_number(value: Any) -> bool:
    """Whether it is a finite number, which a float can hold; True is none."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise ValueError(f'"{name}" must be true or false, not {shown(value)}')
    return value


def several(each: Check, fewest: int, most: int) -> Check:
    """A list of `fewest` to `most` values, each of which passes `each`."""

    def check(name: str, value: Any) -> list[Any]:
        if not isinstance(value, list | tuple) or not fewest <= len(value) <= most:
            raise ValueError(f'"{name}" must be a list of {fewest} to {most} entries, not {shown(value)}')
        return [each(name, entry) for entry in value]

    return check


def check_fields(values: Any, checks: Mapping[str, Check], where: str) -> None:
    """Check the fields of a JSON object; which are needed, who builds of it knows. Raises ValueError."""
    if not isinstance(values, Mapping):
        raise ValueError(f'"{where}" must be a JSON object, not {shown(values)}')
    for name, value in values.items():
        if name not in checks:
            raise ValueError(f'"{where}" has no "{shown(name)}"')
        checks[name](name, value)


def shown(value: Any) -> str:
    """Short: a number in a file can have millions of digits, which Python refuses to print."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**64:
        return f"one of {value.bit_length()} bits"
    text = str(value) if isinstance(value, str | float | int | bool) else type(value).__name__
    return text if len(text) <= 40 else text[:40] + "..."
