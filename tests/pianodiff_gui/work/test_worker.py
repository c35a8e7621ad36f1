"""The worker keeps the states of a run as they were, within its budget."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from pianodiff_gui.session import history as history_module
from pianodiff_gui.session.history import Recorder, Signal16
from pianodiff_gui.session.jobs import Outcome
from pianodiff_gui.shell.window import MainWindow
from pianodiff_gui.work import worker as worker_module
from tests.pianodiff_gui.conftest import (
    FakeEngine,
    extend,
    run_to_end,
    shown_history,
)


def test_steps_are_kept_as_the_engine_made_them(loaded: MainWindow, qtbot: QtBot) -> None:
    """Breaks when a kept step holds another step's samples, or x_t and the clean estimate change places."""
    loaded.session.set_target(4.0)
    job = loaded.session.extend()
    assert job is not None
    run_to_end(loaded, qtbot)
    moments = shown_history(loaded).moments
    made = list(FakeEngine(job, lambda _step: None).run())
    assert len(moments) == len(made) == 10
    for moment, want in zip(moments, made, strict=True):
        np.testing.assert_allclose(moment.x.unpacked(), want.x, rtol=2**-11, atol=1e-7)
        np.testing.assert_allclose(moment.clean.unpacked(), want.clean, rtol=2**-11, atol=1e-7)
        assert (moment.window, moment.level, moment.evaluations) == (want.window, want.level, want.evaluations)
        assert (moment.known_frames, moment.after_frames) == (want.known_frames, want.after_frames)


def test_short_of_memory_the_history_goes_and_the_run_stays(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    """Breaks when there is too little memory to look back, and the music is lost for it."""
    calls = 0

    def refuse(signal: np.ndarray) -> Signal16:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise MemoryError
        return Signal16(signal.astype(np.float16), 0)

    monkeypatch.setattr(history_module.Signal16, "of", refuse)
    extend(loaded, qtbot)
    assert problems == [] and loaded.session.generated_seconds == pytest.approx(2.0)
    assert calls == 4
    assert not loaded.diffusion.scrub.isVisible()
    assert "no steps kept: memory was short" in loaded.diffusion.note.text()


def test_a_long_run_does_not_pass_the_budget_on_its_way_through_the_worker(
    loaded: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when the worker keeps more than the recorder allows, or the window says otherwise."""
    budget = 3_000_000
    monkeypatch.setattr(worker_module, "Recorder", lambda _budget: Recorder(budget))
    outcomes: list[Outcome] = []
    loaded.session.ended.connect(lambda _job, outcome: outcomes.append(outcome))
    loaded.session.choice.set_settings(steps=40)
    extend(loaded, qtbot)
    history = outcomes[0].history
    assert history is shown_history(loaded)
    assert history.every > 1 and history.nbytes <= budget
    assert history.moments[-1].level == 0
    assert f"of 40 steps kept, {history.nbytes / 1e6:.1f} MB" in loaded.diffusion.scrub.kept.text()
