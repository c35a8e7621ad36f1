"""Changing notes and keeping the rest as it was played."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.noise_floor import N_FFT
from core.diffusion.denoiser import Denoiser
from core.errors import NotesError
from core.extension.extension import Extension
from core.extension.mend_run import together
from core.extension.mending import RINGS_SECONDS, Changes, Mend, MendedSound, changes, without
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from core.notes.note import Note
from core.notes.sketch import sketch
from tests.core.extension.trusting import Trusting

Tiny = tuple[Denoiser, NetworkInfo]
RATE = 22_050
STAYS, GOES, COMES = Note(1.0, 2.0, 48), Note(1.0, 1.6, 61), Note(1.0, 1.6, 64)
SILENT = np.zeros(N_FFT // 2 + 1, np.float32)


def decibels(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10((np.square(a).mean() + 1e-20) / (np.square(b).mean() + 1e-20)))


def played(*notes: Note, rate: int = RATE, seconds: float = 3.0) -> np.ndarray:
    return sketch(notes, round(seconds * rate), rate)


def test_only_what_differs_changes() -> None:
    """Breaks when a file's rounding counts as a change, or another key, time, length or loudness doesn't."""
    heard = [Note(0.1 + 0.5 * k, 0.4 + 0.5 * k, 60 + k, 70) for k in range(6)]
    wanted = [
        Note(0.104, 0.43, 60, 72),  # rounded
        Note(0.6, 0.9, 62, 70),  # another key
        Note(1.13, 1.4, 62, 70),  # later
        Note(1.6, 2.3, 63, 70),  # longer
        Note(2.1, 2.4, 64, 90),  # louder
        Note(5.0, 5.2, 70, 70),  # new; and heard[5] is left out
    ]
    found = changes(heard, wanted)
    assert found.stay == (heard[0],)
    assert set(found.gone) == set(heard[1:]) and set(found.come) == set(wanted[1:])
    with pytest.raises(NotesError, match="nothing to change"):
        changes(heard, heard)


def test_changes_that_ring_together_are_made_together() -> None:
    """Breaks when two stretches would overlap, or minutes are made anew for a note at each end."""
    near, far = Note(2.0 + RINGS_SECONDS, 3.2, 60), Note(9.0, 9.5, 60)
    parts = together(Changes((Note(1.0, 2.0, 50), far), (near,), ()), 20.0)
    assert [(part.gone, part.come) for part in parts] == [((Note(1.0, 2.0, 50),), (near,)), ((far,), ())]


@pytest.mark.parametrize("onset", [0.05, 19.95])
def test_nothing_changes_where_nothing_is_known(onset: float) -> None:
    """Breaks when a run is started that has nothing to go on from, or to lead to."""
    with pytest.raises(NotesError, match=f"at {onset:.2f} s can't be changed"):
        together(Changes((Note(onset, onset + 0.1, 50),), (), ()), 20.0)


def test_a_note_is_taken_out_and_the_others_stay() -> None:
    """Breaks when the gain takes what it should leave, or leaves what it should take."""
    both = played(STAYS, GOES)
    left = without(both, played(GOES), played(STAYS), SILENT)
    assert len(left) == len(both)
    assert decibels(left - played(STAYS), played(STAYS)) < -12
    assert decibels(without(played(GOES), played(GOES), played(STAYS), SILENT), played(GOES)) < -12
    early, late = slice(0, round(0.9 * RATE)), slice(round(2.2 * RATE), None)
    assert np.allclose(left[early], both[early], atol=1e-5) and np.allclose(left[late], both[late], atol=1e-5)


def test_nothing_is_taken_below_the_noise() -> None:
    """Breaks when a note leaves a hole in the hiss of a recording."""
    hiss = 0.01 * np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32)
    floor = np.full(N_FFT // 2 + 1, 0.01**2 * 4 * 1.5 / N_FFT, np.float32)  # of the mean square magnitude of such noise
    left = without(hiss, np.float32(0.003) * played(GOES), np.zeros_like(hiss), floor)
    assert decibels(left, hiss) > -1.0


def mended() -> tuple[MendedSound, np.ndarray, int, int]:
    """A sound from 1 s on whose C#4 becomes an E4; before that something else is known."""
    rate = RATE
    before = played(Note(0.1, 0.6, 52), Note(0.5, 0.9, 55), seconds=1.0)
    was = played(STAYS.moved(-0.9), GOES.moved(-0.9), seconds=1.6)
    after = played(Note(0.1, 0.6, 52), seconds=1.0)
    changed = changes([STAYS.moved(-0.9), GOES.moved(-0.9)], [STAYS.moved(-0.9), COMES.moved(-0.9)])
    notes = [Note(-0.9, -0.4, 52), Note(-0.5, -0.1, 55), STAYS.moved(-0.9), COMES.moved(-0.9), Note(1.7, 2.2, 52)]
    return MendedSound(notes, before, after, was, changed, np.full_like(SILENT, 1e-9), rate), was, len(was), rate


def test_it_begins_with_what_was_played() -> None:
    """Breaks when what stays is sketched anew, what goes is still there, or what comes isn't."""
    sound, was, frames, _ = mended()
    outline = sound.outline(0, frames)
    stays = played(STAYS.moved(-0.9), seconds=1.6)
    for key, db in ((61, (-90, -12)), (64, (-6, 6))):
        wave = played(Note(0.1, 0.7, key), seconds=1.6)
        share = float((outline - stays) @ wave / (wave @ wave))
        assert db[0] < 20 * np.log10(abs(share) + 1e-4) < db[1], key
    assert np.allclose(outline[:1000], was[:1000], atol=1e-4)


def test_of_what_the_network_makes_only_what_changes_is_taken() -> None:
    """Breaks when what stays is no longer as it was played, or the network's idea of the new note is dropped."""
    sound, _, frames, _ = mended()
    outline = sound.outline(0, frames)
    elsewhere = np.float32(0.1) * played(Note(0.1, 0.7, 56), seconds=1.6)  # between all partials that change
    its_own = np.float32(0.3) * played(Note(0.1, 0.7, 64), seconds=1.6)
    assert decibels(sound.settled(outline + elsewhere, 0) - outline, elsewhere) < -6
    assert decibels(sound.settled(outline + its_own, 0) - outline, its_own) > -2
    assert sound.level(0, frames) == 0.0


def test_an_extension_mends(tiny: Tiny) -> None:
    """Breaks when a run ignores what was played, and begins with a sketch all the same."""
    network, rate = tiny[1], 4000
    notes = [Note(0.1 * k, 0.1 * k + 0.3, 50 + 3 * k % 24, 80) for k in range(14)]
    audio = played(*notes, rate=rate, seconds=1.6)[None] * np.float32(0.5)
    first, last = round(0.6 * rate), round(1.1 * rate)
    gone, come = notes[8].moved(-0.6), Note(0.2, 0.4, 78, 60)
    around = [note.moved(-0.6) for note in notes]
    hiss = np.random.default_rng(0).standard_normal((1, last - first), np.float32)
    was = audio[:, first:last] + np.float32(0.02) * hiss
    changed = Changes((gone,), (come,), tuple(note for note in around if note != gone))
    wanted = [*changed.stay, come]
    made = {}
    for mend in (Mend(was, changed), None):
        settings = Settings(sampler="replacement", steps=8, start=0.1)
        around_it = {"following": audio[:, last:], "notes": wanted, "mend": mend}
        extension = Extension(Trusting(), network, audio[:, :first], rate, 0.5, settings, **around_it)  # type: ignore[arg-type]
        assert sum(1 for _ in extension.run()) > 0
        made[mend is not None] = extension.audio()
    assert decibels(made[True] - was, was) < decibels(made[False] - was, was) - 2


def test_a_note_can_go_where_there_is_no_other(tiny: Tiny) -> None:
    """Breaks when nothing is left to play, and the run asks for notes."""
    rate = 4000
    audio = played(Note(0.7, 0.9, 60), rate=rate, seconds=1.6)[None]
    audio += np.float32(0.001) * np.random.default_rng(0).standard_normal(audio.shape, np.float32)
    first, last = round(0.6 * rate), round(1.3 * rate)
    mend = Mend(audio[:, first:last], Changes((Note(0.1, 0.3, 60),), (), ()))
    settings = Settings(sampler="replacement", steps=8, start=0.1)
    extension = Extension(
        Trusting(), tiny[1], audio[:, :first], rate, 0.7, settings, following=audio[:, last:], mend=mend
    )
    assert sum(1 for _ in extension.run()) > 0
    assert decibels(extension.audio(), mend.was) < -6
