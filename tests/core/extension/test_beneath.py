"""Offset, rumble and sample type: what a recording has beside its music decides nothing of what is added."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.audio.opening import open_source
from core.audio.signal import active_rms
from core.diffusion.denoiser import Denoiser
from core.errors import AudioError
from core.extension.extension import Extension, Step
from core.extension.run import run_extension
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from tests.core.tones import chord

Tiny = tuple[Denoiser, NetworkInfo]
RATE = 8000
MUSIC = chord(1.2, RATE, channels=2, level=0.1)
TIME = np.arange(MUSIC.shape[1]) / RATE


def decibels(ratio: float) -> float:
    return float(20 * np.log10(ratio))


def relative_level(path: Path) -> float:
    """dB by which the new audio behind MUSIC is louder than it."""
    samples = sf.read(path, dtype="float32", always_2d=True)[0].T
    known, new = samples[:, : MUSIC.shape[1]], samples[:, MUSIC.shape[1] :]
    return decibels(active_rms(new, RATE) / active_rms(known, RATE))


def extended(tiny: Tiny, context: np.ndarray, following: np.ndarray | None = None) -> tuple[np.ndarray, list[Step]]:
    extension = Extension(*tiny, context, RATE, 0.6, Settings(steps=4), following=following)
    steps = list(extension.run())
    return extension.audio(), steps


@pytest.mark.parametrize("behind", [False, True])
def test_an_offset_is_carried_on_and_changes_nothing_else(tiny: Tiny, behind: bool) -> None:
    """Breaks when an offset of 0.4 counts as loudness (what was added was 13 dB too loud, at full scale), is shown to
    the network, or ends at the seam.
    """
    following = MUSIC if behind else None
    plain, plain_steps = extended(tiny, MUSIC, following)
    offset = np.float32(0.4)
    shifted, steps = extended(tiny, MUSIC + offset, None if following is None else following + offset)
    music = shifted - offset
    assert abs(music.mean()) < 0.01
    assert decibels(active_rms(music, RATE) / active_rms(plain, RATE)) == pytest.approx(0, abs=0.5)
    assert np.corrcoef(music[0], plain[0])[0, 1] > 0.9
    # At the seams there is no more of a step than without the offset.
    for edge, known, bare in ((0, MUSIC[:, -1], plain[:, 0]), (-1, MUSIC[:, 0], plain[:, -1])):
        if behind or edge == 0:
            np.testing.assert_allclose(music[:, edge] - known, bare - known, atol=0.01)
    assert [step.similarity for step in steps] == pytest.approx([step.similarity for step in plain_steps], abs=0.02)


def test_rumble_is_no_loudness_and_no_thump(tiny: Tiny) -> None:
    """Breaks when rumble below hearing makes the new audio louder, or stops at the seam with a thump."""
    plain, _ = extended(tiny, MUSIC)
    rumble = np.asarray(0.3 * np.sin(2 * np.pi * 8 * TIME), np.float32)
    context = MUSIC + rumble
    new, _ = extended(tiny, context)
    rested = slice(RATE // 4, None)
    assert decibels(active_rms(new[:, rested], RATE) / active_rms(plain[:, rested], RATE)) == pytest.approx(0, abs=1.5)
    whole = np.concatenate([context, new], axis=1)[0]
    inside = np.abs(np.diff(context[0], 2)).max()
    assert np.abs(np.diff(whole, 2))[MUSIC.shape[1] - 3 : MUSIC.shape[1] + 3].max() < 1.5 * inside


def test_an_offset_alone_is_silence(tiny: Tiny) -> None:
    """Breaks when an offset without music is continued."""
    with pytest.raises(AudioError, match="silent"):
        Extension(*tiny, np.full((1, 4000), 0.4, np.float32), RATE, 0.5, Settings(steps=2))


@pytest.mark.parametrize(
    ("subtype", "peak", "accepted"),
    [
        ("PCM_24", 10 ** (-66 / 20), True),
        ("FLOAT", 10 ** (-66 / 20), True),
        ("FLOAT", 10 ** (-110 / 20), True),
        ("PCM_16", 10 ** (-50 / 20), True),
        ("PCM_16", 1.2 / 32768, False),
        ("PCM_24", 1.2 / 2**23, False),
        ("FLOAT", 0.0, False),
    ],
)
def test_silence_is_what_the_sample_type_cannot_hold(
    network: Path, tmp_path: Path, subtype: str, peak: float, accepted: bool
) -> None:
    """Breaks when a quiet recording is refused as silent, or dither is taken for music."""
    sound = MUSIC / np.abs(MUSIC).max() * peak
    sf.write(tmp_path / "quiet.wav", sound.T, RATE, subtype=subtype)
    settings, loud = Settings(steps=2, network=str(network)), tmp_path / "loud-out.wav"
    sf.write(tmp_path / "loud.wav", MUSIC.T, RATE, subtype="FLOAT")
    with open_source(tmp_path / "loud.wav") as source:
        run_extension(source, loud, 0.25, settings)
    with open_source(tmp_path / "quiet.wav") as source:
        if not accepted:
            with pytest.raises(AudioError, match="silent"):
                run_extension(source, tmp_path / "out.wav", 0.25, settings)
            return
        run_extension(source, tmp_path / "out.wav", 0.25, settings)
    assert relative_level(tmp_path / "out.wav") == pytest.approx(relative_level(loud), abs=6)
