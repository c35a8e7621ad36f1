"""The sound card: whether there is one. None is a normal state, in which everything but playing works."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)


def close_stream(stream: Any) -> None:
    """Let go of a stream of PortAudio's, whatever state it is in."""
    try:
        stream.abort()
        stream.close()
    except Exception:
        log.exception("the sound device could not be closed")


class SoundCard:
    """PortAudio and whether it has a device to play on: looked for once, for all players of the window."""

    def __init__(self) -> None:
        self.library: Any = None  # the module sounddevice, once it has been imported
        self._unavailable: str | None = None  # None until it was looked for

    @property
    def checked(self) -> bool:
        """Whether a sound card was looked for yet."""
        return self._unavailable is not None

    def unavailable(self) -> str:
        """Why nothing can be played on this machine; empty when it can. Looks for a sound card the first time."""
        if self._unavailable is None:
            self._unavailable = self._look_for_device()
        return self._unavailable

    def forget(self) -> None:
        """Look for a sound card again when it is next asked for."""
        self._unavailable = None

    def look_again(self) -> None:
        """Ask PortAudio for its devices afresh: one may have been plugged in. Nothing may be playing."""
        if self.library is not None:
            try:
                # PortAudio lists devices only when it starts, and sounddevice has no public way to restart it.
                self.library._terminate()
                self.library._initialize()
            except Exception:
                log.exception("PortAudio could not be restarted")
        self.forget()

    def _look_for_device(self) -> str:
        if self.library is None:
            try:
                import sounddevice
            except OSError:  # the wheel on Linux has no PortAudio of its own
                return "No sound: PortAudio is not installed (on Debian and Ubuntu: apt install libportaudio2)."
            except Exception:
                log.exception("sounddevice could not be imported")
                return "No sound: the audio library could not be loaded."
            self.library = sounddevice
        try:
            self.library.query_devices(kind="output")
        except Exception:
            return "No sound: this machine has no audio output device."
        return ""
