"""What presenters are given, without the window around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.duel.duel import Duel
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.networks.networks import Networks
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.session.ideas import Ideas
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.sound.player import Player
from pianodiff_gui.views.controls import Controls
from pianodiff_gui.views.takes import TakesView
from pianodiff_gui.work.background import Background
from pianodiff_gui.work.figures import Figures


@dataclass
class Bench:
    """Models, and a conversation that is written down: `said` in passing, `told` in dialogs."""

    widget: QWidget
    session: Session
    actions: Actions
    conversation: Conversation
    preferences: Preferences
    background: Background
    player: Player
    figures: Figures
    duel: Duel
    theme: Theme
    folder: Path
    told: list[str]
    said: list[str] = field(default_factory=list)

    @property
    def common(self) -> tuple[Conversation, Actions]:
        return self.conversation, self.actions

    def controls(self) -> Controls:
        networks = Networks(self.preferences, self.widget)
        ideas = Ideas(self.session.score, self.widget)
        return Controls(self.session, ideas, self.theme, self.preferences, networks, self.actions)

    def takes_view(self) -> TakesView:
        return TakesView(self.session, self.theme, self.actions)


@pytest.fixture
def bench(session: Session, theme: Theme, tmp_path: Path, problems: list[str]) -> Iterator[Bench]:
    widget = QWidget()
    actions, conversation = Actions(widget, theme), Conversation(widget)
    player, duel = Player(widget), Duel(session, lambda *_: None, widget)
    made = Bench(
        *(widget, session, actions, conversation, Preferences(), Background(widget), player, Figures(widget), duel),
        *(theme, tmp_path / "data", problems),
    )
    conversation.said.connect(made.said.append)
    yield made
    player.close()
    made.background.wait()
    made.figures.close()
    widget.deleteLater()
