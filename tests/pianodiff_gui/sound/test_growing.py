"""Playing what is still being made: what reaches the sound card while a timeline grows, sample by sample."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from pianodiff_gui.sound.player import Player
from pianodiff_gui.sound.programme import RAMP_SECONDS, rise
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice, FakeStream, make_player

RATE = 22_050
RAMP = round(RAMP_SECONDS * RATE)
MUSIC = (0.5 * np.sin(2 * np.pi * 110 * np.arange(5 * RATE) / RATE) + 0.25).astype(np.float32)
"""Never 0 for long, so that silence is told from sound; its steps are small, so that a click is told as well."""
STEEPEST = float(np.abs(np.diff(MUSIC)).max()) + 0.75 * np.pi / (2 * RAMP)


@dataclass(frozen=True, eq=False)
class Growing:
    """The first `end` frames of the music."""

    end: int
    samples: np.ndarray = field(default_factory=lambda: MUSIC)
    sample_rate: int = RATE
    begin: int = 0

    @property
    def begin_seconds(self) -> float:
        return self.begin / self.sample_rate

    @property
    def end_seconds(self) -> float:
        return self.end / self.sample_rate

    def read(self, begin: int, end: int) -> np.ndarray:
        return self.samples[None, max(self.begin, begin) : max(self.begin, min(end, self.end))]


@pytest.fixture
def playing(qapp: object) -> tuple[Player, FakeSoundDevice]:
    device = FakeSoundDevice()
    return make_player(device), device


def pull(player: Player, stream: FakeStream, frames: int, qtbot: QtBot, block: int = 441) -> None:
    """Pull `frames` frames as a sound card would, leaving the reader thread time to keep up."""
    for _ in range(0, frames, block):
        qtbot.waitUntil(lambda: is_ready(player, block))
        stream.pull(block)


def is_ready(player: Player, block: int) -> bool:
    """Whether a block can be pulled, or nothing more is to come before something happens."""
    feed = player._feed
    return feed is None or feed.over or feed.waiting or feed.ring.ready >= block


def test_a_window_that_comes_in_time_goes_on_without_a_seam(
    playing: tuple[Player, FakeSoundDevice], qtbot: QtBot
) -> None:
    """Breaks when a window that is complete before it is needed costs, doubles or alters a single sample."""
    player, device = playing
    player.set_timeline(Growing(2 * RATE), growing=True)
    player.play()
    (stream,) = device.streams
    for seconds in (3, 4, 5):
        pull(player, stream, RATE, qtbot)
        player.set_timeline(Growing(seconds * RATE), growing=seconds < 5)
    pull(player, stream, 2 * RATE, qtbot)
    np.testing.assert_array_equal(stream.heard()[: len(MUSIC)], MUSIC)
    assert not player.waiting
    qtbot.waitUntil(lambda: not player.playing)
    assert player.position == pytest.approx(5.0)


def test_at_the_edge_it_fades_waits_and_goes_on_by_itself(
    playing: tuple[Player, FakeSoundDevice], qtbot: QtBot
) -> None:
    """Breaks when the wait clicks, stops for good, skips a sample, or alters any but those in the two ramps."""
    player, device = playing
    edge = 2 * RATE
    player.set_timeline(Growing(edge), growing=True)
    player.seek(1.0)
    player.play()
    (stream,) = device.streams
    pull(player, stream, RATE + 3 * 441, qtbot)
    qtbot.waitUntil(lambda: player.waiting)
    assert player.playing and player.position == pytest.approx(2.0)
    pull(player, stream, 5 * 441, qtbot)
    player.set_timeline(Growing(len(MUSIC)), growing=False)
    feed = player._feed
    assert feed is not None
    qtbot.waitUntil(lambda: feed.ring.ready > 0)
    silent = sum(len(block) for block in stream.got) - RATE
    pull(player, stream, 3 * RATE + 441, qtbot)
    heard = stream.heard()
    want = np.concatenate([MUSIC[RATE:edge], np.zeros(silent, np.float32), MUSIC[edge:]])
    want[RATE - RAMP : RATE] *= 1 - rise(RAMP)
    want[RATE + silent : RATE + silent + RAMP] *= rise(RAMP)
    np.testing.assert_array_equal(heard[: len(want)], want)
    assert np.abs(np.diff(want)).max() <= STEEPEST
    qtbot.waitUntil(lambda: not player.playing)
    assert not player.waiting and player.position == pytest.approx(5.0)


@pytest.mark.parametrize("end", [2 * RATE, 2 * RATE - 1000])
def test_a_run_that_ends_while_it_waits_stops_it_at_the_end(
    playing: tuple[Player, FakeSoundDevice], qtbot: QtBot, end: int
) -> None:
    """Breaks when a cancelled run leaves it waiting for ever, or what comes to nothing sends it back unasked."""
    player, device = playing
    player.set_timeline(Growing(2 * RATE), growing=True)
    player.seek(1.5)
    player.play()
    (stream,) = device.streams
    pull(player, stream, RATE, qtbot)
    qtbot.waitUntil(lambda: player.waiting)
    player.set_timeline(Growing(end))
    qtbot.waitUntil(lambda: not player.playing)
    assert not player.waiting
    assert player.position == pytest.approx(2.0 if end == 2 * RATE else 0.0)


def test_play_at_the_edge_waits_there(playing: tuple[Player, FakeSoundDevice], qtbot: QtBot) -> None:
    """Breaks when Play at the end of what is there so far starts over instead of waiting for what comes."""
    player, device = playing
    player.set_timeline(Growing(RATE), growing=True)
    player.seek(1.0)
    player.play()
    (stream,) = device.streams
    pull(player, stream, 441, qtbot)
    qtbot.waitUntil(lambda: player.waiting)
    assert not stream.heard().any()
    player.pause()
    assert not player.waiting


def test_what_a_window_revises_is_gone_over_to_without_a_click(
    playing: tuple[Player, FakeSoundDevice], qtbot: QtBot
) -> None:
    """Breaks when a level that moves with the next window (the peak limit does that) clicks while it plays."""
    player, device = playing
    player.set_timeline(Growing(4 * RATE), growing=True)
    player.play()
    (stream,) = device.streams
    for gain in (0.5, 0.9, 0.4):
        pull(player, stream, RATE // 2, qtbot)
        player.set_timeline(Growing(4 * RATE, MUSIC * np.float32(gain)), growing=True)
        qtbot.wait(60)
    pull(player, stream, RATE, qtbot)
    heard = stream.heard()
    assert np.abs(np.diff(heard)).max() <= STEEPEST
    assert (heard[-400:] == (MUSIC * np.float32(0.4))[len(heard) - 400 : len(heard)]).all()
    player.close()


def test_a_wait_at_another_rate_does_not_click(qapp: object, qtbot: QtBot) -> None:
    """Breaks when a card that resamples loses the resampler's last samples at the edge, or starts it with a jump."""
    device = FakeSoundDevice(refuse_rate=RATE)
    player = make_player(device)
    player.set_timeline(Growing(2 * RATE), growing=True)
    player.seek(1.0)
    player.play()
    (stream,) = device.streams
    pull(player, stream, 50_000, qtbot, block=960)
    qtbot.waitUntil(lambda: player.waiting)
    heard = stream.heard()
    sounding = np.flatnonzero(np.abs(heard) > 1e-4)
    assert sounding[-1] == pytest.approx(48_000, abs=150)  # the last of it is almost faded
    player.set_timeline(Growing(len(MUSIC)))
    pull(player, stream, 48_000, qtbot, block=960)
    assert np.abs(np.diff(stream.heard())[200:]).max() <= STEEPEST  # behind where Play began, amid the music
    player.close()


@pytest.mark.parametrize("region", [(1.0, 1.5), (0.0, 0.3), (1.95, 2.0)])
def test_a_loop_region_wraps_in_a_crossfade(
    playing: tuple[Player, FakeSoundDevice], qtbot: QtBot, region: tuple[float, float]
) -> None:
    """Breaks when the loop clicks, drifts against its length, or alters anything outside the ramp before its end."""
    player, device = playing
    player.set_timeline(Growing(2 * RATE))
    player.set_loop(True)
    player.set_region(region)
    player.play()
    (stream,) = device.streams
    begin, end = (round(seconds * RATE) for seconds in region)
    assert player.position == pytest.approx(region[0], abs=1 / RATE)
    ramp = min(RAMP, (end - begin) // 2)
    once = MUSIC[begin:end].copy()
    lead = np.zeros(ramp, np.float32) if begin == 0 else MUSIC[begin - ramp : begin]
    once[-ramp:] += (lead - once[-ramp:]) * rise(ramp)
    pull(player, stream, 3 * len(once), qtbot)
    heard = stream.heard()[: 3 * len(once)]
    np.testing.assert_array_equal(heard, np.tile(once, 3))
    if begin:
        assert np.abs(np.diff(heard)).max() <= STEEPEST
    qtbot.waitUntil(lambda: region[0] <= player.position <= region[1])
    player.close()


def test_a_region_set_behind_the_playhead_is_gone_into(playing: tuple[Player, FakeSoundDevice], qtbot: QtBot) -> None:
    """Breaks when a region that is dragged while it plays is heard only after the end, or with a click."""
    player, device = playing
    player.set_timeline(Growing(5 * RATE))
    player.set_loop(True)
    player.seek(3.0)
    player.play()
    (stream,) = device.streams
    pull(player, stream, 4410, qtbot)
    feed = player._feed
    assert feed is not None
    player.set_region((1.0, 1.5))
    qtbot.waitUntil(lambda: feed.programme.loop == (RATE, RATE + RATE // 2))
    pull(player, stream, RATE, qtbot)
    assert np.abs(np.diff(stream.heard())).max() <= STEEPEST
    qtbot.waitUntil(lambda: 1.0 <= player.position <= 1.5)
    player.set_region(None)
    qtbot.waitUntil(lambda: feed.programme.loop == (0, 5 * RATE))
    pull(player, stream, RATE, qtbot)
    qtbot.waitUntil(lambda: player.position > 1.6)
    player.close()


ALSA = """
import time
from PySide6.QtCore import QCoreApplication
from pianodiff_gui.sound.player import Player
from tests.pianodiff_gui.sound.test_growing import MUSIC, RATE, Growing

app = QCoreApplication([])
player = Player()
problem = player.card.unavailable()
if problem:
    raise SystemExit(f"SKIP {problem}")

def work_until(reached):
    end = time.monotonic() + 20
    while not reached() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)

player.set_timeline(Growing(2 * RATE), growing=True)
player.play()
work_until(lambda: player.waiting)
player.set_timeline(Growing(len(MUSIC)))
work_until(lambda: not player.playing)
print("END", player.position)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ALSA is Linux's")
def test_through_portaudio_only_the_ramps_at_the_wait_differ(tmp_path: Path, repository: Path) -> None:
    """Breaks when the real audio library gets other samples than the music, but for the two ramps at a wait."""
    played, config = tmp_path / "played.raw", tmp_path / "asound.conf"
    config.write_text(
        "pcm.!default { type plug slave.pcm { type file format raw file "
        f'"{played}" slave.pcm {{ type null }} }} slave.format FLOAT_LE hint {{ show on description "test" }} }}\n'
    )
    result = subprocess.run(
        [sys.executable, "-c", ALSA],
        env={**os.environ, "ALSA_CONFIG_PATH": str(config), "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=repository,
    )
    if "SKIP" in result.stderr:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0 and "END 5.0" in result.stdout, result.stderr
    want = MUSIC.copy()
    want[2 * RATE - RAMP : 2 * RATE] *= 1 - rise(RAMP)
    want[2 * RATE : 2 * RATE + RAMP] *= rise(RAMP)
    left = np.fromfile(played, np.float32).reshape(-1, 2)[:, 0]
    # This card takes samples faster than real time, so silence comes in between wherever the reader falls behind.
    np.testing.assert_array_equal(left[left != 0], want[want != 0])
