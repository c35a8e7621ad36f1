"""Reading numbers off the command line: argparse's `type`, with messages of our own."""

from __future__ import annotations

import argparse

from core.wording import typed_number, typed_whole


def number(text: str) -> float:
    """Any number, its fraction behind a point or a comma. Raises ArgumentTypeError."""
    try:
        return typed_number(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def one_of_several(text: str) -> float:
    """A number where several may stand, as :func:`number` but without a comma, which may part two of them.

    Raises ArgumentTypeError.
    """
    if "," in text:
        raise argparse.ArgumentTypeError(f"'{text}' may be one number or several: write points, and spaces between")
    return number(text)


def whole(text: str) -> int:
    """A whole number. Raises ArgumentTypeError."""
    try:
        return typed_whole(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
