"""The command `pianodiff generate`."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.commands.main import main
from core.extension.recipe import read_recipe
from tests.core.commands.helpers import error_of, nothing_new, samples


@pytest.mark.usefixtures("no_run")
def test_generate_checks_as_early(capsys: pytest.CaptureFixture[str], network: Path, tmp_path: Path) -> None:
    (tmp_path / "out.wav").write_text("precious")
    for name, says in (("out.wav", "exists already"), ("no/out.wav", "no folder"), ("out.mp3", ".wav or .flac")):
        assert main(["generate", str(tmp_path / name), "--seconds", "1", "--network", str(network)]) == 1
        assert says in error_of(capsys)
    assert nothing_new(tmp_path, "out.wav")


def test_generate_from_nothing(capsys: pytest.CaptureFixture[str], network: Path, tmp_path: Path) -> None:
    def generate(name: str, seed: str) -> bytes:
        arguments = ["--seconds", "0.6", "--steps", "4", "--seed", seed, "--network", str(network)]
        assert main(["generate", str(tmp_path / name), *arguments]) == 0
        return (tmp_path / name).read_bytes()

    assert generate("one.wav", "1") == generate("two.wav", "1") != generate("three.flac", "2")
    info = sf.info(tmp_path / "one.wav")
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (8000, 1, 4800, "PCM_16")
    assert np.abs(samples(tmp_path / "one.wav")).max() > 1e-3
    recipe = read_recipe(tmp_path / "one.wav.json")
    assert recipe["source"] is None and recipe["identical_samples"] == 0
    assert "identical" not in capsys.readouterr().out
