"""`pianodiff study` from end to end: rows, figures, tests in pairs, and going on."""

import csv
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from core.commands.main import main
from core.extension.settings import START_WITH_NOTES
from core.notes.midi import write_midi
from core.notes.note import Note

pytestmark = pytest.mark.journey

Study = Callable[..., int]
FIGURES = {
    "figure-2-lambda",
    "figure-3-similarity",
    "figure-4-noisy",
    "figure-5-result",
    "figure-6-pitch",
    "quality-by-cost",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer resamples: the Frechet intervals take most of a small study's time."""
    monkeypatch.setattr("core.study.frechet.RESAMPLES", 10)
    monkeypatch.setattr("core.study.frechet.HALVINGS", 10)


@pytest.fixture
def study(network: Path, clips: Path, tmp_path: Path) -> Study:
    """Calls the command: study(methods, *more) -> exit code. Five clips, 1 s known, 0.5 s new."""

    def call(methods: str, *more: str) -> int:
        options = ["--network", str(network), "--steps", "3", "--begin", "0.5", "--known", "1", "--new", "0.5"]
        where = [str(clips), "--out", str(tmp_path / "out"), "--cases", "5"]
        return main(["study", *where, "--samplers", methods, *options, *more])

    return call


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "continuations.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_continuation_is_a_row_and_every_figure_is_there(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    methods = "interpolation,repaint@5,decoupled@2,replacement+dpmpp-2m-sde@4,pigdm@2"
    assert study(methods, "--seeds", "2") == 0
    out = tmp_path / "out"
    rows = rows_of(out)
    assert len(rows) == 5 * 5 * 2
    assert {row["method"] for row in rows} == {f"tiny, {name}" for name in methods.split(",")}
    assert {(row["clip"], row["take"]) for row in rows} == {(f"clip{k}.wav", str(t)) for k in range(5) for t in (0, 1)}
    costs = {row["method"].split(", ")[1]: (row["evaluations"], row["gradients"]) for row in rows}
    assert costs["decoupled@2"] == ("4", "0") and costs["pigdm@2"] == ("4", "4")  # two windows of 0.25 s
    assert len({row["seed"] for row in rows}) == 10  # every clip and seed its own, shared by all methods
    with sqlite3.connect(out / "study.sqlite") as base:
        assert base.execute("SELECT count(*) FROM continuations").fetchone() == (50,)
        kinds = base.execute("SELECT typeof(ks), typeof(evaluations) FROM continuations").fetchone()
        assert kinds == ("real", "integer")
    for name in FIGURES:
        for suffix in (".png", ".svg"):
            assert (out / "figures" / f"{name}{suffix}").stat().st_size > 2000, name
    report = (out / "report.md").read_text()
    assert "2 seeds each" in report and "Against tiny, interpolation, clip by clip" in report
    assert all(f"figures/{name}.png" in report for name in FIGURES)
    table = report.split("clip by clip")[1].split("## Figures")[0]
    assert table.count("/5") == 4 * 10  # four methods against the first, by ten figures, on five clips each
    assert "notes ratio" in table and "F1" not in table  # no notes led any of them
    assert report.startswith(capsys.readouterr().out.split("\n## ")[0][:200])


def test_the_same_study_again_makes_nothing_and_writes_the_same(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study of days is called again after every interruption; what is finished must count, and the figures stay."""
    assert study("interpolation,decoupled@2") == 0
    out = tmp_path / "out"
    before = {path.name: path.read_bytes() for path in (out / "figures").glob("*.svg")} | {
        "rows": (out / "continuations.csv").read_bytes()
    }
    monkeypatch.setattr("core.study.continuation.Extension", lambda *_: pytest.fail("a continuation was made"))
    assert study("interpolation,decoupled@2") == 0
    after = {path.name: path.read_bytes() for path in (out / "figures").glob("*.svg")} | {
        "rows": (out / "continuations.csv").read_bytes()
    }
    assert after == before


def test_a_lost_trace_is_made_again(study: Study, tmp_path: Path) -> None:
    """A continuation without its trace has no place in figure 3."""
    assert study("interpolation") == 0
    lost = next((tmp_path / "out" / "cases").glob("*.npz"))
    lost.unlink()
    assert study("interpolation") == 0
    assert lost.is_file()


def test_a_wrong_method_is_refused_before_anything_is_made(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study("interpolation,decopled") == 2
    assert "Did you mean decoupled" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_methods_that_notes_lead_are_compared_like_others(study: Study, clips: Path, tmp_path: Path) -> None:
    """Breaks when figures or tests in pairs can't be had of a walk that begins below the top, or F1 is not among them.
    A first row without notes has no F1 to be compared with.
    """
    for clip in clips.glob("*.wav"):
        write_midi(clip.with_suffix(".mid"), [Note(1.6, 1.9, 60)])
    methods = "replacement:true-notes,interpolation:true-notes=0.7,replacement"
    assert study(methods) == 0
    out = tmp_path / "out"
    report = (out / "report.md").read_text()
    pairs = report.split("## Against tiny, replacement, true notes, clip by clip")[1].split("## Figures")[0]
    assert " F1 |" in pairs and "interpolation, true notes from 0.7" in pairs
    assert {(row["led_by"], row["start"]) for row in rows_of(out)} == {
        *(("true-notes", str(START_WITH_NOTES)), ("true-notes", "0.7"), ("", "1.0"))
    }
    assert all((out / "figures" / f"{name}.png").is_file() for name in FIGURES)
