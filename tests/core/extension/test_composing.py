"""Composing: windows of a roll, denoised by the engine."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.audio.opening import open_source
from core.diffusion.samplers import SAMPLERS
from core.errors import NotesError, SettingsError
from core.extension.composing import Composition, RollStep, compose
from core.extension.planning import heard_beside, played_beside
from core.extension.taste import SETTINGS, Taste
from core.networks.composer_card import FRAMES_A_SECOND, Composing, load_composer
from core.notes.note import Note
from core.notes.roll import VALUES, notes_from, roll_of
from tests.core.tiny_composer import write_composer

BEFORE = [Note(-1.8, -1.2, 60, 80), Note(-1.0, -0.1, 64, 70), Note(-0.5, 0.4, 67, 60)]
AFTER = [Note(1.2, 1.6, 55, 80), Note(1.5, 2.5, 59, 90)]
QUICK = replace(SETTINGS, steps=4, start=1.0)


@pytest.fixture(scope="module")
def composer(tmp_path_factory: pytest.TempPathFactory) -> Composing:
    return load_composer(write_composer(tmp_path_factory.mktemp("composers") / "tiny"))


class Believing(torch.nn.Module):
    """Stands for a network: is sure of one chord a second, whatever it sees, and notes what it was asked."""

    def __init__(self, begin: float = 0.0) -> None:
        super().__init__()
        self.begin, self.densities, self.frames = begin, [], []  # type: ignore[var-annotated]

    def forward(
        self, x: torch.Tensor, sigma: torch.Tensor, keep: torch.Tensor, density: torch.Tensor
    ) -> torch.Tensor:
        frames = x.shape[1] // VALUES
        self.densities.append(float(density))
        self.frames.append(frames)
        chords = [Note(at + 0.25, at + 0.75, key, 64) for at in range(20) for key in (60, 64)]
        said = torch.from_numpy(roll_of(chords, frames)).view(1, -1)
        return torch.where(keep, x, said)


class Content(torch.nn.Module):
    """Stands for a network that takes whatever it sees for music."""

    def forward(
        self, x: torch.Tensor, sigma: torch.Tensor, keep: torch.Tensor, density: torch.Tensor
    ) -> torch.Tensor:
        return x


def believing(composer: Composing) -> tuple[Composing, Believing]:
    network = Believing()
    return composer._replace(network=network), network  # type: ignore[arg-type]


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if not name.endswith("-authors")])
def test_every_sampler_composes(composer: Composing, sampler: str) -> None:
    """Its cost told before, and the known notes in the roll at the end. Breaks when one needs audio's shape."""
    composition = Composition(composer, BEFORE, 1.2, (2.0, 2.0), AFTER, replace(QUICK, sampler=sampler))
    steps = list(composition.run())
    assert steps[-1].evaluations == composition.plan.evaluations == steps[0].evaluations_total
    assert steps[-1].level == 0 and np.isfinite(steps[-1].x).all()
    assert all(0 <= note.onset < 1.2 and note.offset <= 1.2 for note in composition.notes())


def test_what_the_network_is_sure_of_is_what_is_composed(composer: Composing) -> None:
    """Over several windows, each note once. Breaks when windows are joined at the wrong frame, or notes at a seam are
    lost or doubled.
    """
    sure, network = believing(composer)
    notes = compose(Composition(sure, BEFORE, 5.0, (2.0, 0.0), settings=QUICK))
    # Windows of 2 s known and 5/3 s new: what it believes begins at the window's first frame, 2 s before the new.
    begins = (0.0, 5 / 3, 10 / 3)
    wanted = [begin + at - 2 for begin in begins for at in (2.25, 3.25) if at - 2 < 5 / 3]
    assert len(network.frames) == 3 * QUICK.steps
    assert [note.key for note in notes] == [60, 64] * len(wanted)
    assert [note.onset for note in notes[::2]] == pytest.approx(wanted, abs=0.03)


def test_the_known_notes_stay_in_every_step_and_time_is_told(composer: Composing) -> None:
    """The roll that is shown while it composes begins where its first step says, with what was played there."""

    def known(steps: Sequence[RollStep]) -> np.ndarray:
        first = round(-steps[0].begin * FRAMES_A_SECOND)
        return np.stack([step.clean[:first] for step in steps])

    composition = Composition(composer, BEFORE, 1.0, (1.9, 0.0), settings=QUICK)
    shown = known(list(composition.run()))
    wanted = roll_of([replace(n, onset=n.onset + shown.shape[1] / 24, offset=n.offset + shown.shape[1] / 24)
                      for n in BEFORE], shown.shape[1])  # fmt: skip
    assert np.array_equal(shown, np.broadcast_to(wanted, shown.shape))


@pytest.mark.parametrize(("before", "after", "known"), [(BEFORE, (), (2.0, 0.0)), ((), AFTER, (0.0, 2.0))])
def test_the_same_seed_is_the_same_idea_and_another_is_another(
    composer: Composing, before: Sequence[Note], after: Sequence[Note], known: tuple[float, float]
) -> None:
    """Behind and before. Breaks when something but the seed decides."""

    def last(seed: int) -> bytes:
        settings = replace(QUICK, seed=seed)
        *_, step = Composition(composer, before, 1.0, known, after, settings).run()
        return step.x.tobytes()

    assert last(1) == last(1) != last(2)


def test_a_prelude_grows_backwards(composer: Composing) -> None:
    """Its windows end where the music begins. Breaks when a prelude of several windows comes out in the wrong order."""
    after = [Note(5.0 + n.onset + 2, 5.0 + n.offset + 2, n.key) for n in BEFORE]
    composition = Composition(composer, (), 5.0, (0.0, 2.0), after, QUICK)
    begins = [step.begin for step in composition.run() if step.level == 0]
    assert begins == pytest.approx([10 / 3, 5 / 3, 0.0], abs=0.05)
    assert len(composition.notes()) >= 0


def test_it_begins_with_a_repetition(composer: Composing) -> None:
    """Of the known part, as far in as the start says, and with noise where too little is known to repeat. Breaks when
    the repetition is out of step, or noised to another level.
    """
    beats = [Note(at + shift, at + shift + 0.3, key) for at in range(-6, 0) for shift, key in ((0.1, 60), (0.6, 64))]
    content = composer._replace(network=Content())  # type: ignore[arg-type]
    for known, start, evaluations in ((2.0, 0.01, 1), (2.0, 0.5, 8), (1.9, 0.5, 16)):
        settings = replace(SETTINGS, start=start, steps=16)
        first, *_ = Composition(content, beats, 2.0, (known, 0.0), settings=settings).run()
        assert first.evaluations_total == evaluations
        if start == 0.01:  # next to no noise: what the first step begins with is what it ends with
            again = [(round(note.onset - 2, 1), note.key) for note in notes_from(first.x) if note.onset > 1.95]
            assert again == [(0.1, 60), (0.6, 64), (1.1, 60), (1.6, 64)]


def test_density_and_temperature_reach_the_network(composer: Composing) -> None:
    """3 notes in 2 s, doubled: 3 a second. A colder walk begins with less noise."""
    sure, network = believing(composer)
    hot, cold = (
        next(iter(Composition(sure, BEFORE, 1.0, (2.0, 0.0), settings=QUICK, taste=Taste(temperature, 2.0)).run()))
        for temperature in (1.0, 0.5)
    )
    assert set(network.densities) == {3.0}
    assert np.abs(cold.x[-10:]).mean() < 0.7 * np.abs(hot.x[-10:]).mean()


@pytest.mark.parametrize("taste", [(0.4, 1.0), (1.6, 1.0), (1.0, 0.2), (1.0, 5.0), (float("nan"), 1.0)])
def test_a_taste_beyond_the_limits_is_refused(taste: tuple[float, float]) -> None:
    with pytest.raises(SettingsError, match="must be between"):
        Taste(*taste)


def test_nothing_to_go_on_from_is_said(composer: Composing) -> None:
    with pytest.raises(NotesError, match="nothing to go on from"):
        Composition(composer, [], 1.0, (2.0, 0.0))
    with pytest.raises(NotesError, match="nothing to go on from"):  # its last note is long past
        Composition(composer, [Note(-30.0, -29.0, 60)], 1.0, (40.0, 0.0))


def test_what_is_played_beside_a_stretch_is_told_from_its_seams() -> None:
    """In seconds from the first new sample, as `compose` and `extend --notes` count. The stretch's own notes go."""
    notes = [Note(0.5, 1.0, 60), Note(2.2, 2.6, 62), Note(4.0, 5.0, 64)]
    beside = played_beside(notes, 2.0, 3.0, 1.0)
    assert beside.before == [Note(-1.5, -1.0, 60)] and beside.after == [Note(2.0, 3.0, 64)]
    assert beside.known == (2.0, 2.0)


def test_what_is_heard_beside_a_stretch_is_told_from_its_seams(
    clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when notes heard in the excerpt that is listened to keep that excerpt's time."""
    monkeypatch.setattr(
        "core.extension.planning.listen", lambda samples, rate: [Note(0.1, samples.shape[1] / rate, 50)]
    )
    with open_source(clip("in.wav", seconds=4.0)) as source:
        beside = heard_beside(source, 16_000, 24_000, 0.7, 0.5)  # of 32,000 frames at 8 kHz
    assert [(n.onset, n.offset) for n in beside.before] == [pytest.approx((-1.4, 0.0))]
    assert [(n.onset, n.offset) for n in beside.after] == [pytest.approx((0.8, 1.7))]
    assert beside.known == (1.5, 1.0)
