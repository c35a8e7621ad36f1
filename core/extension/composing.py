"""Composing: notes that come next, before or between, denoised on a piano roll as audio is on its samples.

The plan of windows, the samplers, the known part and its mask are those of an Extension; what is denoised is a roll
(`core.notes.roll`), and the network a composer, which is shown the known notes without noise.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from core.audio.signal import FloatArray
from core.diffusion.denoiser import Metered, SigmaDenoiser
from core.diffusion.noise import KeyedNoise, NoiseSource, Stream
from core.diffusion.own_sampler import find_sampler
from core.errors import NotesError
from core.extension.plan import Plan, Window, plan_extension
from core.extension.settings import Settings
from core.extension.taste import SETTINGS, Taste
from core.networks.composer import FOLD, repetition
from core.networks.composer_card import Composing
from core.notes.frames import SLOPE_FRAMES
from core.notes.note import KEYS, Note, moved, one_string_a_key
from core.notes.roll import CHANNELS, FRAMES_A_SECOND, VALUES, notes_from, roll_of

SPARSEST = 0.5
"""Onsets a second that are asked for at least, whatever was heard."""
LAST_SECONDS = 0.1
"""A note that begins so shortly before the end of the new part would be cut off before it is heard as one."""
REPEATABLE_SECONDS = 2.0
"""Of less, there is no telling how it repeats itself: notes then begin with noise."""
_SLOPE = SLOPE_FRAMES / FRAMES_A_SECOND
"""Seconds that an onset is marked before and behind it."""
_HALF = 0.5 / FRAMES_A_SECOND
"""Half a frame, in seconds: which part of a roll an onset at a seam belongs to is told to this."""


@dataclass(frozen=True)
class RollStep:
    """After one step down of the sampler.

    window, windows     which window this is (0 first), of how many
    level               the t shown to users: T at the start, 0 at the end of a window
    evaluations         done so far in all windows, of evaluations_total
    begin               seconds from the first new sample at which x begins
    x, clean            (frames, 3, 88) float32: the roll as it is, and the estimate of what it will be
    """

    window: int
    windows: int
    level: float
    evaluations: int
    evaluations_total: int
    begin: float
    x: np.ndarray
    clean: np.ndarray


class Composition:
    """Notes for `seconds`, from what is played beside. Iterate `run`; then ask for `notes`.

    composer        the network, from `core.networks.composer_card.load_composer`
    before, after   what is played there: seconds from the first new sample, so onsets below 0, and from `seconds` on
    known           how many seconds before and behind are known, their rests included

    Raises NotesError when nothing is played beside, SettingsError (length).
    """

    def __init__(
        self,
        composer: Composing,
        before: Sequence[Note],
        seconds: float,
        known: tuple[float, float],
        after: Sequence[Note] = (),
        settings: Settings = SETTINGS,
        taste: Taste | None = None,
    ) -> None:
        if sum(known) < REPEATABLE_SECONDS:
            settings = replace(settings, start=1.0)
        self._composer, self._settings, self._taste = composer, settings, taste or Taste()
        self.plan: Plan = plan_extension(composer.info, settings, known[0], seconds, known[1])
        self._seconds = seconds
        self._there = sorted([*before, *after])  # grows window by window
        played = [note for note in before if note.onset >= -composer.info.context_seconds]
        played += [note for note in after if note.onset < seconds + composer.info.context_seconds]
        if not played:
            raise NotesError("No notes are played beside what is to be composed, so there is nothing to go on from.")
        heard = sum(min(part, composer.info.context_seconds) for part in known)
        self._density = max(SPARSEST, self._taste.density * len(played) / heard)
        self._made: list[Note] = []
        self.evaluations_done = 0

    def run(self) -> Generator[RollStep, None, None]:
        """Do the work."""
        for index, window in enumerate(self.plan.windows):
            yield from self._run_window(index, window)

    def notes(self) -> list[Note]:
        """What has been composed, in order, in seconds from the first new sample, none longer than the new part."""
        kept = (note for note in one_string_a_key(self._made) if note.onset < self._seconds - LAST_SECONDS)
        return [replace(note, offset=min(note.offset, self._seconds)) for note in kept]

    def _run_window(self, index: int, window: Window) -> Generator[RollStep, None, None]:
        # The network sees whole moments. What is missing of one is known to be silent, on the far side of the known.
        frames = window.context_frames + window.new_frames + window.after_frames
        silence = -frames % FOLD
        ahead = window.context_frames + (silence if window.context_frames else 0)
        frames += silence
        first = self.plan.place_of(index)[0]
        begin = (first - ahead) / FRAMES_A_SECOND
        end = begin + frames / FRAMES_A_SECOND
        near = [note for note in self._there if begin - _SLOPE < note.onset < end + _SLOPE]
        roll = roll_of(moved(near, -begin), frames)
        keep = torch.ones(frames, VALUES, dtype=torch.bool)
        keep[ahead : ahead + window.new_frames] = False
        known, kept = torch.from_numpy(roll).view(1, 1, -1), keep.view(1, 1, -1)

        told = partial(self._composer.network, density=torch.tensor([self._density]))
        cost = self.plan.cost_per_window.evaluations
        denoiser = Metered(SigmaDenoiser(told, self._composer.schedule).knowing(known, kept), cost)
        noise = _Tempered(KeyedNoise(self._settings.seed, index), self._taste.temperature)
        again = repetition(torch.from_numpy(roll)[None], keep[None, :, 0]).view(1, 1, -1)
        guess = torch.where(kept, known, again)
        earlier, x = self.evaluations_done, roll
        for state in find_sampler(self._settings.sampler).run(denoiser, known, kept, self._settings, noise, guess):
            x = _as_roll(state.x)
            self.evaluations_done = earlier + denoiser.evaluations
            yield RollStep(
                window=index,
                windows=len(self.plan.windows),
                level=state.level,
                evaluations=self.evaluations_done,
                evaluations_total=self.plan.evaluations,
                begin=begin,
                x=x,
                clean=_as_roll(state.clean),
            )
        x = np.where(keep.numpy()[:, :1, None], roll, x)  # a slope that begins in known frames is no new onset
        start, stop = first / FRAMES_A_SECOND, (first + window.new_frames) / FRAMES_A_SECOND
        made = [note for note in moved(notes_from(x), begin) if start - _HALF <= note.onset < stop - _HALF]
        made = [note.moved(max(0.0, start - note.onset)) for note in made]
        self._made += made
        self._there = sorted([*self._there, *made])


def compose(composition: Composition) -> list[Note]:
    """Run it to its end; its notes."""
    for _ in composition.run():
        pass
    return composition.notes()


class _Tempered:
    """Noise, louder or softer: what is drawn at random counts more or less against what the network says."""

    def __init__(self, noise: NoiseSource, temperature: float) -> None:
        self._noise, self._temperature = noise, temperature

    def __call__(self, stream: Stream, level: float, visit: int, like: torch.Tensor) -> torch.Tensor:
        return self._temperature * self._noise(stream, level, visit, like)


def _as_roll(x: torch.Tensor) -> FloatArray:
    roll: FloatArray = x[0, 0].float().numpy().reshape(-1, CHANNELS, KEYS)
    return roll
