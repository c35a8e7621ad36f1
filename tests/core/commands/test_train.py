"""The options of `pianodiff train`."""

from pathlib import Path

import pytest

from core.commands.main import main


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "5"], "--data"),
        (["--data", "x"], "--steps or --minutes"),
        (["--data", "x", "--steps", "5", "--minutes", "1"], "--steps or --minutes"),
        (["--data", "x", "--steps", "0"], "--steps must be more than 0"),
        (["--data", "x=-1", "--steps", "5"], "weight"),
        (["--data", "x", "--steps", "5", "--learning-rate", "nan"], "--learning-rate"),
        (["--data", "x", "--steps", "5", "--crop-seconds", "0"], "Crops"),
        (["--data", "x", "--steps", "5", "--precision", "int8"], "--precision must be one of"),
        (["--data", "x", "--steps", "5", "--seed", str(2**64)], "--seed must be at most"),
    ],
)
def test_wrong_options_are_named(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each mistake is said before anything is decoded or written, with the exit code of wrong usage."""
    assert main(["train", "--out", str(tmp_path / "run"), *options]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "run").exists()
