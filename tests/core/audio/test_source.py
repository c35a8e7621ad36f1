"""Reading an opened file: any range of it comes out exactly, and what has changed or is damaged is said."""

import hashlib
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from core.audio.opening import open_source
from core.audio.signal import FloatArray, check_finite
from core.audio.source import Source
from core.errors import AudioError
from tests.core.audio.material import write
from tests.core.tones import piano_tone


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
