"""What a crop of training audio goes through, so that a few pianos and rooms stand for the many that will be played.

A crop is drawn in two steps: `choose` draws what will be done (a `Treatment`, always by the same number of draws),
`render` does it. EQ, room and detuning are one pass through the spectrum: a transform of the crop and of what is
before it, a product with the response of EQ and room, and a transform back of another length, which is the detuning.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import fft
from scipy.signal import lfilter, sosfilt

from core.audio.signal import FloatArray, rms
from core.errors import SettingsError
from core.training.corpus import Corpus

MOST_UNDONE = 4.0
"""EQ and room change the level of a crop by less than this factor in music; what they changed is undone up to it."""

_EQ_SECONDS = 0.08
_EDGE_SECONDS = 0.02
_ROOM_TREBLE_HZ = 4000.0


@dataclass(frozen=True)
class Treatment:
    """What is done to one crop.

    gain: factor, negative where the polarity is turned.  cents: detuning, above 0 is sharp.  sections: biquads of the
    EQ, rows of (b0, b1, b2, 1, a1, a2).  room_seconds: decay time to -60 dB, 0 for no room.  room_db: energy of the
    room's sound against the direct sound.  floor_db: noise floor against the corpus' level, None for none.
    floor_hz: corner above which the floor falls by 6 dB an octave.  seed: of the room's and the floor's noise.
    """

    gain: float = 1.0
    cents: float = 0.0
    sections: tuple[tuple[float, ...], ...] = ()
    room_seconds: float = 0.0
    room_db: float = -20.0
    floor_db: float | None = None
    floor_hz: float = 1000.0
    seed: int = 0


class Crop(NamedTuple):
    """A crop as it is heard, and where it is from.

    audio   (length,) float32
    file    its file in the corpus
    start   the file's frame that its first sample is
    pace    frames of the file that each of its samples goes on by: 1 where nothing is detuned
    """

    audio: FloatArray
    file: int
    start: int
    pace: float


@dataclass(frozen=True)
class Augmentation:
    """Amounts and probabilities. Every crop is treated on its own; a `..._share` is the share of crops that get it.

    Level: EQ and room leave a crop's RMS as it is, so over steady music it moves by `gain_db` at most, and the floor
    adds less than 0.001 dB. (A crop of silence keeps the end of the room's sound of what came before it.)

    The same state of the generator gives the same crop in every process; on another kind of processor, the same draws,
    and samples that agree to rounding. Plain crops (`none`) agree bit for bit everywhere.
    """

    sample_rate: int
    """Of the corpora, in Hz."""

    gain_db: float = 3.0
    """Louder or quieter by up to this. Corpora are levelled file by file, but the seconds of music that a clip gives
    as context never sit exactly at the nominal level, and neither do the windows that follow."""

    polarity_share: float = 0.5
    """Turned upside down: sounds the same, and which way round a microphone was wired is chance. Doubles the data."""

    eq_share: float = 0.5
    eq_db: float = 4.0
    treble_db: float = 12.0
    """One shelf and one broad peak: what microphones, their distance and the instrument's regulation do. Bass and peak
    go up or down by up to `eq_db`, the treble by `treble_db`: above 3 kHz, one grand recorded from afar lies 16 dB
    below the mean of the data and another, close by, 18 dB above. Without it the network knows the colours of its few
    recordings only, and hisses on others."""

    room_share: float = 0.3
    room_seconds: tuple[float, float] = (0.15, 0.6)
    room_db: tuple[float, float] = (-26.0, -12.0)
    """Decaying noise, mixed low: decay time to -60 dB and energy against the direct sound. Sampled pianos are dry and
    recordings are not; no more than a small room, as recordings bring their own."""

    detune_share: float = 0.5
    detune_cents: float = 10.0
    """Sharper or flatter by up to this. Pianos are tuned between 438 and 444 Hz and drift; what is learned from a few
    of them would be partials at exactly their frequencies. More would change the timbre: formants move along."""

    floor_share: float = 0.25
    floor_db: tuple[float, float] = (-85.0, -65.0)
    """Noise below the music, between rumble and hiss. Every recording has a floor, renderings have none: a network
    that never saw one takes it for notes, or makes hiss of it. Zero-padding gets it too, as a pause would."""

    def __post_init__(self) -> None:
        shares = (self.polarity_share, self.eq_share, self.room_share, self.detune_share, self.floor_share)
        if not all(0 <= share <= 1 for share in shares):
            raise SettingsError("Shares of the augmentation are between 0 and 1.")
        if self.sample_rate <= 0 or min(self.gain_db, self.eq_db, self.treble_db, self.detune_cents) < 0:
            raise SettingsError("The augmentation's rate and amounts can't be negative.")
        if not 0 <= self.detune_cents <= 100:
            raise SettingsError("Detuning is at most 100 cents: beyond that it is another instrument.")
        if not 0 < self.room_seconds[0] <= self.room_seconds[1]:
            raise SettingsError("The room's decay times are two lengths above 0, the shorter one first.")

    @classmethod
    def none(cls, sample_rate: int = 22_050) -> "Augmentation":
        """Plain crops, bit for bit what is in the corpus."""
        return cls(sample_rate, gain_db=0, polarity_share=0, eq_share=0, room_share=0, detune_share=0, floor_share=0)

    def draw(self, corpus: Corpus, length: int, rng: np.random.Generator) -> Crop:
        """A random crop of the corpus, treated, `length` samples of it."""
        return self.render(corpus, length, self.choose(rng), rng)

    def choose(self, rng: np.random.Generator) -> Treatment:
        """What to do to one crop. Takes the same number of draws whatever is chosen."""
        (
            gain, turned,
            eq, bass, shelf_hz, shelf_db, peak_hz, peak_db, peak_width,
            room, decay, room_db,
            detune, cents,
            floor, floor_db, floor_hz,
        ) = rng.random(17).tolist()  # fmt: skip
        seed = int(rng.integers(2**63, dtype=np.int64))
        highest = 0.4 * self.sample_rate
        sections: list[tuple[float, ...]] = []
        if eq < self.eq_share:
            low = bass < 0.5
            corner = _between(shelf_hz, 80, 400) if low else _between(shelf_hz, 1500, 6000)
            shelf, most = ("low shelf", self.eq_db) if low else ("high shelf", self.treble_db)
            sections = [
                _biquad(shelf, self.sample_rate, min(corner, highest), _around_zero(shelf_db, most), 0.7),
                _biquad("peak", self.sample_rate, min(_between(peak_hz, 150, 5000), highest),
                        _around_zero(peak_db, self.eq_db), _between(peak_width, 0.5, 1.0)),
            ]  # fmt: skip
        return Treatment(
            gain=10 ** (_around_zero(gain, self.gain_db) / 20) * (-1 if turned < self.polarity_share else 1),
            cents=_around_zero(cents, self.detune_cents) if detune < self.detune_share else 0.0,
            sections=tuple(sections),
            room_seconds=_between(decay, *self.room_seconds) if room < self.room_share else 0.0,
            room_db=_linear(room_db, *self.room_db),
            floor_db=_linear(floor_db, *self.floor_db) if floor < self.floor_share else None,
            floor_hz=min(_between(floor_hz, 100, 20_000), highest),
            seed=seed,
        )

    def render(self, corpus: Corpus, length: int, treatment: Treatment, rng: np.random.Generator) -> Crop:
        """A random crop with this treatment, `length` samples of it.

        EQ and room hear what comes before the crop in its file, so that a crop does not begin with a room that starts
        to sound. A detuned crop is a stretch of up to 0.6 % more or less than `length` (at 10 cents).
        """
        noise = np.random.Generator(np.random.Philox(treatment.seed))
        response = self._response(treatment, noise)
        if len(response) == 1 and treatment.cents == 0:
            file, start = corpus.place(length, rng)
            crop = Crop(corpus.read(file, start, length), file, start, 1.0)
        else:
            crop = self._colour(corpus, length, treatment.cents, response, rng)
        if treatment.floor_db is not None:
            level = corpus.data_rms * 10 ** (treatment.floor_db / 20)
            crop.audio[:] += np.float32(level) * _coloured_noise(length, treatment.floor_hz / self.sample_rate, noise)
        return crop if treatment.gain == 1 else crop._replace(audio=crop.audio * np.float32(treatment.gain))

    def _response(self, treatment: Treatment, noise: np.random.Generator) -> FloatArray:
        """Impulse response of room and EQ; [1] when there is neither. Of one length for all rooms: see `_sizes`."""
        taps = 1
        if treatment.sections:
            taps = max(1, round(_EQ_SECONDS * self.sample_rate))
        if treatment.room_seconds:
            taps += round(self.room_seconds[1] * self.sample_rate)
        impulse = np.zeros(taps)
        impulse[0] = 1
        if treatment.room_seconds:
            impulse += self._room(treatment, noise, taps)
        if treatment.sections:
            impulse = sosfilt(np.array(treatment.sections), impulse)
        return impulse.astype(np.float32)

    def _room(self, treatment: Treatment, noise: np.random.Generator, taps: int) -> np.ndarray:
        """Exponentially decaying noise (taps,), darker than the direct sound: air and walls take the treble first."""
        time = np.arange(taps) / self.sample_rate
        white = noise.standard_normal(taps, dtype=np.float32)
        pole = math.exp(-2 * math.pi * min(_ROOM_TREBLE_HZ / self.sample_rate, 0.5))
        tail = lfilter([1 - pole], [1, -pole], white) * np.exp(-math.log(1000) / treatment.room_seconds * time)
        tail[time > treatment.room_seconds] = 0
        tail[0] = 0
        energy = np.square(tail).sum()
        return np.asarray(tail * math.sqrt(10 ** (treatment.room_db / 10) / energy)) if energy else tail

    def _colour(
        self, corpus: Corpus, length: int, cents: float, response: FloatArray, rng: np.random.Generator
    ) -> Crop:
        """A random crop of `length` samples through `response`, detuned, with the RMS it had."""
        # What wraps around in the transform stays in the stretch before the crop; both ends are faded, for a jump
        # between them would ring through all of it.
        edge = max(2, round(_EDGE_SECONDS * self.sample_rate))
        before = edge + len(response) - 1
        taken, made = _sizes(length, before, edge, round(self.detune_cents if cents else 0.0, 3), cents)
        heard = math.ceil(length * taken / made)
        file, start = corpus.place(heard, rng)
        stretch = corpus.read(file, start - before, taken)
        level = rms(stretch[before : before + heard])
        fade = np.square(np.sin(np.linspace(0, np.pi / 2, edge, dtype=np.float32)))
        stretch[:edge] *= fade
        stretch[-edge:] *= fade[::-1]
        spectrum = fft.rfft(stretch)
        if len(response) > 1:
            spectrum *= fft.rfft(response, taken)
        if made != taken:
            bins = min(taken, made) // 2 + 1
            spectrum = np.concatenate([spectrum[:bins], np.zeros(made // 2 + 1 - bins, spectrum.dtype)])
        first = math.ceil(before * made / taken)
        out = fft.irfft(spectrum, made)[first : first + length]
        change = level / max(rms(out), 1e-12)
        audio = np.asarray(out * np.float32(min(max(change, 1 / MOST_UNDONE), MOST_UNDONE)), np.float32)
        return Crop(audio, file, start, taken / made)


def _linear(u: float, low: float, high: float) -> float:
    return low + u * (high - low)


def _between(u: float, low: float, high: float) -> float:
    """u in 0..1 to low..high, each octave alike."""
    return low * (high / low) ** u


def _around_zero(u: float, most: float) -> float:
    return (2 * u - 1) * most


def _biquad(kind: str, sample_rate: int, hz: float, db: float, q: float) -> tuple[float, ...]:
    """(b0, b1, b2, 1, a1, a2) of R. Bristow-Johnson's Audio EQ Cookbook: "low shelf", "high shelf" or "peak"."""
    a = 10 ** (db / 40)
    w = 2 * math.pi * hz / sample_rate
    alpha = math.sin(w) / (2 * q)
    c = math.cos(w)
    if kind == "peak":
        rows = [1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a]
    else:
        s = 1 if kind == "low shelf" else -1
        r = 2 * math.sqrt(a) * alpha
        rows = [
            a * ((a + 1) - s * (a - 1) * c + r),
            s * 2 * a * ((a - 1) - s * (a + 1) * c),
            a * ((a + 1) - s * (a - 1) * c - r),
            (a + 1) + s * (a - 1) * c + r,
            -s * 2 * ((a - 1) + s * (a + 1) * c),
            (a + 1) + s * (a - 1) * c - r,
        ]
    return tuple(value / rows[3] for value in rows)


def _coloured_noise(length: int, corner: float, noise: np.random.Generator) -> FloatArray:
    """(length,) float32 of RMS 1: white below `corner` (as a fraction of the rate), -6 dB an octave above."""
    pole = math.exp(-2 * math.pi * corner)
    white = noise.standard_normal(length + 1, dtype=np.float32)
    scale = math.sqrt(1 - pole**2)
    start = pole * white[:1]  # in its steady state: a floor does not fade in
    out, _ = lfilter(
        np.array([scale], np.float32), np.array([1, -pole], np.float32), white[1:], zi=start.astype(np.float32)
    )
    return np.asarray(out, np.float32)


def _sizes(length: int, before: int, edge: int, most_cents: float, cents: float) -> tuple[int, int]:
    """Lengths of the transform there and back whose ratio is nearest to a detuning by `cents`.

    Both have only small prime factors, which makes them fast; there are so many pairs that the ratio misses by less
    than 0.3 cents at a crop of a second or more, and 0.4 always.
    """
    ratios, taken, made = _pairs(length, before, edge, most_cents)
    wanted = 2 ** (cents / 1200)
    best = int(np.argmin(np.abs(ratios - wanted)))
    return int(taken[best]), int(made[best])


@lru_cache(maxsize=64)
def _pairs(length: int, before: int, edge: int, most_cents: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of fast lengths within a detuning: (taken / made, taken, made)."""
    if most_cents == 0:
        size = np.array([fft.next_fast_len(length + before + edge, real=True)])
        return np.ones(1), size, size
    most = 2 ** (most_cents / 1200)
    shortest = length + math.ceil((before + edge) * most) + 2
    sizes = _smooth(math.floor(shortest / most), max(math.ceil(shortest * 1.12), shortest + 4000))
    made, taken = np.meshgrid(sizes[sizes >= shortest], sizes)
    ratios = taken / made
    inside = (ratios >= 1 / most) & (ratios <= most)
    return ratios[inside], taken[inside], made[inside]


def _smooth(low: int, high: int) -> np.ndarray:
    """Whole numbers low..high without a prime factor above 13."""
    numbers = np.arange(low, high + 1)
    rest = numbers.copy()
    for prime in (2, 3, 5, 7, 11, 13):
        while (divisible := rest % prime == 0).any():
            rest[divisible] //= prime
    return numbers[rest == 1]
