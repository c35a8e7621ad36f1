"""What the command line understands, what it refuses, and that it refuses before the costly part."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core import __version__
from core.commands.main import _parser, main
from core.commands.run_options import settings_of
from core.diffusion.samplers import SAMPLERS
from core.extension.settings import DEFAULT, Settings
from core.networks.registry import shipped_networks

Write = Callable[..., Path]
Extend = Callable[..., int]


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test when a command gets as far as loading the network."""
    monkeypatch.setattr("core.extension.run._run", lambda *_: pytest.fail("the run was started"))


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pianodiff: error: ") and captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"pianodiff {__version__}\n"


@pytest.mark.parametrize("command", [[], ["extend"], ["generate"], ["train"], ["evaluate"], ["samplers"], ["networks"]])
def test_help(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert main([*command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: pianodiff")
    if command in (["extend"], ["generate"]):
        assert "example: pianodiff" in out
        for option in (
            *("--seconds", "--sampler", "--steps", "--seed", "--network", "--context", "--lambda"),
            *("--jump-length", "--resamplings", "--zero-shot", "--device", "--overwrite"),
        ):
            assert option in out


def test_samplers_are_listed_with_their_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["samplers"]) == 0
    out = capsys.readouterr().out
    for name, preset in SAMPLERS.items():
        assert name in out and preset.title in out and preset.summary in out
    assert "1910 evaluations" in out  # RePaint's, as published


def test_networks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks"]) == 0
    out = capsys.readouterr().out
    assert all(info.name in out and info.title in out for info in shipped_networks())


def test_listing_needs_neither_torch_nor_qt() -> None:
    """torch takes seconds to import: a listing has to answer at once."""
    code = (
        "import sys; from core.commands.main import main; assert main(['samplers']) == 0; "
        "assert main(['networks']) == 0; "
        "heavy = {'torch', 'PySide6', 'pyqtgraph', 'sounddevice'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """`pianodiff samplers | head -1` must not end in a traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core.commands.main", "samplers"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["extend"], "required: IN, OUT, --seconds"),
        (["extend", "a.wav", "--seconds", "1"], "required: OUT"),
        (["extend", "a.wav", "b.wav"], "required: --seconds"),
        (["extend", "a.wav", "b.wav", "--seconds", "soon"], "'soon' is not a number"),
        (["extend", "a.wav", "b.wav", "--seconds", "1", "--steps", "2.5"], "'2.5' is not a whole number"),
        (["extend", "a.wav", "b.wav", "--seconds", "1", "--seed", "x"], "'x' is not a whole number"),
        (["extend", "a.wav", "b.wav", "--seconds", "1", "--colour", "red"], "unrecognized arguments: --colour red"),
        (["extend", "a.wav", "b.wav", "c.wav", "--seconds", "1"], "unrecognized arguments: c.wav"),
        (["generate", "--seconds", "1"], "required: OUT"),
        (["samplers", "now"], "unrecognized arguments: now"),
    ],
)
def test_usage_errors(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(arguments) == 2
    message = error_of(capsys)
    assert says in message and "--help" in message


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


# Found out before the network is loaded


def nothing_new(folder: Path, *expected: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(expected)


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


def test_generate_checks_as_early(capsys: pytest.CaptureFixture[str], network: Path, tmp_path: Path) -> None:
    (tmp_path / "out.wav").write_text("precious")
    for name, says in (("out.wav", "exists already"), ("no/out.wav", "no folder"), ("out.mp3", ".wav or .flac")):
        assert main(["generate", str(tmp_path / name), "--seconds", "1", "--network", str(network)]) == 1
        assert says in error_of(capsys)
    assert nothing_new(tmp_path, "out.wav")


def test_a_mistake_in_the_program_shows_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.delenv("PIANODIFF_DEBUG", raising=False)
    monkeypatch.setattr("core.commands.networks.shipped_networks", fail)
    assert main(["networks"]) == 1
    assert "unexpected ZeroDivisionError" in error_of(capsys)
    monkeypatch.setenv("PIANODIFF_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["networks"])


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
