"""What a run refuses, and that it refuses before the network is loaded."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.core.commands.helpers import Extend, Write, error_of, nothing_new

pytestmark = pytest.mark.usefixtures("no_run")


def test_an_unknown_network(capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path) -> None:
    assert extend(clip(), tmp_path / "out.wav", "--network", "nobody") == 1
    assert "There is no network 'nobody'" in error_of(capsys)


def test_a_pickled_network(capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(b"\x80\x04.")
    assert extend(clip(), tmp_path / "out.wav", "--network", str(tmp_path / "net.pt")) == 1
    assert "net.pt is not a readable checkpoint" in error_of(capsys)


def test_a_network_with_a_broken_config(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "weights.safetensors").touch()
    (folder / "config.json").write_text("{")
    assert extend(clip(), tmp_path / "out.wav", "--network", str(folder)) == 1
    assert "not a valid network config" in error_of(capsys)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_text("words " * 100), "is not audio that PianoDiff can read"),
        (lambda path: path.touch(), "0 bytes"),
        (lambda path: sf.write(path, np.zeros(0), 8000), "0 samples"),
        (
            lambda path: sf.write(path, np.r_[np.zeros(9), np.nan], 8000, subtype="FLOAT"),
            "1 sample that is not a number",
        ),
    ],
    ids=["missing", "folder", "text", "empty", "no samples", "NaN"],
)
def test_input_that_cannot_be_extended(
    capsys: pytest.CaptureFixture[str], extend: Extend, tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    make(tmp_path / "in.wav")
    assert extend(tmp_path / "in.wav", tmp_path / "out.wav") == 1
    assert says in error_of(capsys)
    assert not (tmp_path / "out.wav").exists()


def test_an_existing_destination(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path
) -> None:
    source = clip()
    (tmp_path / "out.wav").write_text("precious")
    assert extend(source, tmp_path / "out.wav") == 1
    message = error_of(capsys)
    assert "out.wav exists already" in message and "--overwrite" in message
    assert (tmp_path / "out.wav").read_text() == "precious"


def test_an_existing_recipe(capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path) -> None:
    """It belongs to other samples; it must not be lost only because those were deleted."""
    source = clip()
    (tmp_path / "out.wav.json").write_text("{}")
    assert extend(source, tmp_path / "out.wav") == 1
    assert "out.wav.json exists already" in error_of(capsys)
    assert (tmp_path / "out.wav.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["in.wav", "link.wav", "hard.wav"])
def test_the_source_as_destination(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path, name: str
) -> None:
    source = clip()
    before = source.read_bytes()
    (tmp_path / "link.wav").symlink_to(source)
    os.link(source, tmp_path / "hard.wav")
    assert extend(source, tmp_path / name, "--overwrite") == 1
    assert "is the source itself" in error_of(capsys)
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "says"),
    [("nowhere/out.wav", "There is no folder"), ("in.wav/out.wav", "There is no folder"), ("out.ogg", ".wav or .flac")],
)
def test_destinations_that_cannot_be(
    capsys: pytest.CaptureFixture[str], clip: Write, extend: Extend, tmp_path: Path, name: str, says: str
) -> None:
    assert extend(clip(), tmp_path / name) == 1
    assert says in error_of(capsys)
    assert nothing_new(tmp_path, "in.wav")


def test_a_folder_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str],
    clip: Write,
    extend: Extend,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = clip()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("core.audio.writing._create", refuse)
    assert extend(source, tmp_path / "out.wav") == 1
    assert "can't be written to" in error_of(capsys)
    assert nothing_new(tmp_path, "in.wav")
