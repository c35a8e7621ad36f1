"""From a source's file into an export's: what it holds beside its audio, what was done to it, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import soundfile as sf

from core.audio.decoding import HOSTILE
from core.audio.metadata.aiff import read_aiff
from core.audio.metadata.broadcast import history_line, moved, time_reference
from core.audio.metadata.carried import Carried, called, listed
from core.audio.metadata.cues import move_points
from core.audio.metadata.flac import read_flac, write_flac
from core.audio.metadata.history import what_was_done
from core.audio.metadata.id3 import read_id3, read_id3v1
from core.audio.metadata.moves import Moves
from core.audio.metadata.vorbis import comment_packet, read_ogg
from core.audio.metadata.wave import info_tag, read_wave, wave_chunks, write_wave
from core.audio.source import Source
from core.errors import AudioError
from core.wording import counted


@dataclass(frozen=True)
class Luggage:
    """What goes into an export beside its audio.

    carried     all of it
    chunks      for a WAV file, as it will have them; b"" for a FLAC file
    said        in words, "" when the source had nothing: "tags: title, artist; 3 cue points moved by 2 s"
    """

    carried: Carried
    chunks: bytes
    said: str

    @property
    def size(self) -> int:
        """Bytes, near enough to know whether the disk has room."""
        return len(self.chunks) or len(comment_packet(self.carried, b"")) + sum(map(len, self.carried.pictures))

    def write(self, path: Path) -> None:
        """Put it into the WAV or FLAC file that libsndfile has just written. Raises OSError."""
        if self.chunks:
            write_wave(path, self.chunks)
        else:
            write_flac(path, self.carried)


def read_carried(source: Source) -> Carried:
    """What the source's file holds beside its audio; what is malformed is left out. Raises AudioError: it is gone."""
    found = Carried()
    try:
        with source.path.open("rb") as file:
            if source.format in ("WAV", "WAVEX", "RF64"):
                read_wave(file, found)
            elif source.format == "AIFF":
                read_aiff(file, found)
            elif source.format == "FLAC":
                read_flac(file, found)
            elif source.format == "OGG":
                read_ogg(file, found)
            elif source.format == "MP3":
                read_id3(file, 0, found)
                read_id3v1(file, found)
            else:
                _read_texts(source, found)
    except HOSTILE as error:
        raise AudioError(f"{source.path} can't be read any more. Was it moved or deleted?") from error
    return found


def pack(source: Source, moves: Moves, container: str, subtype: str, how: str = "") -> Luggage:
    """What an export holds beside its audio.

    Args:
        source: whose it is.
        moves: what is put before, behind and into it.
        container: "WAV" or "FLAC".
        subtype: of the export, as libsndfile calls it.
        how: what the comment says between brackets of how it was made.

    Raises:
        AudioError: the source is gone.
    """
    found = read_carried(source)
    done = what_was_done(moves, source.sample_rate, how)
    carried = found.with_line(done)
    move_points(carried, moves)
    words = [_tag_words(found, container)]
    if container == "WAV":
        if found.broadcast is not None:
            words.append(_broadcast_words(found.broadcast, moves.before, source.sample_rate))
            line = history_line(subtype, source.sample_rate, source.channels, done)
            carried.broadcast = moved(found.broadcast, moves.before, line)
        words += _point_words(carried, moves.before, source.sample_rate)
        chunks = wave_chunks(carried)
    else:
        chunks = b""
        words.append(counted(len(carried.pictures), "picture") if carried.pictures else "")
        for what in (*_point_words(carried), "Broadcast WAV data" if found.broadcast is not None else ""):
            if what:
                carried.leave_out(f"{what} (no place in FLAC)")
    words.append(f"left out: {listed(carried.left_out)}" if carried.left_out else "")
    return Luggage(carried, chunks, "; ".join(word for word in words if word))


def _read_texts(source: Source, found: Carried) -> None:
    """Those that libsndfile finds in a format that is not read here."""
    with sf.SoundFile(source.path) as file:
        for name, value in file.copy_metadata().items():
            found.add_text(name, value)
    found.leave_out(f"what a {source.format} file may hold beside its texts")


def _tag_words(found: Carried, container: str) -> str:
    names = [called(name) for name, _ in found.texts if container != "WAV" or info_tag(name)]
    return f"tags: {listed(names)}" if names else ""


def _broadcast_words(body: bytes, before: int, sample_rate: int) -> str:
    if not before:
        return "Broadcast WAV data"
    earlier = before - time_reference(body)
    if earlier <= 0:
        return f"Broadcast WAV data, its time reference {before / sample_rate:g} s earlier"
    return f"Broadcast WAV data, its time reference 0, since it would begin {earlier / sample_rate:g} s before midnight"


def _point_words(carried: Carried, before: int = 0, sample_rate: int = 1) -> list[str]:
    by = f" moved by {before / sample_rate:g} s" if before else ""
    loops = len(carried.sampler.loops) if carried.sampler is not None else 0
    points = len(carried.points)
    return [
        f"{counted(points, 'cue point')}{by}" if points else "",
        f"{counted(loops, 'loop')}{by}" if loops else "",
    ]
