"""The actions of the menu Play."""

from __future__ import annotations

from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.actions.situation import Offer, Situation

_LISTEN_TIP = "Listen to this step, turned to the loudness of the recording: x_t itself would be very loud"


def _play(situation: Situation) -> Offer:
    blocked = situation.nothing or situation.silent
    if situation.waiting:
        return Offer(blocked, "Waiting for the next window; pause", text="&Pause", icon="pause")
    if situation.playing:
        return Offer(blocked, text="&Pause", icon="pause")
    return Offer(blocked)


def _sounding(situation: Situation) -> Offer:
    return Offer(situation.nothing or situation.silent)


def _loop_clear(situation: Situation) -> Offer:
    return Offer("" if situation.looped else "There is no loop region. Drag in the time ruler to set one.")


def _when_ready(situation: Situation) -> Offer:
    return Offer(situation.silent)


def _move(situation: Situation) -> Offer:
    return Offer(situation.nothing)


def _listen(situation: Situation) -> Offer:
    blocked = situation.session.engine.occupied or situation.no_past or situation.silent
    return Offer(blocked, _LISTEN_TIP, icon="pause" if situation.playing_step else "")


def _look_for_sound(situation: Situation) -> Offer:
    return Offer("Stop playing first." if situation.playing or situation.playing_step else "")


PLAY = (
    Spec("play", "&Play", "Play from the playhead, or pause", ("Space",), "play", "Play", offer=_play),
    Spec("stop", "&Stop", "Stop and go back to the start", ("Ctrl+.",), "stop", "Stop", offer=_sounding),
    Spec("loop", "&Loop", "Start over at the end", ("L",), "loop", "Loop", checkable=True, offer=_sounding),
    Spec("loop_begin", "Loop be&gins here", "What Loop plays begins at the playhead", ("Shift+B",), offer=_move),
    Spec("loop_end", "Loop e&nds here", "What Loop plays ends at the playhead", ("Shift+E",), offer=_move),
    Spec("loop_clear", "Loop the &whole", "Take the loop region away", ("Shift+L",), offer=_loop_clear),
    Spec(
        "when_ready",
        "Play when &ready",
        "Play a run by itself, from a little before the seam, once its first window is complete",
        checkable=True,
        offer=_when_ready,
    ),
    Spec("start", "To the s&tart", "Move the playhead to the start", ("Home",), "start", offer=_move),
    Spec("end", "To the &boundary", "Move the playhead to where the extension begins", ("End",), offer=_move),
    Spec(
        "listen",
        "Listen to the st&ep",
        "Play the shown step as loud as the recording, or pause",
        ("Shift+Space",),
        "play",
        "Listen",
        offer=_listen,
    ),
    Spec(
        "sound",
        "Look for sound &devices",
        "Look again for a sound card, for example after plugging one in",
        offer=_look_for_sound,
    ),
)
