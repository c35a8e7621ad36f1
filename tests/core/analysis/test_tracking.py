"""The pitch of the whole piano: every key, and what a register alone would get wrong."""

import itertools

import numpy as np
import pytest

from core.analysis.pitch import PitchTrack, note_to_frequency
from core.analysis.tracking import REGISTERS, TRACK_HOP, TRACK_RATE, track, whole_track
from core.audio.signal import FloatArray
from tests.core.tones import melody, piano_tone

KEYS = range(21, 109)  # A0 to C8
SCALE = ("C4", "E4", "A4", "C5", "F3", "A2", "D2", "B0", "E5", "A5", "C6", "G6", "D7", "A7")


def frequency(key: int) -> float:
    return float(440.0 * 2.0 ** ((key - 69) / 12))


def cents(found: np.ndarray, expected: np.ndarray | float) -> np.ndarray:
    return np.asarray(1200 * np.log2(found / expected))


def wrong_keys(rate: int, stiffness: float, fundamental: float, keys: range = KEYS) -> dict[int, float]:
    """Keys whose tone isn't found, or 30 cents off, and by how much."""
    wrong = {}
    for key in keys:
        found = whole_track(piano_tone(frequency(key), 0.5, rate, stiffness=stiffness, fundamental=fundamental), rate)
        voiced = found.voiced()
        off = float(np.median(cents(found.f0[voiced], frequency(key)))) if voiced.mean() > 0.5 else np.inf
        if abs(off) > 30:
            wrong[key] = off
    return wrong


@pytest.mark.parametrize("stiffness", [1e-4, 1e-3])
@pytest.mark.parametrize(("rate", "fundamental"), [(22_050, 1.0), (44_100, 0.1)])
def test_every_key_is_found_within_30_cents(rate: int, fundamental: float, stiffness: float) -> None:
    """Breaks when a key falls between two registers, or one of them takes an octave for the note."""
    assert wrong_keys(rate, stiffness, fundamental) == {}


@pytest.mark.parametrize("stiffness", [1e-4, 1e-3])
def test_bass_notes_without_a_fundamental_are_found(stiffness: float) -> None:
    """A small piano's soundboard doesn't carry it: the second partial must not be taken for the note."""
    assert wrong_keys(48_000, stiffness, 0.0, range(21, 49)) == {}


@pytest.mark.parametrize("note", ["A6", "C7", "F7", "C8"])
def test_the_knock_of_the_hammer_does_not_take_the_treble_down_an_octave(note: str) -> None:
    """Noise below 800 Hz as loud as the string: multiples of the period fit better than the period itself."""
    rng = np.random.default_rng(7)
    spectrum = np.fft.rfft(rng.standard_normal(44_100))
    spectrum[800:] = 0.0
    knock = np.fft.irfft(spectrum)
    tone = piano_tone(note_to_frequency(note), 1.0, 44_100)
    sound = tone + knock * np.sqrt(np.mean(np.square(tone)) / np.mean(np.square(knock)))
    found = whole_track(sound.astype(np.float32), 44_100)
    voiced = found.voiced()
    assert voiced.mean() > 0.3
    off = np.abs(cents(found.f0[voiced], note_to_frequency(note)))
    assert np.median(off) < 15
    assert not (off[found.aperiodicity[voiced] < 0.1] > 1150).any()


def test_the_fundamental_alone_is_no_multiple_of_itself() -> None:
    """In a low register a note far above it is a sine, whose every multiple fits: it has to stay out of it."""
    for key in (45, 57, 69, 81, 93, 105):
        tone = 0.3 * np.sin(2 * np.pi * frequency(key) * np.arange(22_050) / 22_050)
        found = whole_track(tone.astype(np.float32), 22_050)
        # The first and last frames of 186 ms reach over the ends of the tone.
        assert np.abs(cents(found.f0[4:-4], frequency(key))).max() < 5


@pytest.mark.parametrize("notes", [("G2", "D3"), ("C3", "E3", "G3"), ("A2", "E3", "C#4"), ("F2", "C3", "F3", "A3")])
def test_a_chord_is_not_taken_for_the_note_an_octave_or_two_below_it(notes: tuple[str, ...]) -> None:
    """Its notes repeat together after the period of a note that nobody plays."""
    chord = sum(piano_tone(note_to_frequency(note), 2.0, 44_100) for note in notes)
    found = whole_track(np.asarray(chord, np.float32), 44_100)
    below = found.voiced() & (found.f0 < 0.97 * note_to_frequency(notes[0]))
    assert below.mean() < 0.05


def test_a_chord_under_noise_is_not_taken_for_it_either() -> None:
    """Noise fills the partials that a chord's common period lacks."""
    rng = np.random.default_rng(11)
    chord = sum(piano_tone(note_to_frequency(note), 2.0) for note in ("G2", "D3"))
    noise = rng.standard_normal(44_100)
    sound = chord + 0.3 * noise * np.sqrt(np.mean(np.square(chord)) / np.mean(np.square(noise)))
    found = whole_track(np.asarray(sound, np.float32), 22_050)
    assert (found.voiced() & (found.f0 < 60.0)).mean() < 0.05


def test_registers_leave_no_gap() -> None:
    """A pitch that no register answers for would be shown as noise."""
    spans = sorted((register.lowest, register.highest) for register in REGISTERS)
    assert spans[0][0] < 27.5 * 2 ** (-60 / 1200) and spans[-1][1] > 4186.0 * 2 ** (100 / 1200)
    assert all(upper[0] < lower[1] for lower, upper in itertools.pairwise(spans))
    for register in REGISTERS:
        assert register.search[0] < register.lowest < register.highest < register.search[1]
        assert float(TRACK_HOP * register.rate / TRACK_RATE).is_integer()


def test_fast_notes_in_the_treble_are_told_apart() -> None:
    """Ten notes a second: a frame as long as the bass needs would hold two of them."""
    notes = ("A6", "C7", "B6", "D7", "G6", "E7") * 2
    found = whole_track(melody(notes, 0.1, 44_100), 44_100)
    for index, note in enumerate(notes):
        middle = (found.times > 0.1 * index + 0.02) & (found.times < 0.1 * index + 0.08)
        assert np.abs(cents(found.f0[middle], note_to_frequency(note))).max() < 15


@pytest.mark.parametrize("key", [21, 45, 69, 93])
def test_a_constant_offset_does_not_matter(key: int) -> None:
    """Cheap converters: an offset above the music's level hid every pitch."""
    found = whole_track(0.3 * piano_tone(frequency(key), 1.0, 44_100) + np.float32(0.4), 44_100)
    inner = slice(12, -12)  # where the recording begins and ends, the offset is a step
    assert found.voiced()[inner].all()
    assert np.abs(cents(found.f0[inner], frequency(key))).max() < 15


def test_silence_around_a_note_has_no_pitch() -> None:
    """The low-passes ring before and behind a note, at -100 dB, and YIN knows no level."""
    silence = np.zeros(44_100, np.float32)
    found = whole_track(np.concatenate([silence, piano_tone(261.63, 1.0, 44_100), silence]), 44_100)
    outside = (found.times < 0.9) | (found.times > 2.1)
    assert np.isnan(found.f0[outside]).all()
    assert (found.aperiodicity[outside] == 1.0).all()
    assert not np.isnan(found.f0[(found.times > 1.0) & (found.times < 2.0)]).any()


def test_noise_is_not_voiced() -> None:
    rng = np.random.default_rng(5)
    assert whole_track(rng.standard_normal(100_000).astype(np.float32), 22_050).voiced().mean() < 0.02


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (22_050, 1), (44_100, 2), (192_000, 6)])
def test_track_handles_any_rate_and_any_number_of_channels(rate: int, channels: int) -> None:
    notes = ("A3", "E4", "C5")
    sound = np.tile(melody(notes, 0.6, rate), (channels, 1))
    found = PitchTrack.join(track(lambda start, stop: sound[:, start:stop], sound.shape[1], rate))
    assert len(found.f0) == len(found.times) == len(found.aperiodicity) == 1 + int(1.8 * TRACK_RATE) // 512
    for index, note in enumerate(notes):
        middle = (found.times > 0.6 * index + 0.1) & (found.times < 0.6 * index + 0.5)
        assert np.abs(cents(found.f0[middle], note_to_frequency(note))).max() < 15


def test_track_in_blocks_is_the_track_of_the_whole() -> None:
    sound = melody(SCALE, 0.3)[None]
    whole = whole_track(sound[0], TRACK_RATE)
    joined = PitchTrack.join(
        track(lambda start, stop: sound[:, start:stop], sound.shape[1], TRACK_RATE, block_seconds=0.7)
    )
    np.testing.assert_allclose(joined.times, whole.times)
    np.testing.assert_allclose(joined.f0, whole.f0, rtol=1e-4)
    np.testing.assert_allclose(joined.aperiodicity, whole.aperiodicity, atol=1e-3)


def test_track_leaves_no_trace_of_its_blocks_at_another_rate() -> None:
    sound = melody(SCALE, 0.3, 44_100)[None]
    short, long = (
        PitchTrack.join(track(lambda start, stop: sound[:, start:stop], sound.shape[1], 44_100, block_seconds=seconds))
        for seconds in (0.5, 60.0)
    )
    voiced = long.voiced()
    assert np.abs(cents(short.f0[voiced], long.f0[voiced])).max() < 3


def test_track_reads_an_hour_in_pieces() -> None:
    """An hour at 192 kHz must not be read at once."""
    asked: list[int] = []

    def read(start: int, stop: int) -> FloatArray:
        asked.append(stop - start)
        return np.zeros((1, stop - start), np.float32)

    pieces = track(read, 3600 * 192_000, 192_000)
    for _ in range(3):
        next(pieces)
    assert len(asked) == 3
    assert max(asked) < 21 * 192_000


