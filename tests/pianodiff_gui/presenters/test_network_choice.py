"""Own networks: chosen, looked at, used at once, remembered, and missed when they are gone."""

from __future__ import annotations

import json
import pickle
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.assets import asset_path
from core.networks.registry import find_network, shipped_networks
from pianodiff_gui.look.theme import Theme
from pianodiff_gui.networks.networks import is_network_path
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work.worker import TorchEngines
from tests.core.tiny_network import write_tiny_network
from tests.pianodiff_gui.conftest import (
    FakeEngines,
    card_of,
    menu,
    open_clip,
    run_to_end,
    use_network,
    watch_event_loop,
    write_clip,
)


@pytest.fixture
def start(qtbot: QtBot, theme: Theme, tmp_path: Path, problems: list[str]) -> Iterator[Callable[[], MainWindow]]:
    """Starts the program again: a new window over the same settings file, its networks looked for."""
    made: list[MainWindow] = []

    def run() -> MainWindow:
        window = MainWindow(theme, Preferences(), tmp_path / "data", FakeEngines())
        window.session.choice.set_settings(steps=5)
        window.show()
        qtbot.waitExposed(window)
        made.append(window)
        window.network_choice.begin()
        qtbot.waitUntil(lambda: not window.session.choice.awaited and not window.networks.reading, timeout=10_000)
        qtbot.wait(20)
        return window

    yield run
    for window in made:
        window.close()
        window.deleteLater()


def choose(window: MainWindow, name: str) -> None:
    """Pick a line of the menu as a user does."""
    box = window.controls.network.menu
    index = box.findData(name)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_a_network_is_chosen_looked_at_used_at_once_and_named_in_the_recipe(
    loaded: MainWindow, qtbot: QtBot, tiny: Path, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a step from the file dialog to the generated audio is missing, or another network makes it."""
    monkeypatch.setattr(loaded.running.worker, "_make_engine", TorchEngines())
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tiny / "weights.safetensors"), ""))
    choose(loaded, "network")
    card = card_of(loaded, qtbot)
    assert loaded.session.choice.settings.network == "spectral"  # nothing happens before the user agrees
    size = (tiny / "weights.safetensors").stat().st_size
    assert {name: label.text().replace("\u200b", "") for name, label in card.rows.items()} == {
        "File": "weights.safetensors",
        "Kind": "Spectral U-Net",
        "Sample rate": "4 kHz, so sound up to 2 kHz",
        "Window": "0.75 s, what it sees at once",
        "Context": "0.5 s, what it hears before it writes",
        "New audio": "0.25 s a window",
        "Noise levels": "T = 200",
        "Size": f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB",
        "Trained on": "Two hours of a music box.",
        "Folder": str(tiny),
    }
    assert card.heading.text() == "Tiny"
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert loaded.session.choice.settings.network == str(tiny)
    assert loaded.controls.network.menu.currentText() == "Tiny"
    assert loaded.status.network.text() == "Tiny, 4 kHz"
    assert loaded.controls.foot.cost_values[0].text() == "8"  # 2 s at 0.25 s a window
    assert "writes 0.2 s" in loaded.diffusion.sentence.text()
    loaded.session.choice.set_settings(steps=2, device="cpu")
    loaded.session.set_target(0.5)
    loaded.session.extend()
    qtbot.waitUntil(lambda: not loaded.session.engine.running, timeout=60_000)
    assert problems == []
    timeline = loaded.session.timeline
    assert timeline is not None and timeline.generated_frames == 11_025
    run = timeline.stretches[0].run
    assert run["network"]["path"] == str(tiny.resolve()) and run["network"]["sample_rate"] == 4000
    assert run["network"]["weights_sha256"] == find_network(str(tiny)).weights_sha256()


def test_a_network_folder_is_chosen_as_a_folder_and_cancel_changes_nothing(
    window: MainWindow, qtbot: QtBot, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a training run, which is a folder, cannot be chosen, or looking at a card is enough to use it."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tiny))
    window.commands["network_folder"].trigger()
    card = card_of(window, qtbot)
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert window.network_choice.card is None
    assert window.session.choice.settings.network == "spectral"
    assert window.preferences.networks == () and window.preferences.network == ""


def test_choosing_and_the_card_have_keys(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when a network can be chosen or looked at with the mouse only."""
    asked: list[str] = []

    def answer(what: str, nothing: object) -> Callable[..., object]:
        def ask(*_: object) -> object:
            asked.append(what)
            return nothing

        return ask

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer("file", ("", "")))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", answer("folder", ""))
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert asked == ["file", "folder"]
    qtbot.keyClick(window, Qt.Key.Key_I)
    card = card_of(window, qtbot)
    assert card.heading.text() == "Spectral U-Net"
    assert card.forget.isHidden() and card.use.isHidden()  # a shipped one cannot be forgotten
    assert "recordings" in card.rows["Trained on"].text()
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert window.network_choice.card is None
    assert window.controls.network.info.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_own_networks_and_the_last_choice_are_remembered(
    window: MainWindow, qtbot: QtBot, tiny: Path, tmp_path: Path, start: Callable[[], MainWindow]
) -> None:
    """Breaks when networks have to be looked for again after every start, or the wrong one is used."""
    other = write_tiny_network(tmp_path / "nets" / "other", title="Other", sample_rate=8000)
    use_network(window, qtbot, tiny)
    use_network(window, qtbot, other)
    window.close()
    again = start()
    shipped = [info.title for info in shipped_networks()]
    assert menu(again) == [*shipped, "Tiny", "Other", "Choose a network\u2026", "Choose a network folder\u2026"]
    assert again.session.choice.settings.network == str(other)
    assert again.session.choice.network is not None and again.session.choice.network.sample_rate == 8000
    assert again.controls.network.menu.currentText() == "Other"
    assert again.status.network.text() == "Other, 8 kHz"
    choose(again, str(tiny))
    qtbot.waitUntil(lambda: again.session.choice.settings.network == str(tiny), timeout=5000)
    choose(again, "spectral")
    assert again.session.choice.settings.network == "spectral"
    again.close()
    assert start().session.choice.settings.network == "spectral"


def test_nothing_runs_until_the_remembered_network_has_been_read(
    window: MainWindow, qtbot: QtBot, tiny: Path, clip: Path, theme: Theme, tmp_path: Path
) -> None:
    """Breaks when a quick Extend after the start is made by the default instead of the network the menu shows."""
    use_network(window, qtbot, tiny)
    window.close()
    again = MainWindow(theme, Preferences(), tmp_path / "data", FakeEngines())
    again.show()
    open_clip(again, qtbot, clip)
    assert again.controls.network.menu.currentText() == "Tiny"
    assert not again.commands["extend"].isEnabled() and "being read" in again.commands["extend"].toolTip()
    assert again.session.extend() is None
    again.network_choice.begin()
    qtbot.waitUntil(lambda: again.commands["extend"].isEnabled(), timeout=5000)
    assert again.session.choice.settings.network == str(tiny)
    again.close()
    again.deleteLater()


def test_a_remembered_network_that_has_gone_is_said_marked_and_can_be_forgotten(
    window: MainWindow, qtbot: QtBot, tiny: Path, problems: list[str], start: Callable[[], MainWindow]
) -> None:
    """Breaks when a deleted network keeps the window from working, vanishes silently, or stays for ever."""
    use_network(window, qtbot, tiny)
    window.close()
    shutil.rmtree(tiny)
    again = start()
    assert problems == []  # no dialog in the way at the start
    assert again.session.choice.settings.network == "spectral" and again.session.choice.network is not None
    notice = again.controls.notice.text.text().replace("\u200b", "")
    assert again.controls.notice.isVisible()
    assert str(tiny) in notice and "moved" in notice and "Spectral U-Net is used instead" in notice
    assert "Tiny \u2013 missing" in menu(again)
    again.close()
    once_more = start()  # it may have been a drive that comes back: the choice is kept until the user says otherwise
    assert once_more.controls.notice.isVisible()
    once_more.controls.notice.forget.click()
    assert not once_more.controls.notice.isVisible()
    assert not any("Tiny" in line for line in menu(once_more))
    once_more.close()
    assert not start().controls.notice.isVisible()


def test_a_network_that_came_back_is_used_again(
    window: MainWindow, qtbot: QtBot, tiny: Path, start: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a network on a drive that was not connected once is lost for good."""
    use_network(window, qtbot, tiny)
    window.close()
    away = tiny.rename(tiny.with_name("away"))
    again = start()
    asked: list[str] = []
    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", lambda _parent, _question, detail, *_: asked.append(detail))
    choose(again, str(tiny))
    qtbot.waitUntil(lambda: bool(asked), timeout=5000)
    assert str(tiny) in asked[0]
    assert again.session.choice.settings.network == "spectral" and not again.session.choice.awaited
    away.rename(tiny)
    again.controls.network.menu.opened.emit()
    qtbot.waitUntil(lambda: "Tiny" in menu(again), timeout=5000)  # no longer marked as missing
    choose(again, str(tiny))
    qtbot.waitUntil(lambda: again.session.choice.settings.network == str(tiny), timeout=5000)
    assert not again.controls.notice.isVisible()


def test_a_remembered_network_that_turned_bad_is_said_and_forgotten_from_the_menu(
    window: MainWindow, qtbot: QtBot, tiny: Path, start: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a damaged network is used, crashes the start, or cannot be got rid of."""
    use_network(window, qtbot, tiny)
    window.close()
    (tiny / "config.json").write_text("{")
    again = start()
    assert again.session.choice.settings.network == "spectral"
    assert "config" in again.controls.notice.text.text()
    assert "Tiny \u2013 cannot be used" in menu(again)
    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", lambda *_: True)
    choose(again, str(tiny))
    qtbot.waitUntil(lambda: not any("Tiny" in line for line in menu(again)), timeout=5000)
    assert again.preferences.networks == ()
    assert not again.controls.notice.isVisible()


def test_a_network_that_vanishes_while_it_is_in_use_is_given_up_with_a_notice(
    loaded: MainWindow, qtbot: QtBot, tiny: Path
) -> None:
    """Breaks when the menu goes on showing a network that no run can use any more."""
    use_network(loaded, qtbot, tiny)
    choose(loaded, "spectral")
    shutil.rmtree(tiny)
    choose(loaded, str(tiny))  # known from before, so used at once ...
    assert loaded.session.choice.settings.network == str(tiny)
    # ... until it was looked at
    qtbot.waitUntil(lambda: loaded.session.choice.settings.network == "spectral", timeout=5000)
    assert loaded.controls.notice.isVisible()
    assert loaded.commands["extend"].isEnabled()


def test_forgetting_the_network_in_use_goes_back_to_the_default(window: MainWindow, qtbot: QtBot, tiny: Path) -> None:
    """Breaks when Forget in the card leaves a network in use that the menu does not list, or deletes its files."""
    use_network(window, qtbot, tiny)
    window.controls.network.info.click()
    card = card_of(window, qtbot)
    assert card.forget.isVisible()
    card.forget.click()
    assert window.session.choice.settings.network == "spectral"
    assert window.preferences.networks == () and window.preferences.network == ""
    assert (tiny / "weights.safetensors").is_file()
    assert "files stay" in window.status.message.text()


class Poison:
    """Unpickled by a careless reader, it writes a file."""

    def __init__(self, trace: str) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return (open, (self.trace, "w"))


def test_what_is_no_network_is_refused_in_words_and_nothing_changes(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, problems: list[str]
) -> None:
    """Breaks when a wrong file chosen as network replaces the good one, crashes, or a pickle runs what is in it."""
    before = loaded.session.choice.network
    broken = write_tiny_network(tmp_path / "broken")
    (broken / "config.json").write_text("{")
    odd = write_tiny_network(tmp_path / "odd", kind="oracle")
    silent = write_tiny_network(tmp_path / "silent", sample_rate=0)
    empty = tmp_path / "empty"
    empty.mkdir()
    poison = tmp_path / "poison.pt"
    trace = tmp_path / "poisoned"
    poison.write_bytes(pickle.dumps(Poison(str(trace))))
    rubbish = tmp_path / "rubbish.safetensors"
    rubbish.write_bytes(b"rubbish")
    for path in (broken, odd, silent, empty, poison, rubbish, tmp_path / "clip.wav", tmp_path / "none.pt"):
        told = len(problems)
        loaded.network_choice.consider(str(path))
        qtbot.waitUntil(lambda told=told: len(problems) > told, timeout=20_000)  # type: ignore[misc]
        assert len(problems) == told + 1
        assert "Something went wrong inside" not in problems[-1] and "Traceback" not in problems[-1]
    assert not trace.exists()
    assert loaded.network_choice.card is None
    assert loaded.session.choice.network is before
    assert loaded.preferences.networks == ()
    assert loaded.commands["extend"].isEnabled()


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(QPoint(200, 200), Qt.DropAction.CopyAction, data, left, none))
    window.dropEvent(QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, data, left, none))


@pytest.mark.parametrize("part", ["", "weights.safetensors", "config.json"])
def test_a_network_dropped_on_the_window_is_opened_as_one(
    loaded: MainWindow, qtbot: QtBot, tiny: Path, problems: list[str], part: str
) -> None:
    """Breaks when a dropped network is taken for a recording and refused as one."""
    source = loaded.session.source
    drop(loaded, tiny / part)
    assert "network" in loaded.veil.text
    card_of(loaded, qtbot).use.click()
    assert loaded.session.choice.settings.network == str(tiny)
    assert loaded.session.source is source and problems == []


def test_recordings_are_still_dropped_as_recordings(loaded: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when looking for networks among dropped files catches the recordings."""
    for name in ("a.wav", "a.flac", "a.mp3", "weights", "notes.json"):
        assert not is_network_path(tmp_path / name)
    other = write_clip(tmp_path / "other.wav", 1.0)
    drop(loaded, other)
    assert loaded.veil.text == "Drop to open"
    qtbot.waitUntil(lambda: loaded.session.source is not None and loaded.session.source.path == other, timeout=5000)
    qtbot.waitUntil(lambda: loaded.analysing.settled, timeout=20_000)


def test_one_network_chosen_in_four_ways_is_one_entry(
    window: MainWindow, qtbot: QtBot, tiny: Path, tmp_path: Path
) -> None:
    """Breaks when the menu fills up with the same network."""
    link = tmp_path / "link"
    link.symlink_to(tiny)
    for path in (tiny, tiny / "config.json", tiny / "weights.safetensors", tiny / ".." / "tiny", link):
        window.network_choice.consider(str(path))
        card_of(window, qtbot).use.click()
        qtbot.waitUntil(lambda: window.network_choice.card is None, timeout=5000)
        assert len(window.preferences.networks) == 1
        assert window.controls.network.menu.currentText() == "Tiny"


def test_a_shipped_network_chosen_by_its_folder_is_the_shipped_one(window: MainWindow, qtbot: QtBot) -> None:
    """Breaks when choosing the application's own network from its folder lists it a second time."""
    window.network_choice.consider(str(asset_path("networks/spectral")))
    card_of(window, qtbot).use.click()
    assert window.session.choice.settings.network == "spectral"
    assert window.preferences.networks == ()


def test_reading_never_stops_the_window_shows_itself_and_can_be_cancelled(
    loaded: MainWindow, qtbot: QtBot, tiny: Path, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a slow file is read in the window's thread, nothing shows it, or it cannot be given up."""
    gate, threads = threading.Event(), set()

    def slow(path: str) -> object:
        threads.add(threading.get_ident())
        gate.wait(20)
        return find_network(path)

    monkeypatch.setattr("pianodiff_gui.networks.networks.find_network", slow)
    gaps, timer = watch_event_loop()
    loaded.network_choice.consider(str(tiny))
    assert loaded.commands["cancel"].isEnabled()
    qtbot.waitUntil(loaded.controls.network.busy.isVisible, timeout=5000)
    timer.stop()
    assert loaded.controls.network.reading.text() == "Reading tiny\u2026"
    assert threading.get_ident() not in threads
    assert max(gaps) < 0.5  # 50 ms on a quiet machine; a read that blocked would take 20 s
    loaded.controls.network.stop_reading.click()
    assert not loaded.controls.network.busy.isVisible() and not loaded.commands["cancel"].isEnabled()
    gate.set()
    qtbot.wait(100)
    assert loaded.network_choice.card is None and problems == []
    assert loaded.session.choice.settings.network == "spectral" and loaded.commands["extend"].isEnabled()


def test_the_network_chosen_last_wins_over_one_still_being_read(
    loaded: MainWindow, qtbot: QtBot, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a slow network, read at last, takes the place of what was chosen meanwhile."""
    use_network(loaded, qtbot, tiny)
    choose(loaded, "spectral")
    loaded.networks._found.clear()  # as after a start: remembered, not yet read
    gate = threading.Event()

    def slow(path: str) -> object:
        gate.wait(20)
        return find_network(path)

    monkeypatch.setattr("pianodiff_gui.networks.networks.find_network", slow)
    choose(loaded, str(tiny))
    assert loaded.controls.network.menu.currentText() == "Tiny" and not loaded.commands["extend"].isEnabled()
    choose(loaded, "spectral")
    assert loaded.commands["extend"].isEnabled()
    gate.set()
    qtbot.wait(100)
    assert loaded.session.choice.settings.network == "spectral"
    assert loaded.controls.network.menu.currentText() == "Spectral U-Net"


def test_closing_while_a_network_is_read_ends_in_order(
    window: MainWindow, qtbot: QtBot, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a result arrives in a window that has been closed."""
    begun = threading.Event()

    def slow(path: str) -> object:
        begun.set()
        time.sleep(0.3)
        return find_network(path)

    monkeypatch.setattr("pianodiff_gui.networks.networks.find_network", slow)
    window.network_choice.consider(str(tiny))
    assert begun.wait(5)
    window.close()
    qtbot.wait(50)
    assert window.network_choice.card is None


def test_no_network_is_chosen_during_a_run(
    loaded: MainWindow, qtbot: QtBot, engines: FakeEngines, tiny: Path, problems: list[str]
) -> None:
    """Breaks when the panel and the status bar show another network than the one that is at work."""
    engines.hold(2)
    loaded.session.extend()
    qtbot.waitUntil(lambda: loaded.diffusion.last_frame is not None, timeout=5000)
    assert not loaded.controls.network.menu.isEnabled() and "Cancel" in loaded.controls.network.menu.toolTip()
    assert not loaded.commands["network"].isEnabled() and not loaded.commands["network_folder"].isEnabled()
    assert loaded.commands["network_info"].isEnabled()
    drop(loaded, tiny)
    qtbot.waitUntil(lambda: bool(problems), timeout=5000)
    assert "running" in problems[0]
    assert loaded.status.network.text().startswith("Spectral U-Net")
    engines.release()
    run_to_end(loaded, qtbot)
    assert loaded.controls.network.menu.isEnabled() and loaded.commands["network"].isEnabled()


def test_takes_of_an_own_network_are_recovered_and_exported_when_it_has_gone(
    loaded: MainWindow, qtbot: QtBot, tiny: Path, tmp_path: Path, start: Callable[[], MainWindow]
) -> None:
    """Breaks when losing a network loses what it made, or what tells how that was made."""
    use_network(loaded, qtbot, tiny)
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    timeline = loaded.session.timeline
    assert timeline is not None
    made = timeline.generated()
    digest = find_network(str(tiny)).weights_sha256()
    loaded.close()
    shutil.rmtree(tiny)
    again = start()
    again.commands["recover"].trigger()
    qtbot.waitUntil(lambda: again.session.source is not None and again.analysing.settled, timeout=10_000)
    restored = again.session.timeline
    assert restored is not None
    np.testing.assert_array_equal(restored.generated(), made)
    assert restored.stretches[0].settings.network == str(tiny)
    assert again.session.choice.settings.network == "spectral"
    again.commands["export"].trigger()
    dialog = again.exporting.dialog
    dialog.path.setText(str(tmp_path / "out.wav"))
    dialog.save.click()
    qtbot.waitUntil(lambda: dialog.pages.currentIndex() == 1, timeout=10_000)
    dialog.accept()
    recipe = json.loads((tmp_path / "out.wav.json").read_text())
    assert recipe["network"]["path"] == str(tiny) and recipe["network"]["weights_sha256"] == digest
    again.session.set_target(3.0)
    again.session.extend()  # and it goes on, with the network there is
    run_to_end(again, qtbot)
    assert again.session.generated_seconds == pytest.approx(3.0)


def test_takes_are_recovered_together_with_the_own_network(
    loaded: MainWindow, qtbot: QtBot, tiny: Path, start: Callable[[], MainWindow]
) -> None:
    """Breaks when going on after a recovery is done by another network than before."""
    use_network(loaded, qtbot, tiny)
    loaded.session.extend()
    run_to_end(loaded, qtbot)
    loaded.close()
    again = start()
    again.commands["recover"].trigger()
    qtbot.waitUntil(lambda: again.session.source is not None and again.analysing.settled, timeout=10_000)
    assert again.session.timeline is not None
    assert again.session.timeline.stretches[0].settings.network == str(tiny) == again.session.choice.settings.network
    again.keeping.mark_all_safe()
