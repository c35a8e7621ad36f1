"""A run in words: what will happen, what goes on, what came of it. No Qt here."""

from __future__ import annotations

from core.extension.plan import Plan
from pianodiff_gui.look import wording
from pianodiff_gui.session.goal import Goal
from pianodiff_gui.session.jobs import Frame, Job, Outcome
from pianodiff_gui.session.timeline import BEFORE, is_within


def plan_sentences(plan: Plan, goal: Goal, sample_rate: int, led: bool = False) -> str:
    """What the next run will do. sample_rate: of the network; led: by notes."""
    first, many = plan.windows[0], len(plan.windows) > 1
    context, new = (wording.seconds(frames / sample_rate) for frames in (first.context_frames, first.new_frames))
    behind = wording.seconds(max(window.after_frames for window in plan.windows) / sample_rate)
    start, windows = "notes" if led else "noise", wording.count(len(plan.windows), "window")
    text = f"From {start} to {wording.seconds(goal.seconds)} of piano in {windows}. "
    if is_within(goal.gap):
        return (
            f"{text}The network hears {context} before and {behind} behind; everything around it stays as it is."
        )
    if goal.gap == BEFORE:
        text += f"The network hears the first {behind}, writes {new} before them"
        then = ", then slides to the left and hears what it wrote."
        return text + (then if many else "; everything behind stays as it is.")
    text += f"The network hears the last {context} and writes {new}"
    return text + (", then slides on and hears what it wrote." if many else "; everything before stays as it is.")


def stage(frame: Frame) -> str:
    """What goes on now."""
    return "Denoising" if frame.windows == 1 else f"Denoising window {frame.window + 1} of {frame.windows}"


def outcome_line(job: Job, outcome: Outcome, last: Frame) -> str:
    """What came of a run whose newest picture was `last`."""
    done = outcome.samples.shape[1] / job.base.sample_rate
    how = "Filled" if is_within(job.gap) else "Added"
    if not outcome.complete:
        how = "Stopped; kept" if done else "Stopped"
    parts = [f"{how} {wording.seconds(done)}" if done else how]
    parts.append(wording.count(outcome.evaluations, "evaluation"))
    parts.append(wording.duration(outcome.elapsed))
    if outcome.complete:
        parts.append(f"KS similarity {last.similarities[-1]:.2f} at the end")
    if outcome.history.gave_up:
        parts.append(outcome.history.describe())
    return "  \u00b7  ".join(parts)
