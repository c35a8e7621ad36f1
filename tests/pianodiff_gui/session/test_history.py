"""The states that a run went through, within a budget of memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianodiff_gui.session.history import Signal16
from tests.pianodiff_gui.session.conftest import FRAMES, record


@given(st.integers(1, 70), st.integers(1, 4), st.integers(0, 60))
def test_the_budget_holds_thinning_is_even_and_last_steps_stay(per_window: int, windows: int, room: int) -> None:
    """Breaks when a long run takes more memory than allowed, skips a stretch, or loses how a window ended."""
    history = record(per_window, windows, room * 4 * FRAMES + 3)
    assert history.steps == per_window * windows
    kept = {(m.window, m.evaluations - 1 - m.window * per_window) for m in history.moments}
    lasts = {(window, per_window - 1) for window in range(windows)}
    if room >= 2 * windows:  # else even the ends of the windows are too many
        every = {(window, number) for window in range(windows) for number in range(0, per_window, history.every)}
        assert kept == every | lasts
    else:
        newest = sorted(lasts)[windows - min(room, windows) :]
        assert set(newest[-1:]) <= kept
    if room >= per_window * windows:
        assert history.every == 1
    order = [m.evaluations for m in history.moments]
    assert order == sorted(order)


def test_what_was_kept_is_said() -> None:
    """Breaks when the window claims more than there is."""
    assert record(10, 1, 10**6).describe() == "all 10 steps kept, 2 kB"
    assert record(50, 2, 30 * 4 * FRAMES).describe() == "every 4th of 100 steps kept, 6 kB"
    assert record(4, 9, 4 * 4 * FRAMES).describe() == "every 4th of 36 steps kept from window 8 on, 800 B"
    history = record(50, 3, 10**6)
    assert history.place(history.moments[74]) == "window 2 of 3, t = 25, evaluation 75 of 150"
    single = record(50, 1, 10**6)
    assert single.place(single.moments[0]) == "t = 49, evaluation 1 of 50"


@pytest.mark.parametrize("peak", [1e-3, 1.0, 300.0, 65_504.0, 65_505.0, 1e6, 3e30])
def test_a_state_is_held_whatever_its_height(peak: float) -> None:
    """Breaks when high levels, where x_t passes what float16 can hold, are clipped or become infinite."""
    signal = (peak * np.sin(np.arange(1000))).astype(np.float32)
    signal[3] = peak
    held = Signal16.of(signal)
    assert held.samples.nbytes == 2 * signal.size
    np.testing.assert_allclose(held.unpacked(), signal, rtol=2**-11, atol=max(peak * 2**-22, 2**-25))
