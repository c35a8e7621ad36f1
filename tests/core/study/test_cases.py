"""Which stretches are chosen, and how they are read."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core.errors import AudioError
from core.study.cases import Case, Clip, choose_cases, find_clips
from core.study.features import RATE
from tests.core.study.conftest import write_clip


def test_folders_are_searched_and_files_taken(tmp_path: Path) -> None:
    for name in ("b.wav", "a.flac", "deep/er/c.wav", ".hidden/d.wav"):
        write_clip(tmp_path / "clips" / name, 0, 1.0)
    (tmp_path / "clips" / "notes.txt").write_text("no audio")
    single = write_clip(tmp_path / "single.wav", 1, 1.0)
    clips, skipped = find_clips([tmp_path / "clips", single, single], leave_out=tmp_path / "out")
    assert [clip.path.name for clip in clips] == ["a.flac", "b.wav", "c.wav", "single.wav"]
    assert not skipped


def test_results_are_never_taken_for_clips(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.wav", 0, 1.0)
    write_clip(tmp_path / "out" / "cases" / "made.wav", 0, 1.0)
    clips, _ = find_clips([tmp_path], leave_out=tmp_path / "out")
    assert [clip.path.name for clip in clips] == ["a.wav"]


def test_a_damaged_file_is_left_out_of_a_folder_and_refused_by_name(tmp_path: Path) -> None:
    write_clip(tmp_path / "good.wav", 0, 1.0)
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFF and nothing more")
    clips, skipped = find_clips([tmp_path], leave_out=tmp_path / "out")
    assert [clip.path.name for clip in clips] == ["good.wav"]
    assert str(skipped[0]).startswith("bad.wav is left out: ")
    with pytest.raises(AudioError, match="damaged"):
        find_clips([bad], leave_out=tmp_path / "out")


def test_nothing_to_find(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="holds no audio files"):
        find_clips([tmp_path], leave_out=tmp_path / "out")
    with pytest.raises(AudioError, match="no file or folder"):
        find_clips([tmp_path / "nowhere"], leave_out=tmp_path / "out")


def folder_of(folder: Path, seconds: list[float]) -> list[Clip]:
    return [Clip(write_clip(folder / f"{k:02d}.wav", k, length), length) for k, length in enumerate(seconds)]


def test_cases_are_spread_evenly_over_long_enough_clips(tmp_path: Path) -> None:
    clips = folder_of(tmp_path, [2.0, 1.0, 2.0, 2.0, 2.0, 2.0])
    cases, skipped = choose_cases(clips, 3, 1, begin=0.5, known=1.0, new=0.5)
    assert [case.clip.stem for case in cases] == ["00", "03", "05"]
    assert not skipped


def test_a_second_cut_lies_behind_the_first(tmp_path: Path) -> None:
    """In the middle of what is left, without touching the first one or the end; short clips have none."""
    clips = folder_of(tmp_path, [2.0, 7.5])
    cases, _ = choose_cases(clips, 3, 2, begin=0.5, known=1.0, new=0.5)
    assert [(case.clip.stem, case.begin_seconds) for case in cases] == [("00", 0.5), ("01", 0.5), ("01", 4.0)]
    assert cases[0].seed(1) != cases[1].seed(1) != cases[2].seed(1)


def test_too_few_says_how_many_there_are(tmp_path: Path) -> None:
    clips = folder_of(tmp_path, [2.0, 1.0, 2.0])
    with pytest.raises(AudioError, match=r"only 2 cases to offer, not the 4 asked for: of 3 clips, 2 have the 2 s"):
        choose_cases(clips, 4, 1, begin=0.5, known=1.0, new=0.5)


@pytest.mark.parametrize(("begin", "name"), [(0.5, "known part"), (1.5, "true continuation")])
def test_silence_is_left_out_and_said(tmp_path: Path, begin: float, name: str) -> None:
    clips = folder_of(tmp_path, [2.0, 2.0])
    samples, rate = sf.read(clips[0].path)
    samples[round(begin * rate) :][: rate if begin == 0.5 else rate // 2] = 0.0
    sf.write(clips[0].path, samples, rate)
    cases, skipped = choose_cases(clips, 2, 1, begin=0.5, known=1.0, new=0.5)
    assert [case.clip.stem for case in cases] == ["01"]
    assert str(skipped[0]) == f"00.wav is left out: its {name} from 0.5 s on is silent."
    with pytest.raises(AudioError, match="None of the 1 chosen cases can be used"):
        choose_cases(clips[:1], 1, 1, begin=0.5, known=1.0, new=0.5)


def test_samples_that_are_no_numbers_are_left_out_and_said(tmp_path: Path) -> None:
    clips = folder_of(tmp_path, [2.0, 2.0])
    samples, rate = sf.read(clips[0].path)
    samples[rate] = np.nan
    sf.write(clips[0].path, samples, rate, subtype="FLOAT")
    _, skipped = choose_cases(clips, 2, 1, begin=0.5, known=1.0, new=0.5)
    assert "not a number" in str(skipped[0]) and "00.wav" in str(skipped[0])


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (48_000, 1), (8_000, 1), (RATE, 1)])
def test_any_clip_becomes_one_channel_at_one_rate(tmp_path: Path, rate: int, channels: int) -> None:
    path = write_clip(tmp_path / "clip.wav", 0, 2.0, rate, channels)
    case = Case(path, "", begin_seconds=0.25, known_seconds=1.0, new_seconds=0.5)
    known, true = case.read()
    assert known.shape == (RATE,) and true.shape == (RATE // 2,)
    whole, _ = sf.read(path, always_2d=True)
    stretch = whole.mean(axis=1)[round(0.25 * rate) :][: round(1.5 * rate)]
    level = np.sqrt(np.mean(np.concatenate([known, true]) ** 2))
    assert level == pytest.approx(np.sqrt(np.mean(stretch**2)), rel=0.02)


def test_a_seed_is_the_cases_own_and_always_the_same() -> None:
    """Pinned: another derivation would silently make all kept continuations another experiment."""
    case = Case(Path("a.wav"), "ab" * 32, 2.0, 4.0, 2.0)
    assert case.seed(1) == Case(Path("elsewhere/b.wav"), "ab" * 32, 2.0, 4.0, 3.0).seed(1)
    assert len({case.seed(1), case.seed(2), Case(Path("a.wav"), "ab" * 32, 8.5, 4.0, 2.0).seed(1)}) == 3
    assert case.seed(1) == 2_051_721_559
