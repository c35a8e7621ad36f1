"""A recording that is heard piece by piece has the notes of one that is heard at once."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.audio.opening import open_source
from core.audio.signal import active_rms
from core.networks.listener_card import parse_listener
from core.notes.listening import Hearing
from core.notes.note import Note
from core.notes.piecewise import Piecewise, level_of
from tests.core.notes.conftest import CARD
from tests.core.notes.test_listening import HOP, RATE, Counting

SECONDS = 15.0


def _clicks(rate: int, seconds: float = SECONDS) -> np.ndarray:
    """Bursts that last: what `Counting` takes for notes of all keys."""
    audio = np.zeros(round(seconds * rate), np.float32)
    for begin in np.arange(0.4, seconds - 0.6, 0.83):
        at = np.arange(round(0.5 * rate)) / rate
        audio[round(begin * rate) :][: len(at)] = np.cos(2 * np.pi * 2000 * at) * (0.1 - 0.1 * at)
    return audio


def _piecewise(audio: np.ndarray, rate: int) -> Piecewise:
    info = parse_listener(CARD, Path("here"))
    level = active_rms(audio, rate)
    return Piecewise(lambda a, b: audio[None, a:b], len(audio), rate, level, info, Counting())  # type: ignore[arg-type]


def _heard(pieces: Piecewise, order: tuple[int, ...]) -> list[Note]:
    known: list[Note] = []
    for piece in order:
        begin, end, notes = pieces.hear(piece)
        known = sorted([note for note in known if not begin <= note.onset < end] + notes)
    return known


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_gives_the_notes_of_the_whole(order: tuple[int, ...]) -> None:
    """Breaks when a note at the edge of a piece is lost, found twice, or cut off where its piece ends."""
    audio = _clicks(RATE)
    hearing = Hearing(audio, parse_listener(CARD, Path("here")), Counting())  # type: ignore[arg-type]
    assert list(hearing)
    pieces = _piecewise(audio, RATE)
    assert pieces.pieces == 4 and pieces.piece_seconds == pytest.approx(4.0, abs=HOP / RATE)
    wanted, found = hearing.notes(), _heard(pieces, order)
    assert len(wanted) > 1000  # on all keys
    assert [(n.key, n.velocity) for n in found] == [(n.key, n.velocity) for n in wanted]
    times = np.array([[(n.onset, n.offset) for n in notes] for notes in (found, wanted)])
    np.testing.assert_allclose(times[0], times[1], atol=2e-3)


def test_another_rate_is_heard_at_the_same_times() -> None:
    """Breaks when pieces of a file at another rate than the listener's are read at the wrong place."""
    order = (1, 0, 2, 3)
    found, wanted = (_heard(_piecewise(_clicks(rate), rate), order) for rate in (44_100, RATE))
    onsets = [np.unique(np.round([note.onset for note in notes], 2)) for notes in (found, wanted)]
    np.testing.assert_allclose(onsets[0], onsets[1], atol=0.03)


def test_pieces_are_heard_at_the_level_of_the_whole() -> None:
    """Breaks when a soft passage is raised to the level of a loud one: its velocities would be wrong."""
    audio = _clicks(RATE)
    audio[len(audio) // 2 :] *= 0.6
    notes = _heard(_piecewise(audio, RATE), (0, 1, 2, 3))
    loud, soft = (
        np.median([note.velocity for note in notes if (note.onset < SECONDS / 2) is early]) for early in (True, False)
    )
    assert soft < 0.7 * loud


def test_silence_has_no_notes_and_a_moment_is_one_piece() -> None:
    """Breaks when silence is raised until its noise sounds, or a recording shorter than a frame ends in an error."""
    assert _heard(_piecewise(np.zeros(10 * RATE, np.float32), RATE), (0, 1, 2)) == []
    short = _piecewise(np.full(7, 0.5, np.float32), RATE)
    assert short.pieces == 1
    assert short.hear(0)[:2] == pytest.approx((0.0, HOP / RATE))


def test_the_level_of_a_file_is_found_in_one_pass(tmp_path: Path) -> None:
    """Breaks when it differs from that of all samples at once, an offset counts as loudness, or nobody is told."""
    audio = _clicks(RATE, 31.0)
    told: list[float] = []
    for offset in (0.0, 0.2):
        path = tmp_path / "a.wav"
        sf.write(path, np.stack([audio + offset, audio + offset], axis=1), RATE, subtype="FLOAT")
        with open_source(path) as source:
            level = level_of(source, told.append)
        wanted = active_rms(audio, RATE)
        assert level == pytest.approx(wanted, rel=1e-3)
    assert len(told) > 2 and told[-1] == 1.0
