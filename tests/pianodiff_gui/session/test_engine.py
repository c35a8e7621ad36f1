"""The running job: whose results count, and what is kept of a run that is cancelled."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from pianodiff_gui.session.engine import Engine, Occupation


def test_what_occupies_the_session_answers_for_it(qapp: object, qtbot: QtBot) -> None:
    """Breaks when something can be changed during a duel, or Cancel does not reach it."""
    engine = Engine()
    with qtbot.waitSignal(engine.changed):
        engine.occupy(Occupation("A duel is running.", running=True))
    assert (engine.running, engine.busy, engine.occupied) == (True, "A duel is running.", "A duel is running.")
    with qtbot.assertNotEmitted(engine.changed):
        engine.occupy(Occupation("A duel is running.", running=True))
    with qtbot.waitSignal(engine.cancel_requested):
        engine.cancel()
    engine.occupy(None)
    assert (engine.running, engine.busy, engine.occupied) == (False, "", "")
