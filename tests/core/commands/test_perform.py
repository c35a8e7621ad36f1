"""The command `pianodiff perform`."""

from pathlib import Path

import numpy as np
import pytest

from core.commands.main import main
from core.extension.recipe import read_recipe, recipe_notes
from core.extension.run import LEAD_SECONDS, RING_SECONDS
from core.notes.midi import write_midi
from core.notes.note import Note
from tests.core.commands.helpers import Write, error_of, names, samples

pytestmark = pytest.mark.journey

PLAN = [Note(0.0, 0.4, 69, 90), Note(0.5, 0.9, 72, 60)]


def perform(network: Path, notes: Path, out: Path, like: Path, *more: str) -> int:
    options = ["--network", str(network), "--steps", "4", *more]
    return main(["perform", str(notes), str(out), "--like", str(like), *options])


@pytest.fixture(autouse=True)
def listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hears one note in the recording; how well the shipped one hears is measured elsewhere."""
    monkeypatch.setattr("core.extension.heard.listen", lambda samples, rate: [Note(0.1, 0.3, 50, 80)])


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A MIDI file of two notes."""
    write_midi(tmp_path / "plan.mid", PLAN)
    return tmp_path / "plan.mid"


def test_only_the_performance_is_written_with_its_recipe(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, plan: Path, tmp_path: Path
) -> None:
    """Breaks when the recording gets into it, its rate or channels are lost, or notes are moved."""
    like, out = clip("like.wav", seconds=2.0, channels=2), tmp_path / "out.wav"
    assert perform(network, plan, out, like) == 0
    written = samples(out)
    assert written.shape == (round((0.9 + RING_SECONDS) * 8000), 2)
    assert "original identical" not in (told := capsys.readouterr().out) and "1.90 s new" in told
    recipe = read_recipe(tmp_path / "out.wav.json")
    assert recipe["source"]["name"] == "like.wav" and recipe["identical_samples"] == 0
    assert recipe["lead_seconds"] == LEAD_SECONDS and recipe["complete"]
    begin, end = recipe["like_frames"]
    assert 0 <= begin < end <= 16_000
    played = [note.onset for note in recipe_notes(recipe) if note.onset >= 0]
    assert played == pytest.approx([LEAD_SECONDS, LEAD_SECONDS + 0.5], abs=1e-3)
    assert perform(network, plan, tmp_path / "again.wav", like) == 0
    assert np.array_equal(written, samples(tmp_path / "again.wav"))


@pytest.mark.usefixtures("no_run")
@pytest.mark.parametrize(
    ("more", "code", "message"),
    [(("--start", "1"), 2, "choose a start below 1"), (("--notes", "none"), 2, "unrecognized")],
)
def test_what_cannot_be_is_refused(
    capsys: pytest.CaptureFixture[str],
    clip: Write,
    network: Path,
    plan: Path,
    tmp_path: Path,
    more: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    """Breaks when a performance from noise is begun: it would play no note."""
    assert perform(network, plan, tmp_path / "out.wav", clip(), *more) == code
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("no_run")
def test_a_recording_that_is_taken_for_notes_says_so(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path
) -> None:
    """Breaks when IN and NOTES are mixed up and the error is about something else."""
    source = clip()
    assert perform(network, source, tmp_path / "out.wav", source) == 1
    assert "is not a MIDI file" in error_of(capsys)
    assert names(tmp_path) == ["in.wav"]
