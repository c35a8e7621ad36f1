"""Decoding a file for training: one level, the network's rate, and what can't be used is said."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio.signal import active_rms, resample
from core.training.cache import load_corpus
from tests.core.tones import chord
from tests.core.training.corpora import RATE, contents


def test_each_file_is_brought_to_one_level(folder: Path, tmp_path: Path) -> None:
    """Files at different levels would teach the network a level; silent ones would teach it silence."""
    corpus = load_corpus(folder, tmp_path / "cache", RATE, 0.1)
    assert corpus.files == ("long.wav", "short.flac") and corpus.seconds == pytest.approx(8.0, abs=1e-3)
    for samples in contents(corpus):
        assert active_rms(samples[None], RATE) == pytest.approx(0.1, rel=1e-3)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_channels_decode_to_the_resampled_mean(tmp_path: Path, rate: int, channels: int) -> None:
    """In blocks it must be the same as at once: clicks at block borders would be learned as music."""
    seconds = 3.5 if rate > 90_000 else 1.0  # longer than a block at the high rates
    samples = chord(seconds, rate, channels)
    soundfile.write(tmp_path / "a.wav", samples.T, rate, subtype="FLOAT")
    corpus = load_corpus(tmp_path / "a.wav", tmp_path / "cache", RATE, 0.1)
    expected = resample(samples.mean(axis=0)[None], rate, RATE)[0]
    expected *= 0.1 / active_rms(expected[None], RATE)
    assert corpus.frames == len(expected) == round(seconds * RATE)
    assert np.abs(corpus.read(0, 0, corpus.frames) - expected).max() < 2**-11 * np.abs(expected).max()


@pytest.mark.parametrize("frames", [44_101, 44_103, 44_099, 3, 1])
def test_odd_lengths_are_rounded_as_for_the_window(tmp_path: Path, frames: int) -> None:
    """Half a sample too many at the end must not move the files behind it in the cache."""
    samples = (chord(1.1, 44100)[:, :frames] + 0.1).astype(np.float32)
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, samples.T, 44100, subtype="FLOAT")
    corpus = load_corpus(tmp_path, tmp_path / "cache", RATE, 0.1)
    length = max(1, len(resample(samples, 44100, RATE)[0]))
    assert (corpus.ends - corpus.begins).tolist() == [length, length] == [len(part) for part in contents(corpus)]
    assert np.array_equal(contents(corpus)[0], contents(corpus)[1])


def test_pauses_do_not_count_for_the_level(tmp_path: Path) -> None:
    """As the window measures a clip: what is within 40 dB of the loudest counts, silence between phrases does not."""
    tone = chord(1.0, 44100)[0]
    phrases = np.concatenate([tone, 0.03 * tone, 0.001 * tone, np.zeros(44100 * 3 + 777)])
    soundfile.write(tmp_path / "a.wav", phrases, 44100, subtype="FLOAT")
    (samples,) = contents(load_corpus(tmp_path, tmp_path / "cache", RATE, 0.1))
    assert active_rms(samples[None], RATE) == pytest.approx(0.1, rel=1e-3)


def test_decoding_needs_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour-long file must not need gigabytes: four minutes, which are 85 MB in float32, stay below 25."""
    monkeypatch.setattr("core.training.decoding._SPOOL_BYTES", 1 << 20)
    second = chord(1.0, 44100, 2, 0.2).T
    with soundfile.SoundFile(tmp_path / "long.wav", "w", 44100, 2) as out:
        for _ in range(240):
            out.write(second)
    tracemalloc.start()
    corpus = load_corpus(tmp_path / "long.wav", tmp_path / "cache", RATE, 0.1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert corpus.seconds == 240 and peak < 25e6
    assert active_rms(corpus.read(0, 0, corpus.frames)[None], RATE) == pytest.approx(0.1, rel=1e-3)


def test_what_cannot_be_used_is_skipped_with_a_reason(folder: Path, tmp_path: Path) -> None:
    """Hours of training without a third of the data, and nobody was told: so the corpus tells, from the cache too."""
    (folder / "text.wav").write_text("this is no audio")
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "gone.wav").symlink_to(folder / "nowhere.wav")
    soundfile.write(folder / "nan.wav", np.array([0.1, np.nan] * 9000), RATE, subtype="FLOAT")
    soundfile.write(folder / "huge.wav", np.repeat([3.4e38, -3.4e38] * 50, 300), 44100, subtype="FLOAT")
    tone = chord(1.0, RATE)[0]
    soundfile.write(folder / "opposed.wav", np.stack([tone, -tone], axis=1), RATE, subtype="FLOAT")
    dither = np.random.default_rng(0).integers(-1, 2, RATE).astype(np.int16)
    soundfile.write(folder / "dither.wav", dither, RATE)
    for _ in range(2):
        corpus = load_corpus(folder, tmp_path / "cache", RATE, 0.1)
        reasons = dict(corpus.skipped)
        assert set(corpus.files) == {"long.wav", "short.flac"} and len(reasons) == len(corpus.skipped) == 8
        assert "not audio" in reasons["text.wav"] and "0 bytes" in reasons["empty.mp3"]
        assert "no file" in reasons["gone.wav"] and "not numbers" in reasons["nan.wav"]
        assert "silent" in reasons["silence.wav"] and "silent" in reasons["dither.wav"]
        assert "cancel" in reasons["opposed.wav"] and "too loud" in reasons["huge.wav"]
        assert all(np.isfinite(samples).all() and np.abs(samples).max() < 1 for samples in contents(corpus))


def test_float16_adds_less_noise_than_sixteen_bits(tmp_path: Path) -> None:
    """The cache must not be the noise floor of what is learned: below the music by 70 dB in loud passages at worst."""
    exact = np.random.default_rng(0).standard_normal(4 * RATE) * 0.1
    soundfile.write(tmp_path / "a.wav", exact, RATE, subtype="FLOAT")
    kept = load_corpus(tmp_path, tmp_path / "cache", RATE, 0.1).read(0, 0, len(exact))
    scale = 0.1 / active_rms(exact[None].astype(np.float32), RATE)
    assert 20 * np.log10(np.sqrt(np.mean((kept - exact * scale) ** 2)) / 0.1) < -70


@pytest.mark.parametrize(("changed", "kept"), [("long.wav", "short.flac"), ("short.flac", "long.wav")])
def test_a_file_that_changes_while_it_is_read_is_not_kept(
    folder: Path, tmp_path: Path, changed: str, kept: str
) -> None:
    """A copy that is still under way would be cached under the date of its first half."""

    def change(done: int, files: int) -> None:
        if done == 0:
            os.utime(folder / changed, ns=(1, 1))

    corpus = load_corpus(folder, tmp_path / "cache", RATE, 0.1, change)
    assert corpus.files == (kept,) and "changed while" in dict(corpus.skipped)[changed]
    (samples,) = contents(corpus)
    assert active_rms(samples[None], RATE) == pytest.approx(0.1, 1e-3)
    assert corpus.audio.stat().st_size < 2 * corpus.frames + 1000, "nothing of it is left in the cache"
