"""The command `pianodiff mend`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.commands.main import main
from core.extension.extension import Extension
from core.extension.recipe import read_recipe, recipe_notes
from core.notes.midi import write_midi
from core.notes.note import Note
from tests.core.commands.helpers import Write, names, samples

pytestmark = pytest.mark.journey

HEARD = [Note(0.3, 0.5, 57, 80), Note(0.9, 1.2, 60, 80), Note(4.0, 4.2, 64, 80)]


class Listening:
    """Hears HEARD; how well the shipped listener hears is measured elsewhere."""

    def __iter__(self) -> Iterator[float]:
        yield from (0.5, 1.0)

    def notes(self) -> list[Note]:
        return HEARD


@pytest.fixture(autouse=True)
def listener(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.notes.listening.hear", lambda source: Listening())


def mend(network: Path, source: Path, notes: list[Note], out: Path, *more: str) -> int:
    write_midi(out.with_suffix(".mid"), notes, overwrite=True)
    options = ["--network", str(network), "--steps", "8", *more]
    return main(["mend", str(source), str(out.with_suffix(".mid")), str(out), *options])


def test_all_but_what_changes_is_kept_bit_for_bit(
    capsys: pytest.CaptureFixture[str], clip: Write, network: Path, tmp_path: Path
) -> None:
    """Breaks when more is made anew than rings, the two changes become one, or the recipe loses one."""
    source, out = clip("in.wav", seconds=6.0, channels=2), tmp_path / "out.wav"
    wanted = [HEARD[0], Note(0.9, 1.2, 62, 80)]  # one is another key, one is gone
    assert mend(network, source, wanted, out) == 0
    old, new = samples(source, "int16"), samples(out, "int16")
    assert old.shape == new.shape
    changed = np.flatnonzero((old != new).any(axis=1)) / 8000
    for inside in ((0.85, 2.0), (3.95, 5.0)):
        assert ((changed >= inside[0]) & (changed < inside[1])).any()
        changed = changed[(changed < inside[0]) | (changed >= inside[1])]
    assert not len(changed)
    told = capsys.readouterr()
    assert "original identical: yes" in told.out and "2.20 s new" in told.out
    recipe = read_recipe(tmp_path / "out.wav.json")
    (first,) = recipe["earlier_runs"]
    assert [entry[2] for entry in first["mended"]["gone"] + first["mended"]["come"]] == [60, 62]
    assert [entry[2] for entry in recipe["mended"]["gone"]] == [64] and not recipe["mended"]["come"]
    assert 62 in [note.key for note in recipe_notes(first)] and first["gap_frames"][0] == round(0.85 * 8000)


def test_the_same_call_gives_the_same_samples(clip: Write, network: Path, tmp_path: Path) -> None:
    source = clip("in.wav", seconds=2.0)
    for name in ("a.wav", "b.wav"):
        assert mend(network, source, HEARD[:1] + HEARD[2:], tmp_path / name) == 0
    assert np.array_equal(samples(tmp_path / "a.wav"), samples(tmp_path / "b.wav"))


@pytest.mark.parametrize(
    ("notes", "more", "message"),
    [
        (HEARD, (), "nothing to change"),
        ([*HEARD, Note(0.02, 0.3, 70)], (), "at 0.02 s can't be changed"),
        (HEARD[:1], ("--start", "1"), "choose a start below 1"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str],
    clip: Write,
    network: Path,
    tmp_path: Path,
    notes: list[Note],
    more: tuple[str, ...],
    message: str,
) -> None:
    source = clip("in.wav", seconds=6.0)
    assert mend(network, source, notes, tmp_path / "out.wav", *more) != 0
    assert message in capsys.readouterr().err
    assert names(tmp_path) == ["in.wav", "out.mid"]


def test_a_cancelled_mend_writes_nothing(
    clip: Write, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a file has one of two changes."""
    run, runs = Extension.run, []

    def stop_in_the_second(extension: Extension) -> Iterator[object]:
        runs.append(extension)
        for step in run(extension):
            yield step
            if len(runs) == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(Extension, "run", stop_in_the_second)
    source = clip("in.wav", seconds=6.0)
    assert mend(network, source, HEARD[:1], tmp_path / "out.wav") == 130
    assert names(tmp_path) == ["in.wav", "out.mid"]
