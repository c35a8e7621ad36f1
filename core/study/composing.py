"""How music is that was composed: its figures beside those of the true continuation, a repetition, and random notes.

    python -m core.study.composing FOLDER [--cases 40] [--known 8] [--new 8] [--composer DIR]

FOLDER holds performances as MIDI files. Of each, `--known` seconds are continued by `--new`. No figure hears music;
each says in one respect how near to its context a continuation stays, and the true one's value is what to be near to.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.errors import NotesError, PianoDiffError
from core.extension.composing import SETTINGS, Composition, Taste, compose
from core.networks.composer_card import load_composer
from core.notes.midi import read_midi
from core.notes.note import Note, moved, sounding

REPEATED_SECONDS = 4.0
_TOGETHER = 0.03
"""Seconds: onsets nearer than this are one chord."""
_RUN = 3
"""Intervals in a pattern."""

Figure = Callable[[Sequence[Note], Sequence[Note], float], float]
"""Of the known notes and the new ones, times from the first new sample, and how long the new part is."""


def notes_a_second(known: Sequence[Note], new: Sequence[Note], seconds: float) -> float:
    """Onsets a second."""
    return len(new) / seconds


def polyphony(known: Sequence[Note], new: Sequence[Note], seconds: float) -> float:
    """Keys that sound, on average over the time."""
    return sum(min(note.offset, seconds) - note.onset for note in new) / seconds


def pitch_classes(known: Sequence[Note], new: Sequence[Note], seconds: float) -> float:
    """Overlap of the pitch classes of both: 1 where they are played equally often."""
    return _overlap(*(Counter(note.key % 12 for note in part) for part in (known, new)))


def shared_pitch_classes(known: Sequence[Note], new: Sequence[Note], seconds: float) -> float:
    """Share of the new notes whose pitch class is among the known ones."""
    classes = {note.key % 12 for note in known}
    return float(np.mean([note.key % 12 in classes for note in new])) if new else float("nan")


def intervals(known: Sequence[Note], new: Sequence[Note], seconds: float) -> float:
    """Overlap of the steps, in semitones, from each note to the next, of chords from the bottom up."""
    return _overlap(*(Counter(_steps(part)) for part in (known, new)))


def repeated(known: Sequence[Note], new: Sequence[Note], seconds: float) -> float:
    """Share of the new part's runs of three steps that were played before, in the known part or earlier in the new."""
    steps = _steps([*known, *new])
    runs = [tuple(steps[k : k + _RUN]) for k in range(len(steps) - _RUN + 1)]
    first = max(0, len(known) - _RUN)
    found = [runs[k] in runs[:k] for k in range(first, len(runs))]
    return float(np.mean(found)) if found else float("nan")


def register(known: Sequence[Note], new: Sequence[Note], seconds: float) -> float:
    """Semitones from the median of the known keys to that of the new."""
    if not new:
        return float("nan")
    return float(abs(np.median([note.key for note in new]) - np.median([note.key for note in known])))


FIGURES: dict[str, Figure] = {
    "notes/s": notes_a_second,
    "polyphony": polyphony,
    "pitch classes": pitch_classes,
    "shared": shared_pitch_classes,
    "intervals": intervals,
    "repeated": repeated,
    "register": register,
}


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m core.study.composing", description="Figures of what is composed.")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="performances, as MIDI files")
    parser.add_argument("--cases", type=int, default=40, help="(default: %(default)s)")
    parser.add_argument("--known", type=float, default=8.0, help="seconds (default: %(default)g)")
    parser.add_argument("--new", type=float, default=8.0, help="seconds (default: %(default)g)")
    parser.add_argument("--composer", type=Path, help="a composer's folder (default: ours)")
    parser.add_argument("--steps", type=int, default=SETTINGS.steps, help="(default: %(default)s)")
    parser.add_argument("--temperature", type=float, default=1.0, help="(default: %(default)g)")
    parser.add_argument("--start", type=float, default=SETTINGS.start, help="(default: %(default)g)")
    parser.add_argument("--sampler", default=SETTINGS.sampler, help="(default: %(default)s)")
    chosen = parser.parse_args()
    try:
        print(_table(chosen))
    except PianoDiffError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _table(chosen: argparse.Namespace) -> str:
    composer = load_composer(chosen.composer)
    settings = replace(SETTINGS, steps=chosen.steps, sampler=chosen.sampler, start=chosen.start)
    taste = Taste(chosen.temperature)
    rows: dict[str, list[list[float]]] = {name: [] for name in ("true", "composed", "repeated", "random")}
    spent = 0.0
    cases = _cases(chosen.folder, chosen.cases, chosen.known, chosen.new)
    for number, (known, true) in enumerate(cases):
        began = time.perf_counter()
        seeded = replace(settings, seed=number)
        composed = compose(Composition(composer, known, chosen.new, (chosen.known, 0.0), settings=seeded, taste=taste))
        spent += time.perf_counter() - began
        made = {
            "true": true,
            "composed": composed,
            "repeated": _repetition(known, chosen.new),
            "random": _random(known, len(true), chosen.new, number),
        }
        for name, notes in made.items():
            rows[name].append([figure(known, notes, chosen.new) for figure in FIGURES.values()])
    lines = [f"{len(cases)} cases, {spent / max(1, len(cases)):.2f} s each to compose; medians, and quartiles"]
    lines.append("".join(f"{title:>22}" for title in ("", *FIGURES, "over true")))
    true_rates = np.array(rows["true"])[:, 0]
    for name, figures in rows.items():
        values = np.array(figures)
        ratio = values[:, :1] / np.maximum(true_rates[:, None], 1e-9)
        low, middle, high = np.nanpercentile(np.hstack([values, ratio]), (25, 50, 75), axis=0)
        cells = (f"{m:.2f} ({a:.2f}..{b:.2f})" for a, m, b in zip(low, middle, high, strict=True))
        lines.append(f"{name:>22}" + "".join(f"{cell:>22}" for cell in cells))
    return "\n".join(lines)


def _cases(folder: Path, count: int, known: float, new: float) -> list[tuple[list[Note], list[Note]]]:
    """Known and true notes, from the first new sample, of performances spread evenly over a folder's."""
    files = sorted(folder.glob("*.mid"))
    if not files:
        raise NotesError(f"There are no MIDI files in {folder}.")
    cases = []
    for number in range(count):
        path = files[number * len(files) // count]
        notes = read_midi(path).notes
        room = max(note.offset for note in notes) - known - new
        seam = known + max(0.0, room) * np.random.default_rng([number, 7]).random()
        near = moved(sounding(notes, seam - known, seam + new), -seam)
        before = [note for note in near if -known <= note.onset < 0]
        after = [note for note in near if 0 <= note.onset < new]
        if len(before) >= 8 and after:
            cases.append((before, after))
    return cases


def _repetition(known: Sequence[Note], seconds: float) -> list[Note]:
    """The last REPEATED_SECONDS, again and again."""
    last = moved((note for note in known if note.onset >= -REPEATED_SECONDS), REPEATED_SECONDS)
    rounds = int(np.ceil(seconds / REPEATED_SECONDS))
    again = [note for number in range(rounds) for note in moved(last, number * REPEATED_SECONDS)]
    return [note for note in again if note.onset < seconds]


def _random(known: Sequence[Note], count: int, seconds: float, seed: int) -> list[Note]:
    """As many notes anywhere in the context's range, as long as its notes are."""
    rng = np.random.default_rng([seed, 3])
    keys = sorted(note.key for note in known)
    lengths = [note.seconds for note in known]
    return sorted(
        Note(onset, onset + float(rng.choice(lengths)), int(rng.integers(keys[0], keys[-1] + 1)))
        for onset in rng.uniform(0, seconds, count).tolist()
    )


def _steps(notes: Sequence[Note]) -> list[int]:
    ordered = sorted(notes, key=lambda note: (round(note.onset / _TOGETHER), note.key))
    return [after.key - before.key for before, after in pairwise(ordered)]


def _overlap(first: Counter[int], second: Counter[int]) -> float:
    """Of two counts as shares: 1 where they are alike, 0 where they have nothing in common."""
    a, b = sum(first.values()), sum(second.values())
    return sum(min(first[k] / a, second[k] / b) for k in first) if a and b else 0.0


if __name__ == "__main__":
    sys.exit(main())
