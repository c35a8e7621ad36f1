"""Opening files: what is right with them opens whole, what is wrong is said at once."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from core.audio.opening import open_source
from core.audio.signal import FloatArray
from core.errors import AudioError
from tests.core.audio.material import write
from tests.core.tones import piano_tone

FORMATS = {
    "wav": "PCM_16",
    "flac": "PCM_16",
    "ogg": "VORBIS",
    "mp3": "MPEG_LAYER_III",
    "aiff": "PCM_16",
}


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
