"""Which blocks of a timeline are pictures of the same sound, and what they show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.spectrogram import columns_of, levels
from core.analysis.spectrogram_pyramid import BLOCK_COLUMNS
from core.audio.source import Source
from core.extension.settings import Settings
from pianodiff_gui.session.timeline import BEFORE, Gap, Stretch, Timeline
from pianodiff_gui.work.spectrograms import block_of, contents_of
from tests.pianodiff_gui.conftest import RATE


def stretch(seconds: float, gap: Gap | None = None, seed: int = 0) -> Stretch:
    noise = np.random.default_rng(seed).standard_normal((1, round(seconds * RATE)), np.float32)
    return Stretch(0.1 * noise, Settings(), gap=gap)


def changed(before: Timeline, after: Timeline) -> set[int]:
    """The numbers of blocks that have to be made for `after`, where those of `before` are there."""
    there = set(contents_of(before).values())
    return {index for index, content in contents_of(after).items() if content not in there}


@pytest.fixture
def timeline(source: Source) -> Timeline:
    """3 s recorded, 100 s generated: blocks 0 to 4."""
    return Timeline(source).with_stretch(stretch(100.0))


def test_only_what_changed_is_made_anew(timeline: Timeline) -> None:
    """Breaks when trimming, growing or filling works through everything again, or leaves what the seam changed."""
    assert set(contents_of(timeline)) == {0, 1, 2, 3, 4}
    assert changed(timeline, replace(timeline)) == set()
    assert changed(timeline, timeline.cut(60 * RATE)) == {2}
    assert changed(timeline.cut(60 * RATE), timeline) == {2, 3, 4}
    assert changed(timeline, timeline.with_stretch(stretch(1.0))) == {4}
    assert changed(timeline, timeline.with_stretch(stretch(1.0, BEFORE))) == {-1, 0}
    assert changed(timeline, timeline.with_stretch(stretch(0.5, (RATE, RATE + RATE // 2)))) == {0}


def test_another_take_is_another_picture(timeline: Timeline) -> None:
    """Breaks when two takes of one length are taken for the same."""
    other = Timeline(timeline.source).with_stretch(stretch(100.0, seed=1))
    assert changed(timeline, other) == {0, 1, 2, 3, 4}


def test_blocks_put_together_are_the_whole(timeline: Timeline) -> None:
    """Breaks when a block starts at another column than its number says, before the recording too."""
    whole = timeline.with_stretch(stretch(2.0, BEFORE))
    first, last = columns_of(whole.begin, whole.end, RATE)
    at_once = levels(whole.read, whole.begin, whole.end, RATE, first, last)
    blocks = np.concatenate([block_of(whole, index).levels[0] for index in contents_of(whole)])
    begin = min(contents_of(whole)) * BLOCK_COLUMNS
    difference = np.abs(blocks[first - begin : last - begin].astype(int) - at_once)
    assert difference.max() <= 1 and (difference > 0).mean() < 0.01
    assert blocks[: first - begin].max(initial=0) == 0 and blocks[last - begin :].max(initial=0) == 0


def test_the_columns_before_a_seam_hear_what_follows_it(source: Source) -> None:
    """Breaks when the recording's last columns are made as if silence followed: a window is longer than a column."""
    seam = round(3.0 / (512 / 22_050))
    alone = block_of(Timeline(source), 0).levels[0]
    extended = block_of(Timeline(source).with_stretch(stretch(2.0)), 0).levels[0]
    assert np.abs(alone[: seam - 40].astype(int) - extended[: seam - 40]).max() <= 1
    assert (extended[seam - 4].astype(int) - alone[seam - 4]).max() > 12  # 6 dB
