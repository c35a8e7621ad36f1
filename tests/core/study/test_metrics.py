"""What each figure can tell, and what it can't, as its docstring says."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from core.audio.signal import FloatArray, resample
from core.study.features import RATE, Sound
from core.study.frechet import FrechetFigures, Moments, mel_frames
from core.study.metrics import COLUMNS, Column, Context, measure, raw_level_difference
from tests.core.study.material import Piece, piece
from tests.core.tones import melody

PIECES = tuple(range(6))
SOUND = [column for column in COLUMNS if column.kind == "sound"]
BY_NAME = {column.name: column for column in COLUMNS}

Way = Callable[[Piece], FloatArray]
_WAYS: tuple[Way, Way, Way] = (lambda p: p.another, lambda p: p.noisy_loop(), lambda p: p.noise)
# These two judge levels only, and pass noise of the right one (see below), so theirs are wrong.
_WRONG_LEVELS: tuple[Way, Way, Way] = (lambda p: p.another, lambda p: 0.5 * p.noisy_loop(), lambda p: 4.0 * p.noise)
# A loop is in tune with itself: this one is played 40 cents too high.
_OUT_OF_TUNE: tuple[Way, Way, Way] = (lambda p: p.another, lambda p: detuned(p.noisy_loop(-25.0)), lambda p: p.noise)
_WAYS_OF = {"level_db": _WRONG_LEVELS, "ks": _WRONG_LEVELS, "cents": _OUT_OF_TUNE}


def detuned(samples: FloatArray) -> FloatArray:
    """40 cents higher."""
    return resample(samples[None], RATE * 2 ** (40 / 1200), RATE)[0]


def value(name: str, context: Context, new: FloatArray) -> float:
    measured = BY_NAME[name].measure
    assert measured is not None
    return measured(context, Sound(new))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here looks at the Frechet intervals, which take most of the time."""
    monkeypatch.setattr("core.study.frechet.RESAMPLES", 2)


@cache
def set_figures(way: Way) -> dict[str, float]:
    """The Frechet figures of a way on for all pieces."""
    contexts = [piece(k).context for k in PIECES]
    true = Moments.of([mel_frames(c.true, c.known) for c in contexts], PIECES)
    ours = [mel_frames(Sound(way(piece(k))), c.known) for k, c in zip(PIECES, contexts, strict=True)]
    figures = FrechetFigures(true, seed=0).of(Moments.of(ours, PIECES))
    return {name: figure for name, (figure, _) in figures.items()}


def the_truth(p: Piece) -> FloatArray:
    return p.true


def distance(column: Column, way: Way) -> float:
    """How far `way` is from what followed by this figure: the median over pieces, or that of the set."""
    if column.kind == "set":
        return column.distance(set_figures(way)[column.name], set_figures(the_truth)[column.name])
    pairs = [(value(column.name, p.context, way(p)), value(column.name, p.context, p.true)) for p in map(piece, PIECES)]
    return float(np.median([column.distance(ours, true) for ours, true in pairs if math.isfinite(true)]))


@pytest.mark.parametrize("column", [c for c in COLUMNS if c.kind in ("sound", "set")], ids=lambda c: c.name)
def test_true_music_above_a_noisy_loop_above_noise(column: Column) -> None:
    """Another true continuation is nearest to the one that followed, noise farthest from it."""
    another, looped, noise = (distance(column, way) for way in _WAYS_OF.get(column.name, _WAYS))
    assert another < looped < noise


@pytest.mark.parametrize("column", SOUND, ids=lambda c: c.name)
def test_every_figure_says_what_it_cannot_tell(column: Column) -> None:
    assert column.measure is not None and column.measure.__doc__ is not None
    assert "Tells" in column.measure.__doc__ and "Can't tell" in column.measure.__doc__


@pytest.mark.parametrize("name", ["level_db", "ks"])
def test_noise_of_the_right_level_passes(name: str) -> None:
    """As their docstrings warn: by these, noise is nearer the truth than a loop at half the level."""
    column = BY_NAME[name]
    assert distance(column, lambda p: p.noise) < 0.5 * distance(column, lambda p: 0.5 * p.looped)


def test_a_loop_passes_for_in_tune() -> None:
    column = BY_NAME["cents"]
    assert distance(column, lambda p: p.looped) < 0.25 * distance(column, lambda p: detuned(p.looped))


def test_level_is_in_decibels() -> None:
    p = piece(0)
    assert value("level_db", p.context, p.known) == pytest.approx(0.0, abs=1e-6)
    assert value("level_db", p.context, 0.1 * p.known) == pytest.approx(-20.0, abs=1e-4)


def test_raw_level_is_against_the_truth() -> None:
    """Breaks when what wasn't kept, or was silent, is taken for a level."""
    tone = (0.1 * np.sin(2 * np.pi * 441.0 * np.arange(RATE) / RATE)).astype(np.float32)
    context = Context(tone, 0.5 * tone)
    assert raw_level_difference(context, 0.05 / math.sqrt(2)) == pytest.approx(0.0, abs=1e-3)
    assert raw_level_difference(context, 0.5 / math.sqrt(2)) == pytest.approx(20.0, abs=1e-3)
    assert math.isnan(raw_level_difference(context, 0.0)) and math.isnan(raw_level_difference(context, math.nan))


def test_the_floor_is_between_the_partials() -> None:
    """Fog 40 dB below the notes is far above what is between them, and hardly moves any other level."""
    p = piece(1)
    fog = 0.01 * p.noise
    assert value("floor_db", p.context, p.true) == 0.0
    assert value("floor_db", p.context, p.true + fog) > 6.0
    assert abs(value("level_db", p.context, p.true + fog) - value("level_db", p.context, p.true)) < 0.1


def test_spectrum_is_blind_to_level_and_to_order() -> None:
    p = piece(1)
    assert value("spectrum_db", p.context, p.true) == 0.0
    assert value("spectrum_db", p.context, 0.1 * p.true) == pytest.approx(0.0, abs=1e-3)
    assert value("spectrum_db", p.context, p.true[::-1]) < 1.5
    assert value("spectrum_db", p.context, piece(2).true) > 3.0


def test_spectrum_distance_of_a_known_tilt() -> None:
    """Half of the bands 20 dB down is, after levelling, an RMS that can be worked out."""
    noise = Sound(np.random.default_rng(0).standard_normal(8 * RATE).astype(np.float32))
    spectrum = np.fft.rfft(noise.samples)
    hertz = np.fft.rfftfreq(noise.samples.size, 1 / RATE)
    edge = 1000.0 * 2 ** (-1.5 / 3)  # between the 12 bands below and the 12 above
    tilted = Sound(np.fft.irfft(spectrum * np.where(hertz < edge, 0.1, 1.0)).astype(np.float32))
    bands = noise.third_octaves
    kept = np.concatenate([0.01 * bands[:12], bands[12:]])
    shift = 10 * np.log10(bands.sum() / kept.sum())
    expected = np.sqrt((12 * (20 - shift) ** 2 + 12 * shift**2) / 24)
    context = Context(noise.samples, noise.samples)
    assert value("spectrum_db", context, tilted.samples) == pytest.approx(expected, abs=0.3)


def test_a_held_tone_is_all_voiced() -> None:
    tone = (0.1 * np.sin(2 * np.pi * 440.0 * np.arange(2 * RATE) / RATE)).astype(np.float32)
    assert value("voiced", piece(0).context, tone) > 0.95


def tuned(cents: float, notes: list[str]) -> FloatArray:
    """A melody whose every pitch is so many cents above A4 = 440 Hz's grid."""
    return melody(notes, 0.5, round(RATE / 2 ** (cents / 1200)))


def test_cents_are_off_the_clips_own_tuning() -> None:
    """A piano 35 cents sharp is in tune with itself; notes between its keys are off by as much as they are."""
    known = tuned(35.0, ["A3", "C4", "E4", "A4", "G4", "E4", "D4", "C4"])
    context = Context(known, known)
    assert context.tuning_cents == pytest.approx(35.0, abs=4.0)
    assert value("cents", context, tuned(35.0, ["F4", "D4", "B3", "G4"])) < 5.0
    assert value("cents", context, tuned(0.0, ["F4", "D4", "B3", "G4"])) == pytest.approx(35.0, abs=5.0)
    assert value("cents", context, tuned(80.0, ["F4", "D4", "B3", "G4"])) == pytest.approx(45.0, abs=5.0)


def test_a_tuning_on_the_edge_of_the_grid() -> None:
    """Half-way between two keys of 440 Hz, +49 and -49 cents are neighbours, not opposites."""
    known = np.concatenate([tuned(48.0, ["A3", "C4", "E4"]), tuned(52.0, ["A4", "G4", "E4"])])
    context = Context(known, known)
    assert abs(abs(context.tuning_cents) - 50.0) < 5.0
    assert value("cents", context, tuned(50.0, ["F4", "D4"])) < 5.0


def test_wrong_notes_are_in_tune() -> None:
    known = melody(["C4", "E4", "G4", "C5"], 0.5)
    assert value("cents", Context(known, known), melody(["F#4", "C#4", "A#3"], 0.5)) < 5.0


def test_no_pitch_gives_no_cents() -> None:
    tones, noise = melody(["C4", "E4"], 0.5), piece(0).noise
    assert math.isnan(value("cents", Context(tones, tones), noise))
    assert math.isnan(value("cents", Context(noise, noise), tones))


def test_onset_ratio_counts_what_begins() -> None:
    """4 notes against 8, with the halves; a click counts as a note, and so does the known part's being cut off."""
    known, true = melody(["C4"] * 8, 0.25), melody(["E4", "G4"] * 4, 0.25)
    context = Context(known, true)
    assert value("onsets", context, true) == 1.0
    assert value("onsets", context, melody(["E4", "G4"] * 2, 0.5)) == pytest.approx(4.5 / 8.5)
    assert value("onsets", context, np.zeros(true.size, np.float32)) == pytest.approx(1.5 / 8.5)
    clicked = melody(["E4", "G4"] * 2, 0.5)
    clicked[round(0.25 * RATE)] += 0.9
    assert value("onsets", context, clicked) == pytest.approx(5.5 / 8.5)


def test_chroma_knows_the_key_but_not_the_order() -> None:
    known = melody(["C4", "E4", "G4", "C5", "E4", "G4"], 0.5)
    context = Context(known, known)
    same = value("chroma", context, melody(["G4", "C4", "E4", "C5"], 0.5))
    other = value("chroma", context, melody(["G#4", "C#4", "F4", "C#5"], 0.5))
    assert same > 0.8 and other < 0.2


def test_seam_is_heard_only_where_it_bends() -> None:
    tone = (0.1 * np.sin(2 * np.pi * 300.0 * np.arange(2 * RATE) / RATE)).astype(np.float32)
    known, new = tone[:RATE], tone[RATE:]
    context = Context(known, new)
    assert value("seam", context, new) <= 1.01
    assert value("seam", context, new + np.float32(0.05)) > 10.0


def test_copying_finds_a_copy_at_any_level_and_place() -> None:
    p = piece(3)
    copied = p.another.copy()
    copied[20_000:40_000] = 0.2 * p.known[31_234:51_234]
    assert value("copying", p.context, copied) > 0.95
    assert value("copying", p.context, p.looped) == pytest.approx(1.0, abs=1e-4)
    assert value("copying", p.context, p.noise) < 0.1


def test_copying_by_its_definition() -> None:
    """Against the correlation written out, on stretches short enough for it."""
    rng = np.random.default_rng(4)
    known, new = (np.convolve(rng.standard_normal(3000), np.ones(8), "same").astype(np.float32) for _ in range(2))
    new = new[:1000]
    windows = np.lib.stride_tricks.sliding_window_view(known.astype(np.float64), 1000)
    expected = np.max(np.abs(windows @ new) / np.linalg.norm(windows, axis=1) / np.linalg.norm(new))
    assert value("copying", Context(known, new), new) == pytest.approx(expected, rel=1e-6)


def test_copying_misses_a_transposed_copy() -> None:
    known = melody(["C4", "E4", "G4", "C5"], 0.5)
    assert value("copying", Context(known, known), melody(["D4", "F#4", "A4", "D5"], 0.5)) < 0.5


def test_silence_has_few_figures_and_makes_no_fuss() -> None:
    p = piece(0)
    figures = measure(p.context, Sound(np.zeros_like(p.true)))
    missing = {name for name, figure in figures.items() if math.isnan(figure)}
    assert missing == {"level_db", "spectrum_db", "flatness", "cents", "chroma", "copying"}
    assert figures["voiced"] == 0.0 and figures["ks"] > 0.4


def test_distance_from_the_truth() -> None:
    assert BY_NAME["voiced"].distance(0.2, 0.5) == pytest.approx(0.3)
    assert BY_NAME["flatness"].distance(1e-4, 1e-5) == BY_NAME["flatness"].distance(1e-6, 1e-5)
    assert BY_NAME["voiced"].distance(math.nan, 0.5) == math.inf
