"""Lengths that lie, texts of gigabytes, chunks without end: left out and said, never an error, never a long wait."""

import struct
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.audio.metadata.carried import Carried
from core.audio.metadata.carrying import read_carried
from core.audio.metadata.id3 import read_id3
from core.audio.opening import open_source
from core.errors import AudioError
from tests.core.audio.metadata.files import (
    FRAMES,
    bext,
    chunk,
    cue,
    cue_frames,
    exported,
    info,
    labels,
    list_of,
    noise,
    riff,
    smpl,
    texts,
    wav,
)
from tests.core.audio.metadata.test_carrying import KINDS, flac, picture, tagged
from tests.core.audio.metadata.test_id3 import frame, tag, text


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        (cue(1, 2)[:8] + b"\xff\xff\0\0" + cue(1, 2)[12:], "cue points that are promised and not there"),
        (chunk(b"cue ", b"\1"), ""),
        (chunk(b"cue ", struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 5, b"slnt", 0, 0, 5)), "cue points outside"),
        (chunk(b"smpl", bytes(20)), "a damaged smpl chunk"),
        (smpl((1, 2))[:36] + b"\xff\0\0\0" + smpl((1, 2))[40:], "loops that are promised and not there"),
        (smpl((9, 3)), "1 loop behind the recording's end"),
        (chunk(b"bext", bytes(300)), "damaged Broadcast WAV data"),
        (chunk(b"bext", bytes(3 << 20)), "Broadcast WAV data (3.1 MB)"),
        (labels(_7="of no point"), "labels without a cue point"),
        (cue(5) + chunk(b"LIST", b"adtl" + b"labl\x00\x00\x10\x00ab"), "a damaged label of a cue point"),
        (chunk(b"LIST", b"INFO" + b"\1\2\3\4\2\0\0\0ab"), "a damaged tag"),
        (chunk(b"LIST", b"exif"), "list exif"),
        (b"\xfe\xff\0\1\0\0\0\0", "what stands behind a damaged chunk"),
    ],
)
def test_what_is_damaged_is_left_out_and_said(tmp_path: Path, beside: bytes, said: str) -> None:
    """Breaks when a malformed chunk stops an export, is written again, or disappears without a word."""
    source = wav(tmp_path / "in.wav", info(INAM="Air"), beside)
    report = exported(source, tmp_path / "out.wav", before=80)
    assert report.carried.startswith("tags: title") and said in report.carried
    assert texts(tmp_path / "out.wav")["title"] == "Air"
    assert riff(tmp_path / "out.wav")
    assert sf.info(tmp_path / "out.wav").frames == FRAMES + 80


def test_a_cut_list_gives_what_is_there(tmp_path: Path) -> None:
    """Breaks when the end of the file inside a text is an error."""
    whole = wav(tmp_path / "in.wav", info(INAM="Air", ICMT="A long take")).read_bytes()
    (tmp_path / "in.wav").write_bytes(whole[:-5])
    exported(tmp_path / "in.wav", tmp_path / "out.wav", behind=80)
    assert texts(tmp_path / "out.wav")["comment"].startswith("A long\nExtended")


@pytest.mark.parametrize("kind", ["wav", "mp3"])
def test_a_comment_of_100_megabytes(tmp_path: Path, kind: str) -> None:
    """Breaks when a huge text is read into memory, or hides the title behind it."""
    size = 100_000_000
    path = tmp_path / f"in.{kind}"
    if kind == "wav":
        title = info(INAM="Air")[12:]
        head = wav(path).read_bytes() + b"LIST" + struct.pack("<I", 4 + 8 + size + len(title)) + b"INFOICMT"
        pieces = [(0, head + struct.pack("<I", size)), (len(head) + 4 + size, title)]
    else:
        sf.write(path, noise(20_000), 22_050, format="MP3")
        audio, title = path.read_bytes(), frame(3, "TIT2", text("Air"))
        whole = 10 + size + len(title)
        head = b"ID3\3\0\0" + bytes(whole >> shift & 0x7F for shift in (21, 14, 7, 0))
        head += b"COMM" + struct.pack(">IH", size, 0)
        pieces = [(0, head), (len(head) + size, title + audio)]
    with path.open("wb") as file:  # with a hole instead of the comment
        for at, piece in pieces:
            file.seek(at)
            file.write(piece)
    if kind == "wav":
        found, peak = measured(path)
    else:  # libsndfile would read all of the tag before it opens the audio
        found, peak = Carried(), 0
        with path.open("rb") as file:
            read_id3(file, 0, found)
    assert found.texts == [("TITLE", "Air")]
    assert found.left_out == ["comment (100.0 MB)"]
    assert peak < 1e6


def measured(path: Path) -> tuple[Carried, int]:
    """What is found, and the most memory that finding it took."""
    with open_source(path) as source:
        tracemalloc.start()
        try:
            return read_carried(source), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_thousands_of_cue_points(tmp_path: Path) -> None:
    """Breaks when many points take minutes, some are lost, or the file around them is spoilt."""
    frames = [index % FRAMES for index in range(20_000)]
    source = wav(tmp_path / "in.wav", cue(*frames), labels(**{f"_{index + 1}": "bar" for index in range(20_000)}))
    began = time.perf_counter()
    report = exported(source, tmp_path / "out.wav", before=80)
    assert time.perf_counter() - began < 5
    assert report.carried == "20000 cue points moved by 0.01 s"
    assert cue_frames(tmp_path / "out.wav") == [frame + 80 for frame in frames]


@pytest.mark.parametrize("count", [5_000, 60_000])
def test_tags_without_end(tmp_path: Path, count: int) -> None:
    """Breaks when a file made of nothing but small tags takes minutes, or all of its tags go on."""
    body = b"INFO" + b"".join(b"IZ%02d\2\0\0\0%c\0" % (index % 100, 65 + index % 26) for index in range(count))
    flac(tmp_path / "in.flac", [(f"NAME{index}", str(index)) for index in range(count)])
    began = time.perf_counter()
    for source in (wav(tmp_path / "in.wav", chunk(b"LIST", body)), tmp_path / "in.flac"):
        assert "further tags: there are too many" in exported(source, tmp_path / f"{source.name}.wav", behind=8).carried
    assert time.perf_counter() - began < 5


def test_empty_chunks_without_end(tmp_path: Path) -> None:
    """Breaks when a file made of empty chunks is walked to its end."""
    source = wav(tmp_path / "in.wav", b"JUNK\0\0\0\0" * 1_000_000)
    began = time.perf_counter()
    exported(source, tmp_path / "out.wav", behind=8)
    assert time.perf_counter() - began < 5


def test_a_cue_in_compressed_audio_counts_from_its_block(tmp_path: Path) -> None:
    """Breaks when an offset within a block of ADPCM passes for one within the recording."""
    points = struct.pack("<I", 2) + struct.pack("<II4sIII", 1, 5, b"data", 0, 0, 5)
    points += struct.pack("<II4sIII", 2, 900, b"data", 0, 512, 3)
    report = exported(wav(tmp_path / "in.wav", chunk(b"cue ", points), subtype="IMA_ADPCM"), tmp_path / "out.wav")
    assert cue_frames(tmp_path / "out.wav") == [5]
    assert report.carried.endswith("left out: cue points outside the audio or within a compressed block")


def test_texts_that_would_not_fit_stay_out(tmp_path: Path) -> None:
    """Breaks when texts of a megabyte, one after the other, fill more than a FLAC block can hold."""
    flac(tmp_path / "in.flac", [(f"N{index}", "x" * 900_000) for index in range(15)])
    assert "further tags: there are too many" in exported(tmp_path / "in.flac", tmp_path / "out.flac").carried
    assert sf.info(tmp_path / "out.flac").frames == FRAMES


def mutated(data: bytes, rng: np.random.Generator, audio: range) -> bytes:
    """Some bytes of what is beside the audio changed, doubled or taken out, and lengths made absurd."""
    changed = bytearray(data)
    places = [at for at in range(12, len(data)) if at not in audio]
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.choice(places))
        kind = int(rng.integers(4))
        if kind == 0:
            changed[at : at + 1] = bytes([int(rng.integers(256))])
        elif kind == 1:
            changed[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\1\0\0\x80"])
        elif kind == 2:
            del changed[at : at + int(rng.integers(1, 9))]
        else:
            changed[at:at] = changed[at : at + int(rng.integers(1, 40))]
    return bytes(changed)


def rich(folder: Path, container: str, subtype: str) -> Path:
    """A file that holds all that its format can."""
    path = tagged(folder / f"in.{container.lower()}", container, subtype)
    if container == "FLAC":
        return flac(path, [("TITLE", "Air"), ("METADATA_BLOCK_PICTURE", "AAAA")], (6, picture()), (2, b"riff"))
    if container == "WAV":
        id3 = chunk(b"id3 ", tag(4, frame(4, "TIT2", text("Air")), frame(4, "APIC", b"\0image/png\0\3\0x")))
        beside = info(INAM="Air", ICMT="x"), bext(7, b"A=PCM\r\n"), cue(1, 9), labels(_1="a"), id3
        return wav(path, *beside, smpl((1, 2), tail=b"own"), frames=40, subtype=subtype)
    if container == "MP3":
        art = frame(3, "APIC", b"\1image/png\0\3\xff\xfea\0\0\0xyz")
        path.write_bytes(tag(3, frame(3, "TIT2", text("Air", 1)), art) + path.read_bytes())
    return path


def damaged(path: Path, seed: int, count: int) -> Iterator[bytes]:
    """The file with bytes changed at random, mostly around its audio."""
    data, rng = path.read_bytes(), np.random.default_rng(seed)
    audio = range(1000, len(data) - 1000) if len(data) > 3000 else range(0)
    for _ in range(count):
        yield mutated(data, rng, audio)


@pytest.mark.parametrize(("container", "subtype"), KINDS[:-1])
def test_nothing_damaged_at_random_stops_the_reading(tmp_path: Path, container: str, subtype: str) -> None:
    """Breaks when bytes that nobody thought of end in an error of Python's. What libsndfile refuses is read as well."""
    path = rich(tmp_path, container, subtype)
    with open_source(path) as source:
        for data in damaged(path, len(container), 150):
            path.write_bytes(data)
            found = read_carried(source)
            assert all(value and name == name.upper() for name, value in found.texts)


@pytest.mark.parametrize(("container", "subtype"), [("WAV", "PCM_16"), ("RF64", "PCM_16"), ("AIFF", "PCM_16")])
def test_files_damaged_at_random_export_or_are_refused(tmp_path: Path, container: str, subtype: str) -> None:
    """Breaks when what is damaged in a source spoils its export."""
    path = rich(tmp_path, container, subtype)
    exports = 0
    for index, data in enumerate(damaged(path, 3, 60)):
        path.write_bytes(data)
        out = tmp_path / ("out.flac" if index % 3 == 0 else "out.wav")
        try:
            exported(path, out, before=3, behind=2, overwrite=True)
        except AudioError as refused:
            assert str(refused).endswith((".", "?"))
            continue
        assert sf.info(out).frames > 5
        if out.suffix == ".wav":
            riff_or_list(out)
        exports += 1
    assert exports > 20


def riff_or_list(path: Path) -> None:
    """The chunks of an export follow one another without a gap, and so do those of its lists."""
    for name, body in riff(path).items():
        if name in (b"INFO", b"adtl"):
            assert list_of(body)
