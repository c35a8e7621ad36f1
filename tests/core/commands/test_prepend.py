"""The command `pianodiff prepend`."""

from pathlib import Path

import numpy as np
import pytest

from core.extension.recipe import read_recipe
from tests.core.commands.helpers import Write, beside, samples


def test_prepend_puts_new_audio_before_the_untouched_original(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path
) -> None:
    source = clip("in.wav", seconds=0.9, channels=2)
    assert beside(network, "prepend", source, tmp_path / "out.wav", "--seconds", "0.4") == 0
    written, old = samples(tmp_path / "out.wav", "int16"), samples(source, "int16")
    assert len(written) == len(old) + 3200 and np.array_equal(written[3200:], old)
    assert np.abs(written[:3200]).max() > 100
    assert "original identical: yes, 7200 samples" in capsys.readouterr().out
    recipe = read_recipe(tmp_path / "out.wav.json")
    assert recipe["gap_frames"] == [0, 0] and recipe["windows"][-1]["after_frames"] > 0
