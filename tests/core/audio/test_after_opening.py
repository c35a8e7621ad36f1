"""What is done with a recording once it is open, by a decoder that lies from then on, and files that claim too much."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from core.analysis.peaks import PeakPyramid
from core.audio.decoding import UndecodableError, decode
from core.audio.export import Insert, export_inserted
from core.audio.opening import LONGEST_SECONDS, open_source
from core.errors import AudioError, ExportError
from tests.core.audio.material import write

FRAMES = 22_050


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A second of stereo."""
    samples = np.random.default_rng(0).normal(0, 0.1, (2, FRAMES)).astype(np.float32)
    return write(tmp_path / "in.wav", samples)


class Elsewhere(sf.SoundFile):
    """Its seeks end elsewhere, and say so."""

    def seek(self, frames: int, whence: int = sf.SEEK_SET) -> int:
        """A third of a second before."""
        return int(super().seek(frames - 7000 if whence == sf.SEEK_SET and frames > 9000 else frames, whence))


class LossyNoise(sf.SoundFile):
    """A lossy decoder that has lost its way."""

    subtype = "VORBIS"

    def read(self, *arguments: Any, **options: Any) -> Any:
        """With a NaN at the end."""
        data = super().read(*arguments, **options)
        data[-1:] = np.nan
        return data


@pytest.mark.parametrize("liar", [Elsewhere, LossyNoise])
def test_a_decoder_that_lies_once_it_is_open_is_told(path: Path, monkeypatch: pytest.MonkeyPatch, liar: type) -> None:
    """Breaks when only opening looks closely: the tail, the picture and the export read as well, later."""
    new = np.zeros((2, 100), np.float32)
    with open_source(path) as source:
        source.close()
        monkeypatch.setattr(sf, "SoundFile", liar)
        with pytest.raises(AudioError, match=r"in\.wav is damaged near"):
            source.tail(0.2)
        if liar is LossyNoise:
            with pytest.raises(AudioError, match=r"in\.wav is damaged near"):
                PeakPyramid.of(source)
            with pytest.raises(AudioError, match=r"in\.wav is damaged near"):
                export_inserted(source, [Insert.of(source, None, new)], path.with_name("out.wav"))
    assert [file.name for file in path.parent.iterdir()] == ["in.wav"]


def test_an_export_that_reads_back_wrongly_is_no_export(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when what was written is compared by a seek that nobody looked at."""
    honest = sf.SoundFile
    with open_source(path) as source:
        list(source.blocks())

        def opened(file: Any, mode: str = "r", *arguments: Any, **more: Any) -> sf.SoundFile:
            lies = mode == "r" and Path(file).suffix == ".part"
            return (Elsewhere if lies else honest)(file, mode, *arguments, **more)

        monkeypatch.setattr(sf, "SoundFile", opened)
        inserts = [Insert(at, at, np.zeros((2, 9), np.float32)) for at in (12_000, FRAMES)]
        with pytest.raises(ExportError, match="can't be read back"):
            export_inserted(source, inserts, path.with_name("out.wav"))
    assert not path.with_name("out.wav").exists()


def test_a_file_that_became_another_one_is_told(path: Path) -> None:
    """Breaks when a file is opened anew after a pause, has fewer channels by then, and is read as if it had not."""
    with open_source(path) as source:
        source.close()
        write(path, np.zeros((1, FRAMES), np.float32))
        with pytest.raises(AudioError, match="was changed after it was opened"):
            source.tail(0.1)


def test_a_position_behind_the_claimed_end_asks_for_no_negative_count(path: Path) -> None:
    """Breaks when soundfile is left to make an array of what the file claims to have left."""
    with sf.SoundFile(path) as handle:
        handle._info.frames = 10
        handle.seek(5000)
        assert len(decode(handle, 5000, 200, "float32")) == 200
        with pytest.raises(UndecodableError):
            decode(handle, FRAMES + 5, 1, "float32")


def test_a_header_that_claims_years_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when such a count makes arrays and pictures of its own size."""

    class Boasting(sf.SoundFile):
        frames = int(LONGEST_SECONDS * FRAMES) + FRAMES

    monkeypatch.setattr(sf, "SoundFile", Boasting)
    with pytest.raises(AudioError, match="claims to last 24 hours"):
        open_source(path)


def test_what_can_only_be_decoded_from_its_beginning_on_says_so(tmp_path: Path) -> None:
    """Breaks when GSM 6.10 opens and then can't be read."""
    write(tmp_path / "in.wav", np.zeros((1, 8000), np.float32), 8000, "GSM610")
    with pytest.raises(AudioError, match="only be decoded from its beginning on"):
        open_source(tmp_path / "in.wav")


def test_every_layout_that_opens_reads_the_same_from_any_place(tmp_path: Path) -> None:
    """Breaks when the checks refuse what is sound: lossy and compressed layouts stand where they say."""
    samples = np.random.default_rng(0).normal(0, 0.1, (2, 30_000)).astype(np.float32)
    for format, subtype in (("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("WAV", "IMA_ADPCM"), ("WAV", "MS_ADPCM"),
                            ("CAF", "ALAC_16"), ("FLAC", "PCM_16"), ("AU", "PCM_16"), ("W64", "PCM_24")):  # fmt: skip
        path = tmp_path / f"{format}-{subtype}"
        sf.write(path, samples.T, 44_100, format=format, subtype=subtype)
        with open_source(path) as source:
            whole = np.concatenate(list(source.blocks(block_frames=7000))).T
            assert source.frames >= 30_000 and source.notice == "", path.name
            np.testing.assert_array_equal(source.tail(0.3), whole[:, -round(0.3 * 44_100) :], path.name)



@pytest.mark.parametrize("claim", [2**40, 500_000])
def test_an_ogg_stream_that_claims_more_than_it_holds(tmp_path: Path, claim: int) -> None:
    """Breaks when the position that its last page claims is taken for its length."""
    path = tmp_path / "in.ogg"
    sf.write(path, np.random.default_rng(0).normal(0, 0.1, 50_000), 22_050, format="OGG", subtype="VORBIS")
    content = bytearray(path.read_bytes())
    last = content.rindex(b"OggS")
    content[last + 6 : last + 14] = claim.to_bytes(8, "little")
    content[last + 22 : last + 26] = bytes(4)
    content[last + 22 : last + 26] = _ogg_checksum(bytes(content[last:])).to_bytes(4, "little")
    path.write_bytes(content)
    try:
        with open_source(path) as source:
            list(source.blocks())
    except AudioError as error:
        assert (str(error).startswith("in.ogg ") and "header promises" in str(error)) or "claims to last" in str(error)
    else:
        raise AssertionError("it was taken at its word")


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 with the polynomial 0x04C11DB7, not reflected (RFC 3533, section 6)."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value
