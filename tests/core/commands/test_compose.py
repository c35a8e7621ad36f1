"""`pianodiff compose`: notes that come next, before or between, from a recording or a MIDI file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.commands.main import main
from core.extension.taste import SETTINGS
from core.notes.midi import read_midi, write_midi
from core.notes.note import Note
from tests.core.tiny_composer import write_composer

PLAYED = [Note(at, at + 0.3, key, 70) for at, key in zip(np.arange(0.1, 3.9, 0.25), (60, 64, 67, 72) * 4, strict=True)]


@pytest.fixture
def composer(tmp_path: Path) -> Path:
    return write_composer(tmp_path / "composer")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    write_midi(tmp_path / "in.mid", PLAYED)
    return tmp_path / "in.mid"


@pytest.mark.parametrize(
    "where", [("--seconds", "1.5"), ("--seconds", "1.5", "--before"), ("--from", "1", "--to", "2.5")]
)
def test_what_is_composed_is_written(
    music: Path, composer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], where: tuple[str, ...]
) -> None:
    """Behind, before and between: time 0 is the first new moment, as `extend --notes` takes it. The same seed is the
    same file.
    """
    files = []
    for name in ("one.mid", "two.mid"):
        command = ["compose", str(music), str(tmp_path / name), *where, "--composer", str(composer), "--seed", "5"]
        assert main([*command, "--density", "4", "--start", "1"]) == 0
        files.append((tmp_path / name).read_bytes())
    said = capsys.readouterr()
    notes = read_midi(tmp_path / "one.mid").notes
    assert f"{len(notes)} note" in said.out and "in 1.50 s" in said.out
    assert f"{SETTINGS.steps} of {SETTINGS.steps} evaluations" in said.err
    assert all(0 <= note.onset < 1.5 and note.offset <= 1.51 for note in notes) and files[0] == files[1]
    assert main(command) == 1 and "--overwrite" in capsys.readouterr().err


def test_a_recording_is_listened_to(
    clip: Callable[..., Path], composer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[float] = []

    def listen(samples: np.ndarray, rate: float) -> list[Note]:
        heard.append(samples.shape[1] / rate)
        return [Note(1.5, 2.1, 60, 70), Note(2.2, 2.9, 64, 70)]

    monkeypatch.setattr("core.extension.planning.listen", listen)
    source = clip("in.wav", seconds=5.0)
    out = tmp_path / "out.mid"
    command = ["compose", str(source), str(out), "--seconds", "1", "--composer", str(composer), "--density", "4"]
    assert main([*command, "--start", "1"]) == 0 and read_midi(out).notes
    assert heard == [3.0]  # what this composer looks at, and a second more


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "one of both"),
        (("--seconds", "1", "--from", "1", "--to", "2"), "one of both"),
        (("--from", "1"), "has a beginning and an end"),
        (("--from", "2", "--to", "1"), "has a beginning and an end"),
        (("--from", "9", "--to", "10"), "ends at 4.15 s"),
        (("--from", "1", "--to", "2", "--before"), "one of both"),
        (("--seconds", "-1"), "more than 0"),
        (("--seconds", "1", "--temperature", "9"), "The temperature must be between 0.5 and 1.5"),
        (("--seconds", "1", "--density", "0"), "The density must be between 0.25 and 4"),
        (("--seconds", "1", "--start", "0"), "above 0 and at most 1"),
        (("--seconds", "1", "--sampler", "magic"), "no sampler called"),
        (("--seconds", "1", "--composer", "nowhere"), "holds no composer"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], says: str
) -> None:
    composer = write_composer(tmp_path / "composer")
    chosen = more if "--composer" in more else (*more, "--composer", str(composer))
    assert main(["compose", str(music), str(tmp_path / "out.mid"), *chosen]) != 0
    assert says in capsys.readouterr().err and not (tmp_path / "out.mid").exists()


def test_what_is_no_music_is_said(
    clip: Callable[..., Path], composer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Silence, and a file that is none."""
    (tmp_path / "broken.mid").write_bytes(b"MThd")
    silent = clip("silent.wav", gain=0.0)
    for source, says in ((silent, "nothing to go on from"), (tmp_path / "broken.mid", "not a MIDI file")):
        command = ["compose", str(source), str(tmp_path / "out.mid"), "--seconds", "1", "--composer", str(composer)]
        assert main(command) == 1 and says in capsys.readouterr().err
