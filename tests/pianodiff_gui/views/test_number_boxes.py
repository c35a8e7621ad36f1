"""Numbers typed into the window: point and comma alike, whatever the locale, shown in its form."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QSpinBox, QToolTip
from pytestqt.qtbot import QtBot

from core.extension.settings import Settings
from pianodiff_gui.duel.setup import DuelDialog
from pianodiff_gui.session.files import Saved, write_session
from pianodiff_gui.session.session import Session
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.views.fields import LengthBox, number_box, share_box
from pianodiff_gui.views.number_boxes import DecimalBox, WholeBox


@pytest.fixture(params=["de_DE", "en_US", "fr_FR", "de_CH", "C"])
def where(request: pytest.FixtureRequest) -> Iterator[QLocale]:
    """The locale of the whole program."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield QLocale()
    QLocale.setDefault(before)


@pytest.fixture
def german() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What boxes say below themselves."""
    words: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _place, text, *_: words.append(text))
    return words


def enter(qtbot: QtBot, box: QDoubleSpinBox | QSpinBox, typed: str, *, paste: bool = False) -> float:
    """What the box holds once that was typed, or pasted, in place of what was there."""
    qtbot.addWidget(box)
    box.show()
    box.activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    box.selectAll()
    if paste:
        QApplication.clipboard().setText(typed)
        box.lineEdit().paste()
    else:
        QTest.keyClicks(box, typed)
    QTest.keyClick(box, Qt.Key.Key_Return)
    return box.value()


@pytest.mark.parametrize("paste", [False, True])
@pytest.mark.parametrize(("typed", "value"), [("1.5", 1.5), ("1,5", 1.5), ("0,3", 0.3), (".5", 0.5), ("12", 12.0)])
def test_a_point_and_a_comma_are_alike(qtbot: QtBot, where: QLocale, typed: str, value: float, paste: bool) -> None:
    """Breaks when the sign of another country is dropped, so that 1.5 s become 15 s without a word."""
    box = LengthBox()
    assert enter(qtbot, box, typed, paste=paste) == value
    assert box.text() == f"{value:.1f} s".replace(".", where.decimalPoint())


def test_shares_are_alike_too(qtbot: QtBot, where: QLocale) -> None:
    """Breaks when only the length's box reads both."""
    assert enter(qtbot, share_box(0.05, 1.0, 0.05, ""), "0,35") == 0.35
    assert enter(qtbot, share_box(0.05, 1.0, 0.05, ""), "0.35") == 0.35


@pytest.mark.parametrize("pasted", ["1.234,5", "1,234.5", "1.234.567", "1,234,567"])
def test_what_is_in_doubt_is_refused_in_words(qtbot: QtBot, where: QLocale, said: list[str], pasted: str) -> None:
    """Breaks when a pasted number with separators is guessed at, or refused without a word."""
    box = LengthBox()
    box.setValue(9.0)
    assert enter(qtbot, box, pasted, paste=True) == 9.0
    assert said[0] == f"'{pasted}' can be read in two ways. Type it without separators between its thousands."


def test_three_places_are_no_thousands_in_the_locales_own_form(qtbot: QtBot, where: QLocale) -> None:
    """Breaks when a box refuses the very text that it shows; the other country's sign there is in doubt."""
    box = DecimalBox()
    box.setDecimals(3)
    box.setRange(0, 5000)
    point = where.decimalPoint()
    other = "," if point == "." else "."
    assert enter(qtbot, box, f"1{point}234", paste=True) == 1.234
    assert enter(qtbot, box, f"2{other}345", paste=True) == 1.234
    box.setFocus()
    box.interpretText()
    assert (box.value(), box.text()) == (1.234, f"1{point}234")


@pytest.mark.parametrize("typed", ["1.5", "1,5", "1.500", "1,500"])
def test_whole_numbers_have_neither(qtbot: QtBot, where: QLocale, said: list[str], typed: str) -> None:
    """Breaks when 1.5 steps become 15, or half of what was pasted counts."""
    box = number_box(1, 5000, "")
    box.setValue(9)
    assert enter(qtbot, box, typed, paste=True) == 9
    assert said[0] == "A whole number has neither point nor comma."
    assert enter(qtbot, box, "1500") == 1500


def test_every_box_of_the_window_is_one_of_these(window: MainWindow, loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a new box is made by Qt alone, which reads the other sign as nothing."""
    boxes = [*loaded.findChildren(QDoubleSpinBox), *loaded.findChildren(QSpinBox)]
    loaded.commands["duel"].trigger()
    dialogs = loaded.findChildren(DuelDialog)
    assert dialogs
    boxes += [*dialogs[0].findChildren(QSpinBox)]
    assert len(boxes) >= 9
    assert all(isinstance(box, DecimalBox | WholeBox) for box in boxes)
    dialogs[0].reject()


def test_typing_a_point_with_a_german_locale_sets_the_length(qtbot: QtBot, german: None, loaded: MainWindow) -> None:
    """Breaks when what the box shows is not what the run is made with."""
    box = loaded.controls.length
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "1.5")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert loaded.session.target == 1.5
    assert box.text() == "1,5 s"


def test_a_session_has_points_whatever_the_locale(german: None, session: Session, tmp_path: Path) -> None:
    """Breaks when a session that is saved on a German machine can't be read on another."""
    assert session.source is not None
    saved = Saved.of(session.source, session.takes, Settings(eta=0.5), 1.5, 0.0, 0.25)
    write_session(saved, 8000, tmp_path / "a.pianodiff", overwrite=False)
    with zipfile.ZipFile(tmp_path / "a.pianodiff") as archive:
        text = archive.read("session.json").decode()
    assert '"target": 1.5' in text and '"eta": 0.5' in text
    json.loads(text)
