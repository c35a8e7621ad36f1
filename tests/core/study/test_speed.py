"""The benchmark of evaluations and of whole extensions."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.extension.settings import DEFAULT
from core.study.speed import main
from tests.core.tiny_network import SEEING, write_tiny_network


def test_evaluations_and_real_time_factors_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Breaks when what is timed can't be called, or a figure is of nothing."""
    network = write_tiny_network(tmp_path / "tiny", architecture=SEEING | {"sees_notes": True}, plays_notes=True)
    arguments = ["--network", str(network), "--device", "cpu", "--windows", "0.75,0.5", "--rounds", "2"]
    assert main([*arguments, "--seconds", "0.3,0.5"]) == 0
    device, _, first, second, _, *led, noise = capsys.readouterr().out.splitlines()
    assert device.startswith("cpu, ")
    for row, window in ((first, 0.75), (second, 0.5)):
        seconds, operations, written, used, times, share = (float(text) for text in row.split())
        assert seconds == window and 0 <= share < 1
        assert operations >= 0 and written > 0 and used > 0
        assert times == pytest.approx(written / used, rel=0.5)
    assert [row[:22].strip() for row in (*led, noise)] == ["played from notes"] * 2 + ["from noise, 50 steps"]
    assert [float(row[22:].split()[0]) for row in (*led, noise)] == [0.3, 0.5, 2.0]
    for row in (*led, noise):
        length, factor, *_, first_sound, megabytes = row[22:].replace("(", "").replace(")", "").split()
        # Of its one window or more, nothing is heard before the first is made, and that is no later than the last.
        assert 0 < float(first_sound) <= 1.5 * float(factor) * float(length)
        assert float(megabytes) > 10


def test_a_network_that_predicts_noise_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Breaks when DiffWave ends in an exception, or is led by notes that it can't play."""
    monkeypatch.setattr("core.study.speed.DEFAULT", replace(DEFAULT, steps=2))
    monkeypatch.setattr("core.study.speed.FROM_NOISE_SECONDS", 0.1)
    assert main(["--network", "diffwave", "--device", "cpu", "--windows", "0.2", "--rounds", "1"]) == 0
    _, _, evaluation, _, noise = capsys.readouterr().out.splitlines()
    assert len(evaluation.split()) == 6 and noise.startswith("from noise")
