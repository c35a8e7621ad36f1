"""Extending a recording: windows stacked one after the other (paper, section 3.2 and Fig. 1).

An Extension is iterated: each Step is one network evaluation. Leaving the iteration cancels within one step and
keeps every window that is complete.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.audio import SILENCE_RMS, active_rms, check_finite, resample
from core.diffusion.conditioning import Conditioning, Unconditional
from core.diffusion.denoiser import Denoiser, SigmaDenoiser
from core.diffusion.noise import KeyedNoise, hash_noise
from core.diffusion.samplers import SAMPLERS
from core.diffusion.sampling import State, sample
from core.diffusion.schedule import NoiseSchedule
from core.errors import AudioError, NetworkError, PianoDiffError
from core.image import ChannelImage
from core.level import CEILING, limit_peaks, steadying_gain, window_gain
from core.networks.registry import NetworkInfo
from core.plan import Plan, context_tail_seconds, plan_extension
from core.seam import seam_correction
from core.settings import Settings
from core.similarity import ks_similarity

MIN_CONTEXT_SECONDS = 0.05
GENERATED_LEVEL = 0.1
"""Active RMS of audio generated from nothing, -20 dBFS."""


@dataclass(frozen=True)
class Step:
    """After one network evaluation.

    window, windows         which window this is (0 first), of how many
    level                   the t shown to users: T at the start, 0 at the end of a window
    evaluations             network evaluations done so far in all windows, of evaluations_total
    x, clean                (N,) float32 at the network's rate and level: x_t before any mixing, and the estimate of x_0
    known_frames            how much of x is the known part
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
    similarity: float
    window_complete: bool


class Extension:
    """One extension of one recording.

    context         float32 (channels, frames): the end of what exists, `context_tail_seconds` of it or all there is;
                    with 0 frames the audio is made from nothing
    seconds         how much to add
    first_window    index of the first window, for its noise: a run that goes on from earlier ones counts on from
                    theirs, or it would start from the same x_T again and tend to repeat them

    Raises AudioError (context silent, too short, not finite) and SettingsError.
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
    ) -> None:
        self._denoiser, self._network, self._settings = denoiser, network, settings
        self._first_window = first_window
        self._sample_rate = sample_rate
        self._context = _check_context(context, sample_rate)
        tail = round(context_tail_seconds(network, settings) * sample_rate)
        self._context = self._context[:, -tail:] if self._context.shape[1] else self._context
        self.plan: Plan = plan_extension(network, settings, self._context.shape[1] / sample_rate, seconds)
        self._frames_wanted = round(seconds * sample_rate)
        self.evaluations_done = 0
        self.x_T_sha256 = ""

        known = resample(self._context, sample_rate, network.sample_rate)
        self._image = ChannelImage(known, network.sample_rate)
        self._signal = self._image.downmix(known).astype(np.float32)  # context and everything added, mono, network rate
        self._known_frames = len(self._signal)
        self._reference_level = GENERATED_LEVEL
        if self._known_frames:
            self._reference_level = active_rms(self._signal[None], network.sample_rate)
        self._ceiling = max(CEILING, float(np.abs(self._context).max(initial=0.0)))

    def run(self) -> Generator[Step, None, None]:
        """Do the work; one Step an evaluation. Raises NetworkError or PianoDiffError (out of memory)."""
        try:
            for index in range(len(self.plan.windows)):
                yield from self._run_window(index)
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise PianoDiffError(_OUT_OF_MEMORY) from error
        except RuntimeError as error:
            if "alloc" in str(error).lower():  # how PyTorch's CPU allocator says it
                raise PianoDiffError(_OUT_OF_MEMORY) from error
            raise

    def audio(self) -> np.ndarray:
        """(channels, frames) float32 at the recording's rate: the new audio of all complete windows."""
        added = self._signal[self._known_frames :]
        if not len(added):
            return np.zeros((len(self._context), 0), dtype=np.float32)
        rate = self._network.sample_rate
        channels = self._image.render(self._signal)
        # Known and new are resampled as one signal, so that no filter rings at the boundary.
        channels = resample(channels, rate, self._sample_rate)
        begin = self._context.shape[1]
        complete = len(added) == self.plan.new_frames
        count = self._frames_wanted if complete else round(len(added) * self._sample_rate / rate)
        new = channels[:, begin : begin + count]
        new = np.pad(new, ((0, 0), (0, count - new.shape[1])), mode="edge")  # resampled lengths round either way
        if begin:
            missed = self._context - channels[:, :begin]
            new = new + seam_correction(missed, count, self._sample_rate)
        return limit_peaks(new.astype(np.float32), self._sample_rate, self._ceiling)

    def _run_window(self, index: int) -> Iterator[Step]:
        window = self.plan.windows[index]
        known = self._signal[len(self._signal) - window.context_frames :]
        level = active_rms(known[None], self._network.sample_rate) if len(known) else self._reference_level
        gain = window_gain(level, self._reference_level, self._network.data_rms)

        schedule = self._denoiser.schedule
        noise = KeyedNoise(self._settings.seed, self._first_window + index)
        frames = window.context_frames + window.new_frames
        device = _device_of(self._denoiser)
        target = torch.zeros(1, 1, frames, device=device)
        target[0, 0, : len(known)] = torch.from_numpy(known * gain).to(device)
        keep = torch.zeros(1, 1, frames, dtype=torch.bool, device=device)
        keep[..., : len(known)] = True

        x_T = noise("initial", schedule.top, 0, target)
        if index == 0:
            self.x_T_sha256 = hash_noise(x_T)
        walk, solver, conditioning = SAMPLERS[self._settings.sampler].build(schedule, target, keep, self._settings)
        guide: Conditioning = conditioning if len(known) else Unconditional()
        denoiser = self._denoiser
        if len(known) and self._network.sees_known and not self._settings.zero_shot:
            assert isinstance(denoiser, SigmaDenoiser)
            denoiser = denoiser.knowing(target, keep)

        per_window = self.plan.evaluations_per_window
        for state in sample(denoiser, walk, solver, guide, x_T, noise):
            if not torch.isfinite(state.x).all():
                raise NetworkError(f"The network '{self._network.name}' produced samples that are not numbers.")
            complete = state.evaluations == per_window
            if complete:
                self._append(state.x, known, gain)
            self.evaluations_done += 1
            yield self._step(index, state, target, schedule, noise, len(known), complete)

    def _append(self, x_0: Tensor, known: np.ndarray, gain: float) -> None:
        """Join a finished window's new part to what exists."""
        result = x_0[0, 0].float().cpu().numpy() / gain
        rate = self._network.sample_rate
        new = result[len(known) :]
        if len(known):
            new = new + seam_correction((known - result[: len(known)])[None], len(new), rate)[0]
        added = new.astype(np.float32)
        added *= steadying_gain(active_rms(added[None], rate), self._reference_level, len(added))
        self._signal = np.concatenate([self._signal, added])

    def _step(
        self,
        index: int,
        state: State,
        target: Tensor,
        schedule: NoiseSchedule,
        noise: KeyedNoise,
        known: int,
        done: bool,
    ) -> Step:
        x = state.x[0, 0].float().cpu().numpy()
        similarity = float("nan")
        if known:
            noised = schedule.diffuse(target, 0, state.level, noise("known", state.level, 0, target))
            similarity = ks_similarity(x[known:], noised[0, 0, :known].cpu().numpy())
        return Step(
            window=index,
            windows=len(self.plan.windows),
            level=state.level,
            evaluations=self.evaluations_done,
            evaluations_total=self.plan.evaluations,
            x=x,
            clean=state.clean[0, 0].float().cpu().numpy(),
            known_frames=known,
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


def _check_context(context: np.ndarray, sample_rate: int) -> np.ndarray:
    if context.ndim != 2 or not len(context):
        raise ValueError("context must be (channels, frames)")
    frames = context.shape[1]
    check_finite(context, "The audio to continue", sample_rate)
    if not frames:
        return context
    seconds = frames / sample_rate
    if seconds < MIN_CONTEXT_SECONDS:
        raise AudioError(
            f"The recording is too short to continue: {1000 * seconds:.3g} ms. "
            f"At least {1000 * MIN_CONTEXT_SECONDS:g} ms are needed."
        )
    if float(np.sqrt(np.mean(np.square(context, dtype=np.float64)))) < SILENCE_RMS:
        raise AudioError(f"The last {seconds:.3g} s are silent: there is nothing to continue. Trim the silence first.")
    return context
