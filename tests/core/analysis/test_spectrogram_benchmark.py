"""The benchmark of the spectrogram."""

import re
import sys

import pytest

from core.analysis.spectrogram_benchmark import main


def test_it_says_what_a_minute_and_an_hour_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Breaks when the figures of docs/window.md can't be measured again."""
    arguments = "--seconds 2 --runs 1 --rate 8000 --channels 1"
    monkeypatch.setattr(sys, "argv", ["benchmark", *arguments.split()])
    assert main() == 0
    told = capsys.readouterr().out
    assert re.search(r"\d\.\d\d s of work a minute \(8000 Hz, 1 ch\)\nan hour: 53 MB, its picture 1920 wide in", told)
