"""`pianodiff study` from end to end: rows, figures, tests in pairs, and going on."""

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.commands.main import main
from core.errors import SettingsError
from core.extension.settings import Settings
from core.study.methods import describe_method, method_of, parse_method
from core.study.metrics import COLUMNS
from core.study.paired import compare
from core.study.table import RowResult
from core.study.trace import Trace

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
    assert table.count("/5") == 4 * 8  # four methods against the first, by eight figures, on five clips each
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


def test_methods() -> None:
    """A name, a solver, a number of steps; a path may hold the signs that part them."""
    common = Settings(steps=7)
    assert parse_method("decoupled", common) == Settings(sampler="decoupled", steps=7)
    assert parse_method("repaint@40", common) == Settings(sampler="repaint", steps=40)
    assert method_of(parse_method("decoupled", common)) == "decoupled@7"
    both = parse_method("replacement+dpmpp-2m-sde@9", common)
    assert method_of(both) == "replacement+dpmpp-2m-sde@9"
    assert (both.sampler, both.solver, both.steps) == ("replacement", "dpmpp-2m-sde", 9)
    assert parse_method("/a+b/mine.py@3", common).sampler == "/a+b/mine.py"
    blind = parse_method("decoupled@9:zero-shot", common)
    assert (blind.sampler, blind.steps, blind.zero_shot) == ("decoupled", 9, True)
    assert describe_method("decoupled@9:zero-shot", blind, sees_known=True) == "decoupled@9, zero-shot"
    assert describe_method("decoupled@9:zero-shot", blind, sees_known=False) == "decoupled@9"
    for wrong in ("decoupled@x", "decoupled@", "decoupled@0", "decopled", "replacement+magic"):
        with pytest.raises(SettingsError):
            parse_method(wrong, common)


def test_a_wrong_method_is_refused_before_anything_is_made(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study("interpolation,decopled") == 2
    assert "Did you mean decoupled" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def row(values: list[float]) -> RowResult:
    return RowResult("made", "", {}, [{"level_db": value} for value in values], {})


def test_pairs_are_of_clips_and_of_distances_from_the_truth() -> None:
    """Two seeds of one clip are one piece of evidence; too loud by 1 dB is as far off as too quiet by 1."""
    column = next(column for column in COLUMNS if column.name == "level_db")
    clip_of = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    true, near, far = row([1.0] * 10), row([0.0, 2.0] * 5), row([3.0, -1.0] * 5)
    pair = compare(near, far, true, column, clip_of, seed=1)
    assert (pair.difference, pair.nearer, pair.clips) == (-1.0, 5, 5)
    assert pair.p == pytest.approx(0.0625) and pair.interval == (-1.0, -1.0)
    same = compare(near, near, true, column, clip_of, seed=1)
    assert same.difference == 0 and np.isnan(same.p) and same.nearer == 0
    few = compare(near, far, true, column, [0] * 10, seed=1)
    assert few.clips == 1 and np.isnan(few.p) and few.interval is None
    missing = row([float("nan")] * 10)
    assert compare(missing, far, true, column, clip_of, seed=1).clips == 0


def test_a_trace_comes_back_as_it_was(tmp_path: Path) -> None:
    trace = Trace(200, 22_050, [199.0, 0.0], [0.5, 0.75], np.linspace(-1, 1, 5, dtype=np.float32), 25.0, 3)
    trace.save(tmp_path / "a.npz")
    again = Trace.load(tmp_path / "a.npz")
    assert json.dumps([again.levels, again.similarities]) == json.dumps([trace.levels, trace.similarities])
    assert np.allclose(again.x, trace.x, atol=1e-3) and (again.x_level, again.known_frames) == (25.0, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
