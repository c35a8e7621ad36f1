"""How a continuation came about, kept."""

import json
from pathlib import Path

import numpy as np

from core.study.trace import Trace


def test_a_trace_comes_back_as_it_was(tmp_path: Path) -> None:
    trace = Trace(200, 22_050, [199.0, 0.0], [0.5, 0.75], np.linspace(-1, 1, 5, dtype=np.float32), 25.0, 3)
    trace.save(tmp_path / "a.npz")
    again = Trace.load(tmp_path / "a.npz")
    assert json.dumps([again.levels, again.similarities]) == json.dumps([trace.levels, trace.similarities])
    assert np.allclose(again.x, trace.x, atol=1e-3) and (again.x_level, again.known_frames) == (25.0, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
