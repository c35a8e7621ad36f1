"""Plans of windows."""

from dataclasses import replace

import pytest

from core.diffusion.denoiser import Denoiser
from core.errors import SettingsError
from core.extension.plan import plan_extension
from core.extension.settings import Settings
from core.networks.card import NetworkInfo

Tiny = tuple[Denoiser, NetworkInfo]


def test_plans(tiny: Tiny) -> None:
    """Windows cover the length exactly, none is a sliver, and a context that fills the window is refused."""
    network = tiny[1]
    for seconds in (0.1, 0.25, 0.26, 1.0, 60.0):
        plan = plan_extension(network, Settings(), 3.0, seconds)
        assert plan.new_frames == round(seconds * 4000)
        sizes = [w.new_frames for w in plan.windows]
        assert max(sizes) - min(sizes) <= 1 and max(sizes) <= 1000
        assert all(w.context_frames == 2000 for w in plan.windows)
    with pytest.raises(SettingsError, match="no room"):
        plan_extension(network, Settings(context_seconds=0.7), 3.0, 1.0)


def test_less_context_where_notes_lead(tiny: Tiny) -> None:
    """Notes leave room for more in windows that start with them, and in no others; a length that was chosen stays."""
    network = replace(tiny[1], context_with_notes_seconds=0.25)
    led, chosen = Settings(start=0.5), Settings(start=0.5, context_seconds=0.4)
    first = [plan_extension(network, how, 3.0, 1.0).windows[0] for how in (led, Settings(), chosen)]
    lengths = [(window.context_frames, window.new_frames) for window in first]
    assert lengths == [(1000, 2000), (2000, 1000), (1600, 1000)]


def test_plans_of_preludes_and_gaps(tiny: Tiny) -> None:
    """A prelude grows backwards and sees what it made; the last window of a gap sees both sides, within its length."""
    _, network = tiny  # 4 kHz, window 0.75 s, context 0.5 s, hop 0.25 s
    settings = Settings(steps=3)
    prelude = plan_extension(network, settings, 0.0, 0.5, after_seconds=0.3)
    assert [(w.context_frames, w.new_frames, w.after_frames) for w in prelude.windows] == [
        (0, 1000, 1200),
        (0, 1000, 2000),
    ]
    gap = plan_extension(network, settings, 2.0, 0.5, after_seconds=2.0)
    assert [(w.context_frames, w.new_frames, w.after_frames) for w in gap.windows] == [
        (2000, 1000, 0),
        (1000, 1000, 1000),
    ]
    lopsided = plan_extension(network, settings, 0.05, 0.1, after_seconds=2.0)
    assert [(w.context_frames, w.new_frames, w.after_frames) for w in lopsided.windows] == [(200, 400, 2000)]
    for plan in (prelude, gap, lopsided):
        assert all(w.context_frames + w.new_frames + w.after_frames <= 3000 for w in plan.windows)
