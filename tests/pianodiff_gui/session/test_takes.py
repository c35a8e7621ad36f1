"""Takes: made, shown, named, deleted."""

from __future__ import annotations

import pytest

from pianodiff_gui.session.session import Session
from tests.pianodiff_gui.session.conftest import extended, finish, tried_again


def test_takes_are_shown_named_and_deleted_with_undo(session: Session) -> None:
    """Breaks when a take that was deleted is gone for good, or showing another one changes either of them."""
    extended(session, 2.0)
    again = tried_again(session)
    assert again is not None
    finish(session, again)
    first, second = session.takes.all
    session.show_take(first.number)
    assert session.timeline is first.timeline
    session.rename_take(first.number, "  The   good one ")
    session.delete_take(first.number)
    assert [*session.takes.all] == [second] and session.timeline is not first.timeline
    session.undo()
    assert [take.name for take in session.takes.all] == ["The good one", "Take 2"]
    assert session.timeline is first.timeline
    session.undo()
    assert session.takes.all[0].name == "Take 1" and session.takes.all[1] is second
    session.show_take(None)
    assert session.timeline is not None and session.timeline.generated_frames == 0
    assert session.target == pytest.approx(2.0)


def test_extending_the_recording_makes_a_take_and_extending_a_take_makes_it_longer(session: Session) -> None:
    """Breaks when going on from a take fills the list with its beginnings, or an extension overwrites a take."""
    extended(session, 1.0)
    session.set_target(2.0)
    job = session.extend()
    assert job is not None
    finish(session, job)
    assert len(session.takes.all) == 1
    session.show_take(None)
    extended(session, 1.5)
    assert [take.timeline.extension_seconds for take in session.takes.all] == pytest.approx([2.0, 1.5])


def test_a_take_that_is_trimmed_away_leaves_the_list(session: Session) -> None:
    """Breaks when an empty take stays, which can't be told from the recording."""
    extended(session, 1.0)
    session.set_target(0.0)
    assert not session.takes.all
    session.undo()
    assert len(session.takes.all) == 1
