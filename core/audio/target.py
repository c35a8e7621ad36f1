"""Where an export goes: a file whose format is settled, and everything that can be refused without writing it."""

from __future__ import annotations

import errno
import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import soundfile as sf

from core.audio.chunks import clear_peak_time
from core.audio.sample_types import BYTES, SUBTYPES, nearest_subtype
from core.audio.source import Source
from core.audio.writing import absolute, check_free_name
from core.errors import ExportError

# RIFF counts bytes in 32 bits. Below this there is room for the headers.
_RIFF_LIMIT = 2**32 - 2**16


@dataclass(frozen=True)
class Target:
    """A file to be written, its format settled.

    path        where it is written, symbolic links followed
    named       as it was named, absolute
    container   "WAV" or "FLAC"
    subtype     libsndfile's sample type
    frames      that it will have
    extra       bytes that it will hold beside its audio
    """

    path: Path
    named: Path
    container: str
    subtype: str
    channels: int
    sample_rate: int
    frames: int
    extra: int = 0

    @classmethod
    def choose(
        cls,
        destination: str | os.PathLike[str],
        own: str,
        subtype: str | None,
        channels: int,
        sample_rate: int,
        frames: int,
    ) -> Target:
        """The file at `destination`, in the sample type `subtype`, or for None the nearest to the source's `own`.

        Raises ExportError: a suffix or type that can't be written, or more than a FLAC file holds.
        """
        named = absolute(destination)
        container = {".wav": "WAV", ".flac": "FLAC"}.get(named.suffix.lower())
        if container is None:
            ending = f"'{named.suffix}'" if named.suffix else "no suffix"
            raise ExportError(f"{named.name} has {ending}: choose a name that ends in .wav or .flac.")
        if subtype is None:
            subtype = nearest_subtype(own, container)
        if subtype not in SUBTYPES[container]:
            names = ", ".join(SUBTYPES[container])
            raise ExportError(f"A {container} file can't hold samples of type {subtype}. It can hold: {names}.")
        if container == "FLAC" and (channels > 8 or sample_rate > 655_350):
            raise ExportError(
                f"A FLAC file holds at most 8 channels and 655350 Hz, not {channels} channels at {sample_rate} Hz. "
                "Choose a name that ends in .wav."
            )
        return cls(Path(os.path.realpath(named)), named, container, subtype, channels, sample_rate, frames)

    def check(self, source: Source | None, overwrite: bool) -> None:
        """Everything that can be refused without writing. Raises ExportError."""
        if source is not None and _same_file(self.path, source.path):
            raise ExportError(
                f"{self.named.name} is the source itself, which is never overwritten. Choose another name."
            )
        check_free_name(self.path, overwrite)
        size = self.frames * self.channels * BYTES[self.subtype]
        needed = self.extra + (size // 2 if self.container == "FLAC" else size)
        free = shutil.disk_usage(self.path.parent).free
        if needed > free:
            raise ExportError(
                f"The disk that holds {self.path.parent} is full: {_megabytes(needed)} are needed, "
                f"{_megabytes(free)} are free. Make room, or choose another folder."
            )

    def create(self, temporary: Path) -> sf.SoundFile:
        """Open the temporary file, which is there and empty, for writing."""
        container = self.container
        if container == "WAV" and self.frames * self.channels * BYTES[self.subtype] + self.extra > _RIFF_LIMIT:
            container = "RF64"
        elif container == "WAV" and self.channels > 2:
            container = "WAVEX"  # the plain header is defined for mono and stereo only
        return sf.SoundFile(temporary, "w", self.sample_rate, self.channels, subtype=self.subtype, format=container)

    def finish(self, temporary: Path) -> None:
        """Make sure that everything arrived on the disk. Raises OSError."""
        if self.container == "WAV":
            clear_peak_time(temporary)
        written = sf.info(temporary).frames
        if written != self.frames:
            raise OSError(errno.ENOSPC, f"only {written} of {self.frames} frames were written")


def _same_file(first: Path, second: Path) -> bool:
    if os.path.realpath(first) == os.path.realpath(second):
        return True
    try:
        return os.path.samefile(first, second)
    except OSError:  # one of them does not exist
        return False


def _megabytes(size: int) -> str:
    return f"{math.ceil(size / 1e5) / 10:g} MB"
