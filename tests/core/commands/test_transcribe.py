"""`pianodiff transcribe`: from a recording to a MIDI file."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.commands.main import main
from core.notes.midi import read_midi
from core.notes.note import Note
from tests.core.notes.conftest import write_listener


@pytest.fixture
def listener(tmp_path: Path) -> Path:
    return write_listener(tmp_path / "listener")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    soundfile.write(tmp_path / "in.wav", 0.1 * rng.standard_normal((30_000, 2)), 44_100)
    return tmp_path / "in.wav"


def test_what_is_heard_is_written(
    recording: Path, listener: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = [Note(0.1, 0.5, 60, 80), Note(0.3, 0.6, 64, 70)]
    monkeypatch.setattr("core.notes.listening.Hearing.notes", lambda _: heard)
    out = tmp_path / "out.mid"
    assert main(["transcribe", str(recording), str(out), "--listener", str(listener)]) == 0
    captured = capsys.readouterr()
    assert "2 notes in 0:01" in captured.out and "keys 60 to 64" in captured.out and "seconds" in captured.err
    assert [(note.key, note.velocity) for note in read_midi(out).notes] == [(60, 80), (64, 70)]
    before = out.read_bytes()
    assert main(["transcribe", str(recording), str(out), "--listener", str(listener)]) == 1
    assert "--overwrite" in capsys.readouterr().err and out.read_bytes() == before


def test_a_recording_without_notes_writes_nothing(
    tmp_path: Path, listener: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "quiet.wav", np.zeros(22_050), 22_050)
    assert main(["transcribe", str(tmp_path / "quiet.wav"), str(tmp_path / "o.mid"), "--listener", str(listener)]) == 1
    assert "No notes were heard" in capsys.readouterr().err
    assert not (tmp_path / "o.mid").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.wav", "out.mid"], "There is no file"),
        (["in.wav", "no/such/folder/out.mid"], "no folder"),
        (["in.wav", "out.mid", "--listener", "nowhere"], "holds no listener"),
    ],
)
def test_what_is_wrong_is_said(
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(recording.parent)
    assert main(["transcribe", *arguments]) == 1
    assert says in capsys.readouterr().err
