"""The conditions under which actions are offered, by plain facts: no window, no view, no player."""

from __future__ import annotations

from dataclasses import replace

from pianodiff_gui.actions.actions import GROUPS, SPECS
from pianodiff_gui.actions.situation import LaneOffer, Offer, Situation
from pianodiff_gui.session.engine import Occupation
from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import BEFORE
from tests.pianodiff_gui.session.conftest import extended


def offer(name: str, situation: Situation) -> Offer:
    return next(spec for spec in SPECS if spec.name == name).offer(situation)


def offered(situation: Situation) -> set[str]:
    return {spec.name for spec in SPECS if not spec.offer(situation).blocked}


def test_without_a_recording_only_what_needs_none_is_offered(qapp: object) -> None:
    """Breaks when a key does something to a recording that is not there, or opening one is refused."""
    assert offered(Situation(Session(), no_past="Nothing has run yet.")) == {
        *("open", "demo", "network", "network_folder", "sampler", "quit", "dice", "sound", "when_ready"),
        *("palette", "shortcuts", "log", "about"),
    }


def test_every_reason_is_a_sentence(session: Session) -> None:
    """Breaks when a disabled command does not say why: the reason is its tooltip."""
    situations = [Situation(Session()), Situation(session), Situation(session, lanes=())]
    reasons = {spec.offer(each).blocked for spec in SPECS for each in situations} - {""}
    assert reasons and all(reason[0].isupper() and reason.endswith(".") for reason in reasons)


def test_names_are_unique_and_every_group_has_some() -> None:
    """Breaks when two declarations answer to one name, of which one would never be shown."""
    names = [spec.name for spec in SPECS]
    assert len(names) == len(set(names)) and all(GROUPS.values())


def test_what_is_played(session: Session) -> None:
    """Breaks when Play is offered without a sound card, or does not say Pause while it plays."""
    assert offer("play", Situation(session)) == Offer()
    assert offer("play", Situation(session, silent="No device.")).blocked == "No device."
    playing = offer("play", Situation(session, playing=True))
    assert (playing.text, playing.icon, playing.blocked) == ("&Pause", "pause", "")
    assert offer("listen", Situation(session, playing_step=True)).icon == "pause"
    assert offer("listen", Situation(session, no_past="Nothing has run.")).blocked == "Nothing has run."
    for playing_now in (Situation(session, playing=True), Situation(session, playing_step=True)):
        assert offer("sound", playing_now).blocked == "Stop playing first."


def test_export_says_what_is_missing(session: Session) -> None:
    """Breaks when Export writes a copy of the recording, or does not tell how to get something to export."""
    assert offer("export", Situation(session)).blocked == "Extend the recording first."
    extended(session, 1.0)
    assert offer("export", Situation(session)) == Offer()
    session.show_take(None)
    assert offer("export", Situation(session)).blocked == "Show a take first, by its number key or its card."


def test_the_run_button_names_what_it_will_do(session: Session) -> None:
    """Breaks when the button says Extend while it would fill a gap or go back before the recording."""
    assert offer("extend", Situation(session)).button == "Extend"
    session.set_target(1.0, BEFORE)
    assert offer("extend", Situation(session)).button == "Prepend"
    session.select(0.5, 1.0)
    assert offer("extend", Situation(session)).button == "Fill"


def test_escape_gets_out_of_the_nearest_thing(session: Session) -> None:
    """Breaks when Escape is offered for nothing, or its tip names something else than what it does."""
    assert offer("cancel", Situation(session)).blocked == "Nothing is running."
    session.select(0.5, 1.0)
    assert offer("cancel", Situation(session)).tip == "Take the selection away"
    assert offer("cancel", Situation(session, lanes=())).tip == "Close the duel"
    assert "network" in offer("cancel", Situation(session, reading_network=True)).tip
    session.select(0.0, 0.0)
    assert session.extend() is not None
    assert offer("cancel", Situation(session)) == Offer()
    session.engine.cancel()
    assert offer("cancel", Situation(session)).blocked == "It is stopping."


def test_a_running_extension_keeps_what_it_uses(session: Session) -> None:
    """Breaks when undo, another network or a selection is offered while the engine is at work."""
    assert session.extend() is not None
    situation = Situation(session)
    for name in ("undo", "redo", "network", "network_folder", "sampler", "mark_begin", "mark_end"):
        assert offer(name, situation).blocked == "Cancel the running extension first."
    assert not offer("longer", situation).blocked  # more may be asked for meanwhile


def test_an_occupied_session_says_by_what(session: Session) -> None:
    """Breaks when a duel is open and the lengths can be changed under it."""
    session.engine.occupy(Occupation("A duel is open.", running=False))
    situation = Situation(session, lanes=())
    for name in ("longer", "earlier", "undo", "extend", "again", "duel", "noisier", "delete_take"):
        assert offer(name, situation).blocked == "A duel is open."


def test_number_keys_show_takes_and_play_lanes(session: Session) -> None:
    """Breaks when a number key is in the menu without a take behind it, or shows a take while a duel is open."""
    extended(session, 1.0)
    assert offer("take_1", Situation(session)).text == "&1  Take 1"
    assert not offer("take_2", Situation(session)).visible
    lanes = (LaneOffer("Interpolation", made=True), LaneOffer("RePaint", made=False))
    duel = Situation(session, lanes=lanes)
    assert offer("take_1", duel) == Offer(tip="Play this lane", text="&1  Interpolation")
    assert offer("take_2", duel).blocked == "There is nothing to listen to yet."
    assert not offer("take_3", duel).visible


def test_undo_names_what_it_undoes(session: Session) -> None:
    """Breaks when the menu says Undo and not what."""
    assert offer("undo", Situation(session)).blocked == "There is nothing to undo."
    extended(session, 1.0)
    assert offer("undo", Situation(session)) == Offer(text="&Undo Take 1")
    session.undo()
    assert offer("redo", Situation(session)) == Offer(text="&Redo Take 1")


def test_facts_from_outside_decide(session: Session) -> None:
    """Breaks when a command is offered whose material is not there."""
    bare = Situation(session)
    assert offer("recover", bare).blocked and not offer("recover", replace(bare, recoverable=True)).blocked
    assert offer("figures", bare).blocked and not offer("figures", replace(bare, drawable=True)).blocked
