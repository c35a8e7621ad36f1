"""The composer that is shipped, on music that is made up: no score is needed to see that it listens."""

from dataclasses import replace

import numpy as np
import pytest

from core.assets import asset_path
from core.extension.composing import Composition, compose
from core.extension.taste import SETTINGS, Taste
from core.networks.composer_card import Composing, load_composer
from core.notes.note import Note

QUICK = replace(SETTINGS, steps=8)
MAJOR = {0, 2, 4, 5, 7, 9, 11}
TUNE = (60, 64, 67, 72, 71, 67, 69, 65, 62, 67, 64, 60, 65, 69, 67, 64)


@pytest.fixture(scope="module")
def composer() -> Composing:
    return load_composer()


def played(key: int, begin: float) -> list[Note]:
    """8 s from `begin`: a tune in four notes a second, with a bass note each second, `key` semitones above C major."""
    tune = [Note(begin + k / 4, begin + k / 4 + 0.24, TUNE[k % 16] + key, 70) for k in range(32)]
    bass = [Note(begin + k, begin + k + 0.9, 48 + key + (0, 7)[k % 2], 60) for k in range(8)]
    return sorted([*tune, *bass])


def test_it_goes_on_in_the_key_and_about_as_densely(composer: Composing) -> None:
    """Behind, before and between. Breaks when weights, roll and noise levels are not those that it was trained with."""
    for before, after, known, key in (
        (played(0, -8), (), (8.0, 0.0), 0),
        ((), played(6, 4), (0.0, 8.0), 6),
        (played(3, -8), played(3, 4), (8.0, 8.0), 3),
    ):
        notes = compose(Composition(composer, before, 4.0, known, after, QUICK))
        assert 10 <= len(notes) <= 32  # 20 would be as many as before
        assert np.mean([(note.key - key) % 12 in MAJOR for note in notes]) > 0.85


def test_the_density_is_what_is_asked_for(composer: Composing) -> None:
    few, many = (
        len(compose(Composition(composer, played(0, -8), 6.0, (8.0, 0.0), (), QUICK, Taste(density=density))))
        for density in (0.5, 2.0)
    )
    assert few < 0.7 * many


def test_all_that_is_shipped_is_under_64_mb() -> None:
    """Whoever installs PianoDiff downloads it all."""
    files = [path for path in asset_path("networks").parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 64e6
