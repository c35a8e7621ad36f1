"""Notes that are given: the denoising begins with their sketch, in its place, at the right level."""

import numpy as np
import pytest

from core.audio.signal import active_rms
from core.diffusion.denoiser import Denoiser
from core.diffusion.samplers import SAMPLERS
from core.errors import SettingsError
from core.extension.extension import Extension, Step
from core.extension.planned import PlannedSound
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from core.notes.note import Note
from core.notes.sketch import Timbre, sketch
from tests.core.extension.trusting import Trusting

Tiny = tuple[Denoiser, NetworkInfo]
RATE = 4000
HEARD = [Note(-0.6, -0.2, 57), Note(-0.4, 0.1, 60), Note(-0.2, 0.3, 64)]
PLAN = [Note(0.05, 0.3, 69), Note(0.3, 0.5, 72, 60), Note(0.52, 0.74, 67)]


def recording(seconds: float = 0.6) -> np.ndarray:
    frames = round(seconds * RATE)
    notes = [note.moved(0.6) for note in HEARD]
    return 0.3 * sketch(notes, frames, RATE, Timbre(12.0))[None]


def run(extension: Extension) -> list[Step]:
    return list(extension.run())


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def louder_db(a: np.ndarray, b: np.ndarray) -> float:
    return float(20 * np.log10(active_rms(a, RATE) / active_rms(b, RATE)))


def made(tiny: Tiny, where: str, start: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """The new audio of three windows, and the plan's sketch, both (N,)."""
    known, nothing = recording(), np.zeros((1, 0), np.float32)
    before, after = {"extend": (known, nothing), "prepend": (nothing, known), "fill": (known, known)}[where]
    settings = Settings(sampler="replacement", steps=20, start=start)
    extension = Extension(Trusting(), tiny[1], before, RATE, 0.75, settings, following=after, notes=PLAN)
    assert len(extension.plan.windows) == 3
    run(extension)
    return extension.audio()[0], sketch(PLAN, round(0.75 * RATE), RATE, Timbre(12.0))


@pytest.mark.parametrize("where", ["extend", "prepend", "fill"])
def test_every_window_gets_its_part_of_the_plan(tiny: Tiny, where: str) -> None:
    """Breaks when a prelude, which grows backwards, is given the plan forwards, or a part lands in another window."""
    new, plan = made(tiny, where)
    for begin in range(0, 3000, 1000):
        part = slice(begin + 100, begin + 900)  # away from seams
        assert correlation(new[part], plan[part]) > 0.6


def test_notes_in_the_known_audio_ring_on_and_match_it() -> None:
    """Breaks when notes end at the seam, or what was heard is taken for what is to come."""
    before = recording()[0]
    planned = PlannedSound([*HEARD, *PLAN], before, before[:0], 3000, RATE)
    truth = 0.3 * sketch([*HEARD, *PLAN], 3000, RATE, Timbre(12.0))
    assert correlation(planned.stretch(0, 3000), truth) > 0.95
    assert louder_db(planned.stretch(0, 3000), truth) == pytest.approx(0, abs=0.5)
    assert np.abs(planned.stretch(0, 3000)[:150]).max() > 0.01  # before the plan's first note


def test_notes_heard_behind_the_new_audio_match_it_too() -> None:
    """Breaks when what is heard after a gap is looked for in the wrong place."""
    after = recording()[0]
    heard = [note.moved(0.6 + 0.75) for note in HEARD]
    planned = PlannedSound([*PLAN, *heard], after[:0], after, 3000, RATE)
    truth = 0.3 * sketch(PLAN, 3000, RATE, Timbre(12.0))
    assert correlation(planned.stretch(0, 3000), truth) > 0.98
    assert louder_db(planned.stretch(0, 3000), truth) == pytest.approx(0, abs=0.5)


def test_the_level_keeper_leaves_a_soft_plan_soft(tiny: Tiny) -> None:
    """Breaks when a pianissimo, or a rest, is raised to the level of the recording."""
    soft = [*HEARD, *(Note(note.onset, note.offset, note.key, 25) for note in PLAN)]
    settings = Settings(sampler="replacement", steps=40, start=0.005)
    extension = Extension(Trusting(), tiny[1], recording(), RATE, 0.75, settings, notes=soft)
    run(extension)
    wanted = PlannedSound(soft, recording()[0], recording()[0, :0], 3000, RATE).stretch(0, 3000)
    level = 20 * np.log10(active_rms(extension.audio()[0, 1000:], RATE) / active_rms(wanted[1000:], RATE))
    assert abs(level) < 2
    assert active_rms(wanted[1000:], RATE) < 0.2 * active_rms(recording()[0], RATE)


def test_the_raw_level_is_what_was_made(tiny: Tiny) -> None:
    """Breaks when what is told of each window is the level it was steadied to, or is at the network's own scale."""
    extension = Extension(*tiny, recording(), RATE, 0.5, Settings(sampler="replacement", steps=4))
    first = next(step for step in run(extension) if step.window_complete)
    scale = active_rms(recording()[0], RATE) / tiny[1].data_rms
    raw = active_rms(first.x[first.known_frames :], RATE) * scale
    assert len(extension.raw_levels) == len(extension.plan.windows) == 2
    assert extension.raw_levels[0] == pytest.approx(raw, rel=0.1)
    assert active_rms(extension.audio()[0, :1000], RATE) != pytest.approx(raw, rel=0.3)


def test_a_rest_has_no_level() -> None:
    """Breaks when the keeper is told to bring a rest to some level: it would raise what hiss there is."""
    before = recording()[0]
    planned = PlannedSound([Note(0.0, 0.05, 72)], before, before[:0], 8000, RATE)
    assert planned.level(0, 1000) > 0
    assert planned.level(6000, 8000) == 0


def test_with_a_start_of_1_notes_change_nothing(tiny: Tiny) -> None:
    """Breaks when the paper's way is no longer what it was as soon as there are notes."""
    results = []
    for notes in ((), PLAN):
        extension = Extension(*tiny, recording(), RATE, 0.5, Settings(steps=4), notes=notes)
        run(extension)
        results.append(extension.audio())
    assert np.array_equal(results[0], results[1])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_cost_is_what_was_announced(tiny: Tiny, sampler: str) -> None:
    """Breaks when a lower start costs something else than it says: the bar would overrun, or never fill."""
    settings = Settings(sampler=sampler, steps=30, start=0.4, jump_length=4, resamplings=3)
    extension = Extension(*tiny, recording(), RATE, 0.5, settings, notes=PLAN)
    steps = run(extension)
    assert extension.plan.evaluations == steps[-1].evaluations_total == steps[-1].evaluations
    whole = SAMPLERS[sampler].cost(Settings(sampler=sampler, steps=30, jump_length=4, resamplings=3)).evaluations
    assert extension.plan.cost_per_window.evaluations < 0.75 * whole
    assert steps[-1].level == 0 and steps[-1].window_complete


def test_it_is_the_same_again_and_goes_on_where_it_ended(tiny: Tiny) -> None:
    """Breaks when a recipe with notes, or an interrupted run, gives other samples."""
    settings = Settings(steps=10, start=0.5, seed=3)

    def extension() -> Extension:
        return Extension(*tiny, recording(), RATE, 0.75, settings, notes=PLAN)

    whole, again, half, rest = (extension() for _ in range(4))
    run(whole), run(again)
    assert np.array_equal(whole.audio(), again.audio()) and whole.x_T_sha256 == again.x_T_sha256
    for step in half.run():
        if step.window_complete:
            break
    rest.resume(*half.progress())
    run(rest)
    assert np.array_equal(whole.audio(), rest.audio())
    other = Extension(*tiny, recording(), RATE, 0.75, settings, notes=PLAN[:1])
    run(other)
    assert not np.array_equal(whole.audio(), other.audio())


def test_a_start_below_1_needs_notes_and_a_recording(tiny: Tiny) -> None:
    """Breaks when it begins with silence instead."""
    settings = Settings(steps=4, start=0.5)
    with pytest.raises(SettingsError, match="begins with notes"):
        Extension(*tiny, recording(), RATE, 0.5, settings)
    with pytest.raises(SettingsError, match="nothing to continue"):
        Extension(*tiny, np.zeros((1, 0), np.float32), RATE, 0.5, settings, notes=PLAN)


@pytest.mark.parametrize("start", [0.0, -0.1, 1.1, float("nan")])
def test_a_start_that_is_none_is_refused(start: float) -> None:
    """Breaks when it is found out in the middle of a run."""
    with pytest.raises(SettingsError, match="above 0 and at most 1"):
        Settings(start=start)
