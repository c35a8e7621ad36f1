"""The figures of the evaluation: one function each, and one table of them, COLUMNS.

A metric takes a :class:`Context` (what was known and what really followed) and the new part, and gives one number; NaN
where there is none to give, as for the pitch of silence. None of them hears music: each docstring says what its
figure can and can't tell. Costs of a run and the Frechet distances (:mod:`core.study.frechet`) are columns of the
same table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from core.analysis.similarity import ks_similarity
from core.analysis.spectrum import largest_second_difference, second_difference_quantile, spectral_flatness
from core.audio.signal import FloatArray, active_rms
from core.study.features import RATE, Sound, find_onsets, floor_level

MIN_VOICED_FRAMES = 5
"""Voiced frames (of 23 ms) that both parts need before a tuning is spoken of."""

_COLOUR_FLOOR = 1e-8  # third-octave bands 80 dB below the whole count as empty
_BLOCK_SECONDS = 0.5


class Context:
    """What a continuation is judged against: (N,) known and (M,) true samples at :data:`RATE`."""

    def __init__(self, known: FloatArray, true: FloatArray) -> None:
        self.known = Sound(known)
        self.true = Sound(true)

    def joined(self, new: Sound) -> FloatArray:
        """Known and new samples as one stretch."""
        return np.concatenate([self.known.samples, new.samples])

    def onsets_after_seam(self, new: Sound) -> int:
        """Onsets in the new part. They are looked for in known and new as one, so that the seam is no edge; a note that
        begins right at it may be placed up to 20 ms before, and counts."""
        return int(np.count_nonzero(find_onsets(self.joined(new)) >= len(self.known) / RATE - 0.02))

    @cached_property
    def true_onsets(self) -> int:
        """Onsets in the true continuation."""
        return self.onsets_after_seam(self.true)

    @cached_property
    def tuning_cents(self) -> float:
        """The clip's own tuning: circular mean, modulo 100 cents, of the known part's voiced pitches against A4 = 440
        Hz; NaN with fewer than MIN_VOICED_FRAMES of them."""
        cents = _voiced_cents(self.known)
        if cents.size < MIN_VOICED_FRAMES:
            return math.nan
        return float(np.angle(np.exp(2j * np.pi * cents / 100.0).mean()) * 100.0 / (2.0 * np.pi))


def level_difference(context: Context, new: Sound) -> float:
    """RMS of the new part against the known part, in dB; minus infinity would be silence, which gives NaN.

    Tells whether loudness goes on. Can't tell what is loud: noise of the right level is as good as music. New audio
    is steadied by core/audio/level.py before it gets here, so small values say more of that than of the network. Music
    itself changes: the true row says by how much.
    """
    return 10.0 * math.log10(new.power / context.known.power) if new.power > 0.0 else math.nan


def raw_level_difference(context: Context, raw_level: float) -> float:
    """Active RMS of what was made, before anything steadied it, against the true continuation's, in dB; NaN for
    silence, or where it isn't known.

    Tells what the network, or the plan of notes, made of loudness by itself. Can't tell what is loud. Of several
    windows all but the first go on from audio that was steadied.
    """
    true = active_rms(context.true.samples[None], RATE)
    return 20.0 * math.log10(raw_level / true) if raw_level > 0.0 and true > 0.0 else math.nan


def spectrum_distance(context: Context, new: Sound) -> float:
    """RMS difference in dB of third-octave long-term spectra (50 Hz to 10 kHz) from the true continuation's.

    Both spectra are brought to the same total first: level has its own column, this one is about colour. Bands 80 dB
    below the total count as equally empty. Tells muffled, hissing or booming from the clip's own colour. Can't tell
    order in time (reversed music scores 0) or which notes are played, beyond their register. Two true continuations
    differ as well, by several dB in two seconds: other notes fill other bands.
    """
    if not (new.power > 0.0 and context.true.power > 0.0):
        return math.nan
    ours, theirs = (
        10.0 * np.log10(np.maximum(bands / bands.sum(), _COLOUR_FLOOR))
        for bands in (new.third_octaves, context.true.third_octaves)
    )
    return float(np.sqrt(np.mean(np.square(ours - theirs))))


def flatness(context: Context, new: Sound) -> float:
    """Spectral flatness, median over frames: near 0 for tones, 0.56 for white noise; NaN for silence.

    Tells tones from hiss, over five decades, so compare by ratio. Can't tell right notes from wrong ones, and is
    decided by the quietest bins: a faint hiss behind loud notes raises it as a loud one does in pauses, and a
    recording that was low-pass filtered or lossily coded has less of it than any instrument.
    """
    frames = spectral_flatness(new.samples)
    return float(np.nanmedian(frames)) if np.isfinite(frames).any() else math.nan


def floor_difference(context: Context, new: Sound) -> float:
    """How much louder it is between the partials than in the true continuation, in dB: 0 for the true row.

    Tells the fog that a network leaves where no note is from clean partials, and dense playing from sparse. Can't tell
    which: it moves with the level of the whole as well, and a recording's own hiss is part of the truth.
    """
    return floor_level(new.samples, RATE) - floor_level(context.true.samples, RATE)


def voiced_share(context: Context, new: Sound) -> float:
    """Share of frames in which YIN, over A1 to C7, is sure of one pitch (aperiodicity below 0.15).

    Tells notes from blur and noise. Can't tell which notes, and chords lower it as blur does: it means something only
    beside the true row of the same clips. A single held tone scores 1.
    """
    return float(new.pitch.voiced().mean())


def cents_off(context: Context, new: Sound) -> float:
    """Median distance in cents of the new part's voiced pitches from the nearest semitone of the clip's own tuning.

    The tuning is the circular mean, modulo a semitone, of the known part's voiced pitches, so a piano at 442 Hz is
    not called sharp. NaN with fewer than MIN_VOICED_FRAMES in either part: such cases are left out, and counted.
    Tells pitches between the keys: 25 is what random ones score, a piano a few (its octaves are stretched). Can't tell
    wrong notes, as long as they are a piano's; a loop is exactly in tune. Says nothing of frames without a sure pitch.
    """
    cents = _voiced_cents(new)
    if cents.size < MIN_VOICED_FRAMES or math.isnan(context.tuning_cents):
        return math.nan
    off = np.mod(cents - context.tuning_cents + 50.0, 100.0) - 50.0
    return float(np.median(np.abs(off)))


def onset_ratio(context: Context, new: Sound) -> float:
    """Onsets in the new part over onsets in the true continuation, (n + 1/2) / (m + 1/2): 1 for the true row.

    The halves keep it finite and fair where nothing begins. Tells a drone or a blur (far below 1) and a rattle or
    clicks (above 1) from playing; compare by ratio. Can't tell rhythm, only how much happens, nor what begins: a
    click counts as a note does, and noise reaches the threshold about once in two seconds. Soft attacks are missed in
    both parts alike.
    """
    return (context.onsets_after_seam(new) + 0.5) / (context.true_onsets + 0.5)


def chroma_similarity(context: Context, new: Sound) -> float:
    """Cosine between the chroma vectors (12 pitch classes, C2 to B7) of the new and the known part, less their means.

    Without their means, since all entries are positive and anything at all, noise too, would otherwise be 0.8 alike:
    here noise is near 0 and other keys are below. Tells whether the notes come from the same set, roughly the key.
    Can't tell their order, octave or rhythm. A loop beats the truth, as true music moves on: nearer 1 is not better,
    nearer the true row is. NaN for silence.
    """
    ours, theirs = (chroma - chroma.mean() for chroma in (new.chroma, context.known.chroma))
    norm = float(np.linalg.norm(ours) * np.linalg.norm(theirs))
    return float(ours @ theirs) / norm if norm > 0.0 else math.nan


def seam_step(context: Context, new: Sound) -> float:
    """Hardest bend (second difference) within 3 samples of the seam over the 99.5 % quantile of the known part's.

    Tells a click where new audio begins: above about 1.5 it may be heard. Can't tell anything else, and a seam with no
    bend at all can still join two different pieces. Silence right after soft playing passes.
    """
    bend = largest_second_difference(context.joined(new), at=len(context.known), radius=3)
    return bend / max(second_difference_quantile(context.known.samples, 0.995), 1e-12)


def ks_distance(context: Context, new: Sound) -> float:
    """Kolmogorov-Smirnov D between the sample values of the new and the known part, the paper's Fig. 3 at t = 0.

    Tells a wrong level, clipping and a wrong shape of the amplitude distribution. Can't tell sound at all: samples in
    any order score the same, and white noise of the right level comes close to music.
    """
    return 1.0 - ks_similarity(new.samples, context.known.samples)


def copying(context: Context, new: Sound) -> float:
    """Largest normalised cross-correlation of any half second of the new part with any half second of the known one.

    Tells a loop or a copied passage: 1 is a copy up to gain, and the true row says what the same notes played again
    reach. Can't tell a good continuation: noise scores lowest of all. A steady tone correlates with itself without
    having been copied; a copy that is transposed, stretched or buried in noise is missed. Blocks start every quarter
    second; a shorter new part is one block. NaN for silence.
    """
    known = context.known.samples.astype(np.float64)
    width = min(round(_BLOCK_SECONDS * RATE), len(new), known.size)
    starts = range(0, len(new) - width + 1, max(1, width // 2))
    size = 1 << (known.size + width - 1).bit_length()
    spectrum = np.fft.rfft(known, size)
    running = np.concatenate([[0.0], np.cumsum(np.square(known))])
    energy = running[width:] - running[:-width]
    largest = math.nan
    for start in starts:
        block = new.samples[start : start + width].astype(np.float64)
        own = float(block @ block)
        # Places 60 dB below the known part's own level are left out: rounding would decide there.
        heard = energy > 1e-6 * context.known.power * width
        if own <= 1e-6 * context.known.power * width or not heard.any():
            continue
        match = np.fft.irfft(spectrum * np.conj(np.fft.rfft(block, size)), size)[: energy.size]
        best = float(np.max(np.abs(match[heard]) / np.sqrt(energy[heard] * own)))
        largest = best if math.isnan(largest) else max(largest, best)
    return min(largest, 1.0) if not math.isnan(largest) else largest


def _voiced_cents(sound: Sound) -> np.ndarray:
    """Pitches of the voiced frames in cents from A4 = 440 Hz."""
    f0 = sound.pitch.f0[sound.pitch.voiced()].astype(np.float64)
    return np.asarray(1200.0 * np.log2(f0 / 440.0))


@dataclass(frozen=True)
class Column:
    """One figure of the table.

    name        of its values in table.json
    title       of its column
    format      of a value, as format() takes it
    measure     gives it for one continuation; None where it comes from elsewhere (see `kind`)
    kind        "sound", by `measure`, one value a case; "set", one value for all cases of a row (Frechet); "cost", one
                value a case of what a run took or told of itself, for rows made by a network; "notes", one value a
                case of what the listener hears (:mod:`core.study.note_figures`), shown in a table of their own
    compared    how a value's distance from the true continuation's is taken: by "difference" or by "ratio"
    """

    name: str
    title: str
    format: str
    measure: Callable[[Context, Sound], float] | None = None
    kind: Literal["sound", "set", "cost", "notes"] = "sound"
    compared: Literal["difference", "ratio"] = "difference"

    def distance(self, value: float, true: float) -> float:
        """How far `value` is from the true continuation's; infinite where there is none."""
        if not (math.isfinite(value) and math.isfinite(true)):
            return math.inf
        if self.compared == "difference":
            return abs(value - true)
        return abs(math.log(value / true)) if value > 0.0 and true > 0.0 else math.inf


COLUMNS: tuple[Column, ...] = (
    Column("level_db", "level dB", "+.1f", level_difference),
    Column("raw_db", "raw level dB", "+.1f", kind="cost"),
    Column("spectrum_db", "spectrum dB", ".1f", spectrum_distance),
    Column("frechet", "Fréchet", ".0f", kind="set"),
    Column("frechet_halves", "Fréchet, halves", ".0f", kind="set"),
    Column("frechet_ratio", "over true's", ".2f", kind="set", compared="ratio"),
    Column("flatness", "flatness", ".1e", flatness, compared="ratio"),
    Column("floor_db", "floor dB", "+.1f", floor_difference),
    Column("voiced", "voiced", ".2f", voiced_share),
    Column("cents", "cents off", ".1f", cents_off),
    Column("onsets", "onset ratio", ".2f", onset_ratio, compared="ratio"),
    Column("chroma", "chroma", ".2f", chroma_similarity),
    Column("seam", "seam step", ".2f", seam_step, compared="ratio"),
    Column("ks", "KS D", ".3f", ks_distance),
    Column("copying", "copying", ".2f", copying),
    Column("evaluations", "evaluations", ".0f", kind="cost"),
    Column("seconds", "seconds", ".1f", kind="cost"),
    Column("memory_mb", "memory MB", ".0f", kind="cost"),
    Column("note_precision", "precision", ".2f", kind="notes"),
    Column("note_recall", "recall", ".2f", kind="notes"),
    Column("note_f1", "F1", ".2f", kind="notes"),
    Column("note_rate", "notes ratio", ".2f", kind="notes", compared="ratio"),
    Column("note_classes", "familiar", ".2f", kind="notes"),
)
"""The columns of the tables, from left to right."""


def measure(context: Context, new: Sound) -> dict[str, float]:
    """All figures of one continuation, by name."""
    return {column.name: column.measure(context, new) for column in COLUMNS if column.measure is not None}
