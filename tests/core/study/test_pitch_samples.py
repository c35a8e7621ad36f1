"""Single notes against their keys: which key a file is of, and what is counted against the tracker."""

import json
from pathlib import Path

import pytest
import soundfile

from core.study.pitch_samples import hear, main, notes_in
from tests.core.tones import piano_tone

RATE = 44_100


def write_note(path: Path, key: int, cents: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, piano_tone(440.0 * 2 ** ((key - 69 + cents / 100) / 12), 0.8, RATE), RATE)
    return path


def test_keys_come_from_names_and_maps(tmp_path: Path) -> None:
    """Breaks when a layer's number is taken for a key, or a map is not believed."""
    for name in ("060.wav", "k021_l3.wav", "C#4-soft.wav", "A0.wav", "Bb3 v2.wav", "room.wav"):
        write_note(tmp_path / "named" / name, 60)
    write_note(tmp_path / "mapped" / "060.wav", 72)
    (tmp_path / "mapped" / "map.json").write_text(json.dumps({"samples": [{"file": "060.wav", "key": 72}]}))
    keys = {path.relative_to(tmp_path).as_posix(): key for path, key in notes_in(tmp_path)}
    assert keys == {
        "named/060.wav": 60,
        "named/k021_l3.wav": 21,
        "named/C#4-soft.wav": 61,
        "named/A0.wav": 21,
        "named/Bb3 v2.wav": 58,
        "mapped/060.wav": 72,
    }


@pytest.mark.parametrize("key", [24, 60, 105])
def test_a_note_off_pitch_is_off_its_key_but_not_off_its_string(tmp_path: Path, key: int) -> None:
    """Breaks when the allowance for stretch forgives a tracker, or does not see where the string is."""
    heard = hear(write_note(tmp_path / "a.wav", key, 80.0), key)
    assert heard.cents == pytest.approx(80.0, abs=10)
    assert heard.from_string == pytest.approx(0.0, abs=10)
    assert heard.octaves == 0


def test_a_wrong_octave_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Breaks when a tracker an octave off, and sure of it, would pass."""
    write_note(tmp_path / "060.wav", 72)
    write_note(tmp_path / "069.wav", 69)
    assert main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("060.wav: key 60, +120")
    assert "2 notes, 1 (50.0%) within 50 cents of their keys, 1 (50.0%) of their strings" in lines[-1]
    assert "1 an octave off and certain" in lines[-1]


def test_nothing_to_hear_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "No file in" in capsys.readouterr().err
    write_note(tmp_path / "a.wav", 60)
    (tmp_path / "map.json").write_text('{"samples": [{"file": "a.wav"}]}')
    assert main([str(tmp_path)]) == 1
    assert "does not say the samples' keys: KeyError" in capsys.readouterr().err
