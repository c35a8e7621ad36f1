"""The option --notes of `extend`, `prepend` and `fill`, and --start."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch

from core.commands.main import main
from core.extension.extension import Extension
from core.extension.recipe import read_recipe, recipe_ending, recipe_notes, recipe_settings
from core.extension.settings import START_WITH_NOTES
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from core.notes.midi import read_midi, write_midi
from core.notes.note import Note
from tests.core.commands.helpers import Write, beside, error_of, names, samples

pytestmark = pytest.mark.journey

PLAN = [Note(0.0, 0.3, 69, 90), Note(0.2, 0.6, 72, 60), Note(0.45, 0.8, 57, 70), Note(1.5, 2.0, 60, 70)]


HEARD = [Note(0.1, 0.3, 50, 80)]


@pytest.fixture(autouse=True)
def listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hears one note in whatever is known; how well the shipped one hears is measured elsewhere."""
    monkeypatch.setattr("core.extension.heard.listen", lambda samples, rate: HEARD)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A MIDI file whose last note is later than what is made."""
    write_midi(tmp_path / "plan.mid", PLAN)
    return tmp_path / "plan.mid"


def test_extend_plays_notes_and_its_recipe_gives_the_same_samples(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, plan: Path, tmp_path: Path
) -> None:
    """Breaks when notes or start are missing in a recipe, or rounded there."""
    source, out = clip("in.wav", seconds=0.9), tmp_path / "out.wav"
    assert beside(network, "extend", source, out, "--seconds", "0.6", "--steps", "10", "--notes", str(plan)) == 0
    assert "plan.mid: 1 note beyond the 0.6 s left out" in capsys.readouterr().err
    recipe = read_recipe(tmp_path / "out.wav.json")
    settings, seconds = recipe_settings(recipe)
    assert settings.start == recipe["start"] == START_WITH_NOTES
    assert [n for n in recipe_notes(recipe) if n.onset >= 0] == list(read_midi(plan).notes)[:3]
    assert recipe["evaluations"] == len(recipe["windows"]) * round(10 * START_WITH_NOTES)

    known = sf.read(source, dtype="float32", always_2d=True)[0].T
    info = find_network(str(network))
    denoiser = load_denoiser(str(network), torch.device("cpu"))
    again = Extension(denoiser, info, known, 8000, seconds, settings, notes=recipe_notes(recipe))
    for _ in again.run():
        pass
    ended = recipe_ending(recipe).end(again.audio(), 8000)
    sf.write(tmp_path / "again.wav", ended.T, 8000, subtype="PCM_16")
    assert again.x_T_sha256 == recipe["x_T_sha256"]
    made = samples(out)[samples(source).shape[0] :]
    assert np.abs(made - samples(tmp_path / "again.wav")).max() <= 1.01 / 32768


def test_notes_change_what_is_made_and_none_is_what_it_was(
    clip: Write, network: Path, plan: Path, tmp_path: Path
) -> None:
    """Breaks when --notes has no effect, or its default has one."""
    source = clip("in.wav", seconds=0.9)
    made = []
    for name, more in {
        "plain": (),
        "none": ("--notes", "none"),
        "played": ("--notes", str(plan)),
        "noise": ("--notes", str(plan), "--start", "1"),
    }.items():
        assert beside(network, "extend", source, tmp_path / f"{name}.wav", "--seconds", "0.5", *more) == 0
        made.append(samples(tmp_path / f"{name}.wav").tobytes())
    assert made[0] == made[1] == made[3] != made[2]
    assert "start" not in read_recipe(tmp_path / "plain.wav.json")


@pytest.mark.parametrize("command", ["prepend", "fill"])
def test_before_and_within_a_recording(clip: Write, network: Path, plan: Path, tmp_path: Path, command: str) -> None:
    """Breaks when only `extend` passes its notes on."""
    source = clip("in.wav", seconds=1.4)
    where = ("--from", "0.5", "--to", "1") if command == "fill" else ("--seconds", "0.5")
    for name, more in (("plain", ()), ("played", ("--notes", str(plan)))):
        assert beside(network, command, source, tmp_path / f"{name}.wav", *where, "--steps", "8", *more) == 0
    assert not np.array_equal(samples(tmp_path / "plain.wav"), samples(tmp_path / "played.wav"))
    notes = recipe_notes(read_recipe(tmp_path / "played.wav.json"))
    places = {round(note.onset, 3) for note in notes if note.key == HEARD[0].key}
    assert places == ({-0.4, 0.6} if command == "fill" else {0.6})
    assert {note.key for note in notes} == {50, 57, 69, 72}


@pytest.mark.usefixtures("no_run")
@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "can't be read"), (b"", "not a MIDI file"), (b"MThd and no more", "not a MIDI file")],
)
def test_bad_midi_is_refused_before_anything_is_computed(
    capsys: pytest.CaptureFixture[str],
    clip: Write,
    network: Path,
    tmp_path: Path,
    content: bytes | None,
    message: str,
) -> None:
    """Breaks when it is found out after the network was loaded, or as an unexpected error."""
    source, bad = clip(), tmp_path / "bad.mid"
    if content is not None:
        bad.write_bytes(content)
    before = names(tmp_path)
    code = beside(network, "extend", source, tmp_path / "out.wav", "--seconds", "0.5", "--notes", str(bad))
    assert code == 1 and message in error_of(capsys)
    assert names(tmp_path) == before


@pytest.mark.usefixtures("no_run")
def test_notes_that_are_all_too_late_are_refused(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path
) -> None:
    """Breaks when a plan of nothing is played."""
    write_midi(tmp_path / "late.mid", PLAN[3:])
    late = ("--notes", str(tmp_path / "late.mid"))
    assert beside(network, "extend", clip(), tmp_path / "out.wav", "--seconds", "0.5", *late) == 1
    assert "No note of late.mid begins within the 0.5 s" in error_of(capsys)


@pytest.mark.usefixtures("no_run")
@pytest.mark.parametrize(("start", "message"), [("0.4", "give --notes"), ("0", "give --notes"), ("1.5", "above 0")])
def test_a_start_that_cannot_be_is_refused(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path, start: str, message: str
) -> None:
    """Breaks when --start is ignored where there is nothing to start from."""
    more = ("--seconds", "0.5", "--start", start)
    assert beside(network, "extend", clip(), tmp_path / "out.wav", *more) == 2
    assert message in error_of(capsys)


@pytest.mark.usefixtures("no_run")
def test_a_sampler_of_ones_own_cannot_start_from_notes(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, plan: Path, tmp_path: Path
) -> None:
    """Breaks when it runs from noise, and the notes are forgotten."""
    own = tmp_path / "own.py"
    own.write_text("def sample(denoiser, known, keep, steps, noise):\n    yield\n")
    more = ("--seconds", "0.5", "--sampler", str(own), "--notes", str(plan))
    assert beside(network, "extend", clip(), tmp_path / "out.wav", *more) == 2
    assert "can't start from notes" in capsys.readouterr().err


def test_what_read_midi_remarks_is_said(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path
) -> None:
    """Breaks when something is left out and nobody is told."""
    import mido

    file = mido.MidiFile(type=0)
    track = file.add_track()
    for channel, key in ((0, 69), (9, 40)):
        track.append(mido.Message("note_on", note=key, velocity=80, channel=channel, time=0))
        track.append(mido.Message("note_off", note=key, channel=channel, time=300))
    file.save(tmp_path / "drums.mid")
    more = ("--seconds", "0.5", "--notes", str(tmp_path / "drums.mid"))
    assert beside(network, "extend", clip(), tmp_path / "out.wav", *more) == 0
    assert "pianodiff: note: drums.mid: 1 drum beat left out." in capsys.readouterr().err
    assert main(["extend", "--help"]) == 0
