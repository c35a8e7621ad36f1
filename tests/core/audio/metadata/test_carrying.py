"""What belongs to the file stays with it: through every format, at the right time, and bit by bit the same again."""

import base64
import errno
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core import __version__
from core.audio.metadata import carrying
from core.audio.opening import open_source
from core.errors import ExportError
from tests.core.audio.metadata.files import (
    FRAMES,
    RATE,
    bext,
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

TEXTS = {
    "title": "Für Elise",
    "artist": "Ada",
    "album": "Stücke",
    "date": "2021-03-04",
    "tracknumber": "3",
    "comment": "A take",
    "software": "Recorder",
}
DONE = f"Extended by 0.1 s with PianoDiff {__version__} (seed 7); original: first {FRAMES} samples"

KINDS = [
    ("WAV", "PCM_16"),
    ("WAV", "FLOAT"),
    ("WAVEX", "PCM_24"),
    ("RF64", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
    ("AIFF", "PCM_16"),
    ("CAF", "PCM_16"),
]


def tagged(path: Path, container: str, subtype: str) -> Path:
    """A file that libsndfile wrote, texts included."""
    with sf.SoundFile(path, "w", RATE, 1, format=container, subtype=subtype) as file:
        for name, value in TEXTS.items():
            setattr(file, name, value)
        file.write(noise())
    return path


# Tags


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize(("container", "subtype"), KINDS)
def test_every_text_is_kept(tmp_path: Path, container: str, subtype: str, suffix: str) -> None:
    """Breaks when an export loses what a file says of itself. Read back by libsndfile, which is not ours."""
    source = tagged(tmp_path / f"in.{container.lower()}", container, subtype)
    report = exported(source, tmp_path / f"out{suffix}", behind=800)
    assert report.carried.startswith("tags: ") and "title" in report.carried
    kept, wanted = texts(tmp_path / f"out{suffix}"), dict(TEXTS)
    if container == "AIFF":  # it has places for these only, and libsndfile's own for the software
        wanted = {name: TEXTS[name] for name in ("title", "artist", "comment")}
    if container == "MP3":
        wanted["date"] = "2021"  # all that version 1 has room for, as which short texts are written
        del wanted["software"]
    # libsndfile knows only SOFTWARE in FLAC files, and not ENCODER, as which Opus files keep it.
    if subtype == "OPUS" and suffix == ".flac":
        del wanted["software"]
    assert {name: kept[name] for name in wanted if name not in ("comment", "software")} == {
        name: value for name, value in wanted.items() if name not in ("comment", "software")
    }
    assert wanted.get("software", "") in kept.get("software", "")
    assert kept["comment"].splitlines()[0] == "A take"
    assert kept["comment"].splitlines()[1].startswith(f"Extended by 0.1 s with PianoDiff {__version__}")


def test_a_file_without_tags_says_what_was_done(tmp_path: Path) -> None:
    """Breaks when a comment is only added to a comment."""
    report = exported(wav(tmp_path / "in.wav"), tmp_path / "out.wav", behind=800, how="seed 7")
    assert report.carried == ""
    assert texts(tmp_path / "out.wav") == {"comment": DONE}


def test_what_was_done_is_said_once(tmp_path: Path) -> None:
    """Breaks when the comment of a file that goes through the same again grows by a line that it has."""
    source = wav(tmp_path / "in.wav", info(ICMT=f"A take\n{DONE}\nand more"))
    exported(source, tmp_path / "out.wav", behind=800, how="seed 7")
    assert texts(tmp_path / "out.wav")["comment"] == f"A take\n{DONE}\nand more"


def test_what_was_done_next_is_another_line(tmp_path: Path) -> None:
    """Breaks when the second program run on a file hides the first."""
    exported(wav(tmp_path / "in.wav", bext()), tmp_path / "one.wav", behind=800, how="seed 7")
    exported(tmp_path / "one.wav", tmp_path / "two.wav", before=400)
    said = [DONE, f"Begun 0.05 s earlier with PianoDiff {__version__}; original: last {FRAMES + 800} samples"]
    assert texts(tmp_path / "two.wav")["comment"].splitlines() == said
    history = riff(tmp_path / "two.wav")[b"bext"][602:].decode("ascii").splitlines()
    assert history == [f"A=PCM,F={RATE},W=16,M=mono,T={line.replace(',', '')}" for line in said]


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_the_same_makes_the_same_file(tmp_path: Path, suffix: str) -> None:
    """Breaks when a recipe that is replayed gives other bytes: a date in a comment, the order of a set."""
    source = wav(tmp_path / "in.wav", info(INAM="Air", IART="Ada"), bext(), cue(1, 2), smpl((3, 4)), subtype="FLOAT")
    for name in ("one", "two"):
        exported(source, tmp_path / f"{name}{suffix}", before=80, behind=80, how="seed 7")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ({"behind": 800}, f"Extended by 0.1 s with PianoDiff {__version__}; original: first 4000 samples"),
        ({"before": 4000}, f"Begun 0.5 s earlier with PianoDiff {__version__}; original: last 4000 samples"),
        (
            {"gap": (800, 1600)},
            f"Filled from 0.1 s to 0.2 s with PianoDiff {__version__}; "
            "original: all but samples 800 to 1599, counted from 0",
        ),
        (
            {"before": 80, "behind": 8, "gap": (800, 1600)},
            "Begun 0.01 s earlier and filled from 0.1 s to 0.2 s and extended by 0.001 s with "
            f"PianoDiff {__version__}; original: all but samples 0 to 79, 880 to 1679, 4080 to 4087, counted from 0",
        ),
    ],
)
def test_the_comment_says_what_is_whose(tmp_path: Path, places: dict, said: str) -> None:
    """Breaks when the line is wrong about the place of the original."""
    source = wav(tmp_path / "in.wav")
    exported(source, tmp_path / "out.wav", **places)
    assert texts(tmp_path / "out.wav")["comment"] == said


def test_texts_of_any_name_go_from_flac_to_flac(tmp_path: Path) -> None:
    """Breaks when only the tags that libsndfile knows survive, or only the first of several of one name."""
    fields = [("ARTIST", "Ada"), ("ARTIST", "Bob"), ("MOOD", "calm"), ("DESCRIPTION", "by hand")]
    flac(tmp_path / "in.flac", fields)
    report = exported(tmp_path / "in.flac", tmp_path / "out.flac", behind=800, how="seed 7")
    assert report.carried == "tags: artist, mood, description"
    assert comments(tmp_path / "out.flac") == [*fields[:3], ("DESCRIPTION", f"by hand\n{DONE}")]
    report = exported(tmp_path / "in.flac", tmp_path / "out.wav", behind=800)
    assert report.carried == "tags: artist, description; left out: mood"
    assert texts(tmp_path / "out.wav")["artist"] == "Ada; Bob"


def test_texts_without_a_name_of_ours_go_from_wav_to_wav(tmp_path: Path) -> None:
    """Breaks when a WAV file's less usual texts are lost, in WAV or on the way over FLAC and back."""
    source = wav(tmp_path / "in.wav", info(IARL="Shelf 9", ISBJ="Bells"))
    exported(source, tmp_path / "out.wav", behind=800)
    exported(source, tmp_path / "out.flac", behind=800)
    exported(tmp_path / "out.flac", tmp_path / "back.wav", behind=800)
    for name in ("out.wav", "back.wav"):
        kept = list_of(riff(tmp_path / name)[b"INFO"])
        assert (kept[b"IARL"], kept[b"ISBJ"]) == (b"Shelf 9\0", b"Bells\0")


def test_old_windows_texts_stay_as_their_programs_read_them(tmp_path: Path) -> None:
    """Breaks when a text in code page 1252 is garbled in WAV, or is not what it says in FLAC."""
    source = wav(tmp_path / "in.wav", info(INAM="Für Elise".encode("cp1252")))
    exported(source, tmp_path / "out.wav", behind=800)
    exported(source, tmp_path / "out.flac", behind=800)
    assert list_of(riff(tmp_path / "out.wav")[b"INFO"])[b"INAM"] == "Für Elise\0".encode("cp1252")
    assert texts(tmp_path / "out.flac")["title"] == "Für Elise"


# Broadcast WAV


def test_the_time_reference_moves_with_a_prelude(tmp_path: Path) -> None:
    """Breaks when the recording no longer lies where it was on a time line, or bext is lost or altered elsewhere."""
    source = wav(tmp_path / "in.wav", bext(80_000, b"A=ANALOGUE,T=tape\r\n\0\0"))
    report = exported(source, tmp_path / "out.wav", before=1600, how="seed 7")
    assert report.carried == "Broadcast WAV data, its time reference 0.2 s earlier"
    before, after = riff(source)[b"bext"], riff(tmp_path / "out.wav")[b"bext"]
    assert after[:338] == before[:338] and after[346:412] == before[346:412]
    assert struct.unpack_from("<Q", after, 338) == (80_000 - 1600,)
    assert after[602:].decode() == (
        "A=ANALOGUE,T=tape\r\n"
        f"A=PCM,F=8000,W=16,M=mono,T=Begun 0.2 s earlier with PianoDiff {__version__} (seed 7); original: last 4000 "
        "samples\r\n"
    )


def test_the_loudness_of_another_file_is_unset(tmp_path: Path) -> None:
    """Breaks when the export claims a loudness that was measured without its new audio."""
    exported(wav(tmp_path / "in.wav", bext()), tmp_path / "out.wav", behind=800)
    assert struct.unpack_from("<5H", riff(tmp_path / "out.wav")[b"bext"], 412) == (0x7FFF,) * 5


@pytest.mark.parametrize("places", [{"behind": 800}, {"gap": (800, 1600)}])
def test_the_time_reference_stays_otherwise(tmp_path: Path, places: dict) -> None:
    """Breaks when new audio behind or within moves the beginning."""
    report = exported(wav(tmp_path / "in.wav", bext(80_000)), tmp_path / "out.wav", **places)
    assert report.carried == "Broadcast WAV data"
    assert struct.unpack_from("<Q", riff(tmp_path / "out.wav")[b"bext"], 338) == (80_000,)


def test_a_time_reference_is_not_below_midnight(tmp_path: Path) -> None:
    """Breaks when a prelude longer than the time since midnight wraps around to 73 million years."""
    report = exported(wav(tmp_path / "in.wav", bext(1000)), tmp_path / "out.wav", before=1800)
    assert report.carried == (
        "Broadcast WAV data, its time reference 0, since it would begin 0.1 s before midnight"
    )
    assert struct.unpack_from("<Q", riff(tmp_path / "out.wav")[b"bext"], 338) == (0,)


# Cue points and loops


def test_points_and_loops_move_with_a_prelude(tmp_path: Path) -> None:
    """Breaks when a mark no longer stands at the sample that was marked."""
    beside = cue(0, 1000, FRAMES), labels(_1="verse", _3="end"), smpl((10, 20), (0, FRAMES - 1), tail=b"own")
    source = wav(tmp_path / "in.wav", *beside)
    report = exported(source, tmp_path / "out.wav", before=1600, behind=500)
    assert report.carried == "3 cue points moved by 0.2 s; 2 loops moved by 0.2 s"
    # The mark at the very end stays where the original ends.
    assert cue_frames(tmp_path / "out.wav") == [1600, 2600, 1600 + FRAMES]
    before, after = riff(source), riff(tmp_path / "out.wav")
    assert after[b"adtl"] == before[b"adtl"]
    assert after[b"smpl"][:36] == before[b"smpl"][:36] and after[b"smpl"][-3:] == b"own"
    loops = [struct.unpack_from("<6I", after[b"smpl"], 36 + 24 * index) for index in range(2)]
    assert loops == [(1, 0, 1610, 1620, 0, 0), (1, 0, 1600, 1600 + FRAMES - 1, 0, 0)]


@pytest.mark.parametrize("places", [{"behind": 800}, {"gap": (800, 1600)}])
def test_points_stay_where_they_are_otherwise(tmp_path: Path, places: dict) -> None:
    """Breaks when an extension or a filled gap, whose points keep their time, moves anything."""
    source = wav(tmp_path / "in.wav", cue(0, 900, 2000, FRAMES), labels(_2="in the gap"), smpl((850, 900)))
    report = exported(source, tmp_path / "out.wav", **places)
    assert report.carried == "4 cue points; 1 loop"
    for name in (b"cue ", b"adtl", b"smpl"):
        assert riff(tmp_path / "out.wav")[name] == riff(source)[name]


def test_a_position_in_a_playlist_is_not_a_time(tmp_path: Path) -> None:
    """Breaks when a number that is not the point's frame is moved like one."""
    exported(wav(tmp_path / "in.wav", cue(100, position=7)), tmp_path / "out.wav", before=1600)
    assert struct.unpack_from("<II4sIII", riff(tmp_path / "out.wav")[b"cue "], 4) == (1, 7, b"data", 0, 0, 1700)


def test_points_behind_the_end_are_left_out(tmp_path: Path) -> None:
    """Breaks when a point of no sample of the recording comes to mark generated audio."""
    source = wav(tmp_path / "in.wav", cue(5, FRAMES + 1, 2**32 - 1), labels(_1="a", _2="b"), smpl((0, FRAMES)))
    report = exported(source, tmp_path / "out.wav", behind=800)
    assert report.carried == (
        "1 cue point; left out: 2 cue points behind the recording's end, labels without a cue point, "
        "1 loop behind the recording's end"
    )
    assert cue_frames(tmp_path / "out.wav") == [5]
    assert list_of(riff(tmp_path / "out.wav")[b"adtl"]) == {b"labl": struct.pack("<I", 1) + b"a\0"}


def test_markers_of_aiff_become_cue_points(tmp_path: Path) -> None:
    """Breaks when an AIFF file's markers, or their names, are lost or misplaced."""
    sf.write(tmp_path / "in.aiff", noise(), RATE, subtype="PCM_16")
    marks = struct.pack(">HHIB5sHIB4s", 2, 1, 100, 5, b"verse", 9, 300, 3, b"end\0")
    data = (tmp_path / "in.aiff").read_bytes() + b"MARK" + struct.pack(">I", len(marks)) + marks
    (tmp_path / "in.aiff").write_bytes(data[:4] + struct.pack(">I", len(data) - 8) + data[8:])
    assert exported(tmp_path / "in.aiff", tmp_path / "out.wav", before=50).carried == "2 cue points moved by 0.00625 s"
    assert cue_frames(tmp_path / "out.wav") == [150, 350]
    names = riff(tmp_path / "out.wav")[b"adtl"]
    assert struct.pack("<I", 1) + b"verse\0" in names and struct.pack("<I", 9) + b"end\0" in names


def test_a_flac_file_says_what_it_has_no_place_for(tmp_path: Path) -> None:
    """Breaks when cue points, loops and bext vanish on the way to FLAC without a word."""
    source = wav(tmp_path / "in.wav", cue(1, 2), smpl((3, 4)), bext(), info(INAM="Air"))
    assert exported(source, tmp_path / "out.flac", before=80).carried == (
        "tags: title; left out: 2 cue points (no place in FLAC), 1 loop (no place in FLAC), "
        "Broadcast WAV data (no place in FLAC)"
    )


def test_chunks_of_others_are_named(tmp_path: Path) -> None:
    """Breaks when what is not understood, and might not be true any more, is dropped in silence."""
    source = wav(tmp_path / "in.wav", b"iXML\2\0\0\0<>", b"acid\0\0\0\0", b"JUNK\2\0\0\0..")
    assert exported(source, tmp_path / "out.wav", behind=8).carried == "left out: chunk iXML, chunk acid"


# The file around it


def test_it_all_goes_into_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when the sizes of a file above 4 GiB don't count the chunks, or such a file's own aren't found again."""
    monkeypatch.setattr("core.audio.target._RIFF_LIMIT", 4_000)
    source = wav(tmp_path / "in.wav", info(INAM="Air"), cue(7), bext(90))
    exported(source, tmp_path / "one.wav", before=10)
    assert sf.info(tmp_path / "one.wav").format == "RF64"
    report = exported(tmp_path / "one.wav", tmp_path / "two.wav", before=10)
    assert report.carried.startswith("tags: title, comment; Broadcast WAV data")
    assert cue_frames(tmp_path / "two.wav") == [27]
    assert struct.unpack_from("<Q", riff(tmp_path / "two.wav")[b"bext"], 338) == (70,)


def test_what_is_carried_counts_towards_4_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when long texts push a plain WAV file over what its header can count."""
    source = wav(tmp_path / "in.wav", info(ICMT="long " * 2000))
    monkeypatch.setattr("core.audio.target._RIFF_LIMIT", 2 * (FRAMES + 8) + 9_000)
    exported(source, tmp_path / "out.wav", behind=8)
    assert sf.info(tmp_path / "out.wav").format == "RF64"


def test_chunks_behind_an_rf64_files_audio_are_found(tmp_path: Path) -> None:
    """Breaks when the size that only ds64 knows is not used to step over the audio."""
    sf.write(tmp_path / "in.wav", noise(), RATE, subtype="PCM_16", format="RF64")
    data = (tmp_path / "in.wav").read_bytes() + cue(9)
    (tmp_path / "in.wav").write_bytes(data[:20] + struct.pack("<Q", len(data) - 8) + data[28:])
    exported(tmp_path / "in.wav", tmp_path / "out.wav", before=1)
    assert cue_frames(tmp_path / "out.wav") == [10]


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_disk_that_fills_while_tags_are_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Breaks when a file with half its tags gets its name, or the reason is not said."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    for writer in ("write_wave", "write_flac"):
        monkeypatch.setattr(carrying, writer, full)
    source = wav(tmp_path / "in.wav", info(INAM="Air"))
    with pytest.raises(ExportError, match="is full"):
        exported(source, tmp_path / f"out{suffix}", behind=800)
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_other_formats_say_that_there_may_be_more(tmp_path: Path) -> None:
    """Breaks when a format of which only the texts are read passes for one that holds no more."""
    source = tagged(tmp_path / "in.caf", "CAF", "PCM_16")
    assert "left out: what a CAF file may hold beside its texts" in exported(source, tmp_path / "out.wav").carried


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    """Breaks when a recording that was moved meanwhile ends in an error of the system."""
    with open_source(wav(tmp_path / "in.wav")) as source:
        source.path.unlink()
        with pytest.raises(Exception, match="can't be read any more"):
            carrying.read_carried(source)


def flac(path: Path, fields: list[tuple[str, str]], *blocks: tuple[int, bytes]) -> Path:
    """A FLAC file with these comments and metadata blocks, put together by hand."""
    sf.write(path, noise(), RATE, subtype="PCM_16")
    data = path.read_bytes()
    at = 4
    while True:
        last, size = data[at] & 0x80, int.from_bytes(data[at + 1 : at + 4], "big")
        at += 4 + size
        if last:
            break
    entries = [f"{name}={value}".encode() for name, value in fields]
    body = struct.pack("<I", 4) + b"hand" + struct.pack("<I", len(entries))
    body += b"".join(struct.pack("<I", len(entry)) + entry for entry in entries)
    parts = [data[4:42]] + [bytes([kind]) + len(b).to_bytes(3, "big") + b for kind, b in [(4, body), *blocks]]
    parts[-1] = bytes([parts[-1][0] | 0x80]) + parts[-1][1:]
    parts[0] = b"\0" + parts[0][1:]
    path.write_bytes(b"fLaC" + b"".join(parts) + data[at:])
    return path


def blocks(path: Path) -> list[tuple[int, bytes]]:
    """The metadata blocks of a FLAC file."""
    data, at, found = path.read_bytes(), 4, []
    assert data[:4] == b"fLaC"
    while True:
        head, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        found.append((head & 0x7F, data[at + 4 : at + 4 + size]))
        at += 4 + size
        if head & 0x80:
            return found


def comments(path: Path) -> list[tuple[str, str]]:
    body = next(body for kind, body in blocks(path) if kind == 4)
    at = 4 + int.from_bytes(body[:4], "little")
    found = []
    for _ in range(int.from_bytes(body[at : at + 4], "little")):
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        name, value = body[at + 8 : at + 8 + size].decode().split("=", 1)
        found.append((name, value))
        at += 4 + size
    return found


# Pictures


def picture(data: bytes = b"\x89PNG", mime: bytes = b"image/png") -> bytes:
    head = struct.pack(">2I", 3, len(mime)) + mime + struct.pack(">I", 5) + b"cover"
    return head + struct.pack(">5I", 8, 8, 24, 0, len(data)) + data


def test_pictures_go_from_flac_to_flac(tmp_path: Path) -> None:
    """Breaks when album art is lost or altered on its way, or vanishes in WAV without a word."""
    source = flac(tmp_path / "in.flac", [("TITLE", "Air")], (6, picture()), (6, picture(b"other")), (2, b"riffdata"))
    report = exported(source, tmp_path / "out.flac", behind=800)
    assert report.carried == "tags: title; 2 pictures; left out: application data"
    assert [body for kind, body in blocks(tmp_path / "out.flac") if kind == 6] == [picture(), picture(b"other")]
    assert "left out: pictures (no place in WAV)" in exported(
        source, tmp_path / "out.wav", behind=800
    ).carried.replace("application data, ", "")


def test_a_damaged_picture_does_not_spoil_the_export(tmp_path: Path) -> None:
    """Breaks when a picture whose lengths lie is written again: readers of FLAC then refuse the whole file."""
    encoded = base64.b64encode(picture()[:-9]).decode()
    source = flac(tmp_path / "in.flac", [("METADATA_BLOCK_PICTURE", encoded), ("METADATA_BLOCK_PICTURE", "!")])
    assert exported(source, tmp_path / "out.flac", behind=800).carried == "left out: a damaged picture"
    assert {kind for kind, _ in blocks(tmp_path / "out.flac")} == {0, 4}


def test_the_audio_is_the_same_with_and_without(tmp_path: Path) -> None:
    """Breaks when what is put before the audio shifts, cuts or alters it."""
    plain, rich = tmp_path / "plain.wav", tmp_path / "rich.wav"
    wav(plain)
    wav(rich, info(INAM="x" * 3333), bext(5, b"h" * 1001), cue(*range(999)), smpl((1, 2)))
    for suffix in (".wav", ".flac"):
        for name in ("plain", "rich"):
            assert exported(tmp_path / f"{name}.wav", tmp_path / f"{name}-out{suffix}", before=9, behind=9).identical
        first, second = (sf.read(tmp_path / f"{name}-out{suffix}", dtype="int32")[0] for name in ("plain", "rich"))
        np.testing.assert_array_equal(first, second)
