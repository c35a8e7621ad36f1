"""A timeline: what was generated around a recording and in it, read as one."""

from __future__ import annotations

import numpy as np

from core.audio.source import Source
from core.extension.settings import Settings
from pianodiff_gui.session.timeline import BEFORE, Gap, Stretch, Timeline


def test_timeline_reads_across_original_and_generated(source: Source) -> None:
    """Breaks when playback, the context of the next run or the drawing misplaces samples at a seam."""

    def stretch(frames: int, value: float, gap: Gap | None = None) -> Stretch:
        return Stretch(np.full((1, frames), value, np.float32), Settings(), {}, gap)

    one, two = stretch(100, 0.1), stretch(50, 0.2)
    near, far = stretch(70, 0.3, BEFORE), stretch(30, 0.4, BEFORE)
    late, early = stretch(20, 0.5, (400, 420)), stretch(10, 0.6, (200, 210))
    timeline = Timeline(source, (one, near, late, two, early, far))
    old = source.read()
    pieces = [far.samples, near.samples, old[:, :200], early.samples, old[:, 210:400], late.samples, old[:, 420:]]
    whole = np.concatenate([*pieces, one.samples, two.samples], axis=1)
    assert (timeline.begin, timeline.end) == (-100, source.frames + 150)
    ends = ((-100, timeline.end), (-(10**9), 10**9), (-40, 5), (195, 415), (source.frames - 3, source.frames + 120))
    for begin, end in ends:
        first, last = max(begin, -100) + 100, min(end, timeline.end) + 100
        np.testing.assert_array_equal(timeline.read(begin, end), whole[:, first:last])
    assert timeline.read(timeline.end, timeline.end + 5).shape == (1, 0)
    reach = round(0.01 * source.sample_rate)
    before, behind = timeline.around(None, 0.01)
    np.testing.assert_array_equal(before, whole[:, -reach:])
    assert behind.shape == (1, 0)
    before, behind = timeline.around(BEFORE, 0.01)
    assert before.shape == (1, 0)
    np.testing.assert_array_equal(behind, whole[:, :reach])
    before, behind = timeline.around((300, 310), 0.01)
    np.testing.assert_array_equal(before, whole[:, 400 - reach : 400])
    np.testing.assert_array_equal(behind, whole[:, 410 : 410 + reach])
    np.testing.assert_array_equal(timeline.cut(120).read(0, 10**9), whole[:, 100:-30])
    np.testing.assert_array_equal(timeline.cut(80, BEFORE).read(-(10**9), 0), whole[:, 20:100])
    assert timeline.is_filled((205, 300)) and not timeline.is_filled((210, 400))
