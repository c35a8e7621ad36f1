"""Runs that are taken up again where they ended."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands.progress import ProgressReport
from core.extension.recipe import read_recipe
from tests.core.commands.helpers import Write, beside, names, samples


@pytest.mark.parametrize("command", ["extend", "prepend", "fill"])
def test_a_killed_run_goes_on_from_its_last_finished_window(
    capsys: pytest.CaptureFixture[str],
    clip: Write,
    network: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    """The same samples as without the interruption, and only what was missing is made."""
    source = clip("in.wav", seconds=2.0)
    where = ("--from", "0.6", "--to", "1.2") if command == "fill" else ("--seconds", "0.6")

    def run(out: str, *more: str) -> int:
        return beside(network, command, source, tmp_path / out, *where, *more)

    assert run("whole.wav") == 0  # 3 windows of 3 evaluations
    report = ProgressReport.__call__

    def die(self: ProgressReport, step: Any) -> None:
        report(self, step)
        if step.evaluations == 8:
            raise RuntimeError("the power went")

    monkeypatch.setattr(ProgressReport, "__call__", die)
    assert run("out.wav") == 1
    assert "out.wav.unfinished" in names(tmp_path) and "out.wav" not in names(tmp_path)
    monkeypatch.setattr(ProgressReport, "__call__", report)
    seen: list[int] = []
    monkeypatch.setattr(ProgressReport, "__call__", lambda self, step: seen.append(step.evaluations))
    capsys.readouterr()
    assert run("out.wav") == 0
    assert seen == [7, 8, 9]
    assert "2 windows taken over from an earlier call" in capsys.readouterr().out
    assert np.array_equal(samples(tmp_path / "out.wav"), samples(tmp_path / "whole.wav"))
    assert names(tmp_path) == ["in.wav", "out.wav", "out.wav.json", "whole.wav", "whole.wav.json"]
    hashes = {read_recipe(tmp_path / f"{name}.wav.json")["x_T_sha256"] for name in ("out", "whole")}
    assert len(hashes) == 1


@pytest.mark.parametrize("spoil", ["seed", "file"])
def test_what_was_left_by_another_run_is_not_taken_over(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path, spoil: str
) -> None:
    """Half of one seed and half of another would be neither; a damaged file must not end the run either."""
    source = clip("in.wav", seconds=2.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProgressReport, "__call__", lambda self, step: 1 / 0 if step.window == 1 else None)
        assert beside(network, "extend", source, tmp_path / "out.wav", "--seconds", "0.6") == 1
    left = tmp_path / "out.wav.unfinished"
    assert left.is_file()
    seed = "1" if spoil == "seed" else "0"
    if spoil == "file":
        left.write_bytes(left.read_bytes()[:100])
    capsys.readouterr()
    assert beside(network, "extend", source, tmp_path / "out.wav", "--seconds", "0.6", "--seed", seed) == 0
    assert "taken over" not in capsys.readouterr().out
    assert beside(network, "extend", source, tmp_path / "whole.wav", "--seconds", "0.6", "--seed", seed) == 0
    assert np.array_equal(samples(tmp_path / "out.wav"), samples(tmp_path / "whole.wav"))
