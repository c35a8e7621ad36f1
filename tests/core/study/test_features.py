"""Known answers of what the figures are computed from."""

import numpy as np
import pytest
from librosa.filters import mel
from librosa.onset import onset_detect

from core.audio.signal import FloatArray
from core.study.features import RATE, Sound, find_onsets, mel_filterbank, semitone_edges, third_octave_bands
from tests.core.tones import melody, piano_tone


@pytest.mark.parametrize(
    ("rate", "n_fft", "bands", "low", "high"), [(RATE, 2048, 40, 40.0, 10_000.0), (44_100, 1024, 20, 0.0, 22_050.0)]
)
def test_mel_bands_are_librosas(rate: int, n_fft: int, bands: int, low: float, high: float) -> None:
    expected = mel(sr=rate, n_fft=n_fft, n_mels=bands, fmin=low, fmax=high, dtype=np.float64)
    np.testing.assert_allclose(mel_filterbank(rate, n_fft, bands, low, high), expected, atol=1e-12)


def test_third_octaves_share_every_bin_out() -> None:
    bands = third_octave_bands(RATE, 4096)
    bins = np.arange(2049) * RATE / 4096
    inside = (bins >= 45.0) & (bins < 1000.0 * 2 ** (10.5 / 3))
    assert bands.shape == (24, 2049)
    np.testing.assert_array_equal(bands.sum(axis=0), inside)
    for band, centre in ((13, 1000.0), (10, 500.0), (23, 10_079.0)):
        assert bands[band, np.argmin(np.abs(bins - centre))] == 1.0


def test_a_tone_is_in_its_third_octave_only() -> None:
    tone = np.sin(2 * np.pi * 1000.0 * np.arange(2 * RATE) / RATE)
    power = Sound(tone).third_octaves
    assert power.argmax() == 13
    assert power.sum() - power[13] < 1e-3 * power[13]


def test_semitones_hold_their_notes() -> None:
    edges = semitone_edges(RATE, 8192)
    assert len(edges) == 73 and np.all(np.diff(edges) >= 1)
    for number in (36, 57, 69, 107):
        place = 440.0 * 2 ** ((number - 69) / 12) * 8192 / RATE
        assert edges[number - 36] <= np.ceil(place) and place < edges[number - 35]


def test_chroma_names_the_pitch_classes_of_a_chord() -> None:
    chord = sum(piano_tone(frequency, 2.0) for frequency in (261.63, 329.63, 392.0))  # C4 E4 G4
    assert set(np.argsort(Sound(np.asarray(chord)).chroma)[-3:]) == {0, 4, 7}


def test_chroma_of_noise_is_nearly_even() -> None:
    """Higher semitones hold more bins: by their sum, B would have twice what C has."""
    chroma = Sound(np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)).chroma
    assert chroma.max() < 1.25 * chroma.min()


def test_onsets_of_known_notes() -> None:
    """Each note found once, within 20 ms; nothing found where nothing begins."""
    times = [0.5, 0.9, 1.02, 1.5, 2.4, 2.5, 3.1]
    samples = np.zeros(4 * RATE, np.float32)
    for k, time in enumerate(times):
        tone = piano_tone(220.0 * 2 ** (k * 5 % 12 / 12), 4.0 - time, level=0.1 * 0.8**k)
        samples[round(time * RATE) :][: tone.size] += tone[: samples.size - round(time * RATE)]
    samples += 1e-5 * np.random.default_rng(0).standard_normal(samples.size).astype(np.float32)
    np.testing.assert_allclose(find_onsets(samples), times, atol=0.02)


def test_onsets_are_those_librosa_finds() -> None:
    notes = ["C4", "E4", "G4", "C5", "A4", "F4", "D4", "G3", "B3", "D4"]
    lead: FloatArray = np.zeros(RATE // 2, np.float32)
    samples = np.concatenate([lead, melody(notes, 0.35, RATE)])
    samples += 1e-5 * np.random.default_rng(0).standard_normal(samples.size).astype(np.float32)
    theirs = onset_detect(y=samples, sr=RATE, units="time")
    ours = find_onsets(samples)
    assert len(ours) == len(notes) == len(theirs)
    np.testing.assert_allclose(ours, theirs, atol=0.05)


@pytest.mark.parametrize("level", [1.0, 1e-3])
def test_steady_noise_has_hardly_any_onsets(level: float) -> None:
    noise = level * np.random.default_rng(1).standard_normal(10 * RATE)
    assert len(find_onsets(noise.astype(np.float32))) <= 10


def test_silence_has_no_onsets_and_no_chroma() -> None:
    silence = np.zeros(RATE, np.float32)
    assert len(find_onsets(silence)) == 0
    assert not Sound(silence).chroma.any()


def test_what_is_shorter_than_a_frame_still_has_features() -> None:
    short = Sound(piano_tone(440.0, 0.05))
    assert short.mel_power.shape == (1, 40) and short.mel_power.sum() > 0
    assert short.chroma.argmax() == 9 and short.third_octaves.sum() > 0


def test_no_sound_at_all_is_refused() -> None:
    for wrong in (np.zeros(0), np.zeros((2, 100))):
        with pytest.raises(ValueError, match="one channel"):
            Sound(wrong.astype(np.float32))
