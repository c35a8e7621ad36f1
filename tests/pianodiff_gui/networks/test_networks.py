"""The list of networks: what is read, remembered, told apart."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from pytestqt.qtbot import QtBot

from core.extension.settings import Settings
from core.networks.checkpoint import load_denoiser
from core.networks.foreign.reading import SUFFIXES
from core.networks.registry import find_network, shipped_networks
from pianodiff_gui.networks.networks import NETWORK_SUFFIXES, tell_apart
from pianodiff_gui.session.jobs import Job
from pianodiff_gui.session.preferences import Preferences, Remembered
from pianodiff_gui.session.timeline import Timeline
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work.worker import TorchEngines
from tests.core.tiny_network import write_tiny_network
from tests.pianodiff_gui.conftest import (
    menu,
    use_network,
)


def test_networks_of_the_same_title_are_told_apart(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when two runs of one training, or one that calls itself like the default, cannot be told from another."""
    first = write_tiny_network(tmp_path / "monday" / "run")
    second = write_tiny_network(tmp_path / "tuesday" / "run")
    double = write_tiny_network(tmp_path / "mine", title="Spectral U-Net")
    for path in (first, second, double):
        use_network(window, qtbot, path)
    own = ["Tiny (monday/run)", "Tiny (tuesday/run)", "Spectral U-Net (mine)"]
    shipped = [info.title for info in shipped_networks()]
    assert "Spectral U-Net" in shipped and menu(window)[: len(shipped) + 3] == [*shipped, *own]
    window.preferences.add_step_seconds(str(first), "cpu", 1.0)
    assert window.preferences.step_seconds(str(second), "cpu") is None  # their folders are both called "run"
    labels = tell_apart([("A", "/x/run"), ("A", "/y/x/run"), ("B", "/z")])
    assert len(set(labels)) == 3 and labels[2] == "B"


def test_weights_written_anew_are_read_anew(tiny: Path, source: object, tmp_path: Path) -> None:
    """Breaks when a network that is still being trained plays on with the weights it had when it was first used."""
    engines = TorchEngines()
    settings = Settings(network=str(tiny), device="cpu", steps=2)

    def loaded_now() -> object:
        engines(Job(Timeline(source), settings, find_network(str(tiny)), 0.5))  # type: ignore[arg-type]
        assert engines._loaded is not None
        return engines._loaded[1]

    first = loaded_now()
    assert loaded_now() is first
    other = write_tiny_network(tmp_path / "other")
    os.utime(other / "weights.safetensors", ns=(1, 1))
    os.replace(other / "weights.safetensors", tiny / "weights.safetensors")
    assert loaded_now() is not first
    assert load_denoiser(str(tiny), torch.device("cpu")) is not first


def test_every_file_that_can_be_opened_is_offered_and_can_be_dropped() -> None:
    """Breaks when the window does not offer a kind of checkpoint that the networks' reader understands."""
    assert set(SUFFIXES) == set(NETWORK_SUFFIXES)


def test_a_settings_file_that_makes_no_sense_is_no_network(own_settings: None) -> None:
    """Breaks when an edited or half-written settings file keeps the window from opening."""
    preferences = Preferences()
    preferences.networks = (Remembered("/a", "A, \u201cb\u201d; c", "/a/weights"),)
    assert Preferences().networks == (Remembered("/a", "A, \u201cb\u201d; c", "/a/weights"),)
    for text in ("{", "17", '[{"path": "/a"}]', "[1]"):
        preferences._store.setValue("networks/own", text)
        assert Preferences().networks == ()
