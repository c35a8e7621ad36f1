"""`pianodiff evaluate` with methods that notes lead: what is made, kept and taken over, and what the table says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.audio.signal import FloatArray
from core.extension.settings import START_WITH_NOTES
from core.notes.midi import write_midi
from core.notes.note import Note
from tests.core.tiny_network import SEEING, write_tiny_network

pytestmark = pytest.mark.journey

Evaluate = Callable[..., int]
BOTH = ("--sampler", "replacement", "--sampler", "replacement:true-notes")
# Heard in the 1 s known and the 0.5 s behind it; the two in the new part begin at 0.1 and 0.3 s.
HEARD = [Note(0.2, 0.8, 57), Note(0.6, 0.98, 60), Note(1.1, 1.3, 64), Note(1.3, 1.5, 67)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer resamples, and a listener that always hears HEARD, as far as the audio goes."""
    monkeypatch.setattr("core.study.frechet.RESAMPLES", 10)
    monkeypatch.setattr("core.study.frechet.HALVINGS", 10)

    def listen(samples: FloatArray, sample_rate: float) -> list[Note]:
        return [note for note in HEARD if note.onset < samples.shape[1] / sample_rate]

    for place in ("core.study.hearing.listen", "core.extension.heard.listen"):
        monkeypatch.setattr(place, listen)


def rows(out: Path) -> dict[str, dict[str, Any]]:
    """By their label's end."""
    return {row["label"].split(", ", 1)[-1]: row for row in json.loads((out / "table.json").read_text())["rows"]}


def kept(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "cases").glob("*.wav")}


def records(out: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((out / "cases").glob("*.json"))]


def test_a_row_led_by_notes_stands_beside_one_that_is_not(evaluate: Evaluate, clips: Path, tmp_path: Path) -> None:
    """Breaks when notes leak into the other row, are not played, or are not told of."""
    alone = tmp_path / "alone"
    assert evaluate(clips, "--sampler", "replacement", "--out", alone, "--cases", "2") == 0
    assert evaluate(clips, *BOTH, "--cases", "2") == 0
    out = tmp_path / "out"
    assert kept(alone).items() < kept(out).items() and len(set(kept(out).values())) == 4

    table = rows(out)
    led, plain, true = (table[name] for name in ("replacement, true notes", "replacement", "true continuation"))
    assert (led["led_by"], led["start"], plain["led_by"], plain["start"]) == ("true-notes", START_WITH_NOTES, None, 1.0)
    assert {case["evaluations"] for case in led["cases"]} == {2}  # two windows, of two steps one from there on
    for row in (led, true):
        assert row["figures"]["note_f1"]["value"] == 1.0  # this listener hears them in anything
    assert plain["figures"]["note_f1"]["value"] is None and plain["figures"]["note_rate"]["value"] == 1.0
    assert all(case["raw_db"] is not None for case in (*led["cases"], *plain["cases"]))

    asked = [record["made_from"].get("asked") for record in records(out)]
    assert asked.count(None) == 2
    for notes in filter(None, asked):
        assert [(round(onset, 3), key) for onset, _, key, _ in notes] == [(0.1, 64), (0.3, 67)]


def test_other_notes_make_another_continuation(
    evaluate: Evaluate, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Breaks when a continuation is taken for one that other notes led, or made again though they are the same. What
    the true row reaches is measured by the notes beside its clip.
    """
    one = (clips / "clip0.wav", *BOTH, "--cases", "1")
    assert evaluate(*one) == 0 and evaluate(*one) == 0
    assert "2 of 2 continuations are finished already" in capsys.readouterr().err
    write_midi(clips / "clip0.mid", [Note(1.55, 1.8, 50), Note(1.8, 2.0, 67), Note(3.0, 3.4, 70)])
    assert evaluate(*one) == 0
    assert "1 of 2 continuations are finished already" in capsys.readouterr().err
    assert len(set(kept(tmp_path / "out").values())) == 3
    table = rows(tmp_path / "out")
    for name in ("replacement, true notes", "true continuation"):
        assert table[name]["figures"]["note_f1"]["value"] == 0.5  # of two asked and two heard, one


def test_where_nothing_is_asked_nor_heard_it_begins_with_noise(
    evaluate: Evaluate, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when one case without notes ends an evaluation of many."""
    monkeypatch.setattr("tests.core.study.test_evaluate_notes.HEARD", [])
    assert evaluate(clips, *BOTH, "--cases", "1") == 0
    table = rows(tmp_path / "out")
    assert table["replacement, true notes"]["figures"]["evaluations"]["value"] == 4
    assert len(set(kept(tmp_path / "out").values())) == 1


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("replacement:true-notes:composed", "notes lead it once"),
        ("replacement:true-notes=2", "above 0 and at most 1"),
        ("replacement:true-notes=1", "sees no notes"),
    ],
)
def test_refused_before_anything_is_heard(
    evaluate: Evaluate,
    clips: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    says: str,
) -> None:
    monkeypatch.setattr("core.study.evaluate.find_clips", lambda *_, **__: pytest.fail("clips were looked for"))
    assert evaluate(clips, "--sampler", method) == 2
    assert says in capsys.readouterr().err


def test_a_network_that_sees_notes_is_led_from_noise_as_well(evaluate: Evaluate, clips: Path, tmp_path: Path) -> None:
    network = write_tiny_network(tmp_path / "seeing", architecture=SEEING | {"sees_notes": True})
    assert evaluate(clips, "--network", network, "--cases", "1", "--sampler", "replacement:true-notes=1") == 0
    assert "seeing, replacement, true notes from 1" in (tmp_path / "out" / "table.md").read_text()
