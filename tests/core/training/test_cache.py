"""The cache of decoded audio: made once, whole or not at all, and anew when the folder changes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.errors import AudioError
from core.training.cache import load_corpus
from tests.core.tones import chord
from tests.core.training.corpora import RATE, contents


def test_files_are_found_everywhere_and_of_every_kind(tmp_path: Path) -> None:
    """Subfolders, links to other disks, capital suffixes, less usual containers; a link back up is not followed."""
    music, other = tmp_path / "music", tmp_path / "other disk"
    (music / "deep" / "er").mkdir(parents=True)
    other.mkdir()
    samples = chord(0.5, RATE)[0]
    soundfile.write(music / "A.WAV", samples, RATE)
    soundfile.write(music / "deep" / "er" / "b.flac", samples, RATE)
    soundfile.write(music / "c.caf", samples, RATE)
    soundfile.write(music / "d.ogg", samples, RATE)
    soundfile.write(music / "._A.wav", samples, RATE)
    soundfile.write(other / "e.aiff", samples, RATE)
    (music / "notes.txt").write_text("no audio")
    (music / "link").symlink_to(other)
    (music / "deep" / "up").symlink_to(music)
    corpus = load_corpus(music, tmp_path / "cache", RATE, 0.1)
    assert corpus.files == ("A.WAV", "c.caf", "d.ogg", "deep/er/b.flac", "link/e.aiff")
    assert not corpus.skipped


def test_nothing_usable_is_an_error_that_says_why(tmp_path: Path) -> None:
    """Hours later is too late."""
    cache = tmp_path / "cache"
    with pytest.raises(AudioError, match=r"No audio files under .*wav, flac"):
        load_corpus(tmp_path, cache, RATE, 0.1)
    with pytest.raises(AudioError, match="There is no folder or file"):
        load_corpus(tmp_path / "nowhere", cache, RATE, 0.1)
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    with pytest.raises(AudioError, match=r"The file cannot be used: silence\.wav is silent"):
        load_corpus(tmp_path, cache, RATE, 0.1)
    (tmp_path / "text.wav").write_text("this is no audio")
    with pytest.raises(AudioError, match=r"None of the 2 audio files .* can be used: silence\.wav is silent"):
        load_corpus(tmp_path, cache, RATE, 0.1)
    assert not list(cache.iterdir())


def test_decoding_happens_once_and_reports_progress(folder: Path, tmp_path: Path) -> None:
    """A gigabyte of audio takes minutes, once; whoever waits sees it move."""
    calls: list[tuple[int, int]] = []
    first = load_corpus(folder, tmp_path / "cache", RATE, 0.1, lambda done, files: calls.append((done, files)))
    assert calls == [(0, 3), (1, 3), (2, 3), (3, 3)]
    again = load_corpus(folder, tmp_path / "cache", RATE, 0.1, lambda *_: pytest.fail("decoded twice"))
    assert again.audio == first.audio and len(list((tmp_path / "cache").iterdir())) == 1
    assert all(np.array_equal(a, b) for a, b in zip(contents(first), contents(again), strict=True))


def test_a_changed_folder_rate_or_level_is_decoded_anew(folder: Path, tmp_path: Path) -> None:
    """Yesterday's folder must not be trained on under today's name."""
    cache = tmp_path / "cache"
    keys = {load_corpus(folder, cache, RATE, 0.1).audio}
    keys.add(load_corpus(folder, cache, 16000, 0.1).audio)
    keys.add(load_corpus(folder, cache, RATE, 0.05).audio)
    os.utime(folder / "long.wav", ns=(1, 1))
    keys.add(load_corpus(folder, cache, RATE, 0.1).audio)
    (folder / "long.wav").rename(folder / "renamed.wav")
    keys.add(load_corpus(folder, cache, RATE, 0.1).audio)
    assert len(keys) == 5


def test_folders_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    """Archives often give all files one date: 0001.wav of two of them differ in nothing but their place."""
    firsts = []
    for place, frequency in (("one", 1.0), ("two", 2.0)):
        (tmp_path / place).mkdir()
        tone = np.sin(frequency * np.arange(RATE))
        soundfile.write(tmp_path / place / "0001.wav", tone, RATE)
        os.utime(tmp_path / place / "0001.wav", ns=(1, 1))
        firsts.append(contents(load_corpus(tmp_path / place, tmp_path / "cache", RATE, 0.1))[0])
    assert not np.array_equal(firsts[0], firsts[1])


@pytest.mark.parametrize("damage", ["cut", "empty", "mark", "index"])
def test_a_damaged_cache_is_decoded_anew(folder: Path, tmp_path: Path, damage: str) -> None:
    """A disk that was full, a copy that stopped: it must not become training data."""
    corpus = load_corpus(folder, tmp_path / "cache", RATE, 0.1)
    whole = corpus.audio.read_bytes()
    broken = {
        "cut": whole[1000:],
        "empty": b"",
        "mark": whole[:-1] + b"?",
        "index": whole.replace(b'"bounds"', b"]bounds]"),
    }[damage]
    corpus.audio.write_bytes(broken)
    load_corpus(folder, tmp_path / "cache", RATE, 0.1)
    assert corpus.audio.read_bytes() == whole


def test_an_interrupted_decode_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    """Ctrl-C in the middle of a long decode."""

    def stop(done: int, files: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_corpus(folder, tmp_path / "cache", RATE, 0.1, stop)
    assert not list((tmp_path / "cache").iterdir())


def test_a_killed_decode_leaves_nothing_that_looks_finished(
    folder: Path, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed without a chance to tidy up: the next start decodes, and removes the rest once it is surely nobody's."""
    cache = tmp_path / "cache"
    script = (
        "import os, signal, sys; from pathlib import Path; from core.training.cache import load_corpus\n"
        "die = lambda done, files: os.kill(os.getpid(), signal.SIGTERM) if done == 2 else None\n"
        "load_corpus(Path(sys.argv[1]), Path(sys.argv[2]), 22050, 0.1, die)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(folder), str(cache)], cwd=repository, check=False)
    assert killed.returncode != 0
    (left,) = cache.iterdir()
    assert left.name.startswith(".") and left.suffix == ".part"
    corpus = load_corpus(folder, cache, RATE, 0.1)
    assert corpus.audio.exists() and left.exists(), "another process could be writing it"
    os.utime(left, (0, 0))
    load_corpus(folder, cache, 16000, 0.1)
    assert not left.exists()


def test_processes_that_decode_at_once_agree(folder: Path, tmp_path: Path, repository: Path) -> None:
    """Ranks of one training on one machine: each gets the whole corpus, the same, also in another process."""
    script = (
        "import hashlib, sys; from pathlib import Path; import numpy as np\n"
        "from core.training.augmentation import Augmentation; from core.training.cache import load_corpus\n"
        "sys.stdin.readline()\n"
        "corpus = load_corpus(Path(sys.argv[1]), Path(sys.argv[2]), 22050, 0.1)\n"
        "rng = np.random.default_rng(5)\n"
        "crops = [corpus.crop(9000, rng) for _ in range(20)]\n"
        "crops += [Augmentation(22050).draw(corpus, 9000, rng).audio for _ in range(20)]\n"
        "print(hashlib.sha256(np.stack(crops).tobytes()).hexdigest())"
    )
    command = [sys.executable, "-c", script, str(folder), str(tmp_path / "cache")]
    processes = [
        subprocess.Popen(command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:  # let go once both were started
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate()[0].strip() for process in processes]
    assert len(set(answers)) == 1 and len(answers[0]) == 64
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_full_disk_is_said_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for it: the system answers writes in the same way."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(AudioError, match=r"no room in .*cache for the decoded audio .* Free some space"):
            load_corpus(folder, tmp_path / "cache", RATE, 0.1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list((tmp_path / "cache").iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(AudioError, match="can't be written"):
        load_corpus(folder, tmp_path / "file" / "cache", RATE, 0.1)
