"""Export from the window: every format, the recipe beside it, and never over the user's own recording."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.assets import asset_path
from core.audio.endings import Ending
from core.extension.settings import Settings
from pianodiff_gui.presenters.exporting import new_ends
from pianodiff_gui.session.timeline import BEFORE, Stretch
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.views.export_dialog import FILE_KINDS, ExportDialog
from tests.core.audio.metadata.files import cue, cue_frames, info
from tests.pianodiff_gui.conftest import open_clip, run_to_end, write_clip

pytestmark = pytest.mark.journey


@pytest.fixture
def dialog(loaded: MainWindow, qtbot: QtBot) -> ExportDialog:
    """The dialog over a clip extended by 2 s in two takes."""
    for target in (1.0, 2.0):
        loaded.session.set_target(target)
        loaded.session.extend()
        run_to_end(loaded, qtbot)
    loaded.commands["export"].trigger()
    return loaded.exporting.dialog


def press_export(dialog: ExportDialog, qtbot: QtBot) -> None:
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.pages.currentIndex() == 1 or bool(dialog.problem.text()), timeout=10_000)


@pytest.mark.parametrize("index", range(len(FILE_KINDS)), ids=[kind.title for kind in FILE_KINDS])
def test_every_format_keeps_the_original_and_says_so(
    loaded: MainWindow, qtbot: QtBot, dialog: ExportDialog, clip: Path, index: int
) -> None:
    """Breaks when a format of the list cannot be written, alters the original, or hides that it did."""
    dialog.kind.setCurrentIndex(index)
    path = Path(dialog.path.text())
    assert path.suffix == FILE_KINDS[index].suffix
    assert path.name.startswith("clip-extended")
    press_export(dialog, qtbot)
    assert dialog.problem.text() == ""
    assert dialog.report.text() == "Original identical: yes, 66150 samples"
    assert "original identical: yes" in loaded.status.message.text()
    written, rate = sf.read(path, dtype="float64")
    original, _ = sf.read(clip, dtype="float64")
    assert len(written) == 5 * rate
    np.testing.assert_array_equal(written[: len(original)], original)
    recipe = json.loads(path.with_name(path.name + ".json").read_text())
    assert recipe["identical_samples"] == 66_150
    assert len(recipe["earlier_runs"]) == 1
    dialog.accept()


@pytest.mark.parametrize(("ending", "index"), [("ring", 0), ("fade:0.7", 1), ("cut", 2)])
def test_new_audio_ends_as_chosen_and_the_takes_stay_as_they_are(
    loaded: MainWindow, qtbot: QtBot, dialog: ExportDialog, ending: str, index: int
) -> None:
    """Breaks when an export ends in the middle of a note without having been asked to, when what a take goes on from
    is ended too, or when the choice is forgotten.
    """
    timeline = loaded.session.timeline
    assert timeline is not None
    last = timeline.generated_parts[-1][1]
    made = last.samples.copy()
    assert dialog.chosen_ending() == Ending("ring")
    dialog.ending.setCurrentIndex(index)
    assert dialog.fade.isEnabled() == (index == 1)
    dialog.fade.setValue(0.7)
    path = Path(dialog.path.text())
    press_export(dialog, qtbot)
    written = sf.read(path, dtype="float32", always_2d=True)[0].T[:, -made.shape[1] :]
    np.testing.assert_allclose(written, Ending.parse(ending).end(made, timeline.sample_rate), atol=1 / 32000)
    assert (np.abs(written[:, -1]).max() == 0) == (ending != "cut")
    recipe = json.loads(path.with_name(path.name + ".json").read_text())
    assert recipe.get("ending", "cut") == ending
    np.testing.assert_array_equal(last.samples, made)
    assert str(loaded.preferences.ending) == ending
    dialog.accept()


def test_only_a_new_end_is_asked_about(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the dialog offers an ending to a file that ends with the recording itself."""
    timeline = loaded.session.timeline
    assert timeline is not None
    assert new_ends(timeline) == ()
    sound = timeline.read(0, 1000)
    assert new_ends(timeline.with_stretch(Stretch(sound, Settings(), {}, (100, 1100)))) == ()
    assert new_ends(timeline.with_stretch(Stretch(sound, Settings(), {}, BEFORE))) == ("start",)
    both = timeline.with_stretch(Stretch(sound, Settings(), {}, BEFORE)).with_stretch(Stretch(sound, Settings()))
    assert new_ends(both) == ("start", "end")


def test_the_source_is_never_written_over(
    loaded: MainWindow, qtbot: QtBot, dialog: ExportDialog, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when the user can destroy the original by naming it, even through a link and a hasty yes."""
    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", lambda *_: True)
    before = clip.read_bytes()
    link = clip.with_name("link.wav")
    link.symlink_to(clip)
    for path in (clip, link):
        dialog.path.setText(str(path))
        press_export(dialog, qtbot)
        assert dialog.problem.text()
        assert dialog.pages.currentIndex() == 0 and dialog.save.isEnabled()
    assert clip.read_bytes() == before
    dialog.reject()


@pytest.mark.parametrize("agree", [True, False])
def test_an_existing_file_is_replaced_only_after_a_yes(
    loaded: MainWindow, qtbot: QtBot, dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch, agree: bool
) -> None:
    """Breaks when an earlier export is lost without a question, or cannot be replaced at all."""
    path = Path(dialog.path.text())
    path.write_text("mine")
    monkeypatch.setattr("pianodiff_gui.look.dialogs.ask", lambda *_: agree)
    if agree:
        press_export(dialog, qtbot)
        assert sf.info(path).frames == 5 * 22_050
    else:
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
        assert path.read_text() == "mine"
    dialog.reject()


@pytest.mark.parametrize("name", ["", "clip.mp3", "no/such/folder/out.wav"])
def test_a_place_that_cannot_be_written_is_told_in_the_dialog(
    loaded: MainWindow, qtbot: QtBot, dialog: ExportDialog, tmp_path: Path, name: str
) -> None:
    """Breaks when a wrong name or folder closes the dialog, leaves half a file, or raises."""

    def files() -> set[Path]:  # the recovery folder apart: it is written whenever the disk gets round to it
        return {path for path in tmp_path.rglob("*") if tmp_path / "data" not in (path, *path.parents)}

    before = files()
    dialog.path.setText(str(tmp_path / name) if name else "")
    press_export(dialog, qtbot)
    assert dialog.problem.text()
    assert files() == before
    dialog.reject()


def test_a_full_disk_is_told_in_plain_words(
    loaded: MainWindow, qtbot: QtBot, dialog: ExportDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a disk that fills up during the export raises a bare OSError into the window."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("core.audio.writing._create", full)
    press_export(dialog, qtbot)
    assert "disk" in dialog.problem.text().lower()
    assert not list(tmp_path.glob("*extended*"))
    dialog.reject()


@pytest.mark.parametrize(
    ("subtype", "kind", "words"),
    [
        ("PCM_24", "WAV, 16 bit", "24 bits"),
        ("FLOAT", "WAV, 24 bit", "floating point"),
        ("PCM_16", "WAV, 16 bit", "identical"),
    ],
)
def test_dialog_says_beforehand_what_becomes_of_the_original(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, subtype: str, kind: str, words: str
) -> None:
    """Breaks when a narrower format loses bits of the original without a warning."""
    open_clip(window, qtbot, write_clip(tmp_path / "wide.wav", 1.0, subtype=subtype))
    window.session.extend()
    run_to_end(window, qtbot)
    window.commands["export"].trigger()
    dialog = window.exporting.dialog
    dialog.kind.setCurrentIndex(next(i for i, k in enumerate(FILE_KINDS) if k.title == kind))
    assert words in dialog.promise.text()
    dialog.reject()


def test_an_extension_of_the_demo_clip_is_not_put_into_the_application(window: MainWindow, qtbot: QtBot) -> None:
    """Breaks when the suggested name lies in the installation, where nobody finds it and an update removes it."""
    window.opening.open_demo()
    qtbot.waitUntil(lambda: window.session.source is not None and window.analysing.settled, timeout=20_000)
    window.session.extend()
    run_to_end(window, qtbot)
    window.commands["export"].trigger()
    assert asset_path("demo").parent not in Path(window.exporting.dialog.path.text()).parents
    window.exporting.dialog.reject()


def test_the_dialog_says_what_stays_with_the_file(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when the window's export loses what belongs to the recording, or keeps it without a word."""
    clip = write_clip(tmp_path / "tagged.wav", 1.0)
    clip.write_bytes(clip.read_bytes() + cue(100, 900) + info(INAM="Air", IART="Ada"))
    open_clip(window, qtbot, clip)
    window.session.extend()
    run_to_end(window, qtbot)
    window.commands["export"].trigger()
    dialog = window.exporting.dialog
    press_export(dialog, qtbot)
    assert dialog.carried.text() == "Tags: title, artist; 2 cue points"
    with sf.SoundFile(dialog.path.text()) as written:
        assert written.title == "Air" and "with PianoDiff" in written.comment
    assert cue_frames(Path(dialog.path.text())) == [100, 900]
    dialog.accept()


def test_export_is_off_until_something_is_generated(loaded: MainWindow) -> None:
    """Breaks when the dialog opens over nothing to export."""
    assert not loaded.commands["export"].isEnabled()
    assert "Extend the recording first" in loaded.commands["export"].toolTip()
