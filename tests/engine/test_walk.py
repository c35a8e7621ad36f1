"""Walks, their counts, and the lambda schedules that follow them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diffusion.lambdas import lambda_curve
from core.diffusion.samplers import SAMPLERS
from core.diffusion.walk import Edge, count_evaluations, repaint, strided
from core.settings import Settings


def test_repaint_at_the_papers_setting() -> None:
    """1910 evaluations and 1710 re-noising moves; jumps start at levels 1, 11, ..., 181, and nowhere else."""
    walk = repaint(200, 200, 10, 10)
    upward = [edge for edge in walk if edge.upward]
    assert (count_evaluations(walk), len(upward)) == (1910, 1710)
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


def test_too_few_steps_for_a_jump_means_none() -> None:
    """Jump length counts steps of the walk in use."""
    assert repaint(200, 10, 10, 10) == strided(200, 10)
    assert count_evaluations(repaint(200, 11, 10, 10)) == 11 + 9 * 10


def test_a_sampler_says_its_cost_before_it_runs() -> None:
    """The panel, the progress bar and the ETA all rest on this number."""
    assert SAMPLERS["repaint"].evaluations(Settings()) == 1910
    assert SAMPLERS["interpolation"].evaluations(Settings(steps=37)) == 37
    assert SAMPLERS["replacement"].evaluations(Settings(steps=1)) == 1


def test_reverse_lambda_has_the_papers_values() -> None:
    """Values at index t (Fig. 2), the last step exactly 1."""
    curve = lambda_curve("reverse", 200)
    at_index = {100: 0.026, 50: 0.193, 25: 0.433, 10: 0.675, 1: 0.871, 0: 1.0}
    assert {t: round(float(curve[199 - t]), 3) for t in at_index} == at_index
    assert curve[0] == 0


def test_the_other_lambdas() -> None:
    """Forward: 0.895 down to 0. Linear: i / 199. Every length ends as the schedule says."""
    forward = lambda_curve("forward", 200)
    assert forward[0] == pytest.approx(0.895, abs=5e-4) and forward[-1] == 0
    assert np.allclose(lambda_curve("linear", 200), np.arange(200) / 199)
    assert lambda_curve("reverse", 1).tolist() == [1.0]
    assert lambda_curve("reverse", 50)[-1] == 1.0
