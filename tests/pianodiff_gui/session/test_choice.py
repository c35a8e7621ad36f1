"""What the next run is made with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from core.errors import SettingsError
from core.extension.settings import DEFAULT, START_WITH_NOTES, STEPS_WITH_NOTES
from core.networks.registry import shipped_networks
from pianodiff_gui.session.choice import COMPOSED, NOISE, Choice, options_of


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


def led_choice() -> Choice:
    choice, network = Choice(), shipped_networks()[0]
    choice.set_network(network, network.name)
    choice.set_lead(COMPOSED)
    return choice


def test_each_way_keeps_its_own_steps(qapp: object) -> None:
    """Breaks when the steps that were chosen from noise become those from notes, or are forgotten over them."""
    choice = led_choice()
    assert (choice.settings.start, choice.settings.steps) == (START_WITH_NOTES, STEPS_WITH_NOTES)
    choice.set_settings(steps=40)
    choice.set_lead(NOISE)
    assert (choice.settings.start, choice.settings.steps) == (1.0, DEFAULT.steps)
    choice.set_settings(steps=100)
    choice.set_lead(COMPOSED)
    assert choice.settings.steps == 40 and choice.from_noise.steps == 100


def test_a_network_that_plays_no_notes_begins_with_noise(qapp: object, qtbot: QtBot) -> None:
    """Breaks when notes are composed for a network that can't play them, or the choice is lost over it."""
    choice = led_choice()
    network = choice.network
    assert network is not None
    with qtbot.waitSignal(choice.settings_changed):
        choice.set_network(replace(network, plays_notes=False), "mine")
    assert (choice.lead, choice.chosen_lead, choice.settings.start) == (NOISE, COMPOSED, 1.0)
    choice.set_network(network, network.name)
    assert choice.lead == COMPOSED and choice.settings.start == START_WITH_NOTES
