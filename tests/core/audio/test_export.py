"""Export: the original bit for bit, and never half a file, whatever goes wrong."""

import errno
import os
import shutil
import stat
import struct
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from core.audio import export
from core.audio.chunks import audio_chunk
from core.audio.export import ExportReport, Insert, check_destination, export_audio, export_inserted
from core.audio.opening import open_source
from core.audio.signal import FloatArray
from core.audio.source import Source
from core.audio.writing import write_text
from core.errors import AudioError, ExportError

RATE = 44_100
FRAMES = 3_000

LOSSLESS = [
    ("WAV", "PCM_U8", ".wav"),
    ("WAV", "PCM_16", ".wav"),
    ("WAV", "PCM_24", ".wav"),
    ("WAV", "PCM_32", ".wav"),
    ("WAV", "FLOAT", ".wav"),
    ("WAV", "DOUBLE", ".wav"),
    ("WAVEX", "PCM_16", ".wav"),
    ("WAVEX", "PCM_24", ".wav"),
    ("WAVEX", "FLOAT", ".wav"),
    ("WAV", "ULAW", ".wav"),
    ("WAV", "ALAW", ".wav"),
    ("FLAC", "PCM_S8", ".flac"),
    ("FLAC", "PCM_16", ".flac"),
    ("FLAC", "PCM_24", ".flac"),
    ("AIFF", "PCM_S8", ".aiff"),
    ("AIFF", "PCM_16", ".aiff"),
    ("AIFF", "PCM_24", ".aiff"),
    ("CAF", "ALAC_24", ".caf"),
    ("CAF", "ALAC_32", ".caf"),
]


def make(path: Path, container: str = "WAV", subtype: str = "PCM_16", channels: int = 2) -> Source:
    """A file of random samples that use every bit of their type, those of floats beyond full scale too."""
    rng = np.random.default_rng(channels)
    samples: np.ndarray = rng.integers(-(2**31), 2**31 - 1, (FRAMES, channels), dtype=np.int64).astype(np.int32)
    if subtype in ("FLOAT", "DOUBLE"):
        samples = rng.standard_normal((FRAMES, channels)).astype(np.float32 if subtype == "FLOAT" else np.float64)
    elif subtype in ("VORBIS", "MPEG_LAYER_III"):
        samples = 0.1 * rng.standard_normal((FRAMES, channels))
    sf.write(path, samples, RATE, format=container, subtype=subtype)
    return open_source(path)


def new(channels: int = 2, frames: int = 500) -> FloatArray:
    return np.random.default_rng(9).uniform(-0.9, 0.9, (channels, frames)).astype(np.float32)


def export_extended(
    source: Source, generated: FloatArray, destination: Path, *, gap: tuple[int, int] | None = None, **options: Any
) -> ExportReport:
    """The source with generated audio behind it (gap None) or in the place of its frames `gap`."""
    return export_inserted(source, [Insert.of(source, gap, generated)], destination, **options)


def decoded(path: Path) -> np.ndarray:
    """(frames, channels) in float64, which holds every sample type exactly."""
    samples: np.ndarray = sf.read(path, dtype="float64", always_2d=True)[0]
    return samples


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# The original is untouched


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize(("container", "subtype", "suffix"), LOSSLESS)
def test_original_is_identical(tmp_path: Path, container: str, subtype: str, suffix: str, channels: int) -> None:
    with make(tmp_path / f"in{suffix}", container, subtype, channels) as source:
        report = export_extended(source, new(channels), tmp_path / "out.wav")
        assert (report.identical, report.original_samples) == (True, FRAMES)
        assert report.note == f"original identical: yes, {FRAMES} samples"
        result = decoded(tmp_path / "out.wav")
        np.testing.assert_array_equal(result[:FRAMES], decoded(source.path))
        step = {"PCM_U8": 2**-7, "PCM_S8": 2**-7, "PCM_24": 2**-22, "FLOAT": 1e-7, "DOUBLE": 1e-7}.get(subtype, 2**-14)
        assert result.shape == (FRAMES + 500, channels)
        np.testing.assert_allclose(result[FRAMES:], new(channels).T, atol=step)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_bytes_are_the_same(tmp_path: Path, subtype: str, channels: int) -> None:
    """Not only equal as numbers: the very bytes of the audio chunk, in the same sample type."""
    with make(tmp_path / "in.wav", "WAV", subtype, channels) as source:
        export_extended(source, new(channels), tmp_path / "out.wav")
    before, after = chunk(tmp_path / "in.wav"), chunk(tmp_path / "out.wav")
    assert sf.info(tmp_path / "out.wav").subtype == subtype
    assert len(before) > FRAMES * channels - 1 and after.startswith(before)


def chunk(path: Path) -> bytes:
    found = audio_chunk(path, (b"data",))
    assert found is not None
    return path.read_bytes()[found[0] : found[0] + found[1]]


@pytest.mark.parametrize(("container", "subtype"), [("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24")])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_flac_holds_integers_exactly(tmp_path: Path, container: str, subtype: str, channels: int) -> None:
    with make(tmp_path / "in.wav", container, subtype, channels) as source:
        report = export_extended(source, new(channels), tmp_path / "out.flac")
        assert report.identical
        np.testing.assert_array_equal(decoded(tmp_path / "out.flac")[:FRAMES], decoded(source.path))


@pytest.mark.parametrize(
    ("container", "subtype", "suffix", "name"),
    [
        ("OGG", "VORBIS", ".ogg", "Ogg Vorbis"),
        ("MP3", "MPEG_LAYER_III", ".mp3", "MP3"),
        ("WAV", "IMA_ADPCM", ".wav", "IMA ADPCM"),
    ],
)
def test_a_lossy_source_is_identical_to_its_decode(
    tmp_path: Path, container: str, subtype: str, suffix: str, name: str
) -> None:
    with make(tmp_path / f"in{suffix}", container, subtype) as source:
        report = export_extended(source, new(), tmp_path / "out.wav")
        assert report.note == f"original identical to the decoded {name} source: yes, {source.frames} samples"
        assert report.identical
        np.testing.assert_array_equal(decoded(tmp_path / "out.wav")[: source.frames], decoded(source.path))


@pytest.mark.parametrize(
    ("container", "own", "target", "suffix", "says"),
    [
        ("WAV", "PCM_24", "PCM_16", ".wav", "original not identical: 24 to 16 bit"),
        ("WAV", "PCM_32", None, ".flac", "original not identical: 32 to 24 bit"),
        ("WAV", "FLOAT", "PCM_24", ".wav", "original not identical: 32-bit float to 24 bit"),
        ("WAV", "DOUBLE", "FLOAT", ".wav", "original not identical: 64-bit float to 32-bit float"),
        ("OGG", "VORBIS", None, ".flac", "original not identical: decoded Ogg Vorbis to 24 bit"),
    ],
)
def test_a_narrower_type_says_so(
    tmp_path: Path, container: str, own: str, target: str | None, suffix: str, says: str
) -> None:
    with make(tmp_path / f"in.{container.lower()}", container, own) as source:
        report = export_extended(source, new(), tmp_path / f"out{suffix}", subtype=target)
        assert (report.identical, report.note) == (False, says)
        before, after = decoded(source.path), decoded(report.path)[:FRAMES]
        if target == "FLOAT":
            np.testing.assert_array_equal(after, before.astype(np.float32))
        else:
            step = 2.0**-15 if target == "PCM_16" else 2.0**-23
            # Rounded to the nearest step, not cut off.
            assert np.abs(after - np.clip(before, -1, 1 - step)).max() <= 0.5 * step


def test_floats_that_fit_16_bit_are_found_identical(tmp_path: Path) -> None:
    """The verdict is taken from the written file, not from the names of the types."""
    values = np.random.default_rng(1).integers(-(2**15), 2**15, (FRAMES, 2))
    sf.write(tmp_path / "in.wav", (values / 2**15).astype(np.float32), RATE, subtype="FLOAT")
    with open_source(tmp_path / "in.wav") as source:
        report = export_extended(source, new(), tmp_path / "out.wav", subtype="PCM_16")
        assert report.identical
        np.testing.assert_array_equal(sf.read(report.path, dtype="int16")[0][:FRAMES], values)


def test_wider_types_keep_the_original(tmp_path: Path) -> None:
    with make(tmp_path / "in.wav", subtype="PCM_16") as source:
        for index, subtype in enumerate(("PCM_24", "PCM_32", "FLOAT", "DOUBLE")):
            report = export_extended(source, new(), tmp_path / f"{index}.wav", subtype=subtype)
            assert report.identical
            np.testing.assert_array_equal(decoded(report.path)[:FRAMES], decoded(source.path))


def test_generated_audio_is_clipped_and_never_wraps(tmp_path: Path) -> None:
    loud = np.array([[0.99999999, 1.0, 1.5, -1.0, -1.5, 100.0, -100.0]], np.float32)
    with make(tmp_path / "in.wav", channels=1) as source:
        for index, subtype in enumerate(("PCM_U8", "PCM_16", "PCM_24", "PCM_32")):
            report = export_extended(source, loud, tmp_path / f"{index}.wav", subtype=subtype)
            tail = decoded(report.path)[FRAMES:, 0]
            np.testing.assert_allclose(tail, np.clip(loud[0], -1, 1), atol=2**-6 if subtype == "PCM_U8" else 2**-14)


def test_multichannel_wav_is_extensible_and_survives_another_round(tmp_path: Path) -> None:
    with make(tmp_path / "in.wav", "WAVEX", "PCM_24", 6) as source:
        export_extended(source, new(6), tmp_path / "one.wav")
    with open_source(tmp_path / "one.wav") as source:
        assert source.format == "WAVEX"
        assert export_extended(source, new(6), tmp_path / "two.wav").identical
        assert sf.info(tmp_path / "two.wav").frames == FRAMES + 1000


def test_a_cut_source_is_exported_as_far_as_it_goes(tmp_path: Path) -> None:
    make(tmp_path / "in.wav").close()
    data = (tmp_path / "in.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(data[: len(data) // 2])
    with open_source(tmp_path / "cut.wav") as source:
        report = export_extended(source, new(), tmp_path / "out.wav")
        assert report.identical and report.original_samples == source.frames < FRAMES


def test_the_same_samples_make_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """libsndfile writes the time of day into float files; a recipe could then not be checked by a file's hash."""
    with make(tmp_path / "in.wav", subtype="FLOAT") as source:
        export_extended(source, new(), tmp_path / "one.wav")
    found = audio_chunk(tmp_path / "one.wav", (b"PEAK",))
    assert found is not None
    assert struct.unpack_from("<I", (tmp_path / "one.wav").read_bytes(), found[0] + 4) == (0,)


def test_more_than_4_gigabytes_become_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain WAV header can't count that far and would wrap around."""
    monkeypatch.setattr("core.audio.target._RIFF_LIMIT", 4_000)
    with make(tmp_path / "in.wav", subtype="FLOAT") as source:
        report = export_extended(source, new(), tmp_path / "out.wav")
        assert report.identical
        assert sf.info(report.path).format == "RF64"
        assert export_extended(open_source(report.path), new(), tmp_path / "again.wav").identical


def test_an_hour_is_streamed(tmp_path: Path) -> None:
    """Memory must not grow with the length of the original."""
    minute = np.random.default_rng(3).integers(-(2**15), 2**15, 60 * 8_000).astype(np.int16)
    with sf.SoundFile(tmp_path / "hour.wav", "w", 8_000, 1, subtype="PCM_16") as file:
        for _ in range(60):
            file.write(minute)
    tracemalloc.start()
    try:
        with open_source(tmp_path / "hour.wav") as source:
            report = export_extended(source, new(1), tmp_path / "out.wav")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.note == "original identical: yes, 28800000 samples"
    assert peak < 25e6


def test_generate_writes_16_bit_by_default(tmp_path: Path) -> None:
    report = export_audio(new(1), 22_050, tmp_path / "new.wav")
    info = sf.info(report.path)
    assert (info.subtype, info.samplerate, info.channels, info.frames) == ("PCM_16", 22_050, 1, 500)
    assert (report.original_samples, report.note) == (0, "")
    np.testing.assert_allclose(decoded(report.path)[:, 0], new(1)[0], atol=2**-16)


def test_a_new_file_has_ordinary_permissions(tmp_path: Path) -> None:
    """Temporary files are often private to their owner; the result must not be."""
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    report = export_audio(new(1), 22_050, tmp_path / "new.wav")
    assert stat.S_IMODE(report.path.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


# Where it must not go


def test_never_over_the_source(tmp_path: Path) -> None:
    with make(tmp_path / "in.wav") as source:
        before = source.path.read_bytes()
        (tmp_path / "sym.wav").symlink_to("in.wav")
        os.link(source.path, tmp_path / "hard.wav")
        (tmp_path / "folder").symlink_to(tmp_path)
        for name in ("in.wav", "sym.wav", "hard.wav", "./folder/in.wav"):
            with pytest.raises(ExportError, match="is the source itself"):
                export_extended(source, new(), tmp_path / name, overwrite=True)
            with pytest.raises(ExportError, match="is the source itself"):
                check_destination(tmp_path / name, source, overwrite=True)
        assert source.path.read_bytes() == before
        assert names(tmp_path) == ["folder", "hard.wav", "in.wav", "sym.wav"]


def test_never_over_the_source_opened_through_a_link(tmp_path: Path) -> None:
    make(tmp_path / "real.wav").close()
    (tmp_path / "link.wav").symlink_to("real.wav")
    with open_source(tmp_path / "link.wav") as source, pytest.raises(ExportError, match="is the source itself"):
        export_extended(source, new(), tmp_path / "real.wav", overwrite=True)


def test_an_existing_file_stays_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "out.wav").write_text("precious")
    with make(tmp_path / "in.wav") as source:
        with pytest.raises(ExportError, match=r"out\.wav exists already"):
            export_extended(source, new(), tmp_path / "out.wav")
        assert (tmp_path / "out.wav").read_text() == "precious"
        assert export_extended(source, new(), tmp_path / "out.wav", overwrite=True).identical
    assert names(tmp_path) == ["in.wav", "out.wav"]


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the check and the rename lie seconds: another program may have written there."""
    destination = tmp_path / "out.wav"
    link = os.link

    def late(*arguments: Any) -> None:
        destination.write_text("precious")
        link(*arguments)

    monkeypatch.setattr(os, "link", late)
    with make(tmp_path / "in.wav") as source, pytest.raises(ExportError, match="exists already"):
        export_extended(source, new(), destination)
    assert destination.read_text() == "precious"
    assert names(tmp_path) == ["in.wav", "out.wav"]


@pytest.mark.parametrize("appears", [False, True])
def test_without_hard_links_it_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appears: bool) -> None:
    """FAT and some network drives have none."""
    destination = tmp_path / "out.wav"

    def unsupported(*_: Any) -> None:
        if appears:
            destination.write_text("precious")
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    with make(tmp_path / "in.wav") as source:
        if appears:
            with pytest.raises(ExportError, match="exists already"):
                export_extended(source, new(), destination)
            assert destination.read_text() == "precious"
        else:
            assert export_extended(source, new(), destination).identical
    assert names(tmp_path) == ["in.wav", "out.wav"]


def test_through_a_link_to_elsewhere(tmp_path: Path) -> None:
    """A destination that is a link keeps being one; the file it points to is written."""
    (tmp_path / "there").mkdir()
    (tmp_path / "out.wav").symlink_to("there/real.wav")
    with make(tmp_path / "in.wav") as source:
        report = export_extended(source, new(), tmp_path / "out.wav")
    assert report.path == tmp_path / "out.wav"
    assert report.path.is_symlink()
    assert sf.info(tmp_path / "there" / "real.wav").frames == FRAMES + 500


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere/out.wav", "There is no folder"),
        ("in.wav/out.wav", "There is no folder"),
        ("out.mp3", r"'\.mp3': choose a name that ends in \.wav or \.flac"),
        ("out", r"no suffix: choose a name that ends in \.wav or \.flac"),
        ("folder.wav", "is a folder"),
        ("x" * 300 + ".wav", "could not be written: File name too long"),
    ],
)
def test_places_where_nothing_can_be_written(tmp_path: Path, name: str, says: str) -> None:
    """Both before the run and at the export."""
    (tmp_path / "folder.wav").mkdir()
    with make(tmp_path / "in.wav") as source:
        with pytest.raises(ExportError, match=says):
            check_destination(tmp_path / name, source)
        with pytest.raises(ExportError, match=says):
            export_extended(source, new(), tmp_path / name)
    assert names(tmp_path) == ["folder.wav", "in.wav"]


def test_types_that_a_file_cannot_hold(tmp_path: Path) -> None:
    says = r"FLAC file can't hold samples of type FLOAT.*PCM_24"
    with make(tmp_path / "in.wav") as source, pytest.raises(ExportError, match=says):
        export_extended(source, new(), tmp_path / "out.flac", subtype="FLOAT")
    with pytest.raises(ExportError, match="at most 8 channels"):
        export_audio(new(9), 22_050, tmp_path / "out.flac")
    assert names(tmp_path) == ["in.wav"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    with make(tmp_path / "in.wav") as source:
        folder = tmp_path / "locked"
        folder.mkdir()
        folder.chmod(0o555)
        with pytest.raises(ExportError, match="can't be written to"):
            check_destination(folder / "out.wav", source)
        with pytest.raises(ExportError, match="can't be written to"):
            export_extended(source, new(), folder / "out.wav")
        assert names(folder) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_the_system_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The same without depending on who runs the tests."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with make(tmp_path / "in.wav") as source:
        monkeypatch.setattr("core.audio.writing._create", refuse)
        with pytest.raises(ExportError, match=r"can't be written to\. Nothing was written"):
            check_destination(tmp_path / "out.wav", source)
        with pytest.raises(ExportError, match=r"can't be written to\. Nothing was written"):
            export_extended(source, new(), tmp_path / "out.wav")
        with pytest.raises(ExportError, match=r"can't be written to\. Nothing was written"):
            write_text(tmp_path / "out.json", "{}", overwrite=False)
    assert names(tmp_path) == ["in.wav"]


def test_checking_beforehand_leaves_nothing(tmp_path: Path) -> None:
    with make(tmp_path / "in.wav") as source:
        check_destination(tmp_path / "out.wav", source, new_frames=1000)
    assert names(tmp_path) == ["in.wav"]


# A full disk


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], capture_output=True
    )
    if not made or made.returncode:
        pytest.skip("a small file system can't be mounted here: that takes root on Linux")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_too_small_is_noticed_beforehand(tiny_disk: Path, tmp_path: Path) -> None:
    with make(tmp_path / "in.wav") as source:
        with pytest.raises(ExportError, match=r"is full: 0\.9 MB are needed, 0\.2 MB are free"):
            check_destination(tiny_disk / "out.wav", source, new_frames=220_000)
        check_destination(tiny_disk / "out.wav", source, new_frames=1000)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_disk_that_fills_up_while_writing(
    tiny_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """What was there stays as it was, nothing half-written is left, and the reason is said."""
    destination = tiny_disk / f"out{suffix}"
    destination.write_text("precious")
    usage = shutil.disk_usage
    answers = iter([SimpleNamespace(free=10**12)])  # room enough at the first look, before writing
    monkeypatch.setattr("core.audio.target.shutil.disk_usage", lambda folder: next(answers, None) or usage(folder))
    with make(tmp_path / "in.wav") as source, pytest.raises(ExportError, match=r"is full\. Nothing was written"):
        export_extended(source, new(frames=400_000), destination, overwrite=True)
    assert destination.read_text() == "precious"
    assert names(tiny_disk) == [destination.name]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_an_error_when_it_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Network drives report a full disk only then."""

    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    (tmp_path / "out.wav").write_text("precious")
    with make(tmp_path / "in.wav") as source:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ExportError, match=r"is full\. Nothing was written\. Make room"):
            export_extended(source, new(), tmp_path / "out.wav", overwrite=True)
        with pytest.raises(ExportError, match="is full"):
            write_text(tmp_path / "out.wav.json", "{}", overwrite=True)
    assert (tmp_path / "out.wav").read_text() == "precious"
    assert names(tmp_path) == ["in.wav", "out.wav"]


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while it writes."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with make(tmp_path / "in.wav") as source:
        monkeypatch.setattr("core.audio.export._is_kept", interrupt)
        with pytest.raises(KeyboardInterrupt):
            export_extended(source, new(), tmp_path / "out.wav")
    assert names(tmp_path) == ["in.wav"]


# A source that is not what it was


def test_a_source_that_changed_is_refused(tmp_path: Path) -> None:
    """The new audio continues what was opened; gluing it to something else would be a lie."""
    with make(tmp_path / "in.wav") as source:
        source.sha256()
        sf.write(source.path, np.zeros((FRAMES, 2), np.int16), RATE)
        with pytest.raises(AudioError, match="was changed after it was opened"):
            export_extended(source, new(), tmp_path / "out.wav")
    assert names(tmp_path) == ["in.wav"]


def test_a_source_that_changes_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with make(tmp_path / "in.wav") as source:
        source.sha256()

        def compare(*_: object) -> bool:
            sf.write(source.path, np.zeros((FRAMES, 2), np.int16), RATE)
            return True

        monkeypatch.setattr("core.audio.export._is_kept", compare)
        with pytest.raises(AudioError, match="was changed"):
            export_extended(source, new(), tmp_path / "out.wav")
    assert names(tmp_path) == ["in.wav"]


def test_a_source_that_is_gone_is_refused(tmp_path: Path) -> None:
    with make(tmp_path / "in.wav") as source:
        source.path.unlink()
        with pytest.raises(AudioError, match="moved or deleted"):
            export_extended(source, new(), tmp_path / "out.wav")
    assert names(tmp_path) == []


def test_generated_audio_has_to_fit(tmp_path: Path) -> None:
    with make(tmp_path / "in.wav") as source:
        with pytest.raises(ValueError, match="1 generated channels do not fit a source of 2"):
            export_extended(source, new(1), tmp_path / "out.wav")
        bad = new()
        bad[1, 7] = np.nan
        with pytest.raises(AudioError, match=r"generated audio has 1 sample that is not a number.*frame 7"):
            export_extended(source, bad, tmp_path / "out.wav")
    assert names(tmp_path) == ["in.wav"]


@pytest.mark.parametrize(("begin", "end"), [(0, 0), (0, 700), (1200, 1201), (1200, 2999), (3000, 3000), (500, 3000)])
@pytest.mark.parametrize("block", [1_000_000, 400])
def test_new_audio_may_come_first_or_in_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: int, end: int, block: int
) -> None:
    """Everything outside the gap must be the source's own samples, wherever the blocks it is streamed in end."""
    blocks = Source.blocks
    monkeypatch.setattr(Source, "blocks", lambda self, kind="float32": blocks(self, kind, block))
    source = make(tmp_path / "in.wav")
    new = np.full((2, 333), 0.25, np.float32)
    report = export_extended(source, new, tmp_path / "out.wav", gap=(begin, end))
    old = sf.read(tmp_path / "in.wav", dtype="int16")[0]
    written = sf.read(tmp_path / "out.wav", dtype="int16")[0]
    assert np.array_equal(written[:begin], old[:begin]) and np.array_equal(written[begin + 333 :], old[end:])
    assert (written[begin : begin + 333] == 8192).all()
    assert report.identical and report.original_samples == FRAMES - (end - begin)
    assert report.note == f"original identical: yes, {FRAMES - (end - begin)} samples"


@pytest.mark.parametrize("block", [1_000_000, 400, 7])
def test_new_audio_in_many_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Before, in two gaps and behind at once: a piece of the source would be lost or doubled between two of them."""
    blocks = Source.blocks
    monkeypatch.setattr(Source, "blocks", lambda self, kind="float32": blocks(self, kind, block))
    source = make(tmp_path / "in.wav")
    gaps = ((0, 0), (0, 0), (500, 700), (700, 1500), (2000, 2001), (FRAMES, FRAMES))
    inserts = [Insert(*gap, np.full((2, 10 * k), k / 16, np.float32)) for k, gap in enumerate(gaps, start=1)]
    report = export_inserted(source, inserts, tmp_path / "out.wav")
    old = sf.read(tmp_path / "in.wav", dtype="int16")[0]
    new = [np.full((10 * k, 2), 2048 * k, np.int16) for k in range(1, 7)]
    wanted = [*new[:2], old[:500], *new[2:4], old[1500:2000], new[4], old[2001:], new[5]]
    assert np.array_equal(sf.read(tmp_path / "out.wav", dtype="int16")[0], np.concatenate(wanted))
    assert report.identical and report.original_samples == FRAMES - 1001


def test_gaps_that_overlap_are_a_mistake_of_ours(tmp_path: Path) -> None:
    new = np.zeros((2, 10), np.float32)
    with pytest.raises(ValueError, match="no gap"):
        export_inserted(make(tmp_path / "in.wav"), [Insert(5, 9, new), Insert(8, 12, new)], tmp_path / "out.wav")


def test_a_change_behind_the_gap_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`identical` is measured on what was written; if only the beginning were compared, this would pass."""
    source = make(tmp_path / "in.wav")
    fit = export.fit

    def spoil(block: Any, target: str) -> Any:
        fitted = fit(block, target).copy()
        fitted[-1] ^= 1 << 20
        return fitted

    monkeypatch.setattr(export, "fit", spoil)
    report = export_extended(source, np.zeros((2, 10), np.float32), tmp_path / "out.wav", gap=(0, 5))
    assert not report.identical


def test_a_gap_outside_the_source_is_a_mistake_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no gap"):
        new = np.zeros((2, 10), np.float32)
        export_extended(make(tmp_path / "in.wav"), new, tmp_path / "out.wav", gap=(5, FRAMES + 1))
