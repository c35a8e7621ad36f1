"""A duel in words: what its contenders have in common, how far each of them is and all of them are. No widgets here."""

from __future__ import annotations

from pianodiff_gui.duel.duel import Contender, Duel, Phase
from pianodiff_gui.look import wording
from pianodiff_gui.session.jobs import Job
from pianodiff_gui.session.timeline import BEFORE


def about(job: Job, x_T: str) -> str:
    """What all contenders have in common."""
    where = {None: "behind everything", BEFORE: "before everything"}.get(job.gap, "in the recording")
    same = f"x_T {x_T[:8]}, the same for all" if x_T else "the same x_T for all"
    return f"{wording.seconds(job.seconds)} {where}  \u00b7  seed {job.settings.seed}  \u00b7  {same}"


def status_of(contender: Contender) -> str:
    """How far it is; nothing once it is done."""
    match contender.phase:
        case Phase.WAITING:
            return "waiting"
        case Phase.RUNNING if contender.frame is None:
            return "preparing the network\u2026"
        case Phase.RUNNING:
            frame = contender.frame
            assert frame is not None
            window = f"window {frame.window + 1} of {frame.windows}, " if frame.windows > 1 else ""
            return f"{window}t = {frame.level:.0f}"
        case Phase.DONE:
            return ""
        case phase:
            return phase.value


def progress_of(duel: Duel) -> str:
    """How far all of it is, and what can be done when it is done."""
    if duel.running:
        remaining, current = duel.remaining(), duel.current
        left = "estimating\u2026" if remaining is None else f"{wording.about(remaining)} left"
        which = f"{current.number} of {len(duel.contenders)}, " if current is not None else ""
        return f"{which}{100 * duel.share:.0f} %, {left}"
    if duel.done:
        return "What was made lies in memory only, until you keep it. Number keys and Space play the lanes."
    return "Nothing was made. Close the duel to go back."
