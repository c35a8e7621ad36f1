"""What a user does with mouse and keys, from opening to undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from pianodiff_gui.actions.actions import SPECS
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from tests.core.tiny_network import SEEING, write_tiny_network
from tests.pianodiff_gui.conftest import FakeEngines, open_clip, run_to_end, use_network, write_clip


def drag_handle(window: MainWindow, qtbot: QtBot, to_seconds: float, release: bool = True) -> None:
    """Drag the handle with the mouse to `to_seconds` of extension."""
    source = window.session.source
    assert source is not None
    handle = window.waveform.handle
    start = handle.rect().center()
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=start)
    begin = handle.mapTo(window.waveform.plot, start).x()
    goal = window.waveform.plot.x_to_pixel(source.seconds + to_seconds)
    for share in (0.3, 0.7, 1.0):
        x = begin + share * (goal - begin)
        qtbot.mouseMove(handle, handle.mapFrom(window.waveform.plot, QPoint(round(x), start.y())))
    if release:
        position = handle.mapFrom(window.waveform.plot, QPoint(round(goal), start.y()))
        qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=position)


def test_empty_window_offers_to_open_and_says_why_the_rest_is_off(window: MainWindow) -> None:
    """Breaks when a fresh window leaves a user in front of grey buttons without a reason."""
    assert window.pages.currentWidget() is window.empty
    assert window.empty.open_button.isEnabled() and window.empty.demo_button.isEnabled()
    for name in ("extend", "again", "export", "play", "fit"):
        assert not window.commands[name].isEnabled()
        assert "Open a recording first" in window.commands[name].toolTip()
    assert not window.controls.length.isEnabled()


def test_opening_shows_waveform_pitch_and_plan(loaded: MainWindow) -> None:
    """Breaks when a file opens but something of it is not drawn."""
    assert loaded.pages.currentIndex() == 1 and loaded.splitter.isVisible()
    assert loaded.waveform.known_item.points > 100
    loaded.lanes.choose("lane_pitch")
    shown = sum(len(item.data) for item in loaded.pitch.known.items)
    assert shown > 50
    low, high = loaded.waveform.box.viewRange()[0]
    assert -0.5 < low < 0.0 and high > 5.0  # 3 s, the 2 s to come, and room to drag into on both sides
    assert loaded.waveform.handle.isVisible()
    assert loaded.waveform.handle.label.text() == "+2.0 s"
    assert loaded.diffusion.title.text() == "What will happen"
    assert "2.0 s of piano" in loaded.diffusion.sentence.text()
    assert loaded.commands["extend"].isEnabled()
    assert "22.05 kHz mono, 16 bit" in loaded.status.file.text()


def test_pitch_of_a_tone_is_drawn_at_its_note(loaded: MainWindow) -> None:
    """Breaks when the axis, the unit or the octave of the pitch view is off: 220 Hz is A3, MIDI 57."""
    loaded.lanes.choose("lane_pitch")
    steady = loaded.pitch.known.items[0]
    assert np.median(steady.getData()[1]) == pytest.approx(57.0, abs=0.1)
    odd, even = (dict(level) for level in loaded.pitch.plot.axis("left")._tickLevels)
    assert odd[57.0] == "A3" and even[21.0] == "A0"


def test_the_pitch_axis_covers_all_keys(loaded: MainWindow) -> None:
    """Breaks when the lowest or the highest of the 88 keys would be drawn outside the plot."""
    low, high = loaded.pitch.box.viewRange()[1]
    assert low < 21 - 1 and high > 108 + 1


def test_dropping_a_file_opens_it(window: MainWindow, qtbot: QtBot, clip: Path) -> None:
    """Breaks when drag and drop from a file manager does nothing."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(clip))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(200, 200), Qt.DropAction.CopyAction, data, left, none)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, data, left, none)
    window.dropEvent(drop)
    assert drop.isAccepted()
    qtbot.waitUntil(lambda: window.session.source is not None, timeout=5000)
    qtbot.waitUntil(lambda: window.analysing.settled, timeout=20_000)


def test_plots_leave_drops_to_the_window(loaded: MainWindow) -> None:
    """Breaks when a file dropped on a plot, most of the window, is swallowed by it."""
    for plot in (loaded.waveform.plot, loaded.pitch.plot, loaded.diffusion.plot, loaded.diffusion.curves):
        assert not plot.acceptDrops() and not plot.viewport().acceptDrops()


def test_dragging_the_handle_sets_the_length_and_the_spin_box(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the handle does not follow the mouse, does not snap, or the spin box falls out of step."""
    drag_handle(loaded, qtbot, 1.0)
    assert loaded.session.target == pytest.approx(1.0, abs=0.051)
    assert loaded.session.target * 10 == pytest.approx(round(loaded.session.target * 10))
    assert loaded.controls.length.value() == pytest.approx(loaded.session.target)
    assert loaded.waveform.handle.label.text() == f"+{loaded.session.target:.1f} s"


def test_dragging_into_the_original_stops_at_its_end(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the handle can cut into the user's own audio."""
    drag_handle(loaded, qtbot, -2.0)
    assert loaded.session.target == 0.0
    assert loaded.session.timeline is not None
    assert loaded.session.timeline.frames == loaded.session.timeline.source.frames


def test_holding_the_handle_beyond_the_edge_scrolls_on(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when no more can be asked for than fits the view."""
    before = loaded.waveform.box.viewRange()[0][1]
    handle, plot = loaded.waveform.handle, loaded.waveform.plot
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    qtbot.mouseMove(handle, handle.mapFrom(plot, QPoint(plot.width() + 30, 50)))
    qtbot.waitUntil(lambda: loaded.waveform.box.viewRange()[0][1] > before + 1.0, timeout=5000)
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=handle.mapFrom(plot, QPoint(plot.width() + 30, 50)))
    assert loaded.session.target > before - 3.0
    assert not loaded.waveform._scroll.isActive()


def test_spin_box_moves_the_handle(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when typing a length does not move the handle, or counts before it is confirmed."""
    box = loaded.controls.length
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "1.5")
    assert loaded.session.target == pytest.approx(2.0)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert loaded.session.target == pytest.approx(1.5)
    middle = loaded.waveform.handle.mapTo(loaded.waveform.plot, loaded.waveform.handle.rect().center()).x()
    assert middle == pytest.approx(loaded.waveform.plot.x_to_pixel(3.0 + 1.5), abs=2)


def test_return_in_a_field_gives_the_keys_back(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when after typing a number single-letter shortcuts go into the field for ever."""
    loaded.activateWindow()
    loaded.controls.sampler.steps.setFocus()
    qtbot.keyClick(loaded.controls.sampler.steps, Qt.Key.Key_Return)
    assert not loaded.controls.sampler.steps.hasFocus()
    loaded.controls.sampler.steps.setFocus()
    qtbot.mouseClick(loaded.waveform.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 60))
    assert not loaded.controls.sampler.steps.hasFocus()


def test_a_typed_length_counts_for_the_run_it_starts(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when Ctrl+Return right after typing extends by the length from before."""
    loaded.activateWindow()
    box = loaded.controls.length
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "1.2")
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == pytest.approx(1.2)


def test_the_view_turns_the_page_with_the_playhead(loaded: MainWindow) -> None:
    """Breaks when playback runs out of a zoomed view and the user has to hunt for it."""
    for _ in range(4):
        loaded.commands["zoom_in"].trigger()
    before = loaded.waveform.box.viewRange()[0]
    loaded.waveform.follow(before[1] + 0.1)
    low, high = loaded.waveform.box.viewRange()[0]
    assert low < before[1] + 0.1 < high
    assert high - low == pytest.approx(before[1] - before[0])


@pytest.mark.parametrize(
    ("key", "modifier", "change"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 0.1),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, -0.1),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, 1.0),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, -1.0),
    ],
)
def test_arrow_keys_change_the_length(
    loaded: MainWindow, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier, change: float
) -> None:
    """Breaks when the length cannot be set without a mouse."""
    loaded.activateWindow()
    qtbot.keyClick(loaded, key, modifier)
    assert loaded.session.target == pytest.approx(2.0 + change)


def test_wheel_zooms_around_the_cursor_and_fit_shows_all(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when zooming loses the place under the cursor, or Fit does not bring the whole back."""
    plot, box = loaded.waveform.plot, loaded.waveform.box
    whole = box.viewRange()[0]
    x = round(plot.x_to_pixel(1.0))
    for _ in range(4):
        send_wheel(plot, QPoint(x, 60), 120)
    low, high = box.viewRange()[0]
    assert high - low < 0.7 * (whole[1] - whole[0])
    assert plot.pixel_to_x(x) == pytest.approx(1.0, abs=0.02)
    assert loaded.roll.box.viewRange()[0] == pytest.approx([low, high])
    loaded.commands["fit"].trigger()
    assert box.viewRange()[0] == pytest.approx(whole)


def send_wheel(plot: object, at: QPoint, delta: int) -> None:
    viewport = plot.viewport()  # type: ignore[attr-defined]
    event = QWheelEvent(
        QPointF(at),
        QPointF(viewport.mapToGlobal(at)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def test_dragging_a_plot_pans_it(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a zoomed view cannot be moved with the mouse."""
    loaded.commands["zoom_in"].trigger()
    loaded.commands["zoom_in"].trigger()
    before = loaded.waveform.box.viewRange()[0]
    viewport = loaded.waveform.plot.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(500, 60))
    for x in (450, 400, 350):
        qtbot.mouseMove(viewport, QPoint(x, 60))
        qtbot.wait(20)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(350, 60))
    after = loaded.waveform.box.viewRange()[0]
    assert after[0] > before[0]
    assert after[1] - after[0] == pytest.approx(before[1] - before[0])
    assert loaded.player.position == 0.0  # a drag is not a click


def test_clicking_a_plot_places_the_playhead(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a click does not move the playhead, or moves it in one view only."""
    for view, seconds in ((loaded.waveform, 1.0), (loaded.pitch, 2.0)):
        at = QPoint(round(view.plot.x_to_pixel(seconds)), 60)
        qtbot.mouseClick(view.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
        assert loaded.player.position == pytest.approx(seconds, abs=0.02)
        assert float(loaded.waveform.playhead.value()) == pytest.approx(loaded.player.position)
        assert float(loaded.pitch.playhead.value()) == pytest.approx(loaded.player.position)
    assert loaded.toolbar.time.text().startswith("0:02.0")


def test_a_click_beyond_the_end_places_it_at_the_end(loaded: MainWindow) -> None:
    """Breaks when the playhead stands where there is no audio."""
    loaded.waveform.box.clicked.emit(4.5)
    assert loaded.player.position == pytest.approx(3.0)


def test_home_and_end_move_the_playhead(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the start and the boundary cannot be reached by key."""
    loaded.activateWindow()
    qtbot.keyClick(loaded, Qt.Key.Key_End)
    assert loaded.player.position == pytest.approx(3.0)
    qtbot.keyClick(loaded, Qt.Key.Key_Home)
    assert loaded.player.position == 0.0


def test_waveform_draws_at_most_two_points_a_pixel(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when a long file, or a zoomed one, is drawn with more points than there are pixels."""
    open_clip(window, qtbot, write_clip(tmp_path / "long.wav", 90.0))
    width = window.waveform.box.width()
    for _ in range(12):
        # A bin more at either edge, which reach out of the view.
        assert window.waveform.known_item.points <= 2 * (width + 2)
        window.waveform.zoom(1 / 1.6)
    assert window.waveform.known_item.points > 50


def test_a_window_extends_and_the_musicians_loop_works_by_keys(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when extend, try again, trim, undo and redo cannot be done one after the other by keyboard."""
    loaded.lanes.choose("lane_pitch")
    loaded.activateWindow()
    qtbot.keyClick(loaded, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == pytest.approx(2.0)
    assert loaded.waveform.generated_item.points > 10
    qtbot.waitUntil(lambda: loaded.analysing.settled, timeout=10_000)
    assert sum(len(item.data) for item in loaded.pitch.generated.items) > 10
    seed = loaded.session.choice.settings.seed
    qtbot.keyClick(loaded, Qt.Key.Key_R)
    run_to_end(loaded, qtbot)
    assert loaded.session.choice.settings.seed != seed
    assert loaded.session.generated_seconds == pytest.approx(2.0)
    qtbot.keyClick(loaded, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert loaded.session.generated_seconds == pytest.approx(1.0)
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(loaded, Qt.Key.Key_Z, control)
    assert loaded.session.generated_seconds == pytest.approx(2.0)
    qtbot.keyClick(loaded, Qt.Key.Key_Z, control)
    qtbot.keyClick(loaded, Qt.Key.Key_Z, control)
    assert loaded.session.generated_seconds == 0.0
    assert not loaded.commands["undo"].isEnabled()
    for _ in range(3):
        qtbot.keyClick(loaded, Qt.Key.Key_Z, control | shift)
    assert loaded.session.generated_seconds == pytest.approx(1.0)


def test_dragging_left_over_generated_audio_trims_it_on_release(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the handle trims too early, not at all, or the trim cannot be undone."""
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    drag_handle(loaded, qtbot, 0.8, release=False)
    assert loaded.session.generated_seconds == pytest.approx(2.0)
    assert loaded.waveform.ghost.isVisible()  # shows what would be cut
    drag_handle(loaded, qtbot, 0.8)
    assert loaded.session.generated_seconds == pytest.approx(0.8, abs=0.051)
    loaded.commands["undo"].trigger()
    assert loaded.session.generated_seconds == pytest.approx(2.0)


def test_controls_follow_the_sampler(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when settings are offered that the chosen sampler ignores, or those it needs are missing."""
    controls = loaded.controls
    choose(controls.sampler.menu, "interpolation")
    assert controls.sampler.rows["lambda_schedule"].isVisible() and not controls.sampler.rows["jump_length"].isVisible()
    before = controls.foot.cost_values[1].text()
    choose(controls.sampler.menu, "repaint")
    assert loaded.session.choice.settings.sampler == "repaint"
    assert controls.sampler.rows["jump_length"].isVisible() and controls.sampler.rows["resamplings"].isVisible()
    assert not controls.sampler.rows["lambda_schedule"].isVisible()
    controls.sampler.steps.setValue(40)
    assert loaded.session.choice.settings.steps == 40
    assert controls.foot.cost_values[1].text() != before


def test_a_network_that_can_see_is_asked_whether_it_may(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when the box is there for networks that can't see, or doesn't say what is in force."""
    controls = loaded.controls
    use_network(loaded, qtbot, write_tiny_network(tmp_path / "tiny"))
    assert not controls.network.shown.isVisible()
    use_network(loaded, qtbot, write_tiny_network(tmp_path / "seeing", architecture=SEEING))
    assert controls.network.shown.isVisible() and controls.network.shown.isChecked()
    controls.network.shown.click()
    assert loaded.session.choice.settings.zero_shot
    loaded.session.choice.set_settings(zero_shot=False)
    assert controls.network.shown.isChecked()


def choose(box: object, data: str) -> None:
    index = box.findData(data)  # type: ignore[attr-defined]
    box.setCurrentIndex(index)  # type: ignore[attr-defined]
    box.activated.emit(index)  # type: ignore[attr-defined]


def test_lambda_curve_follows_the_choice(loaded: MainWindow) -> None:
    """Breaks when the plot of lambda shows another schedule than the one that will be used."""
    loaded.session.choice.set_settings(sampler="interpolation", steps=200)
    levels, values = loaded.diffusion.curves.lambda_item.getData()
    at_100 = float(values[np.argmin(np.abs(levels - 100))])
    assert at_100 == pytest.approx(0.026, abs=0.001)  # PAPER: lambda at t = 100
    assert levels[-1] == 0 and values[-1] == 1.0
    choose(loaded.controls.sampler.schedule, "linear")
    levels, values = loaded.diffusion.curves.lambda_item.getData()
    assert float(values[np.argmin(np.abs(levels - 100))]) == pytest.approx(0.5, abs=0.01)
    choose(loaded.controls.sampler.menu, "replacement")
    assert not len(loaded.diffusion.curves.lambda_item.getData()[1])  # it has none
    assert not loaded.diffusion.lambda_swatch.isVisible()


def test_an_installation_without_networks_opens_plays_and_says_what_is_missing(
    qtbot: QtBot, theme: Theme, tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a missing network keeps the whole window from opening."""
    monkeypatch.setattr("pianodiff_gui.networks.networks.shipped_networks", lambda: [])
    window = MainWindow(theme, Preferences(), tmp_path / "data", FakeEngines())
    window.show()
    open_clip(window, qtbot, clip)
    assert not window.commands["extend"].isEnabled()
    assert "no network" in window.commands["extend"].toolTip()
    assert window.controls.network.menu.itemText(0).startswith("Choose a network")
    window.close()
    window.deleteLater()


def test_dice_draws_another_seed(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the dice gives the same seed again or the field does not show it."""
    seen = {loaded.session.choice.settings.seed}
    for _ in range(3):
        qtbot.mouseClick(loaded.controls.sampler.dice, Qt.MouseButton.LeftButton)
        assert loaded.session.choice.settings.seed not in seen
        seen.add(loaded.session.choice.settings.seed)
        assert loaded.controls.sampler.seed.value() == loaded.session.choice.settings.seed


def test_cost_says_not_measured_until_a_run_was_measured(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the panel invents a time, or does not learn from a run."""
    assert loaded.controls.foot.cost_values[-1].text() == "not measured yet"
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    loaded.session.set_target(3.0)
    assert loaded.controls.foot.cost_values[-1].text() in ("under a second", "about 1 s")


def test_every_command_is_in_a_menu_and_explains_itself(window: MainWindow) -> None:
    """Breaks when a command exists that no menu shows, or one without an explanation."""
    menus = window.menuBar().findChildren(QMenu)
    in_menus = {action.objectName() for menu in menus for action in menu.actions()}
    assert {spec.name for spec in SPECS} <= in_menus
    assert all(spec.tip for spec in SPECS)


def test_no_two_commands_share_a_shortcut() -> None:
    """Breaks when a key does nothing because Qt finds it ambiguous."""
    keys = [key for spec in SPECS for key in spec.keys]
    assert len(keys) == len(set(keys))


def test_dialogs_open_and_close(window: MainWindow, qtbot: QtBot) -> None:
    """Breaks when Help has an entry that fails."""
    for name, title in (("shortcuts", "Keyboard shortcuts"), ("about", "About PianoDiff")):
        window.commands[name].trigger()
        dialog = next(w for w in QApplication.topLevelWidgets() if w.windowTitle() == title and w.isVisible())
        dialog.close()


@pytest.mark.parametrize("size", [(960, 640), (1440, 900), (2200, 1300)])
def test_nothing_of_the_panel_is_cut_off_at_any_size(loaded: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    """Breaks when a field runs out of the panel, or the Extend button leaves the window."""
    loaded.resize(*size)
    qtbot.wait(30)
    panel = loaded.controls
    sampler, network = panel.sampler, panel.network
    for widget in (panel.length, sampler.menu, sampler.steps, sampler.dice, network.info, panel.device):
        right = widget.mapTo(panel, QPoint(widget.width(), 0)).x()
        assert right <= panel.width() - 8
    bottom = panel.foot.extend_button.mapTo(loaded, QPoint(0, panel.foot.extend_button.height())).y()
    assert bottom <= loaded.height()


def test_time_axes_of_the_two_views_line_up(loaded: MainWindow) -> None:
    """Breaks when a note in the pitch view stands under another moment of the waveform."""
    for seconds in (0.0, 1.0, 3.0):
        waveform, pitch = (view.plot.x_to_pixel(seconds) for view in (loaded.waveform, loaded.pitch))
        assert waveform == pytest.approx(pitch, abs=1)
