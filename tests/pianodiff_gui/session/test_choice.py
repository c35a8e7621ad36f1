"""What the next run is made with."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from core.errors import SettingsError
from core.networks.registry import shipped_networks
from pianodiff_gui.session.choice import Choice, options_of


@pytest.fixture
def choice(qapp: object) -> Choice:
    return Choice()


def test_a_new_seed_is_another_one(choice: Choice, qtbot: QtBot) -> None:
    """Breaks when the dice shows the seed that was there."""
    with qtbot.waitSignal(choice.settings_changed):
        before, after = choice.settings.seed, choice.new_seed()
    assert after == choice.settings.seed != before


def test_a_network_that_is_awaited_is_there_once_it_has_been_read(choice: Choice, qtbot: QtBot) -> None:
    """Breaks when a run could start with the network from before while another is being read."""
    with qtbot.waitSignal(choice.network_changed):
        choice.await_network("/somewhere")
    with qtbot.assertNotEmitted(choice.network_changed):
        choice.await_network("/somewhere")
    network = shipped_networks()[0]
    choice.set_network(network, network.name)
    assert not choice.awaited and choice.network is network and choice.settings.network == network.name


def test_a_refused_setting_leaves_all_as_it_was(choice: Choice, qtbot: QtBot) -> None:
    """Breaks when half of a refused change is taken over."""
    before = choice.settings
    with qtbot.assertNotEmitted(choice.settings_changed), pytest.raises(SettingsError):
        choice.set_settings(seed=5, steps=0)
    assert choice.settings is before


def test_a_sampler_that_is_gone_goes_by_nothing() -> None:
    """Breaks when the window falls over a file that was deleted."""
    assert options_of("/nowhere/mine.py") == ()
    assert "solver" in options_of("replacement")
