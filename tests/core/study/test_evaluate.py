"""`pianodiff evaluate` from end to end: the table, what is kept, and going on after any kind of end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import torch

from core.study.metrics import COLUMNS
from core.study.references import REFERENCES
from core.study.table import DASH
from tests.core.study.conftest import write_clip
from tests.core.tiny_network import SEEING, write_tiny_network

pytestmark = pytest.mark.journey

Evaluate = Callable[..., int]
COSTS = {column.name for column in COLUMNS if column.kind == "cost"}
UNCHOSEN = "replacement+dpmpp-2m-sde@2"
TWO_ROWS = ("--sampler", "interpolation", "--sampler", "replacement")


def results(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "table.json").read_text())
    return data


def sounds(folder: Path) -> list[Any]:
    """All figures but what the runs took, which may differ from run to run."""
    rows = results(folder)["rows"]
    return [(row["label"], {k: v for k, v in row["figures"].items() if k not in COSTS}) for row in rows]


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "cases").glob("*.wav")}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer resamples: the Frechet intervals take most of a small evaluation's time."""
    monkeypatch.setattr("core.study.frechet.RESAMPLES", 10)
    monkeypatch.setattr("core.study.frechet.HALVINGS", 10)


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test when anything is made."""
    monkeypatch.setattr("core.study.continuation.Extension", lambda *_: pytest.fail("a continuation was made"))


def test_two_rows_and_the_references(
    evaluate: Evaluate, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(clips, *TWO_ROWS) == 0
    captured = capsys.readouterr()
    table = (tmp_path / "out" / "table.md").read_text()
    assert captured.out.startswith(table)
    assert "case 10 of 10" in captured.err

    data = results(tmp_path / "out")
    assert [row["row"] for row in data["rows"]] == ["made", "made", *REFERENCES]
    labels = [row["label"] for row in data["rows"]]
    assert labels[:3] == ["tiny, interpolation", "tiny, replacement", "true continuation"]
    assert data["cases"] == data["clips"] == len(data["continued"]) == 5
    assert data["settings"]["steps"] == 2 and data["versions"]["torch"] == torch.__version__
    for row in data["rows"]:
        made = row["row"] == "made"
        assert set(row["figures"]) == {column.name for column in COLUMNS if made or column.kind != "cost"}
        assert len(row["cases"]) == 5
        for name, figure in row["figures"].items():
            values = [case[name] for case in row["cases"] if case.get(name) is not None]
            if name.startswith("frechet"):
                continue
            assert figure["cases"] == len(values)
            if values:
                assert figure["value"] == pytest.approx(np.median(values))
                assert figure["mean"] == pytest.approx(np.mean(values))
                low, high = figure["interval"] or (-np.inf, np.inf)
                assert min(values) <= low <= figure["value"] <= high <= max(values) or figure["interval"] is None
    made = data["rows"][0]["cases"]
    assert {case["evaluations"] for case in made} == {4}  # 0.5 s are two windows of two steps
    assert all(case["seconds"] > 0 for case in made)
    by_name = {row["row"]: row["figures"] for row in data["rows"]}
    assert by_name["true"]["spectrum_db"]["value"] == 0.0 and by_name["true"]["onsets"]["value"] == 1.0
    assert by_name["noise"]["flatness"]["value"] > 0.4 and by_name["loop"]["copying"]["value"] > 0.999
    assert by_name["silence"]["level_db"]["value"] is None

    lines = table.splitlines()
    header = [text.strip() for text in lines[2].strip("|").split("|")]
    assert header == ["5 cases", *(column.title for column in COLUMNS if column.kind != "notes")]
    assert len({line.count("|") for line in lines[2:10]}) == 1 and len(lines[2:10]) == 8
    assert lines[8].startswith("| silence") and DASH in lines[8]


def test_what_is_kept_is_the_known_part_and_what_was_made(evaluate: Evaluate, clips: Path, tmp_path: Path) -> None:
    assert evaluate(clips) == 0
    for row in results(tmp_path / "out")["rows"][:1]:
        for case, continued in zip(row["cases"], results(tmp_path / "out")["continued"], strict=True):
            samples, rate = sf.read(tmp_path / "out" / "cases" / case["file"], dtype="float32")
            source, _ = sf.read(clips / continued["clip"], dtype="float32")
            assert rate == 22_050 and samples.size == round(1.5 * rate)
            np.testing.assert_array_equal(samples[:rate], source[rate // 2 :][:rate])
            assert sf.info(tmp_path / "out" / "cases" / case["file"]).subtype == "FLOAT"


def test_a_second_run_makes_nothing_and_gives_the_same_table(
    evaluate: Evaluate,
    clips: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    assert evaluate(clips) == 0
    before = (tmp_path / "out" / "table.md").read_bytes(), (tmp_path / "out" / "table.json").read_bytes()
    capsys.readouterr()
    request.getfixturevalue("no_work")
    assert evaluate(clips) == 0
    assert "5 of 5 continuations are finished already" in capsys.readouterr().err
    assert before == ((tmp_path / "out" / "table.md").read_bytes(), (tmp_path / "out" / "table.json").read_bytes())


def test_only_what_is_missing_or_damaged_is_made_again(
    evaluate: Evaluate, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deleted record, audio that was cut short, and audio of another run under this one's name."""
    assert evaluate(clips, *TWO_ROWS) == 0
    before, audio = sounds(tmp_path / "out"), kept(tmp_path / "out")
    first, second, third, *_ = sorted((tmp_path / "out" / "cases").glob("*.wav"))
    first.with_suffix(".json").unlink()
    second.write_bytes(second.read_bytes()[:-400])
    third.write_bytes(first.read_bytes())
    capsys.readouterr()
    assert evaluate(clips, *TWO_ROWS) == 0
    assert "7 of 10 continuations are finished already" in capsys.readouterr().err
    assert sounds(tmp_path / "out") == before
    assert kept(tmp_path / "out") == audio


def test_other_settings_and_weights_are_never_taken_for_these(
    evaluate: Evaluate, clips: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(clips, "--cases", "1") == 0
    longer = write_tiny_network(tmp_path / "longer" / "tiny", hop_seconds=0.2)  # same weights, same name
    other = write_tiny_network(tmp_path / "other" / "tiny", seed=1)
    for change in (
        ("--steps", "3"),
        ("--seed", "2"),
        ("--begin", "0.6"),
        ("--new", "0.6"),
        ("--sampler", "repaint"),
        ("--network", longer),
        ("--network", other),
    ):
        capsys.readouterr()
        assert evaluate(clips, "--cases", "1", *change) == 0, change
        assert "finished already" not in capsys.readouterr().err, change
    assert len(kept(tmp_path / "out")) == 8


def test_results_do_not_depend_on_what_else_is_in_the_run(evaluate: Evaluate, clips: Path, tmp_path: Path) -> None:
    assert evaluate(clips, *TWO_ROWS) == 0
    alone = tmp_path / "alone"
    assert evaluate(clips / "clip2.wav", "--cases", "1", "--sampler", "replacement", "--out", alone) == 0
    ((name, audio),) = kept(alone).items()
    assert kept(tmp_path / "out")[name] == audio


def test_a_moved_folder_is_the_same_evaluation(
    evaluate: Evaluate, clips: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clips and weights count by their content, not by where they lie."""
    assert evaluate(clips) == 0
    clips.rename(tmp_path / "elsewhere")
    (tmp_path / "out").rename(tmp_path / "kept")
    copy = write_tiny_network(tmp_path / "copies" / "tiny")
    capsys.readouterr()
    assert evaluate(tmp_path / "elsewhere", "--out", tmp_path / "kept", "--network", copy) == 0
    assert "5 of 5 continuations are finished already" in capsys.readouterr().err


def test_ctrl_c_keeps_what_is_finished(
    evaluate: Evaluate,
    clips: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from core.commands.progress import ProgressReport

    def interrupt(self: ProgressReport, done: int, *_: int) -> None:
        if done == 10:  # in the third continuation
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ProgressReport, "update", interrupt)
        assert evaluate(clips) == 130
    assert "cancelled. 2 of 5 continuations are finished and kept." in capsys.readouterr().err
    assert not (tmp_path / "out" / "table.md").exists()
    assert len(list((tmp_path / "out" / "cases").iterdir())) == 4

    assert evaluate(clips) == 0
    assert "2 of 5 continuations are finished already" in capsys.readouterr().err
    whole = sounds(tmp_path / "out")
    assert evaluate(clips, "--out", tmp_path / "in one go") == 0
    assert sounds(tmp_path / "in one go") == whole


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_the_middle(evaluate: Evaluate, clips: Path, network: Path, tmp_path: Path) -> None:
    """kill -9 leaves no half-made continuation that would be taken for a whole one."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", "import sys; from core.commands.main import main; sys.exit(main(sys.argv[1:]))"]
    command += ["evaluate", str(clips), "--out", str(out), "--network", str(network), "--steps", "20"]
    command += ["--cases", "5", "--begin", "0.5", "--known", "1", "--new", "0.5"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=os.getcwd())
    try:
        give_up = time.monotonic() + 120
        while not list((out / "cases").glob("*.json")) and time.monotonic() < give_up:
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = kept(out)
    assert 1 <= len(list((out / "cases").glob("*.json"))) < 5
    assert evaluate(clips, "--steps", "20") == 0
    assert {name: kept(out)[name] for name in finished} == finished
    assert evaluate(clips, "--steps", "20", "--out", tmp_path / "in one go") == 0
    assert sounds(tmp_path / "in one go") == sounds(out)
    assert kept(tmp_path / "in one go") == kept(out)


def test_two_cuts_of_a_clip_are_one_clip(evaluate: Evaluate, tmp_path: Path) -> None:
    for k in range(4):
        write_clip(tmp_path / "clips" / f"{k}.wav", k, 5.0)
    assert evaluate(tmp_path / "clips", "--cuts", "2", "--cases", "8") == 0
    data = results(tmp_path / "out")
    assert (data["cases"], data["clips"]) == (8, 4)
    assert data["rows"][0]["figures"]["level_db"]["interval"] is not None
    assert "over 4 clips" in (tmp_path / "out" / "table.md").read_text()


def test_networks_of_one_name_are_told_apart(evaluate: Evaluate, clips: Path, network: Path, tmp_path: Path) -> None:
    other = write_tiny_network(tmp_path / "other" / "tiny", seed=1)
    assert evaluate(clips, "--network", network, "--network", other, "--network", network, "--cases", "2") == 0
    rows = results(tmp_path / "out")["rows"]
    labels = [row["label"] for row in rows if row["row"] == "made"]
    assert labels == [f"tiny ({row['weights_sha256'][:8]}), {UNCHOSEN}" for row in rows[:2]]
    assert len(set(labels)) == 2


def test_a_silent_clip_is_left_out_and_said(
    evaluate: Evaluate, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sf.write(clips / "clip2.wav", np.zeros(4 * 22_050), 22_050)
    assert evaluate(clips) == 0
    said = "clip2.wav is left out: its known part from 0.5 s on is silent."
    assert said in capsys.readouterr().err
    assert results(tmp_path / "out")["cases"] == 4
    assert f"- Left out: {said}" in (tmp_path / "out" / "table.md").read_text()


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (("--cases", "6"), 1, "only 5 cases to offer, not the 6 asked for"),
        (("--known", "3.5"), 1, "only 0 cases to offer, not the 5 asked for"),
        (("--network", "nobody"), 1, "no network 'nobody'"),
        (("--sampler", "interpolatoin"), 2, "Did you mean interpolation?"),
        (("--cases", "0"), 2, "at least 1 case"),
        (("--cuts", "3"), 2, "1 or 2 cuts"),
        (("--begin", "-1"), 2, "begin at 0 s or later"),
        (("--begin", "nan"), 2, "begin at 0 s or later"),
        (("--new", "0.1"), 2, "0.5 to 60 seconds long"),
        (("--known", "inf"), 2, "1 to 60 seconds long"),
        (("--steps", "0"), 2, "from 1 to 1000"),
        (("--seed", "-1"), 2, "The seed"),
        (("--device", "abacus"), 2, "no device called 'abacus'"),
    ],
)
def test_refused_before_anything_is_made(
    evaluate: Evaluate,
    clips: Path,
    no_work: None,
    capsys: pytest.CaptureFixture[str],
    change: tuple[str, str],
    code: int,
    says: str,
) -> None:
    assert evaluate(clips, *change) == code
    error = capsys.readouterr().err
    assert error.startswith("pianodiff: error: ") and says in error and error.count("\n") == 1


def test_folders_that_cannot_be(
    evaluate: Evaluate, clips: Path, tmp_path: Path, no_work: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert evaluate(clips, "--out", tmp_path / "file") == 1
    assert "can't be made" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert evaluate(tmp_path / "empty") == 1
    assert "holds no audio files" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(
    evaluate: Evaluate,
    clips: Path,
    no_work: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("core.audio.writing._create", refuse)
    assert evaluate(clips) == 1
    assert "can't be written to" in capsys.readouterr().err


def test_a_second_networks_bad_weights_are_found_first(
    evaluate: Evaluate, clips: Path, network: Path, tmp_path: Path, no_work: None, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write_tiny_network(tmp_path / "bad")
    (bad / "weights.safetensors").write_bytes(b"nothing of the kind")
    assert evaluate(clips, "--network", network, "--network", bad) == 1
    assert "not a readable safetensors file" in capsys.readouterr().err


def test_a_row_says_when_the_known_audio_was_not_shown(evaluate: Evaluate, clips: Path, tmp_path: Path) -> None:
    """The two make different continuations, and neither may be taken for the other when the folder is used again."""
    network = write_tiny_network(tmp_path / "seeing", architecture=SEEING)
    labels, made = [], []
    for more in ((), ("--zero-shot",)):
        assert evaluate(clips, "--network", str(network), *more) == 0
        labels.append(results(tmp_path / "out")["rows"][0]["label"])
        made.append({case["file"] for case in results(tmp_path / "out")["rows"][0]["cases"]})
    assert labels == [f"seeing, {UNCHOSEN}", f"seeing, {UNCHOSEN}, zero-shot"]
    assert not made[0] & made[1] and len(kept(tmp_path / "out")) == 10
    sounds_made = list(kept(tmp_path / "out").values())
    assert len(set(sounds_made)) == 10
