"""Pictures of an evaluation: what was made is in its place, and what is missing is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from pianodiff_gui import spectrograms
from pianodiff_gui.spectrograms import GAP, LEFT, PANEL_HEIGHT, PANEL_WIDTH, TOP, picture, picture_of_notes

RATE = 22050


def tone(frequency: float, seconds: float) -> np.ndarray:
    return (0.1 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def test_each_part_is_where_its_name_says(qtbot: QtBot) -> None:
    """Breaks when generated and true are swapped, time runs the wrong way, or low notes are at the top."""
    image = picture(tone(300, 4), tone(3000, 2), tone(100, 2), "a clip").convertToFormat(image_format())

    def loudest_row(x: int) -> float:
        """Height of the brightest point of a column of the picture: 0 at the bottom, 1 at the top."""
        column = [image.pixelColor(x, y).lightness() for y in range(TOP + 4, TOP + PANEL_HEIGHT - 4)]
        return 1 - int(np.argmax(column)) / len(column)

    def x(panel: int, second: float) -> int:
        return LEFT + panel * (PANEL_WIDTH + GAP) + round(second / 6 * PANEL_WIDTH)

    heights = [loudest_row(x(panel, second)) for panel in (0, 1) for second in (2.0, 5.0)]
    known, generated, known_again, true = heights
    assert known == known_again and true < known < generated
    span = np.log(10_500 / 50)
    for height, frequency in ((known, 300), (generated, 3000), (true, 100)):
        assert height == pytest.approx(np.log(frequency / 50) / span, abs=0.03)


def image_format() -> QImage.Format:


    return QImage.Format.Format_RGB32


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """The files of a finished evaluation of one clip by one network."""
    clip, folder = tmp_path / "clips" / "a.wav", tmp_path / "out"
    clip.parent.mkdir()
    (folder / "cases").mkdir(parents=True)
    sf.write(clip, tone(300, 4), RATE)
    sf.write(folder / "cases" / "made.wav", tone(300, 2), RATE)
    table = {
        "rows": [
            {"row": "made", "label": "tiny, interpolation", "cases": [{"file": "made.wav"}]},
            {"row": "true", "label": "true continuation", "cases": [{}]},
        ],
        "settings": {"clips": [str(clip.parent)], "known": 1.5, "new": 0.5},
        "continued": [{"clip": "a.wav", "clip_sha256": "", "begin_seconds": 1.0}],
    }
    (folder / "table.json").write_text(json.dumps(table))
    return folder


def test_one_picture_a_case(evaluation: Path, tmp_path: Path, qtbot: QtBot) -> None:
    assert spectrograms.main([str(evaluation), str(tmp_path / "pictures")]) == 0
    (only,) = (tmp_path / "pictures").iterdir()
    assert only.name == "1-a.png" and only.stat().st_size > 5000


@pytest.mark.parametrize(
    ("missing", "said"),
    [("out/table.json", "no finished table"), ("clips/a.wav", "no audio"), ("out/cases/made.wav", "made.wav")],
)
def test_what_is_missing_is_said(
    evaluation: Path, tmp_path: Path, missing: str, said: str, capsys: pytest.CaptureFixture[str], qtbot: QtBot
) -> None:
    """Breaks when a moved clip or an unfinished evaluation ends in a traceback."""
    (tmp_path / missing).unlink()
    assert spectrograms.main([str(evaluation), str(tmp_path / "pictures")]) == 1
    assert said in capsys.readouterr().err


def test_a_row_that_does_not_exist_is_refused(
    evaluation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], qtbot: QtBot
) -> None:
    for row in ("2", "0"):
        assert spectrograms.main([str(evaluation), str(tmp_path / "pictures"), "--row", row]) == 1
        assert f"row {row}" in capsys.readouterr().err


def write_extended(folder: Path, **changes: object) -> Path:
    """A recording of 2 s that was extended by 1 s with one note, and its recipe."""
    recipe = {
        "recipe_format": 1,
        "sampler": {"name": "replacement"},
        "source": {"name": "clip.wav", "frames": 2 * RATE, "sample_rate": RATE},
        "notes": [[-1.5, -1.0, 60, 80], [0.5, 0.9, 67, 80]],
    }
    sf.write(folder / "out.wav", tone(300, 3), RATE)
    (folder / "out.wav.json").write_text(json.dumps(recipe | changes))
    return folder / "out.wav"


def test_notes_are_drawn_where_they_are_heard_and_planned(qtbot: QtBot, tmp_path: Path) -> None:
    """Heard ones pale and before the seam, planned ones in colour and behind it, the higher above."""
    image = picture_of_notes(write_extended(tmp_path)).convertToFormat(image_format())
    right = LEFT + PANEL_WIDTH + GAP

    def drawn(second: float) -> tuple[int, float]:
        """Row and saturation of the brightest point of a column."""
        x = right + round(second / 3 * PANEL_WIDTH)
        column = [image.pixelColor(x, y) for y in range(TOP + 4, TOP + PANEL_HEIGHT - 4)]
        row = int(np.argmax([colour.lightness() for colour in column]))
        return row, column[row].hslSaturationF()

    (low, pale), (high, coloured) = drawn(0.7), drawn(2.7)
    assert high < low and pale < 0.1 and coloured > 0.5
    assert drawn(1.5)[0] == 0  # nothing in between


@pytest.mark.parametrize("changes", [{"notes": []}, {"gap": [0, 10]}])
def test_a_recording_that_was_not_extended_with_notes_is_refused(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object]
) -> None:
    made = write_extended(tmp_path, **changes)
    assert spectrograms.main([str(made), str(tmp_path / "pictures")]) == 1
    assert "not a recording that was extended at its end, with notes" in capsys.readouterr().err
    assert spectrograms.main([str(write_extended(tmp_path)), str(tmp_path / "pictures")]) == 0
    assert (tmp_path / "pictures" / "out.png").is_file()
