"""Runs that notes lead: the window makes what the command line makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.audio.endings import CUT
from core.audio.opening import open_source
from core.audio.source import Source
from core.commands.main import main
from core.extension.mending import Changes
from core.extension.recipe import read_recipe, recipe_notes, recipe_path, recipe_settings
from core.extension.settings import START_WITH_NOTES, Settings
from core.extension.taste import Taste
from core.networks.card import NetworkInfo
from core.networks.registry import find_network
from core.notes.midi import read_midi, write_midi
from core.notes.note import Note
from core.notes.sketch import sketch
from pianodiff_gui.session.goal import Errand, Goal
from pianodiff_gui.session.ideas import Basis, Commission, Idea
from pianodiff_gui.session.jobs import Job, Outcome
from pianodiff_gui.session.timeline import BEFORE, Gap, Timeline
from pianodiff_gui.work.composing import ComposingWorker
from pianodiff_gui.work.worker import HEARING, LOADING, ExtensionWorker
from tests.core.tiny_network import SEEING, write_tiny_network

RATE = 22_050
KEYS = (60, 64, 67, 72, 67, 64, 60, 62, 65, 69, 65, 62)
TUNE = [Note(0.25 * k, 0.25 * k + 0.24, key, 90) for k, key in enumerate(KEYS)]
PLAN = [Note(0.05, 0.3, 64, 90), Note(0.3, 0.45, 67, 70)]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Source]:
    """3 s of a tune in 32-bit floats, so that what is written can be compared to the last bit."""
    sf.write(tmp_path / "played.wav", sketch(TUNE, 3 * RATE, RATE), RATE, subtype="FLOAT")
    with open_source(tmp_path / "played.wav") as source:
        yield source


@pytest.fixture
def network(tmp_path: Path) -> NetworkInfo:
    """A tiny one that is shown known audio and notes, in shorter windows where notes lead."""
    architecture = SEEING | {"sees_notes": True}
    folder = write_tiny_network(tmp_path / "led", architecture=architecture, context_with_notes_seconds=0.4)
    return find_network(str(folder))


def told(source: Source, network: NetworkInfo, *options: str) -> tuple[Path, np.ndarray]:
    """What the command line writes: the file, and its samples (channels, frames)."""
    out = source.path.with_name("out.wav")
    command, *rest = options
    how = ("--network", str(network.path), "--device", "cpu", "--steps", "8", "--sampler", "replacement")
    assert main([command, str(source.path), str(out), *how, "--seed", "3", *rest]) == 0
    with open_source(out) as written:
        return out, written.read(0, written.frames)


def run(job: Job) -> tuple[Outcome, list[str]]:
    """What the window's worker makes of it, and the stages that it names."""
    worker = ExtensionWorker()
    outcomes: list[Outcome] = []
    stages: list[str] = []
    worker.finished.connect(lambda _job, outcome: outcomes.append(outcome))
    worker.failed.connect(lambda _job, message: pytest.fail(message))
    worker.stage.connect(lambda _job, stage: stages.append(stage))
    worker.run(job)
    return outcomes[0], stages


def job_of(source: Source, network: NetworkInfo, goal: Goal, notes: tuple[Note, ...]) -> Job:
    start = START_WITH_NOTES if notes else 1.0
    settings = Settings(
        sampler="replacement", steps=8, seed=3, network=str(network.path), device="cpu", start=start
    )
    errand = Errand(Timeline(source), goal)
    return Job(errand.base, settings, network, errand.seconds, goal.gap, notes=notes)


@pytest.mark.parametrize(
    ("command", "goal", "begin"),
    [
        (("extend", "--seconds", "0.5", "--ending", CUT), Goal(0.5), 3 * RATE),
        (("prepend", "--seconds", "0.5", "--ending", CUT), Goal(0.5, BEFORE), 0),
        (("fill", "--from", "1", "--to", "1.5"), Goal(0.5, (RATE, RATE + RATE // 2)), RATE),
    ],
    ids=["extend", "prepend", "fill"],
)
def test_a_plan_is_played_as_by_the_command_line(
    qapp: object, played: Source, network: NetworkInfo, command: tuple[str, ...], goal: Goal, begin: int
) -> None:
    """Breaks when the window hears other notes beside the new audio, starts elsewhere, or counts from elsewhere."""
    plan = played.path.with_name("plan.mid")
    write_midi(plan, PLAN)
    file, samples = told(played, network, *command, "--notes", str(plan))
    outcome, stages = run(job_of(played, network, goal, tuple(read_midi(plan).notes)))
    np.testing.assert_array_equal(outcome.samples, samples[:, begin : begin + RATE // 2])
    recipe = read_recipe(recipe_path(file))
    assert outcome.run["notes"] == recipe["notes"] and len(recipe_notes(recipe)) > len(PLAN)
    assert outcome.run["start"] == recipe_settings(recipe)[0].start == START_WITH_NOTES
    assert outcome.evaluations == recipe["evaluations"]
    assert stages == [HEARING, LOADING, ""]


def composed(source: Source, gap: Gap | None, seconds: float, *seeds: int) -> list[Idea]:
    worker = ComposingWorker()
    ideas: list[Idea] = []
    worker.composed.connect(lambda _id, idea: ideas.append(idea))
    worker.failed.connect(lambda _id, message: pytest.fail(message))
    basis = Basis(Timeline(source), Goal(seconds, gap), Taste(), False, seeds[0])
    worker.compose(Commission(basis, seeds))
    return ideas


def test_what_is_composed_is_what_the_command_line_composes(
    qapp: object, played: Source, network: NetworkInfo
) -> None:
    """Breaks when the same seed is another idea in the window, or what is composed is played otherwise."""
    _, samples = told(played, network, "extend", "--seconds", "1.5", "--ending", CUT, "--notes", "auto")
    first, second = composed(played, None, 1.5, 3, 4)
    assert first.notes and first.notes != second.notes and first.seed == 3
    outcome, _ = run(job_of(played, network, Goal(1.5), first.notes))
    np.testing.assert_array_equal(outcome.samples, samples[:, 3 * RATE :])


def test_from_noise_nothing_is_heard(qapp: object, played: Source, network: NetworkInfo) -> None:
    """Breaks when a run without notes becomes another one, or waits for the listener."""
    _, samples = told(played, network, "extend", "--seconds", "0.5", "--ending", CUT, "--notes", "none")
    outcome, stages = run(job_of(played, network, Goal(0.5), ()))
    np.testing.assert_array_equal(outcome.samples, samples[:, 3 * RATE :])
    assert stages == [LOADING, ""] and "notes" not in outcome.run


def test_ideas_from_a_note_on_begin_with_what_is_kept(qapp: object, played: Source) -> None:
    """Breaks when what is kept is changed, or what is composed begins before it ends."""
    worker = ComposingWorker()
    ideas: list[Idea] = []
    worker.composed.connect(lambda _id, idea: ideas.append(idea))
    worker.failed.connect(lambda _id, message: pytest.fail(message))
    kept = (Note(0.125, 0.25, 72), Note(0.5, 0.75, 76))
    worker.compose(Commission(Basis(Timeline(played), Goal(2.5), Taste(density=2.0), False, 1), (1, 2), kept, 0.6))
    for idea in ideas:
        assert {(note.onset, note.key) for note in kept} <= {(note.onset, note.key) for note in idea.notes}
        rest = [note for note in idea.notes if (note.onset, note.key) not in {(k.onset, k.key) for k in kept}]
        assert rest and min(note.onset for note in rest) >= 0.6 and max(note.offset for note in rest) <= 2.5
    assert ideas[0].notes != ideas[1].notes


def test_composing_ends_when_it_is_no_longer_wanted(qapp: object, played: Source) -> None:
    """Breaks when a drag of the handle is followed by seconds of composing for lengths that nobody asks for now."""
    worker = ComposingWorker()
    said: list[object] = []
    commission = Commission(Basis(Timeline(played), Goal(1.5), Taste(), False, 1), (1, 2, 3))

    def drop(_id: int, idea: object) -> None:
        said.append(idea)
        commission.dropped.set()

    worker.composed.connect(drop)
    worker.done.connect(lambda commission_id: said.append(commission_id))
    worker.compose(commission)
    assert len(said) == 1


def test_a_recording_without_notes_gives_an_idea_without_any(qapp: object, tmp_path: Path) -> None:
    """Breaks when a drone is an error, and not something that the network goes on with by itself."""
    noise = np.random.default_rng(1).normal(0, 1e-3, 2 * RATE).astype(np.float32)
    sf.write(tmp_path / "noise.wav", noise, RATE, subtype="FLOAT")
    with open_source(tmp_path / "noise.wav") as source:
        (idea,) = composed(source, None, 1.0, 5)
    assert idea.notes == () and idea.heard == 0 and not idea.sound.size


def test_a_composer_that_is_missing_is_told_in_plain_words(
    qapp: object, played: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Breaks when a damaged installation ends in a traceback, or in ideas that never come."""
    monkeypatch.setattr("core.networks.composer_card.asset_path", lambda _name: tmp_path)
    worker = ComposingWorker()
    told: list[str] = []
    worker.failed.connect(lambda _id, message: told.append(message))
    worker.compose(Commission(Basis(Timeline(played), Goal(1.0), Taste(), False, 1), (1,)))
    assert len(told) == 1 and "holds no composer" in told[0]


def test_what_does_not_change_begins_as_it_was_played(qapp: object, played: Source, network: NetworkInfo) -> None:
    """Breaks when the engine isn't told what was played there, or the recipe not what changes."""
    gap = (RATE, 2 * RATE)
    heard = tuple(note.moved(-1.0) for note in TUNE if 1.0 <= note.onset < 2.0)
    changed = Changes((heard[1],), (replace(heard[1], key=71),), (heard[0], *heard[2:]))
    job = job_of(played, network, Goal(1.0, gap), (heard[0], *changed.come, *heard[2:]))
    was = played.read(*gap)
    mended, filled = (run(replace(job, changed=how))[0] for how in (changed, None))
    assert mended.run["mended"] == changed.described() and "mended" not in filled.run
    nearer = [float(np.square(outcome.samples - was).mean()) for outcome in (mended, filled)]
    assert nearer[0] < 0.7 * nearer[1]
