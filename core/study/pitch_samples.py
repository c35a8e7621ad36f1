"""Whether the pitch of single notes is that of their keys.

    python -m core.study.pitch_samples FOLDER

FOLDER, or folders in it, hold one recorded note a file. Its key is what a `map.json` beside it says, {"samples":
[{"file": "a.flac", "key": 60}, ...]} with MIDI numbers; where there is none, what the file's name begins with: a note
(C#4-soft.wav) or a MIDI number (060.wav, k060_l1.flac).

Of each note's first 2 s the loudest half second counts: the median of the voiced frames that are centred in it, in
cents from the key at A4 = 440 Hz. Two things are no fault of a tracker, and told apart by a second figure: pianos are
tuned stretched, their last keys by as much as a semitone, and a sample may be off pitch. The second figure measures
from the string itself: the strongest of its first four partials, over the partial's number, in a spectrum of the same
half second. Stiffness is in neither figure: it makes that partial, and the pitch, a few cents sharp.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.analysis.pitch import note_to_frequency
from core.analysis.tracking import whole_track
from core.audio.opening import AUDIO_SUFFIXES, open_source
from core.audio.signal import FloatArray
from core.errors import AudioError, PianoDiffError

LIMIT = 50.0
"""Cents within which a pitch is its key's."""

CERTAIN = 0.1
"""Aperiodicity below which a wrong pitch is shown as certain."""

_FIRST, _LOUDEST = 2.0, 0.5  # s
_PARTIALS = 4
_AROUND = 120.0  # cents around the key's partials within which the string's are
_KEY = re.compile(r"^(?:k?(\d{2,3})(?!\d)|([A-Ga-g][#b]?\d)(?!\d))")


@dataclass(frozen=True)
class Heard:
    """What was found of one note.

    Attributes:
        path: of the file.
        key: MIDI number.
        cents: median of the voiced frames from the key, NaN where none is.
        from_string: the same from the string's own partials.
        aperiodicity: median of the voiced frames.
        octaves: frames that are an octave or two off with an aperiodicity below CERTAIN.
    """

    path: Path
    key: int
    cents: float
    from_string: float
    aperiodicity: float
    octaves: int


def hear(path: Path, key: int) -> Heard:
    """Track one note. Raises AudioError: the file can't be read."""
    with open_source(path) as source:
        rate = source.sample_rate
        samples = source.read(0, min(source.frames, round(_FIRST * rate))).mean(axis=0)
    begin, end = _loudest(samples, round(_LOUDEST * rate))
    track = whole_track(samples, rate)
    voiced = (track.times >= begin / rate) & (track.times < end / rate) & track.voiced()
    cents = _cents(track.f0[voiced].astype(np.float64), key)
    if not cents.size:
        return Heard(path, key, math.nan, math.nan, 1.0, 0)
    aperiodicity = track.aperiodicity[voiced]
    octaves = np.isclose(np.abs(cents), 1200, atol=100) | np.isclose(np.abs(cents), 2400, atol=100)
    off = float(np.median(cents))
    string = _string(samples[begin:end], rate, key)
    certain = int(np.count_nonzero(octaves & (aperiodicity < CERTAIN)))
    return Heard(path, key, off, off - string, float(np.median(aperiodicity)), certain)


def notes_in(folder: Path) -> Iterator[tuple[Path, int]]:
    """Every recorded note in a folder and those in it, with its key. Raises AudioError: a map can't be read."""
    for inner in sorted({path.parent for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES}):
        if (inner / "map.json").is_file():
            yield from _mapped(inner / "map.json")
            continue
        for path in sorted(inner.iterdir()):
            key = _named(path.stem) if path.suffix.lower() in AUDIO_SUFFIXES else None
            if key is not None:
                yield path, key


def _mapped(path: Path) -> list[tuple[Path, int]]:
    try:
        samples = json.loads(path.read_text("utf-8"))["samples"]
        return [(path.parent / str(sample["file"]), int(sample["key"])) for sample in samples]
    except (ValueError, KeyError, TypeError) as error:
        raise AudioError(f"{path} does not say the samples' keys: {type(error).__name__}: {error}") from error


def _named(stem: str) -> int | None:
    """The key that a file's name begins with."""
    match = _KEY.match(stem)
    if match is None:
        return None
    number, note = match.groups()
    return int(number) if number else round(69 + 12 * math.log2(note_to_frequency(note) / 440.0))


def _loudest(samples: FloatArray, length: int) -> tuple[int, int]:
    """First and last + 1 sample of the loudest `length` samples, of all where there are fewer."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    length = min(length, samples.size)
    begin = int(np.argmax(energy[length:] - energy[: energy.size - length]))
    return begin, begin + length


def _cents(hertz: np.ndarray, key: int) -> np.ndarray:
    return np.asarray(1200.0 * np.log2(hertz / 440.0) - 100.0 * (key - 69))


def _string(samples: FloatArray, rate: int, key: int) -> float:
    """Cents from the key of the strongest of a string's first partials, over its number."""
    size = 1 << 19  # bins of 0.04 to 0.4 Hz
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size), size))
    hertz = np.maximum(np.arange(spectrum.size), 0.5) * rate / size
    best, strongest = 0.0, -1.0
    for number in range(1, _PARTIALS + 1):
        cents = _cents(hertz / number, key)
        place = int(np.argmax(np.where(np.abs(cents) < _AROUND, spectrum, -1.0)))
        if abs(cents[place]) < _AROUND and spectrum[place] > strongest:
            best, strongest = float(cents[place]), float(spectrum[place])
    return best


def main(arguments: list[str] | None = None) -> int:
    """Print what is off, and the figures of each folder and of all. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m core.study.pitch_samples", description="Whether single notes have the pitch of their keys."
    )
    parser.add_argument("folder", type=Path, help="recorded notes, one a file")
    folder = parser.parse_args(arguments).folder
    try:
        found = [hear(path, key) for path, key in notes_in(folder)]
    except PianoDiffError as error:
        print(error, file=sys.stderr)
        return 1
    if not found:
        print(f"No file in {folder} has a key, in a map.json beside it or in its name.", file=sys.stderr)
        return 1
    for heard in found:
        if not abs(heard.cents) <= LIMIT:
            print(f"{heard.path.relative_to(folder)}: key {heard.key}, {_said(heard)}")
    for inner in dict.fromkeys(heard.path.parent for heard in found):
        print(_line(inner.name, [heard for heard in found if heard.path.parent == inner]))
    print(_line("all", found))
    return 0


def _said(heard: Heard) -> str:
    if math.isnan(heard.cents):
        return "no voiced frame"
    return f"{heard.cents:+.0f} cents, {heard.from_string:+.0f} from its string, aperiodicity {heard.aperiodicity:.2f}"


def _line(name: str, found: list[Heard]) -> str:
    near = sum(abs(heard.cents) <= LIMIT for heard in found)
    from_string = sum(abs(heard.from_string) <= LIMIT for heard in found)
    unvoiced = sum(math.isnan(heard.cents) for heard in found)
    certain = sum(abs(heard.cents) > 1100 and heard.aperiodicity < CERTAIN for heard in found)
    frames = sum(heard.octaves for heard in found)
    return (
        f"{name}: {len(found)} notes, {near} ({near / len(found):.1%}) within {LIMIT:g} cents of their keys, "
        f"{from_string} ({from_string / len(found):.1%}) of their strings; {unvoiced} unvoiced, "
        f"{certain} an octave off and certain, "
        f"as are {frames} single frames"
    )


if __name__ == "__main__":
    sys.exit(main())
