"""Whose notes lead a continuation, and where they begin."""

from pathlib import Path

import pytest

from core.audio.signal import FloatArray
from core.extension.planning import Beside
from core.extension.settings import Settings
from core.extension.taste import Taste
from core.notes.midi import write_midi
from core.notes.note import Note
from core.study.cases import Case
from core.study.features import RATE
from core.study.hearing import Heard, hear
from core.study.leading import Leader, true_notes
from tests.core.study.conftest import write_clip

REACH = RATE // 2
HEARD = [Note(0.25, 0.9, 60), Note(0.75, 0.99, 64), Note(1.25, 1.4, 67)]  # two in the known second, one in the new


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """1 s known from 0.5 s on, 0.5 s new."""
    return Case(write_clip(tmp_path / "clip.wav", 0), "0" * 64, 0.5, 1.0, 0.5)


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """In any audio HEARD is heard, as far as it is long; gives how many frames each was."""
    lengths: list[int] = []

    def listen(samples: FloatArray, sample_rate: float) -> list[Note]:
        lengths.append(samples.shape[1])
        return [note for note in HEARD if note.onset < samples.shape[1] / sample_rate]

    monkeypatch.setattr("core.study.hearing.listen", listen)
    monkeypatch.setattr("core.extension.heard.listen", listen)
    return lengths


@pytest.fixture
def asked_of(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Beside, int]]:
    """A composer that strikes one key, another for each seed; gives what it was asked."""
    asked: list[tuple[Beside, int]] = []

    def composition(beside: Beside, composer: object, settings: Settings, taste: Taste) -> int:
        asked.append((beside, settings.seed))
        return settings.seed

    monkeypatch.setattr("core.study.leading.load_composer", lambda: None)
    monkeypatch.setattr("core.extension.planning.Beside.composition", composition)
    monkeypatch.setattr("core.study.leading.compose", lambda seed: [Note(0.1, 0.4, 40 + seed % 40)])
    return asked


def test_known_and_new_are_heard_as_one(case: Case, ears: list[int]) -> None:
    heard = hear(*case.read())
    assert ears == [round(1.5 * RATE)]
    assert [(note.onset, note.key) for note in heard.known] == [(-0.75, 60), (-0.25, 64)]
    assert [(note.onset, note.key) for note in heard.new] == [(0.25, 67)]


def test_the_truths_notes_are_heard_where_there_are_none_beside_it(case: Case, ears: list[int]) -> None:
    """Breaks when the plan is cut elsewhere than the audio, or the known part is not heard as in `extend`."""
    leading = Leader(seed=1).lead("true-notes", case, 0, REACH)
    assert [(note.onset, note.key) for note in leading.asked] == [(0.25, 67)]
    # Beside it what is heard in the half second before the seam, which is all that the run looks at.
    assert [(note.onset, note.key) for note in leading.notes] == [(-0.25, 60), (0.25, 67)]
    assert ears == [round(1.5 * RATE), REACH]


def test_notes_beside_a_clip_are_the_truths(case: Case, tmp_path: Path) -> None:
    """Time 0 of the file is the clip's first sample; the new part goes from 1.5 to 2 s."""
    write_midi(tmp_path / "clip.mid", [Note(1.0, 1.6, 50), Note(1.5, 1.7, 60), Note(1.9, 3.0, 64), Note(2.0, 2.2, 67)])
    notes = true_notes(case, Heard([], [Note(0.1, 0.2, 70)]))
    assert [(round(note.onset, 3), note.key) for note in notes] == [(0.0, 60), (0.4, 64)]


def test_a_files_velocities_are_told_in_the_listeners(case: Case, tmp_path: Path) -> None:
    """By the notes that both have in the known part. Breaks when a clip whose notes are by another ear is played 5 dB
    too soft or too loud.
    """
    write_midi(tmp_path / "clip.mid", [Note(0.6, 0.9, 60, 50), Note(1.0, 1.3, 64, 60), Note(1.6, 1.9, 67, 70)])
    heard = Heard([Note(-0.9, -0.6, 60, 68), Note(-0.5, -0.2, 64, 82), Note(-0.5, -0.2, 70, 1)], [])
    assert [note.velocity for note in true_notes(case, heard)] == [90]


def test_composed_notes_go_on_from_what_is_heard(
    case: Case, ears: list[int], asked_of: list[tuple[Beside, int]]
) -> None:
    """Breaks when the composer is told other times than those from the first new sample."""
    leading = Leader(seed=1).lead("composed", case, 0, REACH)
    ((beside, seed),) = asked_of
    assert [note.onset for note in beside.before] == [-0.75, -0.25]
    assert (beside.known, beside.seconds, seed) == ((1.0, 0.0), 0.5, case.seed(1))
    assert [note.onset for note in leading.asked] == [0.1] and set(leading.asked) < set(leading.notes)


def test_nothing_is_composed_where_nothing_is_heard(
    case: Case, ears: list[int], asked_of: list[tuple[Beside, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rest ends no study of a hundred cases."""
    monkeypatch.setattr("core.study.hearing.listen", lambda samples, rate: [])
    assert Leader(seed=1).lead("composed", case, 0, REACH).asked == () and not asked_of


def test_methods_share_a_plan_and_takes_have_their_own(
    case: Case, ears: list[int], asked_of: list[tuple[Beside, int]]
) -> None:
    """Breaks when methods are compared by other notes, all takes play the same ones, or a truth is heard again for
    every take.
    """
    leader = Leader(seed=1)
    first, again, other = (leader.lead("composed", case, take, REACH) for take in (0, 0, 1))
    assert first is again and first.asked != other.asked and len(asked_of) == 2
    del ears[:]
    truths = [leader.lead("true-notes", case, take, REACH) for take in range(3)]
    assert truths[0] is truths[1] is truths[2] and len(ears) == 2
