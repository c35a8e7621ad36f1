"""The shipped files are there, are what they claim to be, and a missing one is explained."""

from pathlib import Path

import pytest
import soundfile

from core.assets import asset_path
from core.errors import PianoDiffError


def test_demo_clip_is_longer_than_the_context_and_ends_in_music() -> None:
    """Breaks when the clip becomes one that cannot be extended well: too short, clipping, or ending in silence."""
    samples, rate = soundfile.read(asset_path("demo/demo.wav"), dtype="float32")
    assert 6 <= len(samples) / rate <= 10
    assert abs(samples).max() < 0.99
    last = samples[-rate // 2 :]
    assert (last**2).mean() ** 0.5 > 0.25 * (samples**2).mean() ** 0.5


def test_demo_clip_names_its_sources() -> None:
    """Breaks when the clip loses its credits."""
    credits = asset_path("demo/CREDITS.md").read_text(encoding="utf-8")
    for source in ("Beethoven", "OpenScore Lieder Corpus", "CC0 1.0", "Splendid Grand Piano", "public domain"):
        assert source in credits


@pytest.mark.parametrize(
    ("name", "magic"),
    [("pianodiff.png", b"\x89PNG"), ("pianodiff.ico", b"\0\0\1\0"), ("pianodiff.icns", b"icns")],
)
def test_icons_are_of_their_kind(name: str, magic: bytes) -> None:
    """Breaks when an icon is missing or a picture of another kind."""
    assert asset_path(f"icons/{name}").read_bytes().startswith(magic)


def test_a_missing_file_is_explained() -> None:
    """Breaks when an incomplete installation ends in a traceback, or in silence, and not in advice."""
    with pytest.raises(PianoDiffError, match=r"demo/none\.wav.*install PianoDiff again"):
        asset_path("demo/none.wav")


def test_path_does_not_depend_on_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Breaks when assets are looked for relative to where the command was typed."""
    before = asset_path("demo/demo.wav")
    monkeypatch.chdir(tmp_path)
    assert asset_path("demo/demo.wav") == before
    assert before.is_absolute()
