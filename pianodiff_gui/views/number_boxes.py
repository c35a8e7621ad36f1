"""Boxes for numbers that take a point and a comma alike, whatever the locale, and show them in its form."""

from __future__ import annotations

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox, QToolTip

from core.wording import DoubtfulNumber, typed_number


class DecimalBox(QDoubleSpinBox):
    """A number with a fraction. Left to itself Qt takes the other sign for a separator of thousands: with a German
    locale "1.5" became 15.
    """

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        point = self.locale().decimalPoint()
        typed = text.removesuffix(self.suffix())
        if _doubtful(typed, point):
            _say(self, f"'{typed}' can be read in two ways. Type it without separators between its thousands.")
            return QValidator.State.Invalid, text, at
        return super().validate(text.replace(".", point).replace(",", point), at)


class WholeBox(QSpinBox):
    """A whole number. With a German locale Qt took "1.5" for 15."""

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        if "." in text or "," in text:
            _say(self, "A whole number has neither point nor comma.")
            return QValidator.State.Invalid, text, at
        return super().validate(text, at)


def _doubtful(text: str, point: str) -> bool:
    """Whether it may be one number or another, where `point` is before a fraction and never between thousands."""
    other = "".join("." if letter == point else "," if letter in ".," else letter for letter in text)
    try:
        typed_number(other)
    except DoubtfulNumber:
        return True
    except ValueError:  # not yet a number, or one in the locale's own digits: Qt knows
        pass
    return False


def _say(box: QAbstractSpinBox, words: str) -> None:
    if box.hasFocus():
        QToolTip.showText(box.mapToGlobal(box.rect().bottomLeft()), words, box)
