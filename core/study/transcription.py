"""How well a listener hears: notes heard against the notes beside the recordings.

    python -m core.study.transcription FOLDER [--listener DIR]

FOLDER holds recordings, each with its notes in a MIDI file of the same name beside it, as training does. Prints each
recording and all together: notes asked and heard, precision, recall and F1 of onsets within 50 ms, how far off the
velocities of matched notes are, and how many times faster than it plays a recording was heard.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from core.audio.opening import AUDIO_SUFFIXES, open_source
from core.errors import NotesError, PianoDiffError
from core.notes.agreement import Agreement, agree, total
from core.notes.listening import hear
from core.notes.midi import read_midi
from core.notes.note import Note


def main(arguments: list[str] | None = None) -> int:
    """Print the table. Returns the exit code."""
    parser = argparse.ArgumentParser(description="How well a listener hears.")
    parser.add_argument("folder", type=Path, help="recordings with their notes beside them")
    parser.add_argument("--listener", type=Path, help="its folder (default: the shipped one)")
    chosen = parser.parse_args(arguments)
    try:
        rows, seconds, spent = [], 0.0, 0.0
        for path in _recordings(chosen.folder):
            asked = read_midi(path.with_suffix(".mid")).notes
            with open_source(path) as source:
                began = time.perf_counter()
                hearing = hear(source, chosen.listener)
                for _ in hearing:
                    pass
                heard = hearing.notes()
                spent += time.perf_counter() - began
                seconds += source.seconds
            rows.append((agree(asked, heard), _velocity_errors(asked, heard)))
            print(_line(path.name, *rows[-1]), flush=True)
    except PianoDiffError as error:
        print(error, file=sys.stderr)
        return 1
    errors = np.concatenate([errors for _, errors in rows])
    print(_line("all", total(agreement for agreement, _ in rows), errors))
    print(f"median F1 {np.median([agreement.f1 for agreement, _ in rows]):.3f}, {seconds / spent:.1f} times real time")
    return 0


def _recordings(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    noted = [path for path in files if path.with_suffix(".mid").is_file()]
    if not noted:
        raise NotesError(f"No recording in {folder} has a MIDI file of the same name beside it.")
    return noted


def _velocity_errors(asked: list[Note] | tuple[Note, ...], heard: list[Note]) -> np.ndarray:
    """How far off the velocity of the nearest note asked of the same key is, for all that were heard near one."""
    errors = []
    for note in heard:
        near = [other for other in asked if other.key == note.key and abs(other.onset - note.onset) <= 0.05]
        if near:
            errors.append(note.velocity - min(near, key=lambda other: abs(other.onset - note.onset)).velocity)
    return np.array(errors, float)


def _line(name: str, found: Agreement, errors: np.ndarray) -> str:
    off = f"{np.abs(errors).mean():4.1f}" if errors.size else "   –"
    return (
        f"{name[:48]:48}  asked {found.asked:5}  heard {found.heard:5}  P {found.precision:.3f}  R {found.recall:.3f}  "
        f"F1 {found.f1:.3f}  velocity off {off}"
    )


if __name__ == "__main__":
    sys.exit(main())
