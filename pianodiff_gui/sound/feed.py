"""What is played is read ahead of the playhead, in a thread of its own, into a ring that the sound card empties.

Nothing clicks: what changes while it plays goes over from the old sound to the new one in a ramp, a little ahead of
the sound card; where more is awaited it fades out before the ring runs empty, and fades in when there is more.
"""

from __future__ import annotations

import math
import threading

import numpy as np
import soxr

from core.errors import PianoDiffError
from pianodiff_gui.sound.programme import Programme, mixed, rise
from pianodiff_gui.sound.ring import Ring

_RING_SECONDS = 2.0
HEARD_SECONDS = 0.2
"""Of what was heard last, which the ring still has, for whoever shows it."""
_BLOCK = 4096  # frames read at a time
_REST = 0.02  # s between looks when there is nothing to do
_NEAR = 0.25  # s ahead of the sound card: when what is left in the ring fades out unless more has come
_MARGIN, _GUARD = 4096, 2048  # frames ahead of the sound card where a change begins, and must still be when it is made
_TRIES = 4  # to begin a change ahead of the sound card, twice as far each time


class Feed(threading.Thread):
    """Reads a programme ahead of the playhead into a ring, at the sound card's rate and channels."""

    def __init__(self, programme: Programme, start: int, rate: int, channels: int) -> None:
        super().__init__(name="pianodiff-feed", daemon=True)
        self._wish = self._programme = self._settled = programme
        timeline = programme.timeline
        self.sample_rate = timeline.sample_rate
        self.ratio = rate / timeline.sample_rate
        self._rate, self._channels = rate, channels
        self._spare = math.ceil(max(2 * _BLOCK * max(1.0, self.ratio), _BLOCK * self.ratio + HEARD_SECONDS * rate))
        self.ring = Ring(max(round(_RING_SECONDS * rate), 2 * self._spare), channels)
        self.error = ""
        self._waits = False  # all there is has been written, and more is to come
        self._ended = False  # all there is has been written
        self._faded = False  # the last that was written fades out, so what comes next fades in
        self._halt = threading.Event()
        self._begin_at(0, programme.start(start))
        self._places: tuple[tuple[float, int], ...] = ((0.0, self._at),)

    # For the player

    @property
    def programme(self) -> Programme:
        """What is read now: what was asked for last, or what was before that for a moment more."""
        return self._settled

    @property
    def over(self) -> bool:
        """Whether the ring has all there is, and no more is to come."""
        return self._ended and self._wish is self._settled

    @property
    def waiting(self) -> bool:
        """Whether the ring has all there is, and more is to come."""
        return self._waits and self._wish is self._settled

    def follow(self, programme: Programme) -> None:
        """Go on with another programme, of the same sample rate, from the place that is heard next."""
        self._wish = programme

    def stop(self) -> None:
        self._halt.set()

    def position(self, played: float) -> float:
        """Frame of the timeline that sounds after `played` frames at the sound card's rate."""
        return min(_position(self._places, played, self.ratio), self._programme.timeline.end)

    def prefill(self) -> None:
        """Read the first block here and now, so that playback starts without a gap."""
        self._step()

    # In the thread

    def run(self) -> None:
        while not self._halt.is_set():
            if self._wish is not self._programme:
                self._change(self._wish)
            elif self._ended or self.ring.room < self._spare or not self._step():
                self._halt.wait(_REST)

    def _begin_at(self, count: int, frame: int) -> None:
        """Read from `frame` on what is frame `count` of the ring."""
        self._at, self._origin, self._consumed = frame, count, 0
        same = self.sample_rate == self._rate
        self._resampler = None if same else soxr.ResampleStream(self.sample_rate, self._rate, self._channels)

    def _step(self) -> bool:
        """Write the next block. Whether there was one."""
        frames = self._next()
        if frames is not None:
            self.ring.write(frames)
        self._ended = self._over
        return frames is not None

    @property
    def _over(self) -> bool:
        """Whether all there is has been read, and no more is to come."""
        programme = self._programme
        at_end = programme.loop is None and not programme.awaited and self._at >= programme.end
        return at_end or bool(self.error)

    def _change(self, programme: Programme) -> None:
        """Go over to another programme, a little ahead of the sound card."""
        ring, old = self.ring, self._programme
        written, places, faded = ring.written, self._places, self._faded
        for attempt in range(_TRIES + 1):
            # Next to what was written last there is nothing that the sound card could overtake.
            join = min(ring.read + (_MARGIN << attempt), written) if attempt < _TRIES else written
            frame = programme.start(math.floor(_position(places, join, self.ratio) + 0.5))
            self._programme, self._waits = programme, False
            self._faded = faded and join == written
            self._begin_at(join, frame)
            self._places = (*(place for place in places if place[0] < join), (join, frame))
            frames = self._next()
            if join == written or ring.read + _GUARD <= join:
                break
        before = ring.look(join, min(written, join + math.ceil(old.ramp * self.ratio)))
        after = np.zeros_like(before) if frames is None else frames
        count = min(len(before), len(after))
        ring.rewrite(join, np.concatenate([mixed(before[:count], after[:count], rise(count)[:, None]), after[count:]]))
        self._ended = self._over
        self._settled = programme

    def _next(self) -> np.ndarray | None:
        """The next frames for the ring, (n, channels); None where there are none now."""
        try:
            block = self._read_on()
        except PianoDiffError as error:
            self.error = str(error)
            return None
        if block is None:
            return None
        frames = fold(block, self._channels)
        self._consumed += len(frames)
        if self._resampler is not None:
            frames = self._resampler.resample_chunk(frames, last=self._waits or self._over)
        return frames

    def _read_on(self) -> np.ndarray | None:
        """The next block at the timeline's rate, (channels, n); None where there is none now."""
        programme = self._programme
        if programme.loop is not None and self._at >= programme.end:
            self._start_over(programme.loop[0])
        at = self._at
        if at < programme.plain_end:
            block = programme.read(at, min(at + _BLOCK, programme.plain_end))
        elif programme.loop is not None:
            block = programme.turn(at)
        elif programme.awaited:
            return self._read_last()
        else:
            block = programme.read(at, programme.end)
        self._at += block.shape[1]
        if self._faded and block.shape[1]:
            count = min(programme.ramp, block.shape[1])
            block[:, :count] *= rise(count)
            self._faded = False
        return block

    def _read_last(self) -> np.ndarray | None:
        """What was kept back before the end at which more is awaited, once it is needed: it fades out."""
        if self.ring.ready > _NEAR * self._rate:
            return None
        programme, at = self._programme, self._at
        self._waits = self._faded = True
        if at >= programme.end:
            return None
        self._at = programme.end
        return programme.last(at)

    def _start_over(self, frame: int) -> None:
        """Go on with `frame`."""
        self._at = frame
        count = self._origin + self._consumed * self.ratio
        heard = [place for place in self._places if place[0] < self.ring.read - self._rate]
        self._places = (*self._places[max(0, len(heard) - 1) :], (count, frame))


def _position(places: tuple[tuple[float, int], ...], played: float, ratio: float) -> float:
    """The frame of the timeline that is frame `played` of the ring, by the places from which reading went on."""
    count, frame = next((place for place in reversed(places) if place[0] <= played), places[0])
    return frame + (played - count) / ratio


def fold(block: np.ndarray, channels: int) -> np.ndarray:
    """(C, n) as contiguous (n, channels): as it is where the counts agree, else the mean of all on every channel."""
    if len(block) != channels:
        block = np.broadcast_to(block.mean(axis=0), (channels, block.shape[1]))
    return np.ascontiguousarray(block.T, np.float32)
