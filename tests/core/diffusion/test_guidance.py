"""Guidance by the gradient."""


import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.diffusion.guidance import hann_edges
from tests.core.diffusion.material import masks


@settings(max_examples=50, deadline=None)
@given(masks, st.integers(1, 20))
def test_hann_edges_rise_from_every_unknown_sample(mask: list[bool], frames: int) -> None:
    """The projection fades within the known part only: 0 at the unknown, 1 from `frames` away, rising between."""
    weights = hann_edges(torch.tensor(mask)[None, None], frames)[0, 0].numpy()
    unknown = np.flatnonzero(~np.array(mask))
    for place, weight in enumerate(weights):
        distance = min((abs(place - u) for u in unknown), default=frames)
        assert weight == pytest.approx(np.sin(np.pi / 2 * min(1, distance / frames)) ** 2, abs=1e-6)
