"""Notes from and to Standard MIDI files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido

from core.audio.writing import write_bytes
from core.errors import NotesError
from core.notes.note import HIGHEST_KEY, LOWEST_KEY, SHORTEST, Note, one_string_a_key
from core.wording import counted

MIDI_SUFFIXES = (".mid", ".midi")
LONGEST_SECONDS = 2 * 3600.0
LARGEST_BYTES = 20_000_000
"""Two hours of dense music take a twentieth of this."""

TICKS_A_BEAT, BEAT_MICROSECONDS = 960, 500_000
"""What we write: 1920 ticks a second."""

_SUSTAIN, _HALF_DOWN = 64, 64
_PERCUSSION = 9

_Sound = tuple[float, float, int, int]
"""Onset, offset, key, velocity as they stand in the file: not yet a Note."""


@dataclass(frozen=True)
class MidiNotes:
    """What a MIDI file holds for a piano.

    notes     in order; a key that is struck again ends what it was sounding
    remarks   what was left out or altered, a sentence each, to be shown
    """

    notes: tuple[Note, ...]
    remarks: tuple[str, ...] = ()


def read_midi(path: Path) -> MidiNotes:
    """The notes of a Standard MIDI file of type 0 or 1, all tracks and channels together, in seconds.

    A sustain pedal (CC64) that is down where a key is let go holds the note until it goes up. Drums (channel 10)
    and keys that no piano has are left out, which the remarks say.

    Raises NotesError: it can't be read, is no MIDI file, is of type 2, holds no notes, or more than two hours.
    """
    keyboard = _Keyboard()
    for message in _read(path):
        keyboard.now += message.time
        if keyboard.now > LONGEST_SECONDS:
            raise NotesError(f"{path.name} goes on for more than {LONGEST_SECONDS / 3600:g} hours. Cut it shorter.")
        keyboard.hear(message)
    return _sorted_out(path, keyboard.let_go(), keyboard.drums)


def write_midi(path: Path, notes: Iterable[Note], *, overwrite: bool = False) -> None:
    """A MIDI file of type 0 with one piano on channel 1. Notes before 0 s begin there.

    Raises ExportError: it can't or mustn't be written there; nothing has changed on disk.
    """
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS_A_BEAT)
    track = file.add_track("PianoDiff")
    track.append(mido.MetaMessage("set_tempo", tempo=BEAT_MICROSECONDS))
    events: list[tuple[int, int, int, int]] = []
    for note in notes:
        onset, offset = _ticks(note.onset), _ticks(note.offset)
        # Keys are let go before others are struck at the same tick: else a repeated note would end at its beginning.
        events += [(onset, 1, note.key, note.velocity), (max(offset, onset + 1), 0, note.key, 0)]
    before = 0
    for tick, _, key, velocity in sorted(events):
        track.append(mido.Message("note_on", note=key, velocity=velocity, time=tick - before))
        before = tick
    content = io.BytesIO()
    file.save(file=content)
    write_bytes(path, content.getvalue(), overwrite=overwrite)


def _read(path: Path) -> Sequence[mido.Message]:
    """All messages in order, their times in seconds since the one before."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise NotesError(f"{path.name} is too large for a MIDI file ({path.stat().st_size / 1e6:.0f} MB).")
        content = path.read_bytes()
    except OSError as error:
        raise NotesError(f"{path} can't be read: {error.strerror or error}.") from error
    try:
        file = mido.MidiFile(file=io.BytesIO(content), clip=True)
        if file.type == 2:
            raise NotesError(
                f"{path.name} is a MIDI file of type 2, a set of separate patterns. Save it as type 0 or 1."
            )
        if not 0 < file.ticks_per_beat < 0x8000:
            raise NotesError(f"{path.name} counts film frames, not beats (SMPTE time). Save it with beats.")
        return list(file)
    except NotesError:
        raise
    except Exception as error:  # mido raises whatever comes of a file that is none: EOFError, IndexError, KeyError ...
        reason = str(error) or type(error).__name__
        raise NotesError(f"{path.name} is not a MIDI file that can be read ({reason}).") from error


class _Keyboard:
    """What sounds, message by message.

    now     seconds so far
    drums   how many strokes of channel 10 were passed over
    """

    def __init__(self) -> None:
        self.now, self.drums = 0.0, 0
        self._ended: list[_Sound] = []
        self._down: dict[tuple[int, int], list[tuple[float, int]]] = {}  # (channel, key) -> (onset, velocity)
        self._held: dict[int, list[tuple[float, int, int]]] = {}  # channel, its pedal down -> (onset, key, velocity)

    def hear(self, message: mido.Message) -> None:
        """Take in what happens now."""
        if message.type == "note_on" and message.velocity > 0:
            self._strike(message.channel, message.note, message.velocity)
        elif message.type in ("note_on", "note_off"):
            self._release(message.channel, message.note)
        elif message.type == "control_change" and message.control == _SUSTAIN:
            if message.value >= _HALF_DOWN:
                self._held.setdefault(message.channel, [])
            else:
                self._end(self._held.pop(message.channel, []))

    def let_go(self) -> list[_Sound]:
        """All notes; those that nobody ended end now."""
        for held in self._held.values():
            self._end(held)
        for (_, key), waiting in self._down.items():
            self._end([(onset, key, velocity) for onset, velocity in waiting])
        return self._ended

    def _strike(self, channel: int, key: int, velocity: int) -> None:
        if channel == _PERCUSSION:
            self.drums += 1
            return
        if channel in self._held:  # struck again, it begins anew
            held = self._held[channel]
            self._end([entry for entry in held if entry[1] == key])
            self._held[channel] = [entry for entry in held if entry[1] != key]
        self._down.setdefault((channel, key), []).append((self.now, velocity))

    def _release(self, channel: int, key: int) -> None:
        waiting = self._down.get((channel, key))
        if waiting:
            onset, velocity = waiting.pop(0)
            if channel in self._held:
                self._held[channel].append((onset, key, velocity))
            else:
                self._end([(onset, key, velocity)])

    def _end(self, notes: Iterable[tuple[float, int, int]]) -> None:
        self._ended += [(onset, self.now, key, velocity) for onset, key, velocity in notes]


def _sorted_out(path: Path, found: list[_Sound], drums: int) -> MidiNotes:
    remarks = []
    if drums:
        remarks.append(f"{counted(drums, 'drum beat')} left out.")
    outside = sum(not LOWEST_KEY <= key <= HIGHEST_KEY for _, _, key, _ in found)
    if outside:
        remarks.append(f"{counted(outside, 'note')} outside the piano's keys (A0 to C8) left out.")
    inside = [entry for entry in found if LOWEST_KEY <= entry[2] <= HIGHEST_KEY]
    short = sum(offset - onset < SHORTEST for onset, offset, _, _ in inside)
    if short:
        remarks.append(f"{counted(short, 'note')} without length made {1000 * SHORTEST:.0f} ms long.")
    notes = one_string_a_key(
        Note(onset, max(offset, onset + SHORTEST), key, velocity) for onset, offset, key, velocity in inside
    )
    if not notes:
        raise NotesError(f"{path.name} holds no notes for a piano." + "".join(f" {remark}" for remark in remarks))
    if len(notes) < len(inside):
        remarks.append(f"{counted(len(inside) - len(notes), 'note')} doubled by another of the same key left out.")
    return MidiNotes(tuple(notes), tuple(remarks))


def _ticks(seconds: float) -> int:
    return max(0, round(seconds * 1e6 / BEAT_MICROSECONDS * TICKS_A_BEAT))
