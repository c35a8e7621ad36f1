"""The command `pianodiff testbed`."""


import pytest

from core.commands.main import main


def test_the_test_bed_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["testbed", "--sampler", "decoupled", "--steps", "50"]) == 0
    assert "| decoupled | 50 | 0 | 0.0113 | 0.0240 |" in capsys.readouterr().out
    assert main(["testbed", "--draws", "5"]) == 2
    assert main(["testbed", "--reach", "-1"]) == 2
