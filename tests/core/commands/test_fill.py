"""The command `pianodiff fill`."""

from pathlib import Path

import numpy as np
import pytest

from core.extension.recipe import read_recipe
from tests.core.commands.helpers import Write, beside, names, samples


def test_fill_keeps_everything_outside_the_gap(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path
) -> None:
    source = clip("in.wav", seconds=1.2)
    assert beside(network, "fill", source, tmp_path / "out.wav", "--from", "0.5", "--to", "0.7") == 0
    written, old = samples(tmp_path / "out.wav", "int16"), samples(source, "int16")
    assert len(written) == len(old)
    assert np.array_equal(written[:4000], old[:4000]) and np.array_equal(written[5600:], old[5600:])
    assert not np.array_equal(written[4000:5600], old[4000:5600])
    out = capsys.readouterr().out
    assert "original identical: yes, 8000 samples" in out and "1.00 s original + 0.20 s new" in out
    assert read_recipe(tmp_path / "out.wav.json")["gap_frames"] == [4000, 5600]


@pytest.mark.parametrize(("begin", "end"), [("0", "0.5"), ("0.5", "0.5"), ("0.6", "0.5"), ("0.5", "1.2"), ("nan", "1")])
def test_a_gap_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path, begin: str, end: str
) -> None:
    source = clip("in.wav", seconds=1.2)
    assert beside(network, "fill", source, tmp_path / "out.wav", "--from", begin, "--to", end) == 2
    assert "is no gap within a recording of 1.20 s" in capsys.readouterr().err
    assert names(tmp_path) == ["in.wav"]
