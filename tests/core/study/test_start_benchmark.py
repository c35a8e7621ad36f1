"""The figures of the command that compares starts from notes."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.notes.midi import write_midi
from core.notes.note import Note, moved
from core.notes.sketch import sketch
from core.study.features import floor_level
from core.study.start_benchmark import log_spectral_distance, main, similarity
from tests.core.tiny_network import write_tiny_network

RATE = 22_050
NOTES = [Note(k / 4, k / 4 + 0.4, key) for k, key in enumerate([60, 64, 67, 72, 55, 59, 62, 65])]


def test_the_same_is_near_and_other_notes_are_far() -> None:
    """Breaks when a figure can't tell the right notes from others, or the same from nearly the same."""
    others = [Note(note.onset, note.offset, note.key + 1) for note in NOTES]
    truth, other = (sketch(notes, 2 * RATE, RATE) for notes in (NOTES, others))
    hiss = np.random.default_rng(0).normal(0, 0.001, len(truth)).astype(np.float32)
    assert log_spectral_distance(truth, truth) == 0
    assert similarity(truth, truth, RATE) == pytest.approx(1, abs=1e-6)
    assert similarity(truth, other, RATE) < 0.7 < 0.9 < similarity(truth, truth + hiss, RATE)
    assert log_spectral_distance(truth, 2 * truth) < 6.03  # 6.02 dB, where there is anything
    assert floor_level(truth + hiss, RATE) > floor_level(truth, RATE) + 10


def test_it_prints_a_row_for_every_start(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Breaks when known part, new part or notes are cut elsewhere than they say: the sketch would not fit."""
    network = write_tiny_network(tmp_path / "tiny", sample_rate=8000, window_seconds=2.0)
    recording = sketch(moved(NOTES, 0.5), 3 * RATE, RATE)
    sf.write(tmp_path / "in.wav", recording, RATE)
    write_midi(tmp_path / "in.mid", moved(NOTES, 0.5))
    arguments = ["start_benchmark", str(tmp_path / "in.wav"), str(tmp_path / "in.mid"), "--network", str(network)]
    with pytest.MonkeyPatch.context() as patch:
        places = ["--from", "0.5", "--known", "0.9", "--new", "0.9"]
        patch.setattr("sys.argv", [*arguments, *places, "--steps", "4", "--starts", "0.5,1"])
        assert main() == 0
        rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
        assert [(row[0], row[2]) for row in rows] == [("sketch", "0"), ("0.500", "2"), ("1.000", "4")]
        assert float(rows[0][4]) > 0.9
        patch.setattr("sys.argv", [*arguments, "--from", "9"])
        assert main() == 1 and "is shorter than 17 s" in capsys.readouterr().err
