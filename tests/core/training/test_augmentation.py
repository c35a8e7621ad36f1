"""What is done to crops: each treatment by its measured effect, and by what it must leave alone."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import sosfreqz, welch

from core.errors import SettingsError
from core.training.augmentation import Augmentation, Treatment, _biquad
from core.training.corpus import Corpus
from tests.core.tones import chord
from tests.core.training.corpora import corpus_of

RATE = 22050
SECOND = RATE
PLAIN = Treatment()
ALWAYS = Augmentation(RATE, eq_share=1, room_share=1, detune_share=1, floor_share=1)


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def level_db(samples: NDArray[np.floating]) -> float:
    """RMS in dB of 0.1, the nominal level; -240 for silence."""
    return float(20 * np.log10(max(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) / 0.1, 1e-12)))


def sine(frequency: float, seconds: float, rate: int = RATE) -> NDArray[np.float64]:
    return np.sqrt(2) * 0.1 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def measured(samples: NDArray[np.floating], frequency: float, rate: int = RATE) -> tuple[float, float, float]:
    """Frequency in Hz, amplitude and residual (in dB of it) of the sine within 2 % of `frequency`: least squares."""
    n = np.arange(len(samples)) / rate
    x = np.asarray(samples, np.float64)
    grid = np.fft.rfftfreq(8 * len(x), 1 / rate)
    near = np.abs(grid / frequency - 1) < 0.02
    if near.any():  # the peak of the spectrum, to begin with
        frequency = float(grid[near][np.argmax(np.abs(np.fft.rfft(x * np.hanning(len(x)), 8 * len(x))[near]))])
    for _ in range(8):  # Gauss-Newton on the frequency
        turn = 2 * np.pi * frequency * n
        basis = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        a, b = np.linalg.lstsq(basis, x, rcond=None)[0]
        slope = 2 * np.pi * n * (b * basis[:, 0] - a * basis[:, 1])
        fit = np.linalg.lstsq(np.column_stack([basis, slope]), x, rcond=None)[0]
        frequency += float(fit[2])
    rest = x - basis @ np.array([a, b])
    amplitude = float(np.hypot(a, b))
    return frequency, amplitude, float(20 * np.log10(np.sqrt(np.mean(rest**2) * 2) / amplitude))


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Three files of three decaying chords each, the nominal level on average."""
    folder = tmp_path_factory.mktemp("music")
    return corpus_of(folder / "c", [np.concatenate([chord(3, RATE)[0]] * 3) for _ in range(3)])


@pytest.fixture(scope="module")
def white(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A file of white noise."""
    folder = tmp_path_factory.mktemp("white")
    return corpus_of(folder / "c", [generator().standard_normal(8 * SECOND) * 0.1])


# All together


def test_no_augmentation_is_what_is_on_disk(music: Corpus) -> None:
    """Validation is measured on the recordings as they are."""
    none = Augmentation.none(RATE)
    for length in (1, 1000, 2 * SECOND, 20 * SECOND):
        rng, same = generator(), generator()
        none.choose(same)
        assert np.array_equal(none.draw(music, length, rng).audio, music.crop(length, same))


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("seconds", [[0.001], [0.3], [3.0], [0.2] * 14, [9.0]])
def test_any_length_of_any_file_comes_out_finite(tmp_path: Path, rate: int, seconds: list[float]) -> None:
    """Sub-second files, crops longer than the file, odd lengths: (length,) float32, and never a NaN in a batch."""
    corpus = corpus_of(tmp_path / "c", [chord(s, rate)[0] for s in seconds], sample_rate=rate)
    all_of_it = replace(ALWAYS, sample_rate=rate)
    rng = generator()
    for length in (1, 777, rate, 4 * rate):
        for _ in range(3):
            crop = all_of_it.draw(corpus, length, rng).audio
            assert crop.shape == (length,) and crop.dtype == np.float32 and np.isfinite(crop).all()


def test_silence_stays_finite(tmp_path: Path) -> None:
    """A pause as long as a crop has no level to be brought back to."""
    corpus = corpus_of(tmp_path / "c", [np.zeros(3 * SECOND)])
    rng = generator()
    for _ in range(20):
        crop = ALWAYS.draw(corpus, SECOND, rng).audio
        assert np.isfinite(crop).all() and level_db(crop) < -60


def test_the_level_moves_by_the_gain_only(music: Corpus) -> None:
    """EQ, room, detuning and floor leave it: a network that heard all levels would take none for its own."""
    rng = generator()
    gains = []
    for _ in range(150):
        state = rng.bit_generator.state
        treatment = ALWAYS.choose(rng)
        crop = ALWAYS.render(music, SECOND, treatment, rng).audio
        rng.bit_generator.state = state
        ALWAYS.choose(rng)
        plain = music.crop(SECOND, rng)
        gains.append(level_db(crop) - level_db(plain))
        # The detuned crop is a slightly longer stretch than the plain one, of music that dies away.
        assert gains[-1] == pytest.approx(20 * np.log10(abs(treatment.gain)), abs=0.15)
    assert -3.1 < min(gains) < -2.5 and 2.5 < max(gains) < 3.1


def test_the_same_state_gives_the_same_crop(music: Corpus) -> None:
    """What a training saw can be told from its seed; also after other crops, and whatever was cached in between."""
    first = [ALWAYS.draw(music, SECOND, np.random.default_rng([7, i])).audio for i in range(8)]
    ALWAYS.draw(music, 999, generator())
    again = [ALWAYS.draw(music, SECOND, np.random.default_rng([7, i])).audio for i in reversed(range(8))]
    assert all(np.array_equal(a, b) for a, b in zip(first, reversed(again), strict=True))
    assert not any(np.array_equal(first[0], other) for other in first[1:])


def test_choosing_takes_the_same_draws_whatever_is_chosen() -> None:
    """So the places of the crops do not depend on which amounts are set."""
    states = []
    for kind in (ALWAYS, Augmentation(RATE), Augmentation.none(RATE), Augmentation(48_000, eq_db=12.0)):
        rng = generator()
        for _ in range(50):
            kind.choose(rng)
        states.append(rng.bit_generator.state)
    assert all(state == states[0] for state in states)


def test_shares_are_kept() -> None:
    """Each treatment comes as often as it says, independently of the others."""
    kind = Augmentation(RATE, polarity_share=0.5, eq_share=0.6, room_share=0.3, detune_share=0.4, floor_share=0.2)
    rng = generator()
    drawn = [kind.choose(rng) for _ in range(4000)]
    seen = np.array(
        [[t.gain < 0, bool(t.sections), t.room_seconds > 0, t.cents != 0, t.floor_db is not None] for t in drawn]
    )
    assert np.abs(seen.mean(axis=0) - [0.5, 0.6, 0.3, 0.4, 0.2]).max() < 0.03
    assert np.abs(np.corrcoef(seen.T) - np.eye(5)).max() < 0.06


def test_amounts_reach_their_limits_and_stay_inside() -> None:
    """The documented amounts are what is drawn."""
    rng = generator()
    drawn = [ALWAYS.choose(rng) for _ in range(2000)]

    def spans(values: list[float], low: float, high: float) -> bool:
        slack = 0.02 * (high - low)
        return low <= min(values) < low + slack and high - slack < max(values) <= high

    assert spans([20 * np.log10(abs(t.gain)) for t in drawn], -3, 3)
    assert spans([t.cents for t in drawn], -10, 10)
    assert spans([t.room_seconds for t in drawn], 0.15, 0.6) and spans([t.room_db for t in drawn], -26, -12)
    assert spans([t.floor_db or 0 for t in drawn], -85, -65)
    responses = [20 * np.log10(np.abs(sosfreqz(np.array(t.sections), 64)[1])) for t in drawn]
    assert 14 < np.max(responses) < 16.01 and -16.01 < np.min(responses) < -14, "treble of 12 dB and peak of 4"
    bass = [response[0] for response in responses]
    assert 3.5 < np.max(bass) < 4.5 and -4.5 < np.min(bass) < -3.5, "bass of 4 dB, the treble's shelf leaves it alone"


@pytest.mark.parametrize(
    "wrong",
    [{"eq_share": 1.5}, {"gain_db": -1.0}, {"detune_cents": 300.0}, {"room_seconds": (0.5, 0.1)}, {"sample_rate": 0}],
)
def test_senseless_amounts_are_refused(wrong: dict[str, float]) -> None:
    """Before the training, not in its third hour."""
    with pytest.raises(SettingsError):
        replace(Augmentation(RATE), **wrong)  # type: ignore[arg-type]


def test_nothing_of_another_view_is_heard(tmp_path: Path) -> None:
    """The room and the detuning read beyond the crop, but never into what is held out."""
    corpus = corpus_of(tmp_path / "c", [np.concatenate([np.ones(2 * SECOND), np.zeros(2 * SECOND), np.ones(SECOND)])])
    silent = corpus.stretch(2 * SECOND, 4 * SECOND)
    quiet = replace(ALWAYS, floor_share=0)
    rng = generator()
    assert not any(quiet.draw(silent, SECOND, rng).audio.any() for _ in range(50))


def test_a_crop_takes_milliseconds(music: Corpus) -> None:
    """The data must not hold the training up: 3 to 4 ms of one thread on average; here with room for slow machines."""
    kind = Augmentation(RATE)
    rng = generator()
    times = []
    for _ in range(40):
        began = time.process_time()
        kind.draw(music, 4 * SECOND, rng)
        times.append(time.process_time() - began)
    assert np.median(times) < 0.03


# One by one


def test_gain_and_polarity_are_a_factor(music: Corpus) -> None:
    """Nothing else happens to such a crop: bit for bit the same shape."""
    plain = ALWAYS.render(music, SECOND, PLAIN, generator()).audio
    for gain in (-1.0, 0.75, -1.25):
        crop = ALWAYS.render(music, SECOND, replace(PLAIN, gain=gain), generator()).audio
        assert np.array_equal(crop, plain * np.float32(gain))


@pytest.mark.parametrize(
    ("kind", "frequency", "raised", "kept"),
    [
        ("low shelf", 200.0, (20, 50), (2000, 9000)),
        ("high shelf", 3000.0, (8000, 10_500), (50, 300)),
        ("peak", 1000.0, (1000,), (20, 10_500)),
    ],
)
@pytest.mark.parametrize("db", [-4.0, 4.0])
def test_each_filter_of_the_eq_does_its_part(
    kind: str, frequency: float, raised: tuple[float, ...], kept: tuple[float, ...], db: float
) -> None:
    """A shelf lifts one side by its gain, a peak its middle, and the rest stays."""
    section = np.array([_biquad(kind, RATE, frequency, db, 0.7)])

    def response(at: tuple[float, ...]) -> NDArray[np.float64]:
        return 20 * np.log10(np.abs(sosfreqz(section, np.array(at), fs=RATE)[1]))

    assert np.abs(response(raised) - db).max() < 0.15 and np.abs(response(kept)).max() < 0.15
    assert np.abs(np.roots(section[0, 3:])).max() < 1, "stable"


def test_eq_colours_as_it_says(tmp_path: Path) -> None:
    """Measured on tones: their balance moves by the filters' response, their frequencies do not, nor does the level."""
    tones = (60.0, 250.0, 1000.0, 4000.0, 9000.0)
    corpus = corpus_of(tmp_path / "c", [sum(sine(f, 4) for f in tones) / np.sqrt(len(tones))])
    rng = generator()
    for _ in range(5):
        sections = ALWAYS.choose(rng).sections
        crop = ALWAYS.render(corpus, SECOND, replace(PLAIN, sections=sections), generator()).audio
        plain = corpus.crop(SECOND, generator())
        expected = 20 * np.log10(np.abs(sosfreqz(np.array(sections), np.array(tones), fs=RATE)[1]))
        heard = [
            20 * np.log10(measured(crop, f)[1] / measured(plain, f)[1]) for f in tones
        ]  # other tones are orthogonal over a second
        assert np.ptp(np.array(heard) - expected) < 0.05
        assert all(measured(crop, f)[0] == pytest.approx(f, rel=1e-4) for f in tones)
        assert level_db(crop) == pytest.approx(level_db(plain), abs=0.01)


@pytest.mark.parametrize("decay", [0.15, 0.35, 0.6])
@pytest.mark.parametrize("db", [-26.0, -12.0])
def test_a_room_answers_a_click_by_a_decay(tmp_path: Path, decay: float, db: float) -> None:
    """Decay time by Schroeder's backward integration (T20), energy against the click, and nothing before it."""
    signal = np.zeros(2 * SECOND)
    at = SECOND // 2
    signal[at] = 100
    corpus = corpus_of(tmp_path / "c", [signal])
    times, energies, dark = [], [], []
    for seed in range(12):
        treatment = replace(PLAIN, room_seconds=decay, room_db=db, seed=seed)
        crop = ALWAYS.render(corpus, 2 * SECOND, treatment, generator()).audio.astype(np.float64)
        assert int(np.argmax(np.abs(crop))) == at
        energy = np.square(crop) / crop[at] ** 2
        assert energy[:at].sum() < 1e-9
        assert not (energy[at + round(decay * RATE) + 2 :] > 1e-12).any(), "the room ends"
        backward = np.cumsum(energy[at + 1 :][::-1])[::-1]
        curve = 10 * np.log10(np.maximum(backward / backward[0], 1e-12))
        early, late = np.argmax(curve < -5), np.argmax(curve < -25)
        times.append(3 * (late - early) / RATE)
        energies.append(10 * np.log10(energy[at + 1 :].sum()))
        spectrum = np.abs(np.fft.rfft(crop[at + 1 : at + 1 + round(decay * RATE)])) ** 2
        dark.append(spectrum[-len(spectrum) // 10 :].mean() / spectrum[: len(spectrum) // 10].mean())
    assert np.mean(times) == pytest.approx(decay, rel=0.08)
    assert np.abs(np.array(energies) - db).max() < 0.1
    assert 0.03 < np.mean(dark) < 0.6, "darker than the direct sound"


def test_a_room_sounds_on_from_before_the_crop(tmp_path: Path) -> None:
    """A crop that begins in a pause hears the end of what was played: rooms do not start with the crop."""
    played, pause = generator().standard_normal(SECOND) * 0.1, np.zeros(SECOND)
    corpus = corpus_of(tmp_path / "c", [np.concatenate([played, pause])])
    treatment = replace(PLAIN, room_seconds=0.6, room_db=-12.0)
    tails = []
    for seed in range(60):
        _, start = corpus.place(SECOND // 4, np.random.default_rng(seed))
        crop = ALWAYS.render(corpus, SECOND // 4, treatment, np.random.default_rng(seed)).audio
        if SECOND <= start < SECOND + SECOND // 20:
            tails.append(level_db(crop[: SECOND // 20]))
            assert level_db(crop[-SECOND // 20 :]) < tails[-1]
        elif start > 1.62 * SECOND:
            assert level_db(crop) < -100, "long after, there is none"
    assert tails and min(tails) > -50


@pytest.mark.parametrize("cents", [-10.0, -6.3, -0.7, 0.7, 3.0, 10.0])
@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_detuning_is_exact(tmp_path: Path, cents: float, seconds: float) -> None:
    """Within half a cent at every pitch, at the same amplitude up to 10.5 kHz, and it leaves a pure tone pure."""
    for frequency in (55.0, 440.0, 3520.0, 10_500.0):
        corpus = corpus_of(tmp_path / "c", [sine(frequency, 8)])
        crop = ALWAYS.render(corpus, round(seconds * RATE), replace(PLAIN, cents=cents), generator()).audio
        found, amplitude, rest = measured(crop, frequency * 2 ** (cents / 1200))
        assert 1200 * np.log2(found / frequency) == pytest.approx(cents, abs=0.5)
        assert 20 * np.log10(amplitude / (np.sqrt(2) * 0.1)) == pytest.approx(0, abs=0.02)
        assert rest < -68, "float16 is at -72"
        quiet_edges = [measured(part, found)[2] for part in (crop[:2000], crop[-2000:])]
        assert max(quiet_edges) < -65, "no ringing where the stretch was cut"


def test_detuning_does_not_change_time(tmp_path: Path) -> None:
    """A click in the middle stays where it is, but for the stretch itself: 0.6 % at 10 cents."""
    signal = np.zeros(4 * SECOND)
    signal[2 * SECOND] = 1
    corpus = corpus_of(tmp_path / "c", [signal])
    for cents in (-10.0, 10.0):
        crop = ALWAYS.render(corpus, 4 * SECOND, replace(PLAIN, cents=cents), generator()).audio
        start = corpus.place(round(4 * SECOND * 2 ** (cents / 1200)), generator())[1]
        expected = (2 * SECOND - start) / 2 ** (cents / 1200)
        assert int(np.argmax(np.abs(crop))) == pytest.approx(expected, abs=15)


@pytest.mark.parametrize("db", [-85.0, -65.0])
def test_the_floor_is_as_low_as_it_says(music: Corpus, db: float) -> None:
    """Against the corpus' level, not the crop's: a recording's floor does not breathe with the music."""
    for length in (SECOND, 20 * SECOND):  # the second one is mostly padding
        plain = music.crop(length, generator())
        for seed in range(4):
            treatment = replace(PLAIN, floor_db=db, floor_hz=5000.0, seed=seed)
            floor = ALWAYS.render(music, length, treatment, generator()).audio.astype(np.float64) - plain
            assert level_db(floor) == pytest.approx(db, abs=0.4)
            assert abs(np.corrcoef(floor, plain)[0, 1]) < 0.03


def test_the_floor_is_there_from_the_start(music: Corpus) -> None:
    """A floor that fades in would tell where a crop begins. The filter is slow here: 160 samples."""
    plain = music.crop(1000, generator())
    seeds = range(300)
    kinds = [replace(PLAIN, floor_db=-65.0, floor_hz=22.0, seed=seed) for seed in seeds]
    made = [ALWAYS.render(music, 1000, kind, generator()).audio for kind in kinds]
    floors = np.array(made).astype(np.float64) - plain
    assert level_db(floors[:, :20]) == pytest.approx(-65, abs=1) and level_db(floors) == pytest.approx(-65, abs=1)


def test_the_floor_falls_above_its_corner(white: Corpus) -> None:
    """Between rumble and hiss: flat below the corner, 6 dB an octave above."""
    treatment = replace(PLAIN, floor_db=-65.0, floor_hz=300.0)
    plain = white.crop(8 * SECOND, generator())
    floor = ALWAYS.render(white, 8 * SECOND, treatment, generator()).audio.astype(np.float64) - plain
    frequency, power = welch(floor, RATE, nperseg=4096)

    def band(low: float, high: float) -> float:
        return float(10 * np.log10(power[(frequency >= low) & (frequency < high)].mean()))

    assert band(20, 80) - band(80, 150) == pytest.approx(0.6, abs=1)
    assert band(1000, 1200) - band(2000, 2400) == pytest.approx(6, abs=1)
    assert band(1000, 1200) - band(4000, 4800) == pytest.approx(12, abs=2)


def test_the_room_is_coloured_with_the_sound(white: Corpus) -> None:
    """The microphone hears both: EQ and room together are one after the other."""
    sections = ALWAYS.choose(generator()).sections
    alone = ALWAYS.render(white, SECOND, replace(PLAIN, sections=sections), generator()).audio
    weak = replace(PLAIN, sections=sections, room_seconds=0.5, room_db=-200.0)
    assert np.abs(ALWAYS.render(white, SECOND, weak, generator()).audio - alone).max() < 1e-6
    strong = replace(PLAIN, room_seconds=0.5, room_db=10.0)
    power = [
        welch(ALWAYS.render(white, 6 * SECOND, kind, generator()).audio, RATE, nperseg=256)[1]
        for kind in (strong, replace(strong, sections=sections))
    ]
    response = 20 * np.log10(np.abs(sosfreqz(np.array(sections), np.arange(129) * RATE / 256, fs=RATE)[1]))
    difference = (10 * np.log10(power[1] / power[0]) - response)[2:-2]
    assert np.ptp(difference) < 0.5


def test_a_treatment_moves_nothing_but_what_it_names(white: Corpus) -> None:
    """Room and EQ at no strength are the plain crop: the way through the spectrum itself changes nothing."""
    flat = _biquad("peak", RATE, 1000.0, 0.0, 0.7)
    plain = white.crop(SECOND, generator())
    for treatment in (replace(PLAIN, sections=(flat,)), replace(PLAIN, room_seconds=0.5, room_db=-200.0)):
        crop = ALWAYS.render(white, SECOND, treatment, generator()).audio
        assert not np.array_equal(crop, plain) and np.abs(crop - plain).max() < 1e-6
