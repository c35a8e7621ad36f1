"""Opening and reading files: what is right with them comes out exactly, what is wrong is said at once."""

import hashlib
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.audio.source import FloatArray, Source, active_rms, check_finite, open_source, resample
from core.errors import AudioError
from tests.core.tones import piano_tone

FORMATS = {
    "wav": "PCM_16",
    "flac": "PCM_16",
    "ogg": "VORBIS",
    "mp3": "MPEG_LAYER_III",
    "aiff": "PCM_16",
}


def write(path: Path, samples: FloatArray, rate: int = 22_050, subtype: str | None = None) -> Path:
    sf.write(path, samples.T, rate, subtype=subtype)
    return path


@pytest.fixture
def tone() -> FloatArray:
    return piano_tone(330.0, 2.0)[None]


def test_any_range_reads_exactly(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, (2, 10_000)).astype(np.float32)
    with open_source(write(tmp_path / "a.wav", samples, subtype="FLOAT")) as source:
        assert (source.sample_rate, source.channels, source.frames) == (22_050, 2, 10_000)
        assert (source.format, source.subtype, source.lossy, source.notice) == ("WAV", "FLOAT", False, "")
        for start, stop in ((0, 10_000), (37, 38), (9_990, 10_000), (5_000, 2_000), (-5, 3), (9_999, 20_000)):
            np.testing.assert_array_equal(source.read(start, stop), samples[:, max(0, start) : max(0, stop)])
        np.testing.assert_array_equal(source.tail(0.1), samples[:, -2205:])
        np.testing.assert_array_equal(source.tail(1e9), samples)
        blocks = np.concatenate(list(source.blocks("float32", 999)))
        np.testing.assert_array_equal(blocks.T, samples)


def test_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    """The window draws and the worker reads at the same time: a shared file position would mix them up."""
    samples = np.linspace(0, 1, 200_000, dtype=np.float32)[None]
    wrong: list[int] = []
    with open_source(write(tmp_path / "a.wav", samples, subtype="FLOAT")) as source:

        def look(seed: int) -> None:
            rng = np.random.default_rng(seed)
            for _ in range(200):
                start = int(rng.integers(0, 190_000))
                if not np.array_equal(source.read(start, start + 500), samples[:, start : start + 500]):
                    wrong.append(start)

        threads = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_closing_lets_go_and_reading_opens_again(tmp_path: Path, tone: FloatArray) -> None:
    source = open_source(write(tmp_path / "a.wav", tone))
    source.close()
    source.close()
    assert source.read(0, 10).shape == (1, 10)
    source.close()
    source.path.unlink()
    with pytest.raises(AudioError, match="moved or deleted"):
        source.read(0, 10)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_opens_whole(tmp_path: Path, tone: FloatArray, suffix: str) -> None:
    """A complete file must not be called cut short."""
    with open_source(write(tmp_path / f"a.{suffix}", tone, subtype=FORMATS[suffix])) as source:
        assert source.notice == ""
        assert source.frames == tone.shape[1]
        assert source.lossy == (suffix in ("ogg", "mp3"))
        error = source.read() - tone
        assert np.sqrt(np.mean(error**2)) < 0.02


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (192_000, 2), (44_100, 6)])
def test_extreme_rates_and_six_channels(tmp_path: Path, rate: int, channels: int) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (channels, rate // 10)).astype(np.float32)
    with open_source(write(tmp_path / "a.wav", samples, rate, "FLOAT")) as source:
        assert (source.sample_rate, source.channels) == (rate, channels)
        np.testing.assert_array_equal(source.read(), samples)


# What is no audio


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"There is no file .*gone\.wav"):
        open_source(tmp_path / "gone.wav")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="is a folder"):
        open_source(tmp_path)


@pytest.mark.parametrize("name", ["text.wav", "text.mp3", "text.flac", "text", "text.raw"])
def test_text_that_calls_itself_audio(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("No sound in here.\n" * 200)
    with pytest.raises(AudioError, match=rf"{name} is not audio that PianoDiff can read.*WAV, FLAC"):
        open_source(tmp_path / name)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioError, match="0 bytes"):
        open_source(tmp_path / "empty.wav")


def test_no_samples(tmp_path: Path) -> None:
    write(tmp_path / "zero.wav", np.zeros((1, 0), np.float32))
    with pytest.raises(AudioError, match="0 samples"):
        open_source(tmp_path / "zero.wav")


def test_one_sample(tmp_path: Path) -> None:
    with open_source(write(tmp_path / "one.wav", np.full((1, 1), 0.5, np.float32))) as source:
        assert source.frames == 1
        assert source.read().tolist() == [[0.5]]


def test_an_absurd_sample_rate(tmp_path: Path, tone: FloatArray) -> None:
    path = write(tmp_path / "slow.wav", tone)
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", 12)
    path.write_bytes(data)
    with pytest.raises(AudioError, match="12 Hz"):
        open_source(path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission(tmp_path: Path, tone: FloatArray) -> None:
    path = write(tmp_path / "secret.wav", tone)
    path.chmod(0)
    with pytest.raises(AudioError, match="can't be read: Permission denied"):
        open_source(path)


def test_a_file_the_system_refuses(tmp_path: Path, tone: FloatArray, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without depending on who runs the tests."""
    path = write(tmp_path / "secret.wav", tone)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AudioError, match="can't be read: Permission denied"):
        open_source(path)


# Cut and damaged files


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    short = path.with_name("cut" + path.suffix)
    short.write_bytes(data[: int(len(data) * share)])
    return short


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_a_header_that_claims_more_than_there_is(tmp_path: Path, tone: FloatArray, suffix: str) -> None:
    with open_source(cut(write(tmp_path / f"a.{suffix}", tone), 0.5)) as source:
        assert source.frames == pytest.approx(tone.shape[1] / 2, abs=40)
        assert "promises 2.00 s" in source.notice and "the 1.00 s that are there are used" in source.notice
        assert source.read().shape[1] == source.frames
        np.testing.assert_allclose(source.read(), tone[:, : source.frames], atol=1e-4)


def test_a_length_that_was_never_filled_in(tmp_path: Path, tone: FloatArray) -> None:
    """Programs that write WAV to a pipe leave 0xFFFFFFFF as its length: that is not a cut file."""
    path = write(tmp_path / "pipe.wav", tone)
    data = bytearray(path.read_bytes())
    assert data[36:40] == b"data"
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with open_source(path) as source:
        assert source.notice == ""
        assert source.frames == tone.shape[1]


@pytest.mark.parametrize("suffix", ["mp3", "ogg"])
def test_a_cut_stream_is_used_as_far_as_it_goes(tmp_path: Path, suffix: str) -> None:
    tone = piano_tone(330.0, 6.0)[None]
    with open_source(cut(write(tmp_path / f"a.{suffix}", tone), 0.6)) as source:
        assert "is cut short" in source.notice
        assert 0.2 * tone.shape[1] < source.frames < 0.8 * tone.shape[1]
        assert source.read().shape[1] == source.frames
        assert sum(len(block) for block in source.blocks()) == source.frames


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_cut_flac_is_refused(tmp_path: Path, share: float) -> None:
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, (1, 60_000)).astype(np.float32)
    with pytest.raises(AudioError, match=r"cut\.flac is damaged or cut short"):
        open_source(cut(write(tmp_path / "a.flac", noise), share))


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "wav"])
def test_files_that_end_in_their_header(tmp_path: Path, tone: FloatArray, suffix: str) -> None:
    with pytest.raises(AudioError, match=r"damaged or cut short|0 samples"):
        open_source(cut(write(tmp_path / f"a.{suffix}", tone), 0.0005 if suffix == "wav" else 0.01))


def test_damage_in_the_middle_is_placed(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, (1, 100_000)).astype(np.float32)
    path = write(tmp_path / "a.flac", noise)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 30_000] = bytes(30_000)
    path.write_bytes(data)
    with open_source(path) as source, pytest.raises(AudioError, match=r"a\.flac is damaged near \d"):
        for _ in source.blocks("float32", 4096):
            pass


# Samples that are not numbers


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([np.nan, np.nan, np.inf], "3 samples that are not numbers (2 NaN and 1 infinite)"),
        ([np.nan], "1 sample that is not a number (NaN)"),
        ([-np.inf, np.inf], "2 samples that are not numbers (infinite)"),
    ],
)
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_not_a_number_is_counted_and_placed(tmp_path: Path, values: list[float], says: str, subtype: str) -> None:
    samples = np.zeros((2, 300_000), np.float32)
    samples[1, 280_000 : 280_000 + len(values)] = values
    with open_source(write(tmp_path / "a.wav", samples, 20_000, subtype)) as source:
        with pytest.raises(AudioError) as caught:
            source.check_finite()
        assert says in str(caught.value)
        assert "the first at 14.000 s (frame 280000)" in str(caught.value)
        with pytest.raises(AudioError) as caught:
            check_finite(samples, "a.wav", 20_000)
        assert says in str(caught.value) and "(frame 280000)" in str(caught.value)


def test_integer_files_are_not_searched(tmp_path: Path, tone: FloatArray, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour of 16 bit must not be read only to find out that integers are numbers."""
    with open_source(write(tmp_path / "a.wav", tone)) as source:
        monkeypatch.setattr(Source, "blocks", lambda *_: pytest.fail("the file was read"))
        source.check_finite()


def test_clipped_and_hot_input_is_no_error(tmp_path: Path) -> None:
    samples = np.clip(3 * piano_tone(220.0, 0.5), -1, 1)[None]
    samples[0, 100] = 2.5
    with open_source(write(tmp_path / "a.wav", samples, subtype="FLOAT")) as source:
        source.check_finite()
        assert source.read().max() == 2.5


# Changes on disk


def test_hash_is_that_of_the_file(tmp_path: Path, tone: FloatArray) -> None:
    path = write(tmp_path / "a.wav", tone)
    with open_source(path) as source:
        assert source.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
        source.check_unchanged()


@pytest.mark.parametrize("hashed", [True, False])
def test_a_change_is_noticed(tmp_path: Path, tone: FloatArray, hashed: bool) -> None:
    path = write(tmp_path / "a.wav", tone)
    with open_source(path) as source:
        if hashed:
            source.sha256()
        write(path, tone[:, :-10])
        with pytest.raises(AudioError, match="was changed"):
            source.check_unchanged()
        if not hashed:
            with pytest.raises(AudioError, match="was changed"):
                source.sha256()


def test_a_file_that_was_only_touched_is_unchanged(tmp_path: Path, tone: FloatArray) -> None:
    path = write(tmp_path / "a.wav", tone)
    with open_source(path) as source:
        source.sha256()
        os.utime(path, (1, 1))
        source.check_unchanged()


# Rate and level


@pytest.mark.parametrize(("before", "after"), [(44_100, 22_050), (22_050, 44_100), (8_000, 22_050), (192_000, 22_050)])
def test_resampling_keeps_time_and_level(before: int, after: int) -> None:
    """A delay of one sample at the boundary would be a click at every seam."""
    samples = np.stack([np.sin(2 * np.pi * f * np.arange(before) / before) for f in (200.0, 700.0, 2500.0)])
    expected = np.stack([np.sin(2 * np.pi * f * np.arange(after) / after) for f in (200.0, 700.0, 2500.0)])
    result = resample(samples.astype(np.float32), before, after)
    assert result.shape == (3, after) and result.dtype == np.float32
    inner = slice(after // 20, -after // 20)
    np.testing.assert_allclose(result[:, inner], expected[:, inner], atol=2e-5)


@pytest.mark.parametrize("frames", [0, 1, 2, 333, 1000])
def test_resampled_lengths(frames: int) -> None:
    for before, after in ((44_100, 22_050), (22_050, 48_000), (192_000, 8_000), (8_000, 8_000)):
        assert resample(np.zeros((6, frames), np.float32), before, after).shape == (6, round(frames * after / before))


def test_active_rms_leaves_pauses_out() -> None:
    rate = 22_050
    tone = np.full((1, rate), 0.2, np.float32)
    pause = np.full((1, 3 * rate), 1e-4, np.float32)
    assert active_rms(tone, rate) == pytest.approx(0.2)
    assert active_rms(np.concatenate([tone, pause], axis=1), rate) == pytest.approx(0.2, rel=0.03)
    assert active_rms(np.concatenate([tone, 0.5 * tone], axis=1), rate) == pytest.approx(0.158, rel=0.01)
    assert active_rms(tone[0], rate) == pytest.approx(0.2)
    assert active_rms(np.zeros((2, rate), np.float32), rate) == 0.0
    assert active_rms(np.zeros((2, 0), np.float32), rate) == 0.0
