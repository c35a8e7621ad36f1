"""A decoder that lies about where it stands or what it gave ends in an error in words, never in numpy's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from core.audio.opening import open_source
from core.errors import AudioError
from tests.core.audio.material import write
from tests.core.tones import piano_tone


class Liar(sf.SoundFile):
    """libsndfile, but for one lie: what it answers in place of the truth, made from the truth; or what it raises."""

    about: str
    lie: Any

    def _told(self, about: str, truth: Any) -> Any:
        return self.lie(truth) if self.about == about else truth

    @property
    def frames(self) -> int:
        return self._told("frames", super().frames)

    @property
    def channels(self) -> int:
        return self._told("channels", super().channels)

    def tell(self) -> int:
        return self._told("tell", super().tell())

    def seek(self, frames: int, whence: int = 0) -> int:
        return self._told("seek", super().seek(frames, whence))

    def read(self, frames: int = -1, **options: Any) -> Any:
        return self._told("read", super().read(frames, **options))


def raising(error: Exception) -> Any:
    def lie(_: Any) -> Any:
        raise error

    return lie


LIES = {
    "a negative count": ("frames", lambda _: -5),
    "a count far too high": ("frames", lambda _: 2**62),
    "no channel": ("channels", lambda _: 0),
    "further than it has frames": ("tell", lambda at: at + 10**6),
    "before the beginning": ("tell", lambda _: -1),
    "a seek that went elsewhere": ("seek", lambda at: at - 7),
    "a seek that fails": ("seek", raising(ValueError("negative dimensions are not allowed"))),
    "a short read": ("read", lambda data: data[:-1]),
    "nothing read": ("read", lambda data: data[:0]),
    "a long read": ("read", lambda data: np.concatenate([data, data])),
    "another number of channels": ("read", lambda data: data[:, :1]),
    "one dimension": ("read", lambda data: data[:, 0]),
    "no array": ("read", lambda _: -1),
    "a wrong value": ("read", raising(ValueError("negative dimensions are not allowed"))),
    "a wrong type": ("read", raising(TypeError("initializer for ctype"))),
    "a failure at run time": ("read", raising(RuntimeError("handle is not open"))),
    "no memory for what it promised": ("read", raising(MemoryError())),
}


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
@pytest.mark.parametrize(("about", "lie"), LIES.values(), ids=list(LIES))
def test_a_lie_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, about: str, lie: Any
) -> None:
    """Broken frames of an MP3 made the decoder stand behind its own end: "negative dimensions" was all that was said.
    Or else the truth is given, where the lie made no difference."""
    tone = piano_tone(220, 0.5, 22_050)
    path = write(tmp_path / f"a.{suffix}", np.stack([tone, 0.5 * tone]))
    with open_source(path) as source:
        truth = source.read()
    monkeypatch.setattr(Liar, "about", about, raising=False)
    monkeypatch.setattr(Liar, "lie", staticmethod(lie), raising=False)
    monkeypatch.setattr(sf, "SoundFile", Liar)
    try:
        with open_source(path) as source:
            for read in (lambda: source.tail(0.1), lambda: source.read(), lambda: next(iter(source.blocks())).T):
                got = read()
                assert np.allclose(got, truth[:, truth.shape[1] - got.shape[1] :], atol=1e-4)  # an MP3 after a seek
    except AudioError as error:
        assert path.name in str(error)
    else:
        assert about in ("seek", "frames"), "a lie about every read went unseen"


def test_mp3_streams_with_broken_frames_are_opened_or_refused(tmp_path: Path) -> None:
    """Seeded damage to whole frames of a stereo stream, under its own name and under another."""
    tone = piano_tone(220, 0.6, 44_100)
    whole = write(tmp_path / "a.mp3", np.stack([tone, tone[::-1]]), 44_100).read_bytes()
    rng = np.random.default_rng(0)
    for trial in range(25):
        broken = bytearray(whole)
        for _ in range(rng.integers(1, 6)):
            at = int(rng.integers(0, len(broken) - 8))
            broken[at : at + 4] = bytes(rng.integers(0, 256, 4, np.uint8))
            if rng.random() < 0.5:  # another frame's header: another layer, rate or number of channels
                broken[at : at + 2] = b"\xff" + bytes([int(rng.integers(0xE0, 0x100))])
        path = tmp_path / f"{trial}.{'wav' if trial % 2 else 'mp3'}"
        path.write_bytes(broken)
        try:
            with open_source(path) as source:
                assert source.tail(0.3).shape[0] == source.channels
                assert sum(len(block) for block in source.blocks()) == source.frames
        except AudioError:
            pass
