"""Extending a recording: windows stacked one after the other (paper, section 3.2, eq. 14-15 and Fig. 1).

An Extension is iterated: each Step is one step of the sampler. Leaving the iteration cancels within one step and
keeps every window that is complete.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.analysis.similarity import ks_similarity
from core.audio.image import ChannelImage
from core.audio.level import CEILING, limit_peaks, steadying_gain, window_gain
from core.audio.sample_types import noise_floor
from core.audio.signal import active_rms, check_finite, resample, rms
from core.audio.subsonic import carried_on, subsonic
from core.diffusion.denoiser import Denoiser, EpsilonDenoiser, Metered, SigmaDenoiser
from core.diffusion.noise import KeyedNoise, hash_noise
from core.diffusion.own_sampler import find_sampler
from core.diffusion.sampling import State
from core.diffusion.walk import start_level
from core.errors import AudioError, NetworkError, PianoDiffError, SamplerError, SettingsError
from core.extension.fade import Fade, fade_of, level_between, without_fade
from core.extension.mending import Mend, MendedSound
from core.extension.plan import Plan, context_tail_frames, plan_extension
from core.extension.planned import PlannedSound
from core.extension.room_tone import floor_spectrum, room_tone
from core.extension.seam import FADE_SECONDS, HISTORY_SECONDS, joined, seam_correction
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from core.notes.note import Note

MIN_CONTEXT_SECONDS = 0.05
SILENT_BELOW = noise_floor("PCM_16")
GENERATED_LEVEL = 0.1
MOST_IDLE = 1000  # states in a row that a sampler may show without having asked the network
"""Active RMS of audio generated from nothing, -20 dBFS."""


@dataclass(frozen=True)
class Step:
    """After one step down of the sampler, of one network evaluation or more.

    window, windows         which window this is (0 first), of how many
    level                   the t shown to users: T at the start, 0 at the end of a window
    evaluations             network evaluations done so far in all windows, of evaluations_total
    x, clean                (N,) float32 at the network's rate and level: x_t before any mixing, and the estimate of x_0
    known_frames            how much of x, at its start, is the known part
    after_frames            how much of x, at its end, is known as well
    similarity              KS similarity 1 - D of the new part of x_t with the known audio noised to the same level
                            (Fig. 3); NaN where nothing is known
    window_complete         True on a window's last step: `Extension.audio` has grown
    """

    window: int
    windows: int
    level: float
    evaluations: int
    evaluations_total: int
    x: np.ndarray
    clean: np.ndarray
    known_frames: int
    after_frames: int
    similarity: float
    window_complete: bool


class Extension:
    """One extension of one recording.

    context         float32 (channels, frames): what comes before the new audio, `context_tail_seconds` of it or all
                    there is; with 0 frames there is nothing before it
    seconds         how much to add
    following       what comes behind the new audio, likewise, for a prelude (nothing before) or a gap (both)
    notes           what is to be played, where settings.start is below 1 or the network sees notes (else they are not
                    looked at): in seconds from the first new sample; those before it or behind the last are what was
                    heard in the known audio
    silent_below    RMS at which there is nothing to continue: the noise floor of the recording's sample type
    mend            what was played where the new audio comes, and what changes of it: it begins with that then, not
                    with a sketch
    first_window    index of the first window, for its noise: a run that goes on from earlier ones counts on from
                    theirs, or it would start from the same x_T again and tend to repeat them

    raw_levels, an attribute: the active RMS of each window's new audio, at the recording's level, before anything
    steadied it; of those that were made here.

    Raises AudioError (context silent, too short, not finite), SettingsError (a start below 1 without notes or without
    known audio among them) and SamplerError.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        network: NetworkInfo,
        context: np.ndarray,
        sample_rate: int,
        seconds: float,
        settings: Settings,
        first_window: int = 0,
        following: np.ndarray | None = None,
        notes: Sequence[Note] = (),
        silent_below: float = SILENT_BELOW,
        mend: Mend | None = None,
    ) -> None:
        self._denoiser, self._network, self._settings = denoiser, network, settings
        self._first_window = first_window
        self._sample_rate = sample_rate
        following = following if following is not None else context[:, :0]
        _check_finite_and_long(context, following, sample_rate)
        tail = context_tail_frames(network, settings, sample_rate)
        parts = context[:, max(0, context.shape[1] - tail) :], following[:, :tail]
        self._ceiling = max(CEILING, *(float(np.abs(part).max(initial=0.0)) for part in parts))
        self._below = subsonic(parts[0], sample_rate), subsonic(parts[1], sample_rate)
        self._context, self._following = (part - below for part, below in zip(parts, self._below, strict=True))
        _check_sound(self._context, self._following, sample_rate, silent_below)
        self._fades: tuple[Fade, Fade] | None = None
        if settings.hold_level:
            self._fades = fade_of(self._context, sample_rate), fade_of(self._following, sample_rate, towards_end=False)
            self._context = without_fade(self._context, sample_rate)
            self._following = without_fade(self._following, sample_rate, towards_end=False)
        self.sampler = find_sampler(settings.sampler)  # once: its file may change while it runs
        self.plan: Plan = plan_extension(
            network, settings, self._context.shape[1] / sample_rate, seconds, self._following.shape[1] / sample_rate
        )
        self._frames_wanted = round(seconds * sample_rate)
        self.windows_done = self.evaluations_done = 0
        self.raw_levels: list[float] = []

        before = resample(self._context, sample_rate, network.sample_rate)
        after = resample(self._following, sample_rate, network.sample_rate)
        known = np.concatenate([before, after], axis=1)
        self._image = ChannelImage(known, network.sample_rate)
        # What exists before and behind what is still to be made: mono, at the network's rate.
        self._before = self._image.downmix(before).astype(np.float32)
        self._after = self._image.downmix(after).astype(np.float32)
        self._known_frames = known.shape[1]
        self._reference_level = GENERATED_LEVEL
        if self._known_frames:
            both = np.concatenate([self._before, self._after])
            self._reference_level = active_rms(both[None], network.sample_rate)
        self._planned: PlannedSound | None = None
        if settings.start < 1 or (notes and network.sees_notes):
            self._floor = floor_spectrum(np.concatenate([self._before, self._after]))
            self._planned = self._plan_sound(notes, mend)
        self.x_T_sha256 = self._first_x_T()

    def run(self) -> Generator[Step, None, None]:
        """Do the work. Raises NetworkError, SamplerError or PianoDiffError (out of memory)."""
        try:
            for index in range(self.windows_done, len(self.plan.windows)):
                yield from self._run_window(index)
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise PianoDiffError(_OUT_OF_MEMORY) from error
        except RuntimeError as error:
            if "alloc" in str(error).lower():  # how PyTorch's CPU allocator says it
                raise PianoDiffError(_OUT_OF_MEMORY) from error
            raise

    def progress(self) -> tuple[int, np.ndarray, np.ndarray]:
        """What `resume` needs to go on from the windows that are done."""
        return self.windows_done, self._before, self._after

    def resume(self, windows: int, before: np.ndarray, after: np.ndarray) -> None:
        """Go on from the `progress` of an extension made from exactly the same: the rest comes out as it would have."""
        self.windows_done, self._before, self._after = windows, before, after
        self.evaluations_done = windows * self.plan.cost_per_window.evaluations

    def _plan_sound(self, notes: Sequence[Note], mend: Mend | None) -> PlannedSound:
        if not (notes or mend) or not self._known_frames:
            raise SettingsError(
                "A start below 1 begins with notes in the sound of a recording: without notes, or with nothing to "
                "continue, choose start 1."
            )
        known, frames, rate = (self._before, self._after), self.plan.new_frames, self._network.sample_rate
        if mend is None:
            return PlannedSound(notes, *known, frames, rate)
        was = resample(mend.was - subsonic(mend.was, self._sample_rate), self._sample_rate, rate)
        was = np.pad(was[:, :frames], ((0, 0), (0, max(0, frames - was.shape[1]))))  # lengths round either way
        mono = self._image.downmix(was).astype(np.float32)
        return MendedSound(notes, *known, mono, mend.changed, self._floor, rate)

    def _first_x_T(self) -> str:
        """Hash of the noise that the first window starts from."""
        window = self.plan.windows[0]
        known = min(window.context_frames, len(self._before)) + min(window.after_frames, len(self._after))
        frames = known + window.new_frames
        noise = KeyedNoise(self._settings.seed, self._first_window)
        level = start_level(self._denoiser.schedule.top, self._settings.start)
        return hash_noise(noise("initial", level, 0, torch.zeros(1, 1, frames)))

    def audio(self) -> np.ndarray:
        """(channels, frames) float32 at the recording's rate: the new audio of all complete windows. Of a gap there is
        none before the last one: half of what fills it would leave a hole.
        """
        signal = np.concatenate([self._before, self._after])
        added = len(signal) - self._known_frames
        complete = added == self.plan.new_frames
        begin, end = self._context.shape[1], self._following.shape[1]
        if not added or (begin and end and not complete):
            return np.zeros((len(self._context), 0), dtype=np.float32)
        rate = self._network.sample_rate
        # Known and new are resampled as one signal, so that no filter rings at the boundary.
        channels = resample(self._image.render(signal), rate, self._sample_rate)
        count = self._frames_wanted if complete else round(added * self._sample_rate / rate)
        if end and not begin:  # the seam is behind the new audio: count from there
            begin = max(0, channels.shape[1] - end - count)
        new = channels[:, begin : begin + count]
        new = np.pad(new, ((0, 0), (0, count - new.shape[1])), mode="edge")  # resampled lengths round either way
        if self._context.shape[1]:
            new = new + seam_correction(self._context - channels[:, :begin], count, self._sample_rate)
        if end:
            behind = channels[:, begin + count :][:, :end]
            missed = self._following[:, : behind.shape[1]] - behind
            new = new + seam_correction(missed[:, ::-1], count, self._sample_rate)[:, ::-1]
        if self._fades is not None:
            new = new * level_between(*self._fades, count)
        new = new + carried_on(*self._below, count, self._sample_rate)
        return limit_peaks(new.astype(np.float32), self._sample_rate, self._ceiling)

    def _run_window(self, index: int) -> Iterator[Step]:
        window = self.plan.windows[index]
        before = self._before[max(0, len(self._before) - window.context_frames) :]
        after = self._after[: window.after_frames]
        known = np.concatenate([before, np.zeros(window.new_frames, np.float32), after])
        keep = torch.ones(1, 1, len(known), dtype=torch.bool, device=(device := _device_of(self._denoiser)))
        keep[..., len(before) : len(before) + window.new_frames] = False
        there = np.concatenate([before, after])
        level = active_rms(there[None], self._network.sample_rate) if len(there) else self._reference_level
        gain = window_gain(level, self._reference_level, self._network.data_rms)

        noise = KeyedNoise(self._settings.seed, self._first_window + index)
        target = torch.from_numpy(known * np.float32(gain)).to(device)[None, None]

        denoiser = self._denoiser
        if len(there) and self._network.sees_known and not self._settings.zero_shot:
            assert isinstance(denoiser, SigmaDenoiser)
            denoiser = denoiser.knowing(target, keep)
        if self.sampler.overwrites_known and isinstance(denoiser, EpsilonDenoiser):
            # Of the known part only what the seam looks at is kept of any step.
            denoiser = denoiser.around(target, keep, round(HISTORY_SECONDS * self._network.sample_rate))
        guess = None
        if self._planned is not None:
            begin, end = self.plan.place_of(index)
            sound, outline = (
                part(begin - len(before), end + len(after)) * np.float32(gain)
                for part in (self._planned.stretch, self._planned.outline)
            )
            if self._network.sees_notes:
                assert isinstance(denoiser, SigmaDenoiser)
                denoiser = denoiser.led_by(torch.from_numpy(sound).to(device)[None, None])
            # Where audio is known nothing is a better guess than that audio. A step there would be a click: the little
            # noise that a low start adds does not hide it.
            outline = joined(outline, len(before), len(after), known * np.float32(gain), self._network.sample_rate)
            guess = torch.from_numpy(outline.astype(np.float32)).to(device)[None, None]

        earlier, cost = self.evaluations_done, self.plan.cost_per_window
        meter = Metered(denoiser, cost.evaluations)
        complete, idle, asked = False, 0, 0
        for state in self.sampler.run(meter, target, keep, self._settings, noise, guess):
            if complete:
                raise SamplerError(f"{self._told_cost()}, and goes on after them.")
            idle, asked = (0 if meter.evaluations > asked else idle + 1), meter.evaluations
            if idle > MOST_IDLE:
                raise SamplerError(f"{self._told_cost()}, but goes on without any.")
            if not torch.isfinite(state.x).all():
                raise NetworkError(f"The network '{self._network.name}' produced samples that are not numbers.")
            complete = (meter.evaluations, meter.gradients) == cost
            if complete:
                self._join(state.x, index, before, after, gain)
            self.evaluations_done = earlier + meter.evaluations
            yield self._step(index, state, target, keep, noise, complete)
        if not complete:
            raise SamplerError(f"{self._told_cost()}, but made {meter.evaluations} and {meter.gradients}.")

    def _told_cost(self) -> str:
        cost = self.plan.cost_per_window
        return (
            f"The sampler '{self._settings.sampler}' announced {cost.evaluations} evaluations and {cost.gradients} "
            "gradient passes a window"
        )

    def _join(self, x_0: Tensor, index: int, before: np.ndarray, after: np.ndarray, gain: float) -> None:
        """Join a finished window's new part to what exists."""
        result = x_0[0, 0].float().cpu().numpy() / gain
        rate, count = self._network.sample_rate, self.plan.windows[index].new_frames
        made_before, new, made_after = np.split(result, [len(before), len(before) + count])
        if len(before):
            new = new + seam_correction((before - made_before)[None], count, rate)[0]
        if len(after):
            new = new + seam_correction((after - made_after)[None, ::-1], count, rate)[0, ::-1]
        added = new.astype(np.float32)
        if self._planned is not None:
            added = self._planned.settled(added, self.plan.place_of(index)[0])
        level, wanted = active_rms(added[None], rate), self._level_wanted(index)
        self.raw_levels.append(level)
        if wanted:
            added *= steadying_gain(level, wanted, count, before=len(before) > 0, after=len(after) > 0)
        if self._planned is not None:
            rng = np.random.default_rng([self._settings.seed, self._first_window + index])
            added += room_tone(self._floor, added, round(FADE_SECONDS * rate), rng)
        if len(after) and not len(before):
            self._after = np.concatenate([added, self._after])
        else:
            self._before = np.concatenate([self._before, added])
        self.windows_done += 1

    def _level_wanted(self, index: int) -> float:
        """The recording's own; but a plan says how loud each window is to be, and 0 where it has a rest."""
        if self._planned is None:
            return self._reference_level
        return self._planned.level(*self.plan.place_of(index))

    def _step(
        self,
        index: int,
        state: State,
        target: Tensor,
        keep: Tensor,
        noise: KeyedNoise,
        done: bool,
    ) -> Step:
        window = self.plan.windows[index]
        x = state.x[0, 0].float().cpu().numpy()
        similarity = float("nan")
        if keep.any():
            noised = self._denoiser.schedule.diffuse(target, 0, state.level, noise("known", state.level, 0, target))
            similarity = ks_similarity(x[~keep[0, 0].cpu().numpy()], noised[keep].cpu().numpy())
        return Step(
            window=index,
            windows=len(self.plan.windows),
            level=state.level,
            evaluations=self.evaluations_done,
            evaluations_total=self.plan.evaluations,
            x=x,
            clean=state.clean[0, 0].float().cpu().numpy(),
            known_frames=window.context_frames,
            after_frames=window.after_frames,
            similarity=similarity,
            window_complete=done,
        )


_OUT_OF_MEMORY = (
    "There is not enough memory for this network on this device. "
    "Choose the CPU or a shorter context, or close other programs."
)


def _device_of(denoiser: Denoiser) -> torch.device:
    network = getattr(denoiser, "network", None)
    parameter = next(network.parameters(), None) if isinstance(network, torch.nn.Module) else None
    return parameter.device if parameter is not None else torch.device("cpu")


def _check_finite_and_long(context: np.ndarray, following: np.ndarray, sample_rate: int) -> None:
    if context.ndim != 2 or not len(context) or following.ndim != 2 or len(following) != len(context):
        raise ValueError("context and following must be (channels, frames)")
    known = np.concatenate([context, following], axis=1)
    check_finite(known, "The audio to continue", sample_rate)
    if not known.shape[1]:
        return
    seconds = known.shape[1] / sample_rate
    if seconds < MIN_CONTEXT_SECONDS:
        raise AudioError(
            f"The recording is too short to continue: {1000 * seconds:.3g} ms. "
            f"At least {1000 * MIN_CONTEXT_SECONDS:g} ms are needed."
        )


def _check_sound(context: np.ndarray, following: np.ndarray, sample_rate: int, silent_below: float) -> None:
    known = np.concatenate([context, following], axis=1)
    if known.shape[1] and rms(known) < silent_below:
        seconds = known.shape[1] / sample_rate
        where = f"last {seconds:.3g} s" if not following.shape[1] else f"{seconds:.3g} s beside it"
        raise AudioError(f"The {where} are silent: there is nothing to continue. Trim the silence first.")
