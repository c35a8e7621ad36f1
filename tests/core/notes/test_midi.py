"""Notes from and to MIDI files, and files that are none."""

from pathlib import Path

import mido
import numpy as np
import pytest

from core.errors import NotesError
from core.notes.midi import read_midi, write_midi
from core.notes.note import Note, one_string_a_key

ON, OFF, CC = "note_on", "note_off", "control_change"


def write(path: Path, *messages: mido.Message, kind: int = 0, ticks: int = 480) -> Path:
    """A file of one track; times are ticks of 1/960 s (120 beats a minute) since the message before."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    file.add_track().extend(messages)
    file.save(path)
    return path


def note(kind: str, key: int, time: int, velocity: int = 64, channel: int = 0) -> mido.Message:
    return mido.Message(kind, note=key, velocity=velocity, time=time, channel=channel)


def pedal(value: int, time: int) -> mido.Message:
    return mido.Message(CC, control=64, value=value, time=time)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """To within half a tick, with chords, repeated keys, and a note that begins where another of its key ends."""
    rng = np.random.default_rng(1)
    notes = one_string_a_key(
        Note(float(onset), float(onset + length), int(key), int(velocity))
        for onset, length, key, velocity in zip(
            rng.uniform(0, 20, 200), rng.uniform(0.05, 2, 200), rng.integers(21, 109, 200), rng.integers(1, 128, 200),
            strict=True,
        )
    )  # fmt: skip
    notes = one_string_a_key([*notes, Note(30.0, 30.5, 60), Note(30.5, 31.0, 60)])
    write_midi(tmp_path / "a.mid", notes)
    found = read_midi(tmp_path / "a.mid")
    assert found.remarks == () and len(found.notes) == len(notes)
    for before, after in zip(notes, found.notes, strict=True):
        assert (before.key, before.velocity) == (after.key, after.velocity)
        assert after.onset == pytest.approx(before.onset, abs=3e-4)
        assert after.offset == pytest.approx(before.offset, abs=1e-3)


def test_a_tempo_change_in_another_track_counts(tmp_path: Path) -> None:
    """Type 1 keeps the tempo in its first track: read track by track, every note behind a change would be misplaced."""
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    file.add_track().extend([mido.MetaMessage("set_tempo", tempo=1_000_000, time=480)])
    file.add_track().extend([note(ON, 60, 480), note(OFF, 60, 480)])
    file.save(tmp_path / "a.mid")
    (only,) = read_midi(tmp_path / "a.mid").notes
    assert only.onset == pytest.approx(0.5) and only.offset == pytest.approx(1.5)


def test_the_pedal_holds_notes_until_it_goes_up(tmp_path: Path) -> None:
    """Also one that is struck before it goes down; a key that is struck again under it ends what it was sounding."""
    path = write(
        tmp_path / "a.mid",
        note(ON, 60, 0), pedal(127, 96), note(OFF, 60, 96), note(ON, 60, 96), note(ON, 64, 0), note(OFF, 60, 96),
        note(OFF, 64, 0), pedal(0, 96), note(ON, 67, 0), note(OFF, 67, 96),
    )  # fmt: skip
    found = [(n.key, round(n.onset, 3), round(n.offset, 3)) for n in read_midi(path).notes]
    assert found == [(60, 0.0, 0.3), (60, 0.3, 0.5), (64, 0.3, 0.5), (67, 0.5, 0.6)]


def test_what_no_piano_plays_is_left_out_and_said(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.mid",
        note(ON, 10, 0), note(OFF, 10, 960), note(ON, 38, 0, channel=9), note(OFF, 38, 96, channel=9),
        note(ON, 60, 0), note(OFF, 60, 0),
    )  # fmt: skip
    found = read_midi(path)
    (only,) = found.notes
    assert only.key == 60 and only.seconds == pytest.approx(0.03)
    assert [remark.split()[0] for remark in found.remarks] == ["1", "1", "1"]
    assert "drum" in found.remarks[0] and "A0 to C8" in found.remarks[1] and "30 ms" in found.remarks[2]


def test_three_hundred_notes_at_once_are_one_a_key(tmp_path: Path) -> None:
    strokes = [note(ON, 21 + k % 88, 0, 1 + k % 127) for k in range(300)]
    path = write(tmp_path / "a.mid", *strokes, *(note(OFF, 21 + k % 88, 96 * (k == 0)) for k in range(300)))
    found = read_midi(path)
    assert [n.key for n in found.notes] == list(range(21, 109)) and "212 notes doubled" in found.remarks[0]


def test_a_key_that_is_never_let_go_ends_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", note(ON, 60, 0), note(ON, 62, 960), note(OFF, 62, 960))
    assert [n.offset for n in read_midi(path).notes] == [pytest.approx(2.0), pytest.approx(2.0)]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.mid", b"", "not a MIDI file"),
        ("words.mid", b"not MIDI at all, only a few words of text", "not a MIDI file"),
        ("cut.mid", b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\1\0\0\x90\x40", "not a MIDI file"),
        ("film.mid", b"MThd\0\0\0\6\0\0\0\1\xe7\x28MTrk\0\0\0\4\0\xff\x2f\0", "film frames"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    """Breaks when a wrong file ends in a traceback."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NotesError, match=says):
        read_midi(tmp_path / name)


def test_other_files_are_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NotesError, match="can't be read"):
        read_midi(tmp_path / "nowhere.mid")
    with pytest.raises(NotesError, match="can't be read"):
        read_midi(tmp_path)
    with pytest.raises(NotesError, match="no notes"):
        read_midi(write(tmp_path / "silent.mid", mido.MetaMessage("text", text="nothing")))
    with pytest.raises(NotesError, match=r"no notes.*1 drum"):
        read_midi(write(tmp_path / "drum.mid", note(ON, 38, 0, channel=9), note(OFF, 38, 9, channel=9)))
    with pytest.raises(NotesError, match="type 2"):
        read_midi(write(tmp_path / "two.mid", note(ON, 60, 0), note(OFF, 60, 9), kind=2))
    with pytest.raises(NotesError, match="2 hours"):
        read_midi(write(tmp_path / "long.mid", note(ON, 60, 0), note(OFF, 60, 10 * 3600 * 960)))


def test_a_note_is_one_that_a_piano_can_play() -> None:
    for wrong in ((1.0, 1.0, 60, 80), (0.0, 1.0, 20, 80), (0.0, 1.0, 109, 80), (0.0, 1.0, 60, 0), (0.0, 1.0, 60, 128),
                  (float("nan"), 1.0, 60, 80), (0.0, float("inf"), 60, 80)):  # fmt: skip
        with pytest.raises(ValueError):
            Note(*wrong)
