"""The dialog before a duel: who takes part, and what that costs."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from core.extension.settings import Settings
from core.study.methods import method_of
from pianodiff_gui.duel.duel import refusal
from pianodiff_gui.shell.window import MainWindow
from tests.core.tiny_network import SEEING, write_tiny_network
from tests.pianodiff_gui.conftest import open_clip, run_to_end, use_network
from tests.pianodiff_gui.duel.conftest import methods, set_up


def test_the_command_says_why_it_cannot_be_used(window: MainWindow, qtbot: QtBot, clip: Path) -> None:
    """Breaks when a duel can be asked for without a recording or a length, and then does nothing."""
    duel = window.commands["duel"]
    assert not duel.isEnabled() and "Open a recording" in duel.toolTip()
    open_clip(window, qtbot, clip)
    assert duel.isEnabled()
    window.session.set_target(0.0)
    assert not duel.isEnabled() and "no length" in duel.toolTip()


def test_the_dialog_offers_three_and_tells_the_cost_of_all(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the cost is that of another run than the one that is started, or a time is made up."""
    dialog = set_up(loaded)
    assert [method_of(settings) for settings in dialog.contenders] == [
        "interpolation+ancestral@100",
        "decoupled@50",
        "replacement+dpmpp-2m-sde@50",
    ]
    assert [row.evaluations.text() for row in dialog.rows[:3]] == ["100", "50", "50"]
    assert dialog.all_evaluations.text() == "200" and dialog.all_time.text() == "not measured yet"
    loaded.preferences.add_step_seconds(loaded.session.choice.settings.network, "cpu", 0.5)
    dialog.rows[1].steps.setValue(70)
    assert dialog.all_evaluations.text() == "220" and dialog.all_time.text() == "about 1 min 50 s"
    dialog.rows[2].sampler.setCurrentIndex(dialog.rows[2].sampler.findData("pigdm"))
    dialog.refresh()
    assert dialog.rows[2].evaluations.text() == "50, gradients" and dialog.rows[2].own_solver.isVisible()
    assert dialog.rows[2].time.text() == "not measured yet"  # with gradients it takes longer, and how long is not known
    dialog.reject()


def test_two_to_four_take_part_and_none_twice(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when one or five can be started, or the same sampler against itself without a word."""
    dialog = set_up(loaded)
    dialog.append()
    assert len(dialog.contenders) == 4 and not dialog.add.isEnabled()
    dialog.remove(0)
    dialog.remove(0)
    assert [settings.sampler for settings in dialog.contenders] == ["replacement", "pigdm"]
    assert not dialog.rows[0].remove.isEnabled()
    dialog.remove(0)
    assert len(dialog.contenders) == 2
    dialog.rows[1].show("replacement", "dpmpp-2m-sde", 50)
    dialog.refresh()
    assert "1 and 2 are the same" in dialog.problem.text() and not dialog.start.isEnabled()
    dialog.rows[1].solver.setCurrentIndex(dialog.rows[1].solver.findData("ddim"))
    dialog.refresh()
    assert not dialog.problem.text() and dialog.start.isEnabled()
    same = methods(loaded, ["decoupled+ddim@5", "decoupled@5"])  # decoupled guidance has a solver of its own
    assert "are the same" in refusal(same) and not loaded.duel.start(same)
    assert refusal(same[:1]) and not loaded.duel.open
    dialog.reject()


def test_zero_shot_is_offered_where_the_network_is_shown_the_known_audio(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """Breaks when interpolation and replacement make the same and nobody says why, or the window's setting changes."""
    use_network(loaded, qtbot, write_tiny_network(tmp_path / "blind"))
    dialog = set_up(loaded)
    assert not dialog.zero_shot.isVisible() and not dialog.hint.isVisible()
    use_network(loaded, qtbot, write_tiny_network(tmp_path / "seeing", architecture=SEEING))
    assert dialog.zero_shot.isVisible() and "interpolation and replacement" in dialog.hint.text()
    dialog.zero_shot.setChecked(True)
    started: list[Settings] = []
    dialog.chosen.connect(started.extend)
    dialog.start.click()
    assert [settings.zero_shot for settings in started] == [True] * 3
    assert loaded.duel.open and not loaded.session.choice.settings.zero_shot
    loaded.session.engine.cancel()
    run_to_end(loaded, qtbot)
