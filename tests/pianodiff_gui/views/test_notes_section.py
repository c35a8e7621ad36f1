"""The panel's part about notes, in the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.notes.note import Note
from pianodiff_gui.session.choice import COMPOSED, NOISE, PLANNED
from pianodiff_gui.session.goal import Goal
from pianodiff_gui.session.ideas import Basis, Commission, Idea
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import choose, use_network


def test_what_leads_decides_the_cost_and_what_can_be_turned(loaded: MainWindow) -> None:
    """Breaks when the cost is that of another way, or fields stand there that count for nothing."""
    notes, foot = loaded.controls.notes, loaded.controls.foot
    assert notes.lead.currentData() == NOISE and not notes.density.isVisible() and not notes.more.isVisible()
    assert foot.cost_values[1].text() == "5"
    choose(notes.lead, COMPOSED)
    assert loaded.session.choice.lead == COMPOSED and loaded.preferences.lead == COMPOSED
    assert notes.density.isVisible() and notes.more.isVisible() and not notes.cards.isVisible()
    assert foot.cost_values[1].text() == "6" and loaded.controls.sampler.steps.value() == 24
    notes.density.setValue(2.0)
    assert loaded.session.choice.taste.density == loaded.preferences.taste.density == 2.0
    choose(notes.lead, PLANNED)
    assert not notes.density.isVisible() and "No notes are planned there" in loaded.commands["extend"].toolTip()
    loaded.session.score.plan([Note(3.5, 4.0, 60)], "note")
    assert notes.note.text() == "1 note planned there." and loaded.commands["extend"].isEnabled()


def test_a_network_that_plays_none_says_so(loaded: MainWindow, qtbot: QtBot, tiny: Path) -> None:
    """Breaks when the chooser stands there for a network that can't play notes, without a reason."""
    notes = loaded.controls.notes
    choose(notes.lead, COMPOSED)
    use_network(loaded, qtbot, tiny)
    assert not notes.lead.isEnabled() and notes.lead.currentData() == NOISE and not notes.density.isVisible()
    assert "not been found to play notes well" in notes.note.text() and notes.note.isVisible()
    assert not loaded.commands["ideas"].isEnabled() and loaded.session.choice.settings.start == 1.0


def test_cards_show_ideas_and_which_is_planned(loaded: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when a card is another idea than the one it shows, or a click plays nothing or marks by itself."""
    session, ideas, cards = loaded.session, loaded.ideas, loaded.controls.notes.cards.cards
    choose(loaded.controls.notes.lead, COMPOSED)
    timeline, choice = session.timeline, session.choice
    assert timeline is not None
    commission = Commission(Basis(timeline, Goal(2.0), choice.taste, False, choice.settings.seed), (0, 1, 2))
    ideas.ask(commission)
    assert all(card.isVisible() and not card.isEnabled() for card in cards)
    for seed, notes in enumerate(((Note(0.5, 1.0, 60),), (), (Note(0.25, 1.5, 64), Note(1.0, 2.0, 67)))):
        ideas.add(Idea(seed, notes, 3.0, 2.0, 5, np.full(100, 0.1, np.float32)))
    assert [card.isEnabled() for card in cards] == [True, False, True]
    assert cards[2].accessibleName() == "Idea 3: 2 notes, seed 2" and cards[1].accessibleName() == "Idea 2: a rest"
    played: list[bool] = []
    monkeypatch.setattr(loaded.idea_listening.player, "play", lambda: played.append(True))
    cards[2].click()
    assert played and [card.isChecked() for card in cards] == [False, False, True]
    assert [note.onset for note in session.score.planned] == [3.25, 4.0]
    loaded.commands["undo"].trigger()
    assert not any(card.isChecked() for card in cards)
    assert all(not card.grab().toImage().isNull() for card in cards)


def test_what_is_heard_in_a_selection_can_be_mended(loaded: MainWindow) -> None:
    """Breaks when there is no way from a selection to its notes, or one that leads nowhere."""
    mend = loaded.commands["mend"]
    assert not mend.isEnabled() and "Select a stretch" in mend.toolTip()
    loaded.session.select(1.0, 2.0)
    loaded.session.score.set_heard(())
    assert not mend.isEnabled() and "No notes have been heard" in mend.toolTip()
    loaded.session.score.set_heard([Note(1.5, 1.8, 60)])
    assert mend.isEnabled() and loaded.controls.notes.mend.isVisible()
    mend.trigger()
    assert loaded.session.score.planned == (Note(1.5, 1.8, 60),) and loaded.commands["extend"].isEnabled()
