"""The sketch: notes to audio by additive synthesis."""

import numpy as np
import pytest

from core.notes.note import Note, frequency, moved
from core.notes.sketch import GONE, UNDAMPED_KEY, Timbre, inharmonicity, sketch

RATE = 22_050


def level(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-12))


def spectrum(samples: np.ndarray, rate: float = RATE) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies, and dB below the strongest."""
    magnitude = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 4 * len(samples)))
    return np.fft.rfftfreq(4 * len(samples), 1 / rate), 20 * np.log10(magnitude / magnitude.max() + 1e-12)


def peak(samples: np.ndarray, near: float, within: float = 0.02) -> float:
    """The strongest frequency within a share of `near`."""
    frequencies, decibels = spectrum(samples)
    close = np.abs(frequencies / near - 1) < within
    return float(frequencies[close][np.argmax(decibels[close])])


@pytest.mark.parametrize("key", [28, 45, 60, 81, 96])
def test_partials_lie_where_a_stiff_string_has_them(key: int) -> None:
    """Breaks when f_n is not n f_0 sqrt(1 + B n^2), or a key's first partial is out of tune."""
    tone = sketch([Note(0, 1.5, key)], RATE, RATE)
    b, first = inharmonicity(key), frequency(key)
    for n in (1, 2, 3, 5):
        expected = n * first * np.sqrt((1 + b * n**2) / (1 + b))
        if expected < 8000:
            assert abs(1200 * np.log2(peak(tone, expected) / expected)) < 3


def test_high_strings_are_stiffer_than_those_of_the_middle_and_so_are_the_lowest() -> None:
    """Breaks when one of the two exponentials is lost."""
    assert inharmonicity(108) > inharmonicity(69) > inharmonicity(45) < inharmonicity(21)
    assert 5e-4 < inharmonicity(69) < 1e-3


def test_it_follows_the_tuning() -> None:
    """Breaks when cents go the wrong way or by the wrong factor."""
    tone = sketch([Note(0, 1.5, 69)], RATE, RATE, Timbre(cents=-30.0))
    assert peak(tone, 440) == pytest.approx(440 * 2 ** (-30 / 1200), rel=5e-4)


def test_bass_rings_longer_than_treble_and_low_partials_longer_than_high_ones() -> None:
    """Breaks when the decay doesn't go by key, or not by partial."""

    def fall(samples: np.ndarray) -> float:
        return level(samples[:4000]) - level(samples[RATE : RATE + 4000])

    low, middle, high = (sketch([Note(0, 3, key)], 2 * RATE, RATE) for key in (36, 60, 84))
    assert fall(low) < fall(middle) < fall(high)
    early, late = (spectrum(middle[begin : begin + 4000]) for begin in (500, RATE))
    tenth = np.argmin(np.abs(early[0] - 10.3 * frequency(60)))
    around = slice(tenth - 30, tenth + 30)
    assert late[1][around].max() < early[1][around].max() - 3


def test_a_harder_stroke_is_louder_and_brighter() -> None:
    """Breaks when velocity decides only the loudness, or nothing."""
    soft, hard = (sketch([Note(0, 1, 60, velocity)], 8000, RATE) for velocity in (40, 110))
    assert level(hard) > level(soft) + 10
    frequencies, decibels = spectrum(hard)
    above = frequencies > 2000
    assert decibels[above].max() > spectrum(soft)[1][above].max() + 6


def test_a_key_that_is_let_go_is_damped_but_for_the_highest() -> None:
    """Breaks when notes end with a click, never end, or keys without a damper end too."""
    held, ended = (sketch([Note(0, end, 60)], 2 * RATE, RATE) for end in (2.0, 0.5))
    begin = round(0.5 * RATE)
    assert np.array_equal(held[:begin], ended[:begin])
    assert level(ended[RATE:]) < level(held[RATE:]) - 40
    assert np.abs(np.diff(ended, 2))[begin - 50 :].max() < np.abs(np.diff(held, 2))[begin - 500 : begin].max()
    short, long = (sketch([Note(0, end, UNDAMPED_KEY)], RATE, RATE) for end in (0.1, 1.0))
    assert np.array_equal(short, long)


def test_it_begins_and_ends_without_a_click() -> None:
    """Breaks when the attack is a step, or the last sample of a note is still loud."""
    tone = sketch([Note(0.1, 0.4, 72, 127)], RATE, RATE)
    begin = int(0.1 * RATE)
    assert not tone[: begin + 1].any()
    assert np.abs(tone[begin : begin + 10]).max() < 0.1 * np.abs(tone).max()
    assert np.abs(tone[np.flatnonzero(tone)[-100:]]).max() < 3 * GONE


@pytest.mark.parametrize("rate", [4000, 8000, 22050])
def test_nothing_lies_above_nyquist(rate: int) -> None:
    """Breaks when partials fold back: there would be tones where no partial is."""
    tone = sketch([Note(0, 1, 84, 127)], rate, rate)
    frequencies, decibels = spectrum(tone, rate)
    b, n = inharmonicity(84), np.arange(1, 20)
    partials = n * frequency(84) * np.sqrt((1 + b * n**2) / (1 + b))
    far = np.abs(frequencies[:, None] - partials).min(axis=1) > 100
    assert decibels[far].max() < -50


def test_a_key_above_nyquist_is_silent() -> None:
    """Breaks when a network at a low rate is handed an empty string to play."""
    assert not sketch([Note(0, 1, 108)], 4000, 4000).any()


def test_the_same_notes_give_the_same_samples_and_add_up() -> None:
    """Breaks when a cache or an order of notes changes what is heard."""
    first, second = Note(0.2, 0.9, 60, 90), Note(-0.3, 0.6, 40, 70)
    both = sketch([first, second], RATE, RATE)
    assert np.array_equal(both, sketch([first, second], RATE, RATE))
    assert np.allclose(both, sketch([first], RATE, RATE) + sketch([second], RATE, RATE), atol=1e-6)


def test_a_stretch_of_a_plan_can_be_sketched_alone() -> None:
    """Breaks when notes that began before it are cut, or struck again."""
    notes = [Note(0.0, 2.0, 48, 80), Note(0.7, 1.2, 64, 100), Note(0.9995, 1.6, 71, 60), Note(0.1, 0.95, 55, 60)]
    whole = sketch(notes, 2 * RATE, RATE)
    later = sketch(moved(notes, -1.0), RATE, RATE)
    assert np.abs(later - whole[RATE:]).max() < 1e-5


def test_gains_apply_at_the_frequencies_of_the_partials() -> None:
    """Breaks when the timbre's decibels are amplitudes, or land elsewhere."""
    note = [Note(0, 1, 69)]
    dull = Timbre(frequencies=(400.0, 500.0, 800.0, 10_000.0), decibels=(0.0, 0.0, -12.0, -12.0))
    plain, shaped = sketch(note, RATE, RATE), sketch(note, RATE, RATE, dull)
    frequencies, before = spectrum(plain)
    after = spectrum(shaped)[1]
    for partial, change in ((440.0, 0.0), (881.0, -12.0)):
        close = np.abs(frequencies - partial) < 10
        assert after[close].max() - before[close].max() == pytest.approx(change, abs=0.3)
