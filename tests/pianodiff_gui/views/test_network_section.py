"""The panel's part about the network."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from pianodiff_gui.shell.window import MainWindow


def test_the_notice_is_scrolled_into_view_in_a_small_window(window: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the reason why another network is used stands where nobody sees it."""
    window.resize(960, 640)
    qtbot.wait(30)
    window.controls.show_notice("\u201cTiny\u201d cannot be used. " + "/a/very/long/path" * 8, "x")
    notice, area = window.controls.notice, window.controls._area

    def visible() -> bool:
        bottom = notice.mapTo(area.viewport(), QPoint(0, notice.height())).y()
        return 0 < bottom <= area.viewport().height()

    qtbot.waitUntil(visible, timeout=2000)
    right = notice.mapTo(window.controls, QPoint(notice.width(), 0)).x()
    assert right <= window.controls.width() - 8
