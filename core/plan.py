"""The plan of windows by which a recording is extended (paper, Fig. 1: stacking of audio frames)."""

from dataclasses import dataclass
from itertools import pairwise

from core.diffusion.samplers import SAMPLERS
from core.errors import SettingsError
from core.networks.registry import NetworkInfo
from core.settings import Settings, check_seconds

MIN_NEW_SECONDS = 0.25
"""A window with less new audio than this would cost a whole pass for next to nothing."""


@dataclass(frozen=True)
class Window:
    """One stretch denoised at once, in frames at the network's rate: known audio, then the new."""

    context_frames: int
    new_frames: int


@dataclass(frozen=True)
class Plan:
    """All windows of an extension, in order, and what each costs."""

    windows: tuple[Window, ...]
    evaluations_per_window: int

    @property
    def evaluations(self) -> int:
        """Network evaluations in all."""
        return len(self.windows) * self.evaluations_per_window

    @property
    def new_frames(self) -> int:
        """New frames in all, at the network's rate."""
        return sum(window.new_frames for window in self.windows)

    @property
    def window_frames(self) -> int:
        """Frames the network passes over in one evaluation of every window, for estimates of time."""
        return sum(window.context_frames + window.new_frames for window in self.windows)


def context_tail_seconds(network: NetworkInfo, settings: Settings) -> float:
    """How much of the end of a recording an extension looks at. Raises SettingsError when the window has no room for
    it.
    """
    context = settings.context_seconds or network.context_seconds
    if context > network.window_seconds - MIN_NEW_SECONDS:
        raise SettingsError(
            f"A context of {context:g} s leaves no room for new audio: the network '{network.name}' sees "
            f"{network.window_seconds:g} s at once. Choose at most {network.window_seconds - MIN_NEW_SECONDS:g} s."
        )
    return context


def plan_extension(network: NetworkInfo, settings: Settings, known_seconds: float, seconds: float) -> Plan:
    """The windows that add `seconds` to `known_seconds` of existing audio.

    Each takes as much context as there is, up to the chosen length, and adds a hop: the network's own, or what its
    window leaves beside a longer context. The new audio is shared evenly, so that no window is left with a sliver.
    Raises SettingsError (seconds out of range, context too long).
    """
    rate = network.sample_rate
    context_limit = round(context_tail_seconds(network, settings) * rate)
    hop = min(round(network.hop_seconds * rate), round(network.window_seconds * rate) - context_limit)
    total = max(1, round(check_seconds(seconds) * rate))
    count = -(-total // hop)
    edges = [total * k // count for k in range(count + 1)]
    known = round(known_seconds * rate)
    windows = tuple(
        Window(context_frames=min(context_limit, known + begin), new_frames=end - begin)
        for begin, end in pairwise(edges)
    )
    return Plan(windows, SAMPLERS[settings.sampler].evaluations(settings))
