"""Playback of the original and its extension as one, or of a signal in memory, through PortAudio.

A reader thread keeps a ring of ready samples ahead of the sound card, so an hour plays without being loaded. The
callback copies a slice and counts frames, nothing else: no signals, no allocation of arrays, no logging. The playhead
is worked out from those counts when a timer asks. A machine without a sound card is a normal state.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from pianodiff_gui.sound.card import SoundCard, close_stream
from pianodiff_gui.sound.feed import HEARD_SECONDS, Feed
from pianodiff_gui.sound.programme import Loop, Playable, Programme
from pianodiff_gui.sound.ring import Ring

log = logging.getLogger(__name__)

_TICK = 25  # ms between looks at the playhead
_MOST_CHANNELS = 2  # files with more are mixed down for listening, and keep theirs


class Player(QObject):
    """Play, pause, seek and loop. Lives in the GUI thread."""

    position_changed = Signal(float)  # s
    playing_changed = Signal(bool)
    waiting_changed = Signal(bool)  # it plays, but stands at the end of what there is until there is more
    trouble = Signal(str)  # a notice for the user: no sound card, or it went away

    def __init__(self, parent: QObject | None = None, card: SoundCard | None = None) -> None:
        super().__init__(parent)
        self.card = card if card is not None else SoundCard()
        self._timeline: Playable | None = None
        self._feed: Feed | None = None
        self._stream: Any = None
        self._position = 0.0
        self._loop = False
        self._region: tuple[float, float] | None = None
        self._gain, self._growing = 1.0, False
        self._waiting = False
        self._ring: Ring | None = None
        self._stamp: tuple[Ring | None, int, float] = (None, 0, 0.0)  # ring, frames handed over, when: set in one go
        self._drained: float | None = None  # when the last frame was handed over
        self._furthest = 0.0
        self._metered = 0  # frames that `recent` has told of
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK)
        self._timer.timeout.connect(self._tick)

    # State

    @property
    def playing(self) -> bool:
        return self._feed is not None

    @property
    def position(self) -> float:
        """Seconds from the start of what is played."""
        return self._position

    @property
    def waiting(self) -> bool:
        """Whether it stands at the end of what there is until there is more."""
        return self._waiting

    def recent(self) -> np.ndarray:
        """What was heard since this was last asked, as it went to the sound card: (frames, channels), the latest 0.2 s
        at most; nothing while it doesn't play.
        """
        feed = self._feed
        if feed is None:
            return np.zeros((0, _MOST_CHANNELS), np.float32)
        end = int(self._furthest)
        begin, self._metered = max(self._metered, end - round(HEARD_SECONDS * self._rate)), end
        return feed.ring.look(begin, end)

    # What the user does

    def set_timeline(self, timeline: Playable | None, gain: float = 1.0, growing: bool = False) -> None:
        """What to play, `gain` times as loud as it is, going on from the same place where that still exists.

        growing: more will come behind its end, as a timeline of its own; until then playing waits there.
        """
        if timeline is self._timeline and gain == self._gain and growing == self._growing:
            return
        self._timeline, self._gain, self._growing = timeline, gain, growing
        begin, end = (timeline.begin_seconds, timeline.end_seconds) if timeline is not None else (0.0, 0.0)
        if self.playing and (timeline is None or self._position > end):
            self.stop()
        self._read_on()
        self._move(min(max(self._position, begin), end))

    def set_loop(self, loop: bool) -> None:
        """Start over at the end, or stop there; with a region, play that over and over."""
        if loop != self._loop:
            self._loop = loop
            self._read_on()

    def set_region(self, region: tuple[float, float] | None) -> None:
        """What Loop plays over and over, in seconds; None for the whole."""
        if region != self._region:
            self._region = region
            self._read_on()

    def play(self) -> None:
        """Play from the playhead; from the start when it stands at the end."""
        timeline = self._timeline
        if timeline is None or self.playing:
            return
        problem = self.card.unavailable()
        if problem:
            self.trouble.emit(problem)
            return
        loop = self._looped(timeline)
        if loop is not None and not loop[0] <= round(self._position * timeline.sample_rate) < loop[1] - 1:
            self._move(loop[0] / timeline.sample_rate)
        elif self._position >= timeline.end_seconds - 0.02 and not self._growing:
            self._move(timeline.begin_seconds)
        try:
            self._open_stream(timeline)
        except Exception as error:
            log.exception("the sound device could not be opened")
            self._close_stream()
            self.trouble.emit(f"The sound device could not be opened ({error}). Is another program using it?")
            return
        self._timer.start()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stop where the playhead is."""
        if self.playing:
            self._timer.stop()
            self._close_stream()
            self._set_waiting(False)
            self.playing_changed.emit(False)

    def stop(self) -> None:
        """Stop and go back to the start."""
        self.pause()
        self._move(self._timeline.begin_seconds if self._timeline is not None else 0.0)

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def seek(self, seconds: float) -> None:
        """Move the playhead; playing goes on from there."""
        timeline = self._timeline
        begin, end = (timeline.begin_seconds, timeline.end_seconds) if timeline is not None else (0.0, 0.0)
        self._move(min(max(seconds, begin), end))
        if self.playing:
            self._start_feed(self._position)

    def close(self) -> None:
        """Let go of the sound device."""
        self.pause()

    # The stream

    def _open_stream(self, timeline: Playable) -> None:
        sounddevice = self.card.library
        device = sounddevice.query_devices(kind="output")
        self._channels = max(1, min(_MOST_CHANNELS, int(device["max_output_channels"])))
        self._rate = timeline.sample_rate
        try:
            sounddevice.check_output_settings(channels=self._channels, samplerate=self._rate, dtype="float32")
        except Exception:
            self._rate = int(device["default_samplerate"])
        self._start_feed(self._position)
        self._stream = sounddevice.OutputStream(
            samplerate=self._rate, channels=self._channels, dtype="float32", latency="low", callback=self._callback
        )
        self._stream.start()

    def _programme(self, timeline: Playable) -> Programme:
        return Programme(timeline, self._gain, self._looped(timeline), self._growing)

    def _looped(self, timeline: Playable) -> Loop | None:
        """The frames that are played over and over: of the region what there is, or all once it is complete."""
        if not self._loop:
            return None
        begin, end = timeline.begin, timeline.end
        if self._region is not None:
            first, last = (round(seconds * timeline.sample_rate) for seconds in self._region)
            if max(first, begin) < min(last, end):
                # What is behind the end of a growing timeline is waited for, and then played over and over.
                return None if self._growing and last > end else (max(first, begin), min(last, end))
        return None if self._growing or begin == end else (begin, end)

    def _read_on(self) -> None:
        """Go on with what has changed, a moment ahead of what is heard."""
        feed, timeline = self._feed, self._timeline
        if feed is None or timeline is None:
            return
        if timeline.sample_rate == feed.sample_rate:
            feed.follow(self._programme(timeline))
        else:
            self._start_feed(self._position)

    def _start_feed(self, seconds: float) -> None:
        """Begin to read at `seconds`; the callback takes from the new ring from its next call on."""
        timeline = self._timeline
        assert timeline is not None
        if self._feed is not None:
            self._feed.stop()
        feed = Feed(self._programme(timeline), round(seconds * timeline.sample_rate), self._rate, self._channels)
        feed.prefill()
        self._feed = feed
        self._furthest, self._metered = 0.0, 0
        self._drained = None
        self._ring = feed.ring
        feed.start()

    def _callback(self, out: np.ndarray, frames: int, when: Any, status: Any) -> None:
        ring = self._ring
        if ring is None:
            out[:] = 0
            return
        ring.read_into(out)
        self._stamp = (ring, ring.read, time.perf_counter())

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.stop()
        if stream is not None:
            close_stream(stream)
        self._ring = None
        if feed is not None and feed.ident is not None:
            feed.join(1.0)

    # The playhead

    def _tick(self) -> None:
        feed, stream = self._feed, self._stream
        if feed is None or stream is None:
            return
        if not stream.active:
            self.pause()
            self.card.forget()
            self.trouble.emit("The sound device went away. Press Play to try again.")
            return
        ring, handed, when = self._stamp
        now, latency = time.perf_counter(), float(stream.latency)
        if ring is feed.ring and handed:
            heard = handed - latency * self._rate + (now - when) * self._rate
            # Never backwards, and never past what was handed over.
            self._furthest = max(self._furthest, min(heard, float(handed)))
        over, waiting = feed.over, feed.waiting
        if (over or waiting) and not feed.ring.ready:
            self._drained = now if self._drained is None else self._drained
            if now - self._drained < latency:
                over = waiting = False
            else:
                self._furthest = float(feed.ring.read)
        else:
            self._drained, over, waiting = None, False, False
        self._move(feed.position(self._furthest) / feed.sample_rate)
        self._set_waiting(waiting)
        if over:
            self._finish(feed)

    def _finish(self, feed: Feed) -> None:
        """All there is has been heard, or could be read."""
        self.pause()
        if feed.error:
            self.trouble.emit(feed.error)
        else:
            self._move(feed.programme.timeline.end_seconds)

    def _set_waiting(self, waiting: bool) -> None:
        if waiting != self._waiting:
            self._waiting = waiting
            self.waiting_changed.emit(waiting)

    def _move(self, seconds: float) -> None:
        if seconds != self._position:
            self._position = seconds
            self.position_changed.emit(seconds)
