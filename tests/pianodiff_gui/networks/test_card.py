"""A network's card."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from pianodiff_gui.networks.card import CardDialog
from pianodiff_gui.networks.networks import Found, read_network
from pianodiff_gui.shell.window import MainWindow
from tests.core.tiny_network import write_tiny_network
from tests.pianodiff_gui.conftest import (
    card_of,
)


def test_a_card_that_says_nothing_of_its_training_says_so(window: MainWindow, tmp_path: Path) -> None:
    """Breaks when an empty line stands where a reader looks for what a network learned from."""
    found = read_network(str(write_tiny_network(tmp_path / "tiny")))
    assert isinstance(found, Found)
    card = CardDialog(window, found, new=True)
    assert card.rows["Trained on"].text() == "not said"
    card.deleteLater()


def long_network(folder: Path) -> Path:
    return write_tiny_network(
        folder / ("a_folder_whose_name_never_ends_" * 5),
        title="A title that goes on " * 8,
        summary="<b>Bold</b> <img src='file:///none.png'> words. " * 20,
        trained_on="Many hours of many pianos. " * 60,
    )


def test_a_long_card_fits_the_smallest_window(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when long texts push the buttons off the screen, widen the card, or are taken for HTML."""
    window.resize(960, 640)
    qtbot.wait(30)
    window.network_choice.consider(str(long_network(tmp_path)))
    card = card_of(window, qtbot)
    qtbot.wait(30)
    assert card.height() <= window.height() and card.width() < 600
    assert card.use.isVisible() and card.use.geometry().bottom() < card.height()
    bar = card.area.verticalScrollBar()
    assert bar.maximum() > 0 and card.area.focusPolicy() & Qt.FocusPolicy.TabFocus  # the rest is a scroll away
    body = card.area.widget()
    assert body is not None and body.width() <= card.area.viewport().width()
    folder = card.rows["Folder"]
    assert "\u2026" in folder.shown_text() and folder.toolTip() == folder.text()  # type: ignore[attr-defined]
    assert folder.shown_text().endswith("never_ends_")  # type: ignore[attr-defined]
    for label in (card.heading, *card.rows.values()):
        assert label.textFormat() == Qt.TextFormat.PlainText
    card.use.click()
    qtbot.wait(30)
    assert window.width() == 960 and window.minimumSizeHint().width() <= 960
    assert window.controls.network.menu.shown_text() != window.controls.network.menu.currentText()
    assert window.controls.network.summary.textFormat() == Qt.TextFormat.PlainText
    assert len(window.controls.network.summary.text()) < 200


def test_a_short_card_shows_all_of_itself(window: MainWindow, qtbot: QtBot, tiny: Path) -> None:
    """Breaks when a line of an ordinary card is hidden behind a scroll bar nobody needs."""
    window.network_choice.consider(str(tiny))
    card = card_of(window, qtbot)
    qtbot.wait(30)
    assert card.area.verticalScrollBar().maximum() == 0
    left = {label.mapTo(card, QPoint(0, 0)).x() for label in card.rows.values()}
    assert len(left) == 1  # one column
    card.reject()
