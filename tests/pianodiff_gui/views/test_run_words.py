"""What is said of a run before it and after it, without a widget."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from core.extension.plan import Plan, Window, plan_extension
from core.extension.settings import DEFAULT
from core.networks.registry import shipped_networks
from pianodiff_gui.session.goal import Goal
from pianodiff_gui.session.jobs import Frame, Job, Outcome
from pianodiff_gui.session.timeline import BEFORE, Gap
from pianodiff_gui.views.plan_diagram import Row, rows_of, rows_shown
from pianodiff_gui.views.run_words import outcome_line, plan_sentences


def plan_of(before: float, new: float, behind: float) -> tuple[Plan, int]:
    network = shipped_networks()[0]
    return plan_extension(network, DEFAULT, before, new, behind), network.sample_rate


@pytest.mark.parametrize(
    ("gap", "lengths", "words"),
    [
        (None, (5.0, 2.0, 0.0), "hears the last"),
        (BEFORE, (0.0, 2.0, 5.0), "hears the first"),
        ((100, 200), (5.0, 0.5, 5.0), "everything around it stays as it is."),
    ],
)
def test_it_is_said_what_the_network_hears(gap: Gap | None, lengths: tuple[float, float, float], words: str) -> None:
    """Breaks when the sentence tells of another kind of run than the one that is planned."""
    plan, rate = plan_of(*lengths)
    said = plan_sentences(plan, Goal(lengths[1], gap), rate)
    assert said.startswith(f"From noise to {lengths[1]:.1f} s of piano in ") and words in said
    assert plan_sentences(plan, Goal(lengths[1], gap), rate, led=True) == said.replace("noise", "notes")


@pytest.mark.parametrize(
    ("seconds", "complete", "gap", "words"),
    [
        (2.0, True, None, "Added 2.0 s"),
        (2.0, True, (10, 20), "Filled 2.0 s"),
        (1.0, False, None, "Stopped; kept 1.0 s"),
        (0.0, False, None, "Stopped"),
    ],
)
def test_what_came_of_a_run_is_said(seconds: float, complete: bool, gap: Gap | None, words: str) -> None:
    """Breaks when a run that was stopped is told as done, or the end of one that was is not told."""
    job = cast(Job, SimpleNamespace(base=SimpleNamespace(sample_rate=100), gap=gap))
    outcome = Outcome(np.zeros((1, round(100 * seconds)), np.float32), complete, 7, 3.0, None, "cpu", {})
    frame = cast(Frame, SimpleNamespace(similarities=np.array([0.5, 0.75])))
    parts = outcome_line(job, outcome, frame).split("  \u00b7  ")
    assert parts[:3] == [words, "7 evaluations", "3 s"]
    assert (parts[-1] == "KS similarity 0.75 at the end") == complete


def window(context: int, new: int, after: int) -> Window:
    return cast(Window, SimpleNamespace(context_frames=context, new_frames=new, after_frames=after))


def test_a_prelude_grows_to_the_left() -> None:
    """Breaks when the diagram shows the windows of a prelude in the wrong direction."""
    behind: Any = [window(30, 10, 0), window(30, 10, 0)]
    assert rows_of(behind) == [Row(-30, 0, 10, 10), Row(-20, 10, 20, 20)]
    before: Any = [window(0, 10, 30), window(0, 10, 30)]
    assert rows_of(before) == [Row(0, 0, 10, 40), Row(-10, -10, 0, 30)]


def test_more_windows_than_there_is_room_for_leave_room_to_say_so() -> None:
    """Breaks when rows are drawn over each other, or a plan of many windows looks like one of few."""
    assert rows_shown(3, 200.0) == 3
    assert rows_shown(30, 200.0) == 5
    assert rows_shown(30, 60.0) == 2
    assert rows_shown(30, 5.0) == 1
