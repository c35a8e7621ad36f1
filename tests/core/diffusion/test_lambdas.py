"""The lambda schedules of interpolation guidance, against the paper's values."""


import numpy as np
import pytest

from core.diffusion.lambdas import lambda_curve


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


def test_a_drawn_lambda_curve_is_followed() -> None:
    """Straight lines between the points the user dragged, at whatever number of steps."""
    points = ((0.0, 0.0), (0.5, 0.8), (1.0, 1.0))
    assert lambda_curve(points, 5).tolist() == pytest.approx([0.0, 0.4, 0.8, 0.9, 1.0])
    assert lambda_curve(points, 1).tolist() == [1.0]
