"""The actions of the menu Play."""

from __future__ import annotations

from pianodiff_gui.actions.declaration import Spec
from pianodiff_gui.actions.situation import Offer, Situation

_LISTEN_TIP = "Listen to this step, turned to the loudness of the recording: x_t itself would be very loud"


def _play(situation: Situation) -> Offer:
    blocked = situation.nothing or situation.silent
    if situation.playing:
        return Offer(blocked, text="&Pause", icon="pause")
    return Offer(blocked)


def _sounding(situation: Situation) -> Offer:
    return Offer(situation.nothing or situation.silent)


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
