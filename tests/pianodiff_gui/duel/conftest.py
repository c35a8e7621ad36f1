"""Duels in the window, and engines that refuse or differ."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pytestqt.qtbot import QtBot

from core.errors import PianoDiffError
from core.extension.settings import Settings
from core.study.methods import parse_method
from pianodiff_gui.duel.duel import Contender
from pianodiff_gui.duel.setup import DuelDialog
from pianodiff_gui.session.jobs import Job
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import FakeEngines, run_to_end

THREE = ("interpolation+ancestral@6", "decoupled@4", "replacement+dpmpp-2m-sde@5")


class FussyEngines(FakeEngines):
    """Refuses one sampler, and tells who started from which noise."""

    def __init__(self, refused: str = "", odd: str = "") -> None:
        super().__init__()
        self.refused, self.odd = refused, odd

    def __call__(self, job: Job) -> tuple[object, str]:
        if job.settings.sampler == self.refused:
            raise PianoDiffError("That does not work here.")
        engine, device = super().__call__(job)
        if job.settings.sampler == self.odd:
            engine.x_T_sha256 = "ff"
        return engine, device


def methods(window: MainWindow, names: Sequence[str]) -> list[Settings]:
    return [parse_method(name, window.session.choice.settings) for name in names]


def start(window: MainWindow, names: Sequence[str] = THREE) -> tuple[Contender, ...]:
    assert window.duel.start(methods(window, names))
    return window.duel.contenders


def fight(window: MainWindow, qtbot: QtBot, names: Sequence[str] = THREE) -> tuple[Contender, ...]:
    """Run a duel to its end."""
    contenders = start(window, names)
    run_to_end(window, qtbot)
    qtbot.waitUntil(lambda: len(window.duel_view.lanes) == len(contenders), timeout=5000)
    return contenders


def ask_says(monkeypatch: pytest.MonkeyPatch, answer: bool) -> list[str]:
    """Answer every question so; the list fills with them."""
    asked: list[str] = []

    def ask(_parent: object, question: str, *_: str) -> bool:
        asked.append(question)
        return answer

    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", ask)
    return asked


def set_up(window: MainWindow) -> DuelDialog:
    window.commands["duel"].trigger()
    dialog = window.findChild(DuelDialog)
    assert isinstance(dialog, DuelDialog)
    return dialog
