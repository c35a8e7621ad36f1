"""A duel: several samplers from the same noise, side by side, of which one becomes the take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.errors import PianoDiffError
from core.study.methods import method_of
from pianodiff_gui.duel.duel import Phase
from pianodiff_gui.session.history import BUDGET
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work.worker import TorchEngines
from tests.core.tiny_network import write_tiny_network
from tests.pianodiff_gui.conftest import FakeEngines, open_clip, run_to_end, use_network, write_clip
from tests.pianodiff_gui.duel.conftest import THREE, FussyEngines, ask_says, fight, methods, start

pytestmark = pytest.mark.journey


def test_all_start_from_the_same_noise_one_after_the_other(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines
) -> None:
    """Breaks when contenders differ in seed, place, length or first window, or the cost is not what was foretold."""
    loaded.session.choice.set_settings(seed=11)
    contenders = fight(loaded, qtbot)
    jobs = [engine._job for engine in engines.made]
    assert [method_of(job.settings) for job in jobs] == list(THREE)
    assert {job.settings.seed for job in jobs} == {11}
    assert {job.history_budget for job in jobs} == {BUDGET // 3}  # all of it together is what one run may take
    assert {(job.base, job.seconds, job.gap, job.take) for job in jobs} == {(loaded.session.timeline, 2.0, None, None)}
    assert [engine.evaluations_done for engine in engines.made] == [6, 4, 5]
    assert [contender.evaluations for contender in contenders] == [6, 4, 5]
    assert [contender.phase for contender in contenders] == [Phase.DONE] * 3
    assert loaded.duel.x_T == "00" and "x_T 00, the same for all" in loaded.duel_view.about.text()


def test_one_that_started_from_other_noise_is_not_compared(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when "the same x_T" is a claim that nobody checks."""
    monkeypatch.setattr(loaded.running.worker, "_make_engine", FussyEngines(odd="decoupled"))
    contenders = fight(loaded, qtbot)
    assert [contender.phase for contender in contenders] == [Phase.DONE, Phase.FAILED, Phase.DONE]
    assert "same noise" in loaded.duel_view.lanes[1].error.text()
    assert loaded.duel.timelines == (contenders[0].timeline, contenders[2].timeline)


def test_the_session_is_as_in_a_run_while_the_duel_runs(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when something else can be started, trimmed, undone or shown in the middle of a duel."""
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    loaded.session.set_target(4.0)
    session, before = loaded.session, loaded.session.takes
    engines.hold(1)
    start(loaded)
    qtbot.waitUntil(engines.held.is_set, timeout=5000)
    assert "duel is running" in session.extend_blocked()
    for name in ("extend", "again", "duel", "undo", "redo", "shorter", "longer", "delete_take", "recording", "network"):
        assert not loaded.commands[name].isEnabled(), name
    assert loaded.commands["cancel"].isEnabled()
    assert session.extend() is None and session.errand(again=True) is None
    session.set_target(0.5)
    session.show_take(None)
    session.delete_take(1)
    session.undo()
    assert session.takes is before and session.target == pytest.approx(4.0)
    engines.release()
    run_to_end(loaded, qtbot)
    assert "A duel is open" in session.extend_blocked()
    loaded.duel.close()
    assert session.takes is before and not session.extend_blocked() and loaded.commands["undo"].isEnabled()


def test_cancel_keeps_the_lanes_that_are_done(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when Escape throws finished lanes away, lets the waiting ones begin, or leaves the window stuck."""
    engines.delay = 0.05
    contenders = start(loaded)
    qtbot.waitUntil(lambda: contenders[1].phase is Phase.RUNNING and contenders[1].frame is not None, timeout=10_000)
    qtbot.keyClick(loaded, Qt.Key.Key_Escape)
    run_to_end(loaded, qtbot)
    assert [contender.phase for contender in contenders] == [Phase.DONE, Phase.CANCELLED, Phase.CANCELLED]
    assert len(engines.made) == 2
    view = loaded.duel_view
    assert view.lanes[0].keep.isEnabled() and not view.lanes[1].keep.isEnabled()
    assert view.lanes[2].status.text() == "cancelled"
    view.lanes[0].keep.click()
    assert len(loaded.session.takes.all) == 1
    engines.delay = 0.0
    loaded.session.set_target(4.0)
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == pytest.approx(4.0)


def test_one_that_fails_says_so_and_the_others_go_on(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    """Breaks when an own sampler with a mistake ends the whole duel, or its error is lost."""
    monkeypatch.setattr(loaded.running.worker, "_make_engine", FussyEngines(refused="interpolation"))
    contenders = fight(loaded, qtbot)
    assert [contender.phase for contender in contenders] == [Phase.FAILED, Phase.DONE, Phase.DONE]
    lane = loaded.duel_view.lanes[0]
    assert lane.error.isVisible() and lane.error.text() == "That does not work here."
    assert not lane.listen.isEnabled() and problems == []


def test_an_error_midway_leaves_no_half_lane(loaded: MainWindow, qtbot: QtBot, engines: FakeEngines) -> None:
    """Breaks when the first windows of a failed contender are compared with the whole of the others."""
    loaded.session.set_target(6.0)
    engines.fail = (7, PianoDiffError("Out of memory."))
    contenders = fight(loaded, qtbot)
    assert {contender.phase for contender in contenders} == {Phase.FAILED}
    assert loaded.duel.timelines == () and loaded.duel_view.lanes[0].new_item.points == 0
    assert "Nothing was made" in loaded.duel_view.note.text()


def test_the_winner_becomes_the_take_by_one_step_of_undo(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines
) -> None:
    """Breaks when another lane is kept, undo takes two steps, or the recipe tells of another sampler."""
    session = loaded.session
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    session.set_target(3.0)
    first = session.takes.current
    assert first is not None
    contenders = fight(loaded, qtbot)
    loaded.duel_view.lanes[1].keep.click()
    take = session.takes.current
    assert take is not None and take.timeline is contenders[1].timeline and take.name == "decoupled@4"
    assert [other.number for other in session.takes.all] == [1, 2] and not loaded.duel.open
    assert loaded.pages.currentIndex() == 1 and loaded.controls.isVisible()
    assert session.generated_seconds == pytest.approx(3.0) and len(take.timeline.stretches) == 2
    run = take.timeline.stretches[-1].run
    assert run["sampler"]["name"] == "decoupled" and run["steps"] == 4 and run["x_T_sha256"] == "00"
    assert loaded.diffusion.title.text() == "What happened"
    loaded.commands["undo"].trigger()
    assert session.takes.all == (first,) and session.takes.current is first
    assert session.target == pytest.approx(3.0)
    assert loaded.commands["redo"].text() == "&Redo duel"
    loaded.commands["redo"].trigger()
    assert session.takes.current is take


def test_all_can_be_kept_in_one_step(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when keeping all loses one, shows another than was listened to, or takes several steps to undo."""
    contenders = fight(loaded, qtbot)
    loaded.duel.hear(contenders[2])
    loaded.duel_view.keep_all.click()
    takes = loaded.session.takes
    assert [take.timeline for take in takes.all] == [contender.timeline for contender in contenders]
    assert [take.name for take in takes.all] == list(THREE) and takes.shown == 3
    loaded.commands["undo"].trigger()
    assert loaded.session.takes.all == ()


def test_what_comes_before_and_in_the_recording_can_be_fought_over(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a duel always goes on behind the end, whatever is asked for."""
    session = loaded.session
    session.set_target(1.0, BEFORE)
    contenders = fight(loaded, qtbot)
    assert {contender.job.gap for contender in contenders} == {BEFORE}
    qtbot.waitUntil(lambda: loaded.duel_view.lanes[0].known_item.points > 0, timeout=10_000)
    bounds = loaded.duel_view.lanes[0].new_item.boundingRect()
    assert bounds.left() == pytest.approx(-1.0, abs=0.02) and bounds.right() == pytest.approx(0.0, abs=0.02)
    loaded.duel.keep(contenders[0])
    assert session.prelude_seconds == pytest.approx(1.0) and session.goal.seconds == pytest.approx(0.0)
    session.select(1.0, 1.5)
    contenders = fight(loaded, qtbot)
    assert {contender.job.gap for contender in contenders} == {(22_050, 33_075)}
    loaded.duel.close()
    assert session.selection == (22_050, 33_075)  # it is still asked for
    contenders = fight(loaded, qtbot)
    loaded.duel.keep(contenders[1])
    timeline = session.timeline
    assert timeline is not None and timeline.is_filled((22_050, 33_075)) and session.selection is None


def test_closing_asks_only_where_something_would_be_lost(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when finished lanes vanish at a stray Escape, or an empty duel can't be left without a question."""
    asked = ask_says(monkeypatch, False)
    fight(loaded, qtbot)
    qtbot.keyClick(loaded, Qt.Key.Key_Escape)
    assert asked == ["Nothing of this duel was kept."] and len(loaded.duel.done) == 3
    asked = ask_says(monkeypatch, True)
    loaded.duel_view.leave.click()
    assert len(asked) == 1 and not loaded.duel.open
    engines.refuse = PianoDiffError("No.")
    fight(loaded, qtbot)
    loaded.duel_view.leave.click()
    assert len(asked) == 1 and not loaded.duel.open


@pytest.mark.parametrize("running", [True, False])
def test_opening_another_recording_drops_the_duel(
    loaded: MainWindow,
    qtbot: QtBot,
    engines: FakeEngines,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    running: bool,
) -> None:
    """Breaks when lanes of the old recording turn up on the new one, or nobody was asked."""
    asked = ask_says(monkeypatch, True)
    if running:
        engines.hold(2)
        start(loaded)
        qtbot.waitUntil(engines.held.is_set, timeout=5000)
    else:
        fight(loaded, qtbot)
    open_clip(loaded, qtbot, write_clip(tmp_path / "other.wav", 1.0))
    engines.release()
    qtbot.wait(100)
    assert asked == ["A duel is running." if running else "Nothing of this duel was kept."]
    assert not loaded.duel.open and not loaded.session.engine.running and not loaded.session.takes.all
    assert loaded.pages.currentIndex() == 1
    loaded.session.extend()  # the thread is free again
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == pytest.approx(2.0)


@pytest.mark.parametrize("agree", [True, False])
def test_closing_the_window_during_a_duel_asks_cancels_and_waits(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, monkeypatch: pytest.MonkeyPatch, agree: bool
) -> None:
    """Breaks when closing loses a duel without a question, hangs, or closes although the user said no."""
    asked = ask_says(monkeypatch, agree)
    engines.hold(2)
    start(loaded)
    qtbot.waitUntil(engines.held.is_set, timeout=5000)
    loaded.close()
    assert loaded.isVisible() and asked == ["A duel is running."]
    assert loaded.session.engine.cancelling is agree
    engines.release()
    if agree:
        qtbot.waitUntil(lambda: not loaded.isVisible(), timeout=5000)
        assert len(asked) == 1
    else:
        run_to_end(loaded, qtbot)
        assert loaded.isVisible() and len(loaded.duel.done) == 3
        ask_says(monkeypatch, True)


def test_a_kept_take_is_what_a_plain_extension_gives(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a duel starts its samplers from different noise, or makes other audio than Extend would."""
    monkeypatch.setattr(loaded.running.worker, "_make_engine", TorchEngines())
    use_network(loaded, qtbot, write_tiny_network(tmp_path / "tiny"))
    loaded.session.choice.set_settings(steps=4, device="cpu", seed=5)
    loaded.session.set_target(0.5)
    assert loaded.duel.start(methods(loaded, ["interpolation+ancestral@4", "replacement+dpmpp-2m-sde@3", "pigdm@3"]))
    contenders = loaded.duel.contenders
    qtbot.waitUntil(lambda: not loaded.session.engine.running, timeout=60_000)
    hashes = {contender.outcome.run["x_T_sha256"] for contender in contenders if contender.outcome is not None}
    assert hashes == {loaded.duel.x_T} and len(loaded.duel.x_T) == 64
    made = [timeline.generated() for timeline in loaded.duel.timelines]
    assert len(made) == 3 and not np.array_equal(made[0], made[1]) and not np.array_equal(made[1], made[2])
    loaded.duel.keep(contenders[1])
    kept = loaded.session.takes.current
    assert kept is not None
    loaded.session.show_take(None)
    loaded.session.choice.set_settings(sampler="replacement", solver="dpmpp-2m-sde", steps=3)
    loaded.session.set_target(0.5)
    loaded.session.extend()
    qtbot.waitUntil(lambda: not loaded.session.engine.running, timeout=60_000)
    plain = loaded.session.takes.current
    assert plain is not None and plain is not kept
    np.testing.assert_array_equal(kept.timeline.generated(), plain.timeline.generated())
    own, other = (dict(take.timeline.stretches[-1].run) for take in (kept, plain))
    assert own.pop("elapsed_seconds") >= 0 and other.pop("elapsed_seconds") >= 0 and own == other
