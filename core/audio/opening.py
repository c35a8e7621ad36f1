"""Opening an audio file: whatever is wrong with it is said now, in words for the person who chose it, not minutes
later.
"""

from __future__ import annotations

import os
from pathlib import Path

import soundfile as sf

from core.audio.chunks import share_present
from core.audio.decoding import HOSTILE, UndecodableError, decode
from core.audio.sample_types import type_name
from core.audio.source import BLOCK_FRAMES, Source
from core.errors import AudioError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
"""Suffixes that the open dialog offers. Any other file libsndfile understands opens too."""

LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
"""Sample rates in Hz outside of which a header is taken for nonsense."""

LONGEST_SECONDS = 24 * 3600.0
"""Of a recording: a header can claim any length, and pictures are as long."""

_READABLE = "WAV, FLAC, Ogg, MP3 or AIFF"


def open_source(path: str | os.PathLike[str]) -> Source:
    """Open an audio file and check that all of it can be worked with.

    A WAV, AIFF, Ogg or MP3 file that was cut short opens with what is there, and says so in
    ``Source.notice``; a cut FLAC file has lost its index and is refused.

    Raises:
        AudioError: missing, a folder, not readable, not audio, damaged, without samples, or with an absurd
            rate.
    """
    path = Path(os.path.abspath(os.path.expanduser(os.fspath(path))))
    name = path.name
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder. Choose an audio file ({_READABLE}).")
        with path.open("rb") as file:
            head = file.read(4)
    except FileNotFoundError:
        raise AudioError(f"There is no file {path}.") from None
    except OSError as error:
        raise AudioError(f"{path} can't be read: {error.strerror or error}.") from error
    if not head:
        raise AudioError(f"{name} is empty: the file has 0 bytes.")
    try:
        handle = sf.SoundFile(path)
    except HOSTILE as error:
        # TypeError is soundfile's answer to a .raw suffix: samples without a header, which can't be guessed.
        mp3_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
        if mp3_frame or head.startswith((b"OggS", b"fLaC", b"RIFF", b"RF64", b"FORM", b"ID3")):
            raise AudioError(
                f"{name} is damaged or cut short: its audio can't be found. Copy or export the file again."
            ) from error
        raise AudioError(f"{name} is not audio that PianoDiff can read. Use a {_READABLE} file.") from error
    try:
        if not LOWEST_RATE <= handle.samplerate <= HIGHEST_RATE:
            raise AudioError(
                f"{name} claims a sample rate of {handle.samplerate} Hz. "
                f"Rates from {LOWEST_RATE} Hz to {HIGHEST_RATE} Hz can be used."
            )
        if handle.channels < 1 or handle.frames < 0:
            claim = f"{handle.channels} channels of {handle.frames} samples"
            raise AudioError(f"{name} is damaged: its header claims {claim}.")
        frames, notice = _usable_frames(path, handle)
        if frames == 0:
            raise AudioError(f"{name} holds no audio: it has 0 samples.")
        return Source(path, handle, frames, notice)
    except BaseException:
        handle.close()
        raise


def _usable_frames(path: Path, handle: sf.SoundFile) -> tuple[int, str]:
    """Frames that can be decoded, and a notice when the header promised more."""
    claimed = int(handle.frames)
    rate = int(handle.samplerate)
    if not handle.seekable():
        raise AudioError(
            f"{path.name} can only be decoded from its beginning on ({type_name(str(handle.subtype))}). Convert it to "
            "WAV or FLAC first."
        )
    if claimed > LONGEST_SECONDS * rate:
        raise AudioError(
            f"{path.name} claims to last {claimed / rate / 3600:.4g} hours. At most {LONGEST_SECONDS / 3600:g} hours "
            "can be used."
        )

    def cut_short(promise: str, there: int) -> str:
        return f"{path.name} is cut short{promise}: the {there / rate:.2f} s that are there are used."

    if handle.format in ("WAV", "WAVEX", "RF64", "AIFF"):
        # libsndfile has cut its count to what is there already; this only tells the user.
        promise = claimed / rate / share_present(path)
        lost = promise - claimed / rate > 0.0005
        return claimed, cut_short(f" (its header promises {promise:.2f} s)", claimed) if lost else ""
    if handle.format == "OGG" and (claimed == 0 or _reaches(handle, claimed)):
        lost_end = claimed > 0 and "lacks an end-of-stream bit" in handle.extra_info
        return claimed, cut_short("", claimed) if lost_end else ""
    if claimed == 0:
        return 0, ""
    if _reaches(handle, claimed):
        return claimed, ""
    if handle.format in ("MP3", "OGG"):
        there = _count_frames(handle)
        if there:
            # Without a frame index the length is a guess from the file size, so a tenth of a second is
            # no news.
            lost = claimed - there > rate // 10
            return there, cut_short(f" (its header promises {claimed / rate:.2f} s)", there) if lost else ""
    raise AudioError(
        f"{path.name} is damaged or cut short: its header promises {claimed / rate:.2f} s, but its end can't "
        "be decoded. Copy or export the file again."
    )


def _reaches(handle: sf.SoundFile, frames: int) -> bool:
    """Whether the last of `frames` frames can be decoded."""
    try:
        return len(decode(handle, frames - 1, 1, "float32")) == 1
    except UndecodableError:
        return False


def _count_frames(handle: sf.SoundFile) -> int:
    total = 0
    try:
        while count := len(decode(handle, total, BLOCK_FRAMES, "float32")):
            total += count
    except UndecodableError:
        return 0
    return total
