"""Work off the GUI thread answers once, in the GUI thread, and leaves nothing behind."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.errors import ExportError
from pianodiff_gui.work.background import Background


class Large:
    """What a task was given."""


def test_it_answers_in_the_thread_that_asked(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    """Breaks when an answer arrives in the worker's thread, twice or not at all, or an error without its words."""
    background = Background()
    heard: list[object] = []

    def refuse() -> None:
        raise ExportError("The disk is full.")

    def fail() -> None:
        raise KeyError("x")

    def hear(value: object) -> None:
        heard.append((value, threading.current_thread() is threading.main_thread()))

    background.run(threading.get_ident, lambda ident: hear(ident != threading.get_ident()), hear)
    background.run(refuse, hear, hear)
    background.run(fail, hear, hear)
    background.run(lambda: 1)
    qtbot.waitUntil(lambda: len(heard) == 3)
    assert background.wait()
    unexpected = "Something went wrong inside PianoDiff (KeyError: 'x')."
    assert heard == [(True, True), ("The disk is full.", True), (unexpected, True)]
    assert "background work failed" in caplog.text


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_task_knew_of_goes_with_it(qtbot: QtBot, fails: bool) -> None:
    """Breaks when a window that is closed, or a recording, stays in memory for a task that was done long ago."""
    background = Background()
    known: list[weakref.ref[Large]] = []
    ended: list[object] = []

    def start() -> None:
        large = Large()
        known.append(weakref.ref(large))

        def work() -> Large:
            if fails:
                raise ExportError(f"{large} is too large.")
            return large

        background.run(work, lambda _: ended.append(large is None), lambda _: ended.append(large is None))

    for _ in range(5):
        start()
    qtbot.waitUntil(lambda: len(ended) == 5)
    assert background.wait()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    assert [reference() for reference in known] == [None] * 5
