"""What the command line understands, and what becomes of an error."""

import subprocess
import sys

import pytest

from core import __version__
from core.commands.main import COMMANDS, main
from tests.core.commands.helpers import error_of

pytestmark = pytest.mark.usefixtures("no_run")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"pianodiff {__version__}\n"


def test_every_command_goes_by_the_name_it_is_listed_under(capsys: pytest.CaptureFixture[str]) -> None:
    """Breaks when a command is added under one name and called another: the window would open in its place."""
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: pianodiff {name} ")


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
