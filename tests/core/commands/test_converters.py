"""Numbers on the command line, typed with a point or a comma, for every option of every command that takes one."""

import argparse
import json
import locale
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.commands.converters import number, one_of_several, whole
from core.commands.main import _parser
from core.extension.recipe import read_recipe
from core.study.report import _csv
from core.training.settings import data_weight
from tests.core.commands.helpers import Write, beside, error_of, samples


def options() -> Iterator[tuple[str, argparse.Action]]:
    """Every option of every command."""
    parser = _parser()
    subparsers = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name, command in subparsers.choices.items():
        for action in command._actions:
            yield name, action


def test_every_option_for_a_number_reads_both() -> None:
    """Breaks when an option reads its numbers by itself, and takes a comma for a mistake, or for nothing."""
    readers = [(name, action) for name, action in options() if action.type not in (None, Path)]
    assert len(readers) > 40
    for name, action in readers:
        assert action.type in (number, one_of_several, whole), f"{name} {action.option_strings}"
    assert sum(action.type is number for _, action in readers) > 20


def test_a_comma_makes_the_same_audio_as_a_point(clip: Write, network: Path, tmp_path: Path) -> None:
    """Breaks when `--seconds 0,5` is refused, though it is what a German types."""
    source = clip("in.wav", seconds=1.2)
    assert beside(network, "extend", source, tmp_path / "point.wav", "--seconds", "0.5", "--context", "0.4") == 0
    assert beside(network, "extend", source, tmp_path / "comma.wav", "--seconds", "0,5", "--context", "0,4") == 0
    assert (samples(tmp_path / "point.wav") == samples(tmp_path / "comma.wav")).all()
    assert beside(network, "fill", source, tmp_path / "fill.wav", "--from", "0,5", "--to", "0,7") == 0
    assert read_recipe(tmp_path / "fill.wav.json")["gap_frames"] == [4000, 5600]


@pytest.mark.usefixtures("no_run")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--seconds", "1,234"), "argument --seconds: '1,234' may be 1.234 or 1234: type one of these"),
        (("--seconds", "1.234,5"), "'1.234,5' has separators between its thousands: type 1234.5"),
        (("--seconds", "1", "--seed", "1,000"), "'1,000' is not a whole number: if it is 1000, type that"),
        (("--seconds", "1", "--lambda", "0:0,0,5:0,2,1:1"), "with commas between points only"),
    ],
)
def test_doubt_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    """Breaks when a doubtful number is guessed at, or refused without what to type."""
    assert beside(network, "extend", clip(), tmp_path / "out.wav", *options) == 2
    assert says in error_of(capsys)


def test_a_comma_among_several_numbers_is_doubtful() -> None:
    """Breaks when `--crop-seconds 2,4` quietly becomes one length of 2.4 s."""
    with pytest.raises(argparse.ArgumentTypeError, match="'2,4' may be one number or several: write points"):
        one_of_several("2,4")
    assert one_of_several("2.4") == 2.4


def test_the_weight_of_a_folder_reads_both() -> None:
    """Breaks when `--data DIR=0,5` is taken for a folder of that name, or a doubtful weight for any."""
    assert data_weight("my-piano=0,5") == data_weight("my-piano=0.5") == ("my-piano", 0.5)
    with pytest.raises(ValueError, match=r"weight in 'my-piano=1,500' is in doubt: '1,500' may be 1\.500 or 1500"):
        data_weight("my-piano=1,500")
    assert data_weight("takes=old") == ("takes=old", 1.0)


@pytest.fixture
def german() -> Iterator[None]:
    """The German locale for all of C's numbers, or the nearest with a comma that this machine has."""
    before = locale.setlocale(locale.LC_ALL)
    for name in ("de_DE.UTF-8", "de_AT.UTF-8", "de_CH.UTF-8", "fr_FR.UTF-8", "German_Germany.1252"):
        try:
            locale.setlocale(locale.LC_ALL, name)
            break
        except locale.Error:
            continue
    else:
        pytest.skip("this machine has no locale with a comma")
    yield
    locale.setlocale(locale.LC_ALL, before)


@pytest.mark.usefixtures("german")
def test_files_have_points_whatever_the_locale(clip: Write, network: Path, tmp_path: Path) -> None:
    """Breaks when a recipe or a table written on a German machine can't be read on another one."""
    assert locale.localeconv()["decimal_point"] == ","
    assert beside(network, "extend", clip("in.wav", seconds=1.2), tmp_path / "out.wav", "--seconds", "0,5") == 0
    text = (tmp_path / "out.wav.json").read_text()
    assert '"seconds": 0.5,' in text and json.loads(text)["seconds"] == 0.5
    assert _csv([{"seconds": 0.5, "clip": "a"}]) == "seconds,clip\n0.5,a\n"
