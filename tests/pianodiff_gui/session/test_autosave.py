"""Nothing that was generated is lost by a crash, a careless close or another file."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.audio.source import Source
from core.errors import PianoDiffError
from core.extension.settings import Settings
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import Saved, read_folder
from pianodiff_gui.session.takes import Takes
from pianodiff_gui.session.timeline import BEFORE, Stretch, Timeline
from tests.pianodiff_gui.session.conftest import RUN, crash, only_stretch


@pytest.fixture
def timeline(source: Source) -> Timeline:
    samples = np.linspace(-0.5, 0.5, 900, dtype=np.float32)[None]
    curve = Settings(seed=7, lambda_schedule=((0.0, 0.0), (0.5, 0.2), (1.0, 1.0)))
    before = Stretch(samples[:, :100], Settings(), RUN, BEFORE)
    return Timeline(source, (Stretch(samples, curve, RUN | {"seed": 7}), before))


def saved_as(*timelines: Timeline) -> tuple[Saved, int]:
    """What is saved of a session with these takes, none of them empty."""
    takes = Takes()
    for timeline in timelines:
        takes = takes.added(timeline)
    source = timelines[0].source
    return Saved.of(source, takes, Settings(steps=33), 2.5, 0.5, 0.25), source.sample_rate


def test_takes_come_back_bit_for_bit(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when a recovered take sounds different, or has lost its recipe."""
    first = Autosave(tmp_path / "sessions")
    other = Timeline(timeline.source, (*timeline.stretches, timeline.stretches[0]))
    assert first.save(*saved_as(timeline, other))
    crash(first)
    folder = Autosave(tmp_path / "sessions").find()
    assert folder is not None
    assert len(list(folder.glob("*.wav"))) == 2  # takes that share a stretch share its file
    saved = read_folder(folder)
    assert saved.source == timeline.source.path
    assert (saved.settings, saved.target, saved.prelude_target, saved.position) == (Settings(steps=33), 2.5, 0.5, 0.25)
    takes = saved.takes_of(timeline.source)
    assert takes is not None and [(take.number, take.name) for take in takes.all] == [(1, "Take 1"), (2, "Take 2")]
    assert takes.shown == 2 and takes.latest == 2
    for take, was in zip(takes.all, (timeline, other), strict=True):
        for got, want in zip(take.timeline.stretches, was.stretches, strict=True):
            np.testing.assert_array_equal(got.samples, want.samples)
            assert got.settings == want.settings and got.run == want.run and got.gap == want.gap


def test_takes_survive_a_killed_program(tmp_path: Path, clip: Path, repository: Path) -> None:
    """Breaks when the lock of a program that was killed keeps its takes from being found."""
    program = f"""
import os, signal
from pathlib import Path
import numpy as np
from core.audio.opening import open_source
from core.extension.settings import Settings
from pianodiff_gui.session.autosave import Autosave
from pianodiff_gui.session.files import Saved
from pianodiff_gui.session.takes import Takes
from pianodiff_gui.session.timeline import Stretch, Timeline
source = open_source(Path({str(clip)!r}))
takes = Takes().added(Timeline(source, (Stretch(np.full((1, 500), 0.25, np.float32), Settings(), {RUN!r}),)))
Autosave(Path({str(tmp_path / "sessions")!r})).save(Saved.of(source, takes, Settings(), 2.0, 0.0, 0.0), 22050)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=repository, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    folder = Autosave(tmp_path / "sessions").find()
    assert folder is not None
    assert only_stretch(folder).frames == 500


def test_a_running_programs_session_is_not_taken(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when a second window offers, or removes, what the first is still working on."""
    first = Autosave(tmp_path / "sessions")
    first.save(*saved_as(timeline))
    assert Autosave(tmp_path / "sessions").find() is None
    assert first.find() is None
    first.leave(keep=False)


def test_only_takes_in_use_stay_on_disk(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when every undone take stays on disk for ever, or a session without takes is offered for recovery."""
    autosave = Autosave(tmp_path / "sessions")
    autosave.save(*saved_as(timeline))
    autosave.save(*saved_as(timeline.cut(0, BEFORE).cut(300)))
    assert len(list((tmp_path / "sessions").rglob("take-*.wav"))) == 1
    nothing = Saved.of(timeline.source, Takes(), Settings(), 2.0, 0.0, 0.0)
    autosave.save(nothing, timeline.sample_rate)
    assert not list((tmp_path / "sessions").rglob("*.wav"))


def test_a_damaged_session_is_refused_in_words(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when half-written files raise something that no dialog shows."""
    autosave = Autosave(tmp_path / "sessions")
    autosave.save(*saved_as(timeline))
    crash(autosave)
    folder = Autosave(tmp_path / "sessions").find()
    assert folder is not None
    next(folder.glob("take-*.wav")).unlink()
    with pytest.raises(PianoDiffError, match="could not be read back"):
        read_folder(folder)


def test_a_disk_that_cannot_be_written_is_no_crash(tmp_path: Path, timeline: Timeline) -> None:
    """Breaks when autosave, a safety net, takes the window down."""
    (tmp_path / "sessions").write_text("a file where the folder should be")
    assert not Autosave(tmp_path / "sessions").save(*saved_as(timeline))
