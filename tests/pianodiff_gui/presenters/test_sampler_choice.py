"""Samplers of the user's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.diffusion.own_sampler import find_sampler, hold_back
from core.errors import SettingsError
from core.extension.settings import DEFAULT
from pianodiff_gui.session.files import Saved, write_session
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.takes import Take, Takes
from pianodiff_gui.session.timeline import Stretch, Timeline
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import choose, run_to_end
from tests.pianodiff_gui.session.conftest import RUN

OWN = '''"""Mine alone."""
from core.diffusion.samplers import SAMPLERS
from core.extension.settings import Settings


def evaluations(steps):
    return 2 * steps


def sample(denoiser, known, keep, steps, noise):
    yield from SAMPLERS["decoupled"].run(denoiser, known, keep, Settings(steps=2 * steps), noise)
'''


def pick_file(monkeypatch: pytest.MonkeyPatch, window: MainWindow, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_kwargs: (str(path), ""))
    window.commands["sampler"].trigger()


def test_a_sampler_of_ones_own_is_used_remembered_and_run(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    loaded.session.choice.set_settings(steps=4)
    pick_file(monkeypatch, loaded, path)
    qtbot.waitUntil(lambda: loaded.session.choice.settings.sampler == str(path), timeout=20_000)
    assert loaded.controls.sampler.menu.currentText() == "mine.py"
    assert loaded.controls.foot.cost_values[1].text() == "8"
    assert Preferences().samplers == (str(path),)
    loaded.commands["extend"].trigger()
    run_to_end(loaded, qtbot)
    assert loaded.session.generated_seconds == 2.0
    choose(loaded.controls.sampler.menu, "repaint")
    choose(loaded.controls.sampler.menu, str(path))
    qtbot.waitUntil(lambda: loaded.session.choice.settings.sampler == str(path), timeout=20_000)


def test_a_file_that_is_no_sampler_is_told_and_changes_nothing(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    before = loaded.session.choice.settings.sampler
    path = tmp_path / "broken.py"
    path.write_text("def sample(:")
    pick_file(monkeypatch, loaded, path)
    qtbot.waitUntil(lambda: bool(problems), timeout=20_000)
    assert "broken.py, line 1: SyntaxError" in problems.pop()
    assert loaded.session.choice.settings.sampler == before and not Preferences().samplers


def test_an_own_sampler_that_breaks_or_goes_is_said_and_stops_nothing_else(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    """The file is edited while the window is open: the panel must say so, and the window must stay usable."""
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    pick_file(monkeypatch, loaded, path)
    qtbot.waitUntil(lambda: loaded.session.choice.settings.sampler == str(path), timeout=20_000)
    path.write_text(OWN.replace("2 * steps\n", "steps / 0\n", 1))
    loaded.session.choice.set_settings(seed=77)
    assert "ZeroDivisionError" in loaded.controls.foot.cost_message.text()
    assert not loaded.commands["extend"].isEnabled()
    path.unlink()
    loaded.session.choice.set_settings(seed=78)
    assert "can't be read" in loaded.controls.sampler.summary.text().replace("\u200b", "")
    choose(loaded.controls.sampler.menu, "decoupled")
    assert loaded.commands["extend"].isEnabled()
    choose(loaded.controls.sampler.menu, str(path))
    qtbot.waitUntil(lambda: bool(problems), timeout=20_000)
    assert "can't be read" in problems.pop()
    assert loaded.controls.sampler.menu.findData(str(path)) < 0
    assert loaded.session.choice.settings.sampler == "decoupled"


def session_with(path: Path, folder: Path, window: MainWindow) -> Path:
    """A session of somebody else's, whose settings name the sampler in that file."""
    source = window.session.source
    assert source is not None
    stretch = Stretch(source.read(0, 2000), replace(DEFAULT, sampler=str(path)), RUN)
    takes = Takes((Take(1, "", Timeline(source, (stretch,))),), 1, 1)
    saved = Saved.of(source, takes, replace(DEFAULT, sampler=str(path)), 0.0, 0.0, 0.0)
    write_session(saved, source.sample_rate, folder / "theirs.pianodiff", overwrite=True)
    return folder / "theirs.pianodiff"


def test_nothing_of_a_sampler_that_a_session_names_runs_before_it_is_asked_for(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when opening somebody else's session runs their program: by its name in the settings or in a take, when it
    was refused, when it has changed since it was allowed, or through a menu that only wants its title.
    """
    path, mark = tmp_path / "theirs.py", tmp_path / "it ran"
    path.write_text(f"open({str(mark)!r}, 'w').close()\n{OWN}")
    session = session_with(path, tmp_path, loaded)
    answers, asked = [False, True, False], list[str]()

    def ask(_window: object, question: str, detail: str, *_: str) -> bool:
        asked.append(question + detail)
        assert not mark.exists()
        return answers.pop(0)

    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", ask)

    def open_it() -> None:
        loaded.keeping.mark_all_safe()
        before = loaded.session.timeline
        loaded.opening.open_path(session)
        qtbot.waitUntil(lambda: loaded.session.timeline not in (None, before), timeout=20_000)
        qtbot.waitUntil(lambda: loaded.analysing.settled, timeout=20_000)
        assert len(loaded.session.takes.all) == 1

    open_it()
    assert len(asked) == 1 and "theirs.py" in asked[0] and "program" in asked[0] and str(path) in asked[0]
    assert not mark.exists() and loaded.session.choice.settings.sampler == DEFAULT.sampler
    assert "theirs.py was not run" in loaded.status.message.text()
    with pytest.raises(SettingsError, match="not agreed to run it"):
        find_sampler(str(path))
    open_it()
    qtbot.waitUntil(lambda: loaded.session.choice.settings.sampler == str(path), timeout=20_000)
    assert mark.exists() and len(asked) == 2
    open_it()
    assert len(asked) == 2
    mark.unlink()
    path.write_text(path.read_text() + "\n# changed\n")
    loaded.session.choice.set_settings(sampler=DEFAULT.sampler)
    open_it()
    assert len(asked) == 3 and not mark.exists()
    assert loaded.session.choice.settings.sampler == DEFAULT.sampler


def test_who_chooses_a_sampler_is_not_asked_for_it_by_a_session(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when one's own session asks about one's own sampler, or a file can't be allowed after it was refused."""
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    hold_back(str(path))
    pick_file(monkeypatch, loaded, path)
    qtbot.waitUntil(lambda: loaded.session.choice.settings.sampler == str(path), timeout=20_000)
    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", lambda *_: pytest.fail("asked"))
    loaded.sampler_choice.admit([str(path), "repaint", str(tmp_path / "gone.py")])
    assert loaded.sampler_choice.may_use(str(path))


@pytest.mark.parametrize("when", ["while it is asked about", "after it was allowed", "where there was none"])
def test_a_file_is_allowed_as_it_was_asked_about(
    loaded: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Breaks when a program takes the place of the one that was agreed to: behind the dialog, later in the same window,
    or under a name that had no file when the session was opened.
    """
    path, mark = tmp_path / "theirs.py", tmp_path / "it ran"
    other = f"open({str(mark)!r}, 'w').close()\n{OWN}"
    if when != "where there was none":
        path.write_text(OWN)

    def ask(*_: object) -> bool:
        if when == "while it is asked about":
            path.write_text(other)
        return True

    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", ask)
    loaded.sampler_choice.admit([str(path)])
    if when == "after it was allowed":
        find_sampler(str(path))
    path.write_text(other)
    with pytest.raises(SettingsError, match="agreed to run it"):
        find_sampler(str(path))
    assert not mark.exists() and not loaded.sampler_choice.may_use(str(path))
