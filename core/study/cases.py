"""Which stretches of which clips are continued: chosen evenly, checked, read as one channel at one rate."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio.opening import AUDIO_SUFFIXES, open_source
from core.audio.signal import FloatArray, check_finite, resample, rms
from core.audio.subsonic import subsonic
from core.errors import AudioError
from core.study.features import RATE


@dataclass(frozen=True)
class Clip:
    """A file that can be opened, and its length."""

    path: Path
    seconds: float


@dataclass(frozen=True)
class Skipped:
    """What was left out, and why, in words for the user."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path.name} is left out: {self.reason}"


@dataclass(frozen=True)
class Case:
    """One cut of one clip.

    clip            the file
    clip_sha256     of the file's bytes
    begin_seconds   where the known part begins
    known_seconds, new_seconds      lengths of the known part and of the true continuation behind it
    """

    clip: Path
    clip_sha256: str
    begin_seconds: float
    known_seconds: float
    new_seconds: float

    def seed(self, seed: int, take: int = 0) -> int:
        """The seed of this case's noise, 0 .. 2^31 - 1: the same in every run that has the case, `seed` and `take`.

        Not `seed` itself: cases that all start from the same noise tend to be alike, and are then fewer than they
        seem.
        """
        text = f"{seed} {self.clip_sha256} {self.begin_seconds:.6f}" + (f" {take}" if take else "")
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1

    def read(self) -> tuple[FloatArray, FloatArray]:
        """Known part (N,) and true continuation (M,): all channels mixed to one, at :data:`RATE`, without what lies
        below hearing.

        Raises:
            AudioError: the file is gone or damaged, has samples that are not numbers there, or is silent.
        """
        with open_source(self.clip) as source:
            rate = source.sample_rate
            begin = round(self.begin_seconds * rate)
            seconds = self.known_seconds + self.new_seconds
            audio = source.read(begin, begin + math.ceil(seconds * rate) + 1)
        check_finite(audio, f"{self.clip.name} from {self.begin_seconds:g} s on", rate)
        mono = resample((audio - subsonic(audio, rate)).mean(axis=0, dtype=np.float32)[None], rate, RATE)[0]
        known, total = round(self.known_seconds * RATE), round(seconds * RATE)
        mono = np.pad(mono[:total], (0, max(0, total - mono.size)))  # a clip may end a sample too early
        for part, name in ((mono[:known], "known part"), (mono[known:], "true continuation")):
            if rms(part) < source.noise_floor:
                raise AudioError(f"its {name} from {self.begin_seconds:g} s on is silent.")
        return mono[:known], mono[known:]


def find_clips(paths: Sequence[Path], leave_out: Path) -> tuple[list[Clip], list[Skipped]]:
    """All clips of files and folders, with those in sub-folders, in the order given and by name within a folder.

    Files of a folder that can't be opened are left out and reported; a file that was named must open.

    Args:
        paths: files and folders.
        leave_out: a folder whose files are never taken: the results' own.

    Raises:
        AudioError: nothing there, no audio in it, or a named file that is not audio.
    """
    clips: dict[Path, Clip] = {}
    skipped: list[Skipped] = []
    for path in paths:
        if not path.exists():
            raise AudioError(f"There is no file or folder {path}.")
        files = _audio_files(path, leave_out) if path.is_dir() else [path]
        if not files:
            raise AudioError(f"{path} holds no audio files ({', '.join(AUDIO_SUFFIXES)}).")
        for file in files:
            try:
                with open_source(file) as source:
                    clips.setdefault(file.resolve(), Clip(source.path, source.seconds))
            except AudioError as error:
                if not path.is_dir():
                    raise
                skipped.append(Skipped(file, str(error)))
    return list(clips.values()), skipped


def _audio_files(folder: Path, leave_out: Path) -> list[Path]:
    own = leave_out.resolve()
    files: Iterable[Path] = sorted(folder.rglob("*"))
    return [
        file
        for file in files
        if file.suffix.lower() in AUDIO_SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and own not in file.resolve().parents
    ]


def choose_cases(
    clips: Sequence[Clip], count: int, cuts: int, begin: float, known: float, new: float
) -> tuple[list[Case], list[Skipped]]:
    """`count` cases, evenly spread over all that the clips have to offer, in the clips' order.

    A clip's first cut begins at `begin`; with `cuts` 2, clips that are long enough have a second one behind it, in
    the middle of what is left. Chosen cases that are silent or not numbers are left out and reported, not replaced:
    which clips are used must not depend on what is wrong with one.

    Raises:
        AudioError: there are fewer, or every chosen one had to be left out.
    """
    span = known + new
    offered: list[tuple[Clip, float]] = []
    for clip in clips:
        last = clip.seconds - span + 1e-6  # the latest that a cut can begin
        offered += [(clip, begin)] if begin <= last else []
        if cuts == 2 and begin + span <= last:
            offered.append((clip, math.floor(5.0 * (begin + span + last)) / 10.0))
    if len(offered) < count:
        raise AudioError(
            f"The clips have only {len(offered)} cases to offer, not the {count} asked for: of {len(clips)} clips, "
            f"{len({clip.path for clip, _ in offered})} have the {begin + span:g} s that one takes "
            f"({begin:g} s left out, {known:g} s known, {new:g} s new), with at most {cuts} a clip. "
            "Ask for fewer with --cases, or add clips."
        )
    cases: list[Case] = []
    skipped: list[Skipped] = []
    for place in np.linspace(0, len(offered) - 1, count):
        clip, start = offered[round(place)]
        try:
            with open_source(clip.path) as source:
                case = Case(clip.path, source.sha256(), start, known, new)
            case.read()
            cases.append(case)
        except AudioError as error:
            skipped.append(Skipped(clip.path, str(error)))
    if not cases:
        raise AudioError(f"None of the {count} chosen cases can be used. {skipped[0]}")
    return cases, skipped
