"""`--notes` and `--start` of extend, prepend and fill."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.audio.opening import open_source
from core.commands.main import main
from core.extension.extension import Extension
from core.extension.recipe import read_recipe, recipe_notes, recipe_settings
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from core.notes.midi import write_midi
from core.notes.note import Note
from tests.core.commands.helpers import samples

pytestmark = pytest.mark.journey

Write = Callable[..., Path]
HEARD = [Note(0.1, 0.4, 57, 80), Note(0.4, 0.79, 60, 60)]


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is heard in the clip: the shipped listener's own ear is tested where it is measured."""
    monkeypatch.setattr("core.extension.lead.listen", lambda samples, rate: HEARD)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    write_midi(tmp_path / "plan.mid", [Note(0.0, 0.2, 64, 90), Note(0.2, 0.6, 67, 80), Note(2.0, 3.0, 70, 80)])
    return tmp_path / "plan.mid"


def arguments(command: str, source: Path, out: Path, network: Path, *more: str) -> list[str]:
    length = ["--from", "0.3", "--to", "0.7"] if command == "fill" else ["--seconds", "0.5"]
    fixed = ["--network", str(network), "--steps", "10", "--seed", "3", "--device", "cpu"]
    return [command, str(source), str(out), *length, *fixed, *more]


@pytest.mark.parametrize("command", ["extend", "prepend", "fill"])
def test_given_notes_lead_and_stand_in_the_recipe(
    clip: Write, network: Path, plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Fewer evaluations than from noise, other audio than without, and a recipe that holds all that was played."""
    source = clip(subtype="FLOAT")
    assert main(arguments(command, source, tmp_path / "led.wav", network, "--notes", str(plan))) == 0
    captured = capsys.readouterr()
    assert "note: 1 note behind the 0." in captured.err
    assert main(arguments(command, source, tmp_path / "plain.wav", network)) == 0
    led, plain = (read_recipe(tmp_path / f"{name}.wav.json") for name in ("led", "plain"))
    assert led["start"] == 0.45 and "notes" not in plain and "start" not in plain
    assert led["evaluations"] == 4 * len(led["windows"]) and plain["evaluations"] == 10 * len(plain["windows"])
    notes = recipe_notes(led)
    assert notes is not None and {64, 67} <= {note.key for note in notes if 0 <= note.onset < 0.5}
    assert not np.array_equal(samples(tmp_path / "led.wav"), samples(tmp_path / "plain.wav"))


def test_a_recipe_with_notes_replays(clip: Write, network: Path, plan: Path, tmp_path: Path) -> None:
    """From the recipe alone, without the MIDI file and without listening again, to the last bit."""
    source = clip(subtype="FLOAT")
    assert main(arguments("extend", source, tmp_path / "led.wav", network, "--notes", str(plan), "--start", "0.6")) == 0
    recipe = read_recipe(tmp_path / "led.wav.json")
    settings, seconds = recipe_settings(recipe)
    assert settings.start == 0.6
    info = find_network(settings.network)
    with open_source(source) as opened:
        known = opened.read(0, opened.frames)
        extension = Extension(
            load_denoiser(settings.network, torch.device("cpu")), info, known, opened.sample_rate, seconds, settings,
            notes=recipe_notes(recipe),
        )  # fmt: skip
        for _ in extension.run():
            pass
        np.testing.assert_array_equal(samples(tmp_path / "led.wav")[opened.frames :, 0], extension.audio()[0])


def test_what_is_wrong_is_said_before_anything_is_made(
    clip: Write, network: Path, plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = clip(), tmp_path / "out.wav"
    late = tmp_path / "late.mid"
    write_midi(late, [Note(5.0, 6.0, 60)])
    (tmp_path / "words.mid").write_text("la la la")
    for options, code, says in (
        (("--notes", "nowhere.mid"), 1, "can't be read"),
        (("--notes", str(tmp_path / "words.mid")), 1, "not a MIDI file"),
        (("--notes", str(late)), 1, "come after the 0.5 s"),
        (("--start", "0.5"), 2, "say which (--notes)"),
        (("--notes", str(plan), "--start", "0"), 2, "start must be above 0"),
        (("--notes", str(plan), "--sampler", "repaint-authors"), 2, "begins from noise"),
    ):
        assert main(arguments("extend", source, out, network, *options)) == code
        assert says in capsys.readouterr().err
        assert not out.exists()
