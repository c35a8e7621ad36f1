"""Undo over what was made and what is asked for."""

from __future__ import annotations

import pytest

from pianodiff_gui.session.session import Session
from pianodiff_gui.session.timeline import Stretch
from tests.pianodiff_gui.session.conftest import extended, finish, tried_again


def test_undo_and_redo_cover_extend_try_again_and_trim(session: Session) -> None:
    """Breaks when one of the three cannot be taken back, or comes back with other samples or another length."""
    extended(session, 2.0)
    first = session.timeline.stretches  # type: ignore[union-attr]
    job = tried_again(session)
    assert job is not None
    finish(session, job)
    second = session.timeline.stretches  # type: ignore[union-attr]
    session.set_target(0.7)

    def now() -> tuple[Stretch, ...]:
        assert session.timeline is not None
        return session.timeline.stretches

    trimmed = now()
    assert trimmed[0].frames < second[0].frames
    session.undo()
    assert now() == second
    assert session.target == pytest.approx(2.0)
    session.undo()
    assert now() == first
    session.undo()
    assert now() == ()
    assert session.target == pytest.approx(2.0)  # what was asked for is asked for again
    for state in (first, second, trimmed):
        session.redo()
        assert now() == state
    assert session.target == pytest.approx(0.7)


def test_trims_in_a_row_are_one_step_of_undo(session: Session) -> None:
    """Breaks when taking back a held-down arrow key needs as many undos as it made steps."""
    extended(session, 2.0)
    for tenth in range(19, 10, -1):
        session.set_target(tenth / 10)
    session.undo()
    assert session.generated_seconds == pytest.approx(2.0)


def test_nothing_can_be_undone_during_a_run(session: Session) -> None:
    """Breaks when undo pulls away the audio that a running job goes on from."""
    extended(session, 1.0)
    session.set_target(2.0)
    job = session.extend()
    assert job is not None
    session.undo()
    finish(session, job)
    assert session.generated_seconds == pytest.approx(2.0)
