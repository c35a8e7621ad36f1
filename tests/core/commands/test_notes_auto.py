"""--notes auto: what is played beside the new audio is heard, and what is to come composed; and --save-notes."""

from pathlib import Path

import numpy as np
import pytest

from core.extension.recipe import read_recipe, recipe_notes
from core.extension.settings import START_WITH_NOTES
from core.networks.composer_card import Composing, load_composer
from core.notes.midi import read_midi
from core.notes.note import Note
from tests.core.commands.helpers import Write, beside, samples
from tests.core.tiny_composer import write_composer
from tests.core.tiny_network import SEEING, write_tiny_network

pytestmark = pytest.mark.journey


@pytest.fixture
def led(tmp_path: Path) -> Path:
    """A network that plays notes."""
    seeing = SEEING | {"sees_notes": True}
    return write_tiny_network(tmp_path / "led", sample_rate=8000, architecture=seeing, plays_notes=True)


@pytest.fixture(autouse=True)
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The listener hears four notes in the last two seconds of anything, the composer is a tiny one that isn't shy;
    returns how many channels each hearing had.
    """
    composer = load_composer(write_composer(tmp_path / "composer"))
    loaded: list[int] = []

    def listen(samples: np.ndarray, rate: float) -> list[Note]:
        loaded.append(len(samples))
        seconds = samples.shape[1] / rate
        return [Note(seconds - 0.4 + 0.1 * k, seconds - 0.3 + 0.1 * k, 60 + k, 80) for k in range(4)]

    def shipped(folder: Path | None = None) -> Composing:
        return composer

    monkeypatch.setattr("core.extension.heard.listen", listen)
    monkeypatch.setattr("core.extension.planning.listen", listen)
    monkeypatch.setattr("core.networks.composer_card.load_composer", shipped)
    monkeypatch.setattr("core.extension.composing.notes_from", steady)
    return loaded


def steady(roll: np.ndarray) -> list[Note]:
    """A note every fifth of a second, whatever the tiny composer thinks."""
    return [Note(float(at), float(at) + 0.2, 70) for at in np.arange(0, len(roll) / 24, 0.2)]


@pytest.mark.parametrize(
    ("command", "where"),
    [("extend", ("--seconds", "0.6")), ("prepend", ("--seconds", "0.6")), ("fill", ("--from", "0.5", "--to", "1.1"))],
)
def test_a_network_that_plays_notes_is_given_some(
    clip: Write, led: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, where: tuple[str, ...]
) -> None:
    """Without being asked, and the MIDI file that is saved gives the same samples. Breaks when the plan that is saved
    isn't the plan that is played.
    """
    source, plan = clip("in.wav", seconds=1.6), tmp_path / "plan.mid"
    assert beside(led, command, source, tmp_path / "auto.wav", *where, "--save-notes", str(plan)) == 0
    said = capsys.readouterr().err
    assert "composed: " in said and "heard" in said and f"notes: {plan}" in said
    recipe = read_recipe(tmp_path / "auto.wav.json")
    composed = [note for note in recipe_notes(recipe) if note.key == 70]
    assert recipe["start"] == START_WITH_NOTES and all(0 <= note.onset < 0.6 for note in composed)
    assert [note.key for note in read_midi(plan).notes] == [70] * len(composed) and composed
    assert beside(led, command, source, tmp_path / "given.wav", *where, "--notes", str(plan)) == 0
    difference = samples(tmp_path / "auto.wav") - samples(tmp_path / "given.wav")
    assert np.abs(difference).max() < 0.02  # a MIDI file's ticks move an onset by a quarter of a millisecond


def test_none_is_composed_where_nobody_asks(
    clip: Write, network: Path, led: Path, tmp_path: Path, heard: list[int]
) -> None:
    """For a network that doesn't play them, where nobody wants them, and for the paper's methods, which are named.
    Breaks when the paper's way listens or composes.
    """
    source = clip("in.wav", seconds=0.9)
    assert beside(network, "extend", source, tmp_path / "a.wav", "--seconds", "0.5") == 0
    assert beside(led, "extend", source, tmp_path / "b.wav", "--seconds", "0.5", "--notes", "none") == 0
    assert beside(led, "extend", source, tmp_path / "c.wav", "--seconds", "0.5", "--sampler", "interpolation") == 0
    assert "notes" not in read_recipe(tmp_path / "c.wav.json")
    assert heard == [] and "notes" not in read_recipe(tmp_path / "b.wav.json")


def test_any_network_plays_what_is_composed_when_it_is_asked(clip: Write, network: Path, tmp_path: Path) -> None:
    """From the notes' sketch: it need not see them."""
    source = clip("in.wav", seconds=0.9)
    assert beside(network, "extend", source, tmp_path / "a.wav", "--seconds", "0.5", "--notes", "auto") == 0
    assert recipe_notes(read_recipe(tmp_path / "a.wav.json"))


def test_where_no_notes_are_heard_that_is_said_and_it_goes_on_without(
    clip: Write, led: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Speech, drums: it is no error, and no secret either. Nor is a rest that is composed."""
    monkeypatch.setattr("core.extension.composing.notes_from", lambda roll: [])
    source = clip("in.wav", seconds=0.9)
    assert beside(led, "extend", source, tmp_path / "a.wav", "--seconds", "0.5") == 0
    assert "what was composed is a rest" in capsys.readouterr().err
    monkeypatch.setattr("core.extension.planning.listen", lambda samples, rate: [])
    assert beside(led, "extend", source, tmp_path / "b.wav", "--seconds", "0.5") == 0
    assert "no notes were heard beside the new audio of in.wav" in capsys.readouterr().err
    for name in ("a.wav.json", "b.wav.json"):
        assert "notes" not in read_recipe(tmp_path / name)


@pytest.mark.parametrize(
    ("more", "says"), [(("--notes", "none"), "no notes to save"), (("--notes", "auto"), "--overwrite")]
)
def test_notes_that_cannot_be_saved_are_refused_before_anything_is_made(
    clip: Write,
    led: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    says: str,
) -> None:
    source, plan = clip("in.wav", seconds=0.9), tmp_path / "plan.mid"
    plan.write_bytes(b"precious")
    save = ("--save-notes", str(plan))
    assert beside(led, "extend", source, tmp_path / "out.wav", "--seconds", "0.5", *save, *more) != 0
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out.wav").exists() and plan.read_bytes() == b"precious"
