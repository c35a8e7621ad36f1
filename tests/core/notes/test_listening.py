"""From what a listener says of frames to notes, and a whole recording in windows."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import NetworkError
from core.networks.card import CONFIG_NAME, WEIGHTS_NAME
from core.networks.listener import Heard, Listener
from core.networks.listener_card import ListenerInfo, load_listener, parse_listener
from core.networks.registry import find_network
from core.notes.agreement import agree
from core.notes.frames import Frames, notes_of
from core.notes.listening import SOUNDS, STRUCK, Hearing, listen, shipped_listener
from core.notes.note import Note, frequency, one_string_a_key
from core.training.listening import ListenerTargets
from tests.core.notes.conftest import CARD

RATE, HOP = 22_050, 512


def test_what_is_learned_is_what_is_read() -> None:
    """The targets of notes, taken for what a network says, are those notes: onsets to a millisecond, though frames are
    23 ms apart. Breaks when slope, hop or decoding don't fit each other.
    """
    rng = np.random.default_rng(5)
    notes = one_string_a_key(
        Note(float(onset), float(onset + length), int(key), int(velocity))
        for onset, length, key, velocity in zip(
            rng.uniform(0.1, 9, 60), rng.uniform(0.15, 1, 60), rng.integers(21, 109, 60), rng.integers(1, 128, 60),
            strict=True,
        )
    )  # fmt: skip
    rows = np.array([(n.onset, n.offset, n.key, n.velocity) for n in notes])
    targets = ListenerTargets(RATE, HOP)(rows, np.zeros(10 * RATE, np.float32))
    found = notes_of(Frames(*targets), RATE / HOP, STRUCK, SOUNDS)
    assert agree(notes, found, 0.001) == (len(notes), len(notes), len(notes))
    for asked, heard in zip(notes, found, strict=True):
        assert heard.velocity == asked.velocity and heard.offset == pytest.approx(asked.offset, abs=1.01 * HOP / RATE)


def test_a_key_that_is_struck_again_is_two_notes() -> None:
    """Breaks when a note goes on to the end of the sound, over the next onset of its key."""
    onset, sounding, velocity = np.zeros((3, 100, 88), np.float32)
    onset[[10, 40], 39], sounding[10:80, 39], velocity[:, 39] = 1.0, 1.0, 0.5
    first, second = notes_of(Frames(onset, sounding, velocity), 10.0, STRUCK, SOUNDS)
    assert (first.onset, first.offset, second.onset, second.offset) == pytest.approx((1.0, 4.0, 4.0, 8.0))
    assert first.key == 60 and first.velocity == 64


class Counting(torch.nn.Module):
    """Stands for a listener: says of each frame how loud the audio is there, on every key."""

    hop = HOP

    def frames(self, samples: int) -> int:
        return samples // HOP + 1

    def forward(self, x: torch.Tensor) -> Heard:
        padded = torch.nn.functional.pad(x, (HOP // 2, HOP // 2))
        loud = padded.unfold(1, HOP, HOP).abs().amax(-1)[..., None].expand(-1, -1, 88)
        return Heard(loud, loud, loud)


def test_windows_join_without_a_gap() -> None:
    """Every frame of a long recording comes from one window, in its place: breaks when margins are cut wrongly."""
    seconds = 31.7
    audio = np.zeros(round(seconds * RATE), np.float32)
    clicks = np.arange(0.5, seconds - 0.2, 0.61)
    audio[(clicks * RATE).astype(int)] = 0.5
    hearing = Hearing(audio, parse_listener(CARD, Path("here")), Counting())  # type: ignore[arg-type]
    shares = list(hearing)
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 3
    frames = np.flatnonzero(hearing._heard.sounding[:, 0] > 0.6)
    assert np.array_equal(frames, np.round(clicks * RATE // 1 / HOP).astype(int))


def test_the_shipped_listener_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when a study reads the weights again for each of its hundreds of stretches."""
    loaded: list[int] = []

    def load() -> tuple[ListenerInfo, Listener]:
        loaded.append(1)
        return load_listener()

    monkeypatch.setattr("core.notes.listening.load_listener", load)
    shipped_listener.cache_clear()
    for _ in range(2):
        listen(np.zeros((1, RATE), np.float32), RATE)
    assert len(loaded) == 1


def test_silence_has_no_notes(listener: Path) -> None:
    for samples in (np.zeros((2, 3 * RATE), np.float32), np.zeros((1, 1), np.float32)):
        assert listen(samples, RATE, listener) == []


def test_any_rate_length_and_level(listener: Path) -> None:
    """Breaks on audio shorter than a frame, and when what is heard depends on how loud the file is."""
    rng = np.random.default_rng(1)
    for rate in (8_000, 44_100, 192_000):
        samples = rng.standard_normal((2, rate // 2)).astype(np.float32)
        assert listen(samples, rate, listener) == listen(samples * np.float32(0.01), rate, listener)
    listen(np.full((1, 1), 0.5, np.float32), RATE, listener)


def test_only_a_listener_is_taken_for_one(tmp_path: Path, listener: Path) -> None:
    (tmp_path / CONFIG_NAME).write_text(json.dumps({"kind": "diffwave"}))
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NetworkError, match="holds no listener"):
            load_listener(folder)
    (listener / CONFIG_NAME).write_text(json.dumps(CARD | {"window_seconds": 1e9}))
    with pytest.raises(NetworkError, match="window_seconds"):
        load_listener(listener)
    (listener / CONFIG_NAME).write_text(json.dumps(CARD | {"architecture": {"chanels": 3}}))
    with pytest.raises(NetworkError, match="chanels"):
        load_listener(listener)
    (listener / CONFIG_NAME).write_text(json.dumps(CARD))
    (listener / WEIGHTS_NAME).write_bytes(b"pickle")
    with pytest.raises(NetworkError, match="safetensors"):
        load_listener(listener)


def test_a_listener_is_no_network_to_extend_with(listener: Path) -> None:
    with pytest.raises(NetworkError, match="hears notes, and can't extend"):
        find_network(str(listener))


def test_the_network_does_not_care_which_key_it_is() -> None:
    """A note one octave up, heard one octave up: convolution along the keys, and each key's own partials stacked."""
    torch.manual_seed(1)
    network = Listener(channels=8, spreads=((1, 12), (2, 1))).eval()
    torch.nn.init.normal_(network.head.weight)
    time = torch.arange(2 * RATE) / RATE

    def answer(key: int) -> np.ndarray:
        partials = torch.stack([torch.sin(2 * torch.pi * frequency(key) * n * time) / n for n in range(1, 9)])
        tone = 0.1 * partials.sum(0) * torch.exp(-time)
        return network(tone[None]).onset[0, 20:60, key - 21].detach().numpy()

    assert np.corrcoef(answer(57), answer(69))[0, 1] > 0.9
