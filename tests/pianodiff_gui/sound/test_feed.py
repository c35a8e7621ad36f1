"""What is read ahead of the playhead: the ring, and channels that fit the card."""

from __future__ import annotations

import numpy as np
import pytest

from pianodiff_gui.sound.feed import fold
from pianodiff_gui.sound.ring import Ring


@pytest.mark.parametrize(("have", "want"), [(1, 1), (1, 2), (2, 2), (6, 2), (2, 1)])
def test_any_number_of_channels_fits_the_card(have: int, want: int) -> None:
    """Breaks when mono sounds on one side only, or a 6-channel file cannot be played."""
    block = np.arange(have * 4, dtype=np.float32).reshape(have, 4)
    folded = fold(block, want)
    assert folded.shape == (4, want)
    expected = block.T if have == want else np.tile(block.mean(axis=0)[:, None], (1, want))
    np.testing.assert_allclose(folded, expected)


@pytest.mark.parametrize("read", [2, 5, 9])
def test_what_was_written_can_be_written_anew(read: int) -> None:
    """Breaks when a reader that overtakes a change makes the ring owe frames, or plays what was taken back."""
    ring = Ring(10, 1)
    ring.write(np.arange(9, dtype=np.float32)[:, None])
    ring.read_into(np.zeros((read, 1), np.float32))
    ring.rewrite(4, np.arange(40, 43, dtype=np.float32)[:, None])  # as if the reader had been elsewhere a moment ago
    assert ring.ready == max(0, 7 - read)
    out = np.zeros((10, 1), np.float32)
    ready = ring.ready
    ring.read_into(out)
    assert out[:ready, 0].tolist() == [2, 3, 40, 41, 42][read - 2 :][:ready]


def test_ring_keeps_the_order_over_its_end() -> None:
    """Breaks when samples are swapped or lost where the buffer wraps around."""
    ring = Ring(10, 1)
    heard: list[float] = []
    sent = 0
    for block in (7, 5, 9, 3, 10, 6):
        count = min(block, ring.room)
        ring.write(np.arange(sent, sent + count, dtype=np.float32)[:, None])
        sent += count
        out = np.zeros((4, 1), np.float32)
        ready = min(4, ring.written - ring.read)
        ring.read_into(out)
        heard += out[:ready, 0].tolist()
        assert not out[ready:].any()
    assert heard == list(range(len(heard)))
