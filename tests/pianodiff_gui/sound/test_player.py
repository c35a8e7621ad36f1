"""Playback: what reaches the sound card, sample by sample, and a machine that has none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.audio.opening import open_source
from core.audio.source import Source
from core.extension.settings import Settings
from pianodiff_gui.session.timeline import Stretch, Timeline
from pianodiff_gui.sound.player import Player
from tests.pianodiff_gui.conftest import write_clip
from tests.pianodiff_gui.sound.fake_device import FakeSoundDevice, FakeStream, make_player


@pytest.fixture
def timeline(source: Source) -> Timeline:
    """The clip and a take of constant 0.5."""
    return Timeline(source, (Stretch(np.full((1, 5000), 0.5, np.float32), Settings()),))


def play_all(player: Player, stream: FakeStream, frames: int, qtbot: QtBot, block: int = 700) -> None:
    """Pull `frames` frames as a sound card would, leaving the reader thread time to keep up."""
    for _ in range(0, frames, block):
        feed = player._feed
        if feed is not None:
            qtbot.waitUntil(lambda feed=feed: feed.over or feed.ring.ready >= block)  # type: ignore[misc]
        stream.pull(block)


def test_original_and_extension_play_as_one(qapp: object, qtbot: QtBot, timeline: Timeline) -> None:
    """Breaks when a sample is lost, doubled or altered, above all at the seam."""
    device = FakeSoundDevice()
    player = make_player(device)
    player.set_timeline(timeline)
    player.play()
    (stream,) = device.streams
    assert stream.options["samplerate"] == timeline.sample_rate
    play_all(player, stream, timeline.frames, qtbot)
    want = timeline.read(0, timeline.frames)[0]
    np.testing.assert_array_equal(stream.heard()[: len(want)], want)
    assert not stream.heard()[len(want) :].any()
    qtbot.waitUntil(lambda: not player.playing, timeout=2000)
    assert player.position == pytest.approx(timeline.end_seconds)
    player.play()  # at the end, Play starts over
    assert player.position < 0.1
    player.close()


def test_seeking_while_playing_goes_on_from_there(qapp: object, qtbot: QtBot, timeline: Timeline) -> None:
    """Breaks when a click during playback plays old samples on, or another place."""
    device = FakeSoundDevice()
    player = make_player(device)
    player.set_timeline(timeline)
    player.play()
    (stream,) = device.streams
    stream.pull(500)
    player.seek(1.0)
    stream.pull(500)
    want = timeline.read(timeline.sample_rate, timeline.sample_rate + 500)[0]
    np.testing.assert_array_equal(stream.got[1][:, 0], want)
    player.pause()
    assert not stream.active


def test_loop_starts_over_without_a_gap(qapp: object, qtbot: QtBot, timeline: Timeline) -> None:
    """Breaks when a loop leaves a hole or repeats from elsewhere."""
    device = FakeSoundDevice()
    player = make_player(device)
    player.set_loop(True)
    player.set_timeline(timeline)
    player.seek(timeline.end_seconds - 0.05)
    start = round(player.position * timeline.sample_rate)
    player.play()
    (stream,) = device.streams
    play_all(player, stream, 4200, qtbot)
    whole = timeline.read(0, timeline.frames)[0]
    want = np.concatenate([whole[start:], whole])[:4200]
    np.testing.assert_array_equal(stream.heard()[:4200], want)
    assert player.playing
    player.close()


def test_playhead_follows_what_was_handed_over_and_never_goes_back(
    qapp: object, qtbot: QtBot, timeline: Timeline
) -> None:
    """Breaks when the playhead runs ahead of the sound, or jitters."""
    device = FakeSoundDevice()
    player = make_player(device)
    player.set_timeline(timeline)
    places: list[float] = []
    player.position_changed.connect(places.append)
    player.play()
    (stream,) = device.streams
    for block in range(1, 12):
        stream.pull(1000)
        qtbot.wait(15)
        assert player.position <= block * 1000 / timeline.sample_rate + 1e-6
    assert places == sorted(places)
    assert player.position > 0.3
    player.close()


def test_a_rate_the_card_refuses_is_resampled(qapp: object, qtbot: QtBot, timeline: Timeline) -> None:
    """Breaks when an 8 kHz or 192 kHz file is silent, or plays at the wrong speed."""
    device = FakeSoundDevice(refuse_rate=timeline.sample_rate)
    player = make_player(device)
    player.set_timeline(timeline)
    player.play()
    (stream,) = device.streams
    assert stream.options["samplerate"] == 48_000
    play_all(player, stream, 48_000, qtbot, block=1000)
    heard = stream.heard()[4000:44_000]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * 48_000 / len(heard) == pytest.approx(220, abs=2)
    player.close()


def test_a_new_take_during_playback_is_heard_without_stopping(qapp: object, qtbot: QtBot, timeline: Timeline) -> None:
    """Breaks when a window that is completed while the music plays stops it, or is not played."""
    device = FakeSoundDevice()
    player = make_player(device)
    player.set_timeline(Timeline(timeline.source))
    player.seek(2.9)
    player.play()
    (stream,) = device.streams
    stream.pull(500)
    player.set_timeline(timeline)
    assert player.playing
    play_all(player, stream, 7000, qtbot)
    assert np.count_nonzero(stream.heard() == 0.5) == 5000
    player.close()


def test_a_card_that_cannot_be_opened_is_told(qapp: object, qtbot: QtBot, timeline: Timeline) -> None:
    """Breaks when a device in use by another program raises an error nobody catches."""
    player = make_player(FakeSoundDevice(fail=True))
    player.set_timeline(timeline)
    with qtbot.waitSignal(player.trouble) as told:
        player.play()
    assert "could not be opened" in told.args[0]
    assert not player.playing


def test_a_card_that_goes_away_pauses(qapp: object, qtbot: QtBot, timeline: Timeline) -> None:
    """Breaks when unplugging headphones leaves the window playing for ever."""
    device = FakeSoundDevice()
    player = make_player(device)
    player.set_timeline(timeline)
    player.play()
    device.streams[0].pull(500)
    with qtbot.waitSignal(player.trouble, timeout=2000) as told:
        device.streams[0].active = False
    assert "went away" in told.args[0]
    assert not player.playing


def test_a_file_that_vanishes_while_it_plays_is_told(qapp: object, qtbot: QtBot, tmp_path: Path) -> None:
    """Breaks when a removed memory stick crashes the reader thread or plays silence without a word."""
    path = write_clip(tmp_path / "long.wav", 20.0)
    with open_source(path) as source:
        device = FakeSoundDevice()
        player = make_player(device)
        player.set_timeline(Timeline(source))
        player.play()
        source.close()
        path.unlink()
        with qtbot.waitSignal(player.trouble, timeout=5000) as told:
            for _ in range(150):
                device.streams[0].pull(4000)
                qtbot.wait(2)
        assert "can't be read" in told.args[0]
        assert not player.playing


def test_an_hour_is_not_loaded_to_be_played(qapp: object, qtbot: QtBot, source: Source) -> None:
    """Breaks when playing reads the whole recording: an hour of stereo is 1.3 GB."""
    read = 0

    class Long:
        sample_rate, channels, frames = 44_100, 2, 3600 * 44_100

        def read(self, start: int, stop: int) -> np.ndarray:
            nonlocal read
            read += stop - start
            return np.zeros((2, stop - start), np.float32)

    device = FakeSoundDevice()
    player = make_player(device)
    player.set_timeline(Timeline(Long()))  # type: ignore[arg-type]
    player.play()
    qtbot.wait(200)
    player.close()
    assert 0 < read < 3 * 44_100


ALSA = """
import os, sys, time
import numpy as np
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from core.audio.opening import open_source
from pianodiff_gui.sound.player import Player
from pianodiff_gui.session.timeline import Stretch, Timeline
from core.extension.settings import Settings

app = QCoreApplication([])
source = open_source(Path(sys.argv[1]))
timeline = Timeline(source, (Stretch(np.full((1, 5000), 0.5, np.float32), Settings()),))
player = Player()
problem = player.card.unavailable()
if problem:
    print("SKIP", problem)
    sys.exit(0)
player.set_timeline(timeline)
player.play()
end = time.monotonic() + 30
while player.playing and time.monotonic() < end:
    app.processEvents()
    time.sleep(0.005)
print("END", player.position)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ALSA is Linux's")
def test_through_portaudio_every_sample_arrives(tmp_path: Path, clip: Path, repository: Path) -> None:
    """Breaks when the real audio library gets other samples than the recording and its extension hold."""
    played = tmp_path / "played.raw"
    config = tmp_path / "asound.conf"
    config.write_text(
        "pcm.!default { type plug slave.pcm { type file format raw file "
        f'"{played}" slave.pcm {{ type null }} }} slave.format FLOAT_LE hint {{ show on description "test" }} }}\n'
    )
    result = subprocess.run(
        [sys.executable, "-c", ALSA, str(clip)],
        env={**os.environ, "ALSA_CONFIG_PATH": str(config), "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=repository,
    )
    assert result.returncode == 0, result.stderr
    if "SKIP" in result.stdout:
        pytest.skip(result.stdout.strip())
    stream = np.fromfile(played, np.float32)
    with open_source(clip) as source:
        want = np.concatenate([source.read()[0], np.full(5000, 0.5, np.float32)])
    left = stream.reshape(-1, 2)[:, 0]
    # This card takes samples faster than real time, so the reader falls behind and silence comes in between.
    np.testing.assert_allclose(left[left != 0], want[want != 0], atol=1e-6)
