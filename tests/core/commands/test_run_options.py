"""The options that extend, prepend, fill and generate share."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from core.commands.main import _parser, main
from core.commands.run_options import settings_of
from core.extension.settings import DEFAULT, Settings
from tests.core.commands.helpers import Extend, Write, error_of

pytestmark = pytest.mark.usefixtures("no_run")


@pytest.mark.parametrize("command", [["extend", "in.wav"], ["generate"]])
@pytest.mark.parametrize("seconds", ["0", "-1", "-0.0", "nan", "inf", "1e999", "3600.5", "1e9"])
def test_lengths_that_make_no_sense(capsys: pytest.CaptureFixture[str], command: list[str], seconds: str) -> None:
    assert main([*command, "out.wav", f"--seconds={seconds}"]) == 2
    assert "The length must be" in error_of(capsys)
    assert not os.path.exists("out.wav")


def test_a_negative_length_may_stand_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """'-1' must not be taken for an option."""
    assert main(["extend", "in.wav", "out.wav", "--seconds", "-1"]) == 2
    assert "more than 0 seconds, not -1" in error_of(capsys)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--sampler", "repain", "Did you mean repaint?"),
        ("--sampler", "zzz", "interpolation, repaint, replacement"),
        ("--lambda", "sideways", "reverse, linear, forward"),
        ("--device", "tpu", "auto, cpu, cuda, mps"),
        ("--steps", "0", "1 to 1000"),
        ("--steps", "-5", "1 to 1000"),
        ("--steps", "100000", "1 to 1000"),
        ("--seed", "-1", "seed"),
        ("--context", "-1", "context"),
        ("--context", "0", "context"),
        ("--context", "nan", "context"),
        ("--context", "600", "leaves no room"),
        ("--jump-length", "0", "jump length"),
        ("--resamplings", "0", "Resamplings"),
    ],
)
def test_settings_out_of_range(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path, option: str, value: str, says: str
) -> None:
    assert extend(clip(), tmp_path / "out.wav", option, value) == 2
    assert says in error_of(capsys)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], DEFAULT),
        (["--steps", "20"], replace(DEFAULT, steps=20)),
        (["--solver", "ancestral"], replace(DEFAULT, solver="ancestral")),
        (["--sampler", "interpolation"], Settings()),
        (["--sampler", "repaint", "--steps", "9"], Settings(sampler="repaint", steps=9)),
    ],
)
def test_what_nobody_chose_is_the_best_and_what_somebody_named_is_the_papers(
    options: list[str], wanted: Settings
) -> None:
    """Breaks when naming RePaint runs it by another solver than its own, or naming nothing takes four times as long."""
    parsed = _parser().parse_args(["extend", "in.wav", "out.wav", "--seconds", "1", *options])
    assert settings_of(parsed) == wanted
