"""The numbers behind the pictures of a run: curves over t, and how high x_t is drawn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from pianodiff_gui.session.jobs import Frame
from pianodiff_gui.views.curves import by_level, level_ticks
from pianodiff_gui.views.state_plot import Height


def frame(peak: float, level: float, elapsed: float) -> Frame:
    return cast(Frame, SimpleNamespace(outline=SimpleNamespace(peak=peak), level=level, elapsed=elapsed))


def test_a_level_that_is_visited_again_has_its_newest_value() -> None:
    """Breaks when the curve of a sampler that jumps back runs to and fro."""
    levels, values = by_level([200.0, 100.0, 200.0, 50.0], [0.1, 0.2, 0.3, 0.4])
    assert levels.tolist() == [200.0, 100.0, 50.0] and values.tolist() == [0.3, 0.2, 0.4]


def test_the_axis_of_levels_names_the_noisiest() -> None:
    """Breaks when nobody can tell which end of the axis is noise."""
    assert level_ticks(200) == [(0.0, "0"), (50.0, "50"), (100.0, "100"), (150.0, "150"), (200.0, "t = 200")]


def test_the_height_follows_the_noise_down_and_never_cuts_it_off() -> None:
    """Breaks when the picture jumps from step to step, or x_t runs out of it."""
    height = Height()
    assert height.follow(frame(4.0, 200, 0.0)) == 4.0
    after = height.follow(frame(1.0, 100, 0.2))
    assert 1.0 < after < 4.0
    assert height.follow(frame(5.0, 90, 0.3)) == 5.0
    assert height.follow(frame(0.5, 0, 0.4)) == pytest.approx(0.5)
    height.start_over()
    assert height.follow(frame(2.0, 200, 0.5)) == 2.0
