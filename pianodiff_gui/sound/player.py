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

from pianodiff_gui.sound.card import SoundCard
from pianodiff_gui.sound.feed import Feed, Playable, Ring

log = logging.getLogger(__name__)

_TICK = 25  # ms between looks at the playhead
_MOST_CHANNELS = 2  # files with more are mixed down for listening, and keep theirs


class Player(QObject):
    """Play, pause, seek and loop. Lives in the GUI thread."""

    position_changed = Signal(float)  # s
    playing_changed = Signal(bool)
    trouble = Signal(str)  # a notice for the user: no sound card, or it went away

    def __init__(self, parent: QObject | None = None, card: SoundCard | None = None) -> None:
        super().__init__(parent)
        self.card = card if card is not None else SoundCard()
        self._timeline: Playable | None = None
        self._feed: Feed | None = None
        self._stream: Any = None
        self._position = 0.0
        self._loop = False
        self._gain = 1.0
        self._ring: Ring | None = None
        self._stamp: tuple[Ring | None, int, float] = (None, 0, 0.0)  # ring, frames handed over, when: set in one go
        self._drained: float | None = None  # when the last frame was handed over
        self._furthest = 0.0
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
    def loop(self) -> bool:
        return self._loop

    # What the user does

    def set_timeline(self, timeline: Playable | None, gain: float = 1.0) -> None:
        """What to play, `gain` times as loud as it is. Going on from the same place where that still exists."""
        if timeline is self._timeline and gain == self._gain:
            return
        self._timeline, self._gain = timeline, gain
        begin, end = (timeline.begin_seconds, timeline.end_seconds) if timeline is not None else (0.0, 0.0)
        if self.playing:
            if timeline is None or self._position >= end:
                self.stop()
            else:
                self._continue_feed()
        self._move(min(max(self._position, begin), end))

    def set_loop(self, loop: bool) -> None:
        """Start over at the end, or stop there."""
        if loop != self._loop:
            self._loop = loop
            if self.playing:
                self._continue_feed()

    def play(self) -> None:
        """Play from the playhead; from the start when it stands at the end."""
        timeline = self._timeline
        if timeline is None or self.playing:
            return
        problem = self.card.unavailable()
        if problem:
            self.trouble.emit(problem)
            return
        if self._position >= timeline.end_seconds - 0.02:
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

    def _continue_feed(self) -> None:
        """Read on, with what has changed, from the frame that the sound card gets next."""
        assert self._feed is not None
        self._start_feed(self._feed.position(self._feed.ring.read) / self._feed.timeline.sample_rate)

    def _start_feed(self, seconds: float) -> None:
        """Begin to read at `seconds`; the callback takes from the new ring from its next call on."""
        timeline = self._timeline
        assert timeline is not None
        if self._feed is not None:
            self._feed.stop()
        start = min(max(round(seconds * timeline.sample_rate), timeline.begin), timeline.end)
        feed = Feed(timeline, start, self._loop, self._rate, self._channels, self._gain)
        feed.prefill()
        self._feed = feed
        self._furthest = 0.0
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
            try:
                stream.abort()
                stream.close()
            except Exception:
                log.exception("the sound device could not be closed")
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
        self._move(feed.position(self._furthest) / feed.timeline.sample_rate)
        if feed.ring.ended and feed.ring.read >= feed.ring.written:
            self._drained = now if self._drained is None else self._drained
            if now - self._drained >= latency:
                self.pause()
                if feed.error:
                    self.trouble.emit(feed.error)
                else:
                    self._move(feed.timeline.end_seconds)

    def _move(self, seconds: float) -> None:
        if seconds != self._position:
            self._position = seconds
            self.position_changed.emit(seconds)
