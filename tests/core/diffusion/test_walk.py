"""Walks and their counts."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diffusion.schedule import NoiseSchedule
from core.diffusion.walk import Edge, churned, repaint, start_level, steps_down, steps_from, strided


def test_repaint_at_the_papers_setting() -> None:
    """1910 evaluations and 1710 re-noising moves; jumps start at levels 1, 11, ..., 181, and nowhere else."""
    walk = repaint(200, 200, 10, 10)
    upward = [edge for edge in walk if edge.upward]
    assert (steps_down(walk), len(upward)) == (1910, 1710)
    starts = [b.start for a, b in pairwise(walk) if b.upward and not a.upward]
    assert sorted(set(starts)) == list(range(1, 182, 10))
    assert len(starts) == 19 * 9
    assert walk[18] == Edge(182, 181) and walk[19] == Edge(181, 182)


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 12))
def test_every_walk_is_one_unbroken_path_from_the_top_to_clean(steps: int, jump: int, times: int) -> None:
    """An edge that does not start where the last one ended would feed the network a wrong level."""
    for walk in (strided(200, steps), repaint(200, steps, jump, times)):
        assert walk[0].start == 200 and walk[-1].stop == 0
        assert all(a.stop == b.start for a, b in pairwise(walk))
        levels = sorted({edge.start for edge in walk} | {0.0})
        assert len(levels) == steps + 1


@pytest.mark.parametrize("steps", [1, 2, 7, 50, 199, 200, 1000])
def test_the_last_step_starts_from_the_least_noise(steps: int) -> None:
    """With few steps spread down to 0 itself, the last would start far above level 1, and leave that noise in."""
    assert strided(200, steps)[-1] == Edge(200 if steps == 1 else 1, 0)


def test_churn_raises_sigma_before_every_step_within_the_schedule() -> None:
    """Karras et al.: by min(S_churn / steps, sqrt 2 - 1); never above the top; the path stays unbroken."""
    schedule = NoiseSchedule.power_sigma(200, 1e-3, 5.0, 7.0)
    for churn, growth in ((10.0, 1.2), (1000.0, np.sqrt(2))):
        walk = churned(strided(200, 50), schedule, churn, 50)
        assert all(a.stop == b.start for a, b in pairwise(walk)) and steps_down(walk) == 50
        rises = [schedule.sigma(edge.stop) / schedule.sigma(edge.start) for edge in walk if edge.upward]
        assert max(edge.start for edge in walk) == 200 and len(rises) == 49
        assert rises[5:] == pytest.approx([growth] * len(rises[5:]))


def test_too_few_steps_for_a_jump_means_none() -> None:
    """Jump length counts steps of the walk in use."""
    assert repaint(200, 10, 10, 10) == strided(200, 10)
    assert steps_down(repaint(200, 11, 10, 10)) == 11 + 9 * 10


@pytest.mark.parametrize(("steps", "start"), [(50, 0.45), (200, 0.3), (1000, 0.9), (7, 0.5), (3, 0.01), (1, 0.4)])
def test_a_walk_from_further_down_is_as_dense_and_its_levels_are_its_own(steps: int, start: float) -> None:
    """Breaks when a lower start costs as much as the whole walk, leaves out its end, or begins somewhere else."""
    walk = strided(start_level(200, start), steps_from(steps, start))
    assert walk[0].start == pytest.approx(200 * start) and walk[-1].stop == 0
    assert len(walk) == max(1, round(start * steps))
    assert all(edge.start > edge.stop for edge in walk)
    if start * steps > 10:
        assert walk[0].start - walk[0].stop == pytest.approx(199 / (steps - 1), rel=0.1)
        assert walk[-1] == Edge(1, 0)


def test_a_start_of_1_is_the_whole_walk() -> None:
    """Breaks when the paper's way is no longer the same, bit for bit."""
    for steps in (1, 7, 50, 200, 1000):
        assert strided(start_level(200, 1.0), steps_from(steps, 1.0)) == strided(200, steps)
