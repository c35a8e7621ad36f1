"""The plan of windows by which a recording is extended (paper, Fig. 1: stacking of audio frames)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import Cost
from core.errors import SettingsError
from core.extension.settings import Settings, check_seconds
from core.networks.card import MIN_NEW_SECONDS


class Windowed(Protocol):
    """What a plan has to know of a network: `core.networks.card.NetworkInfo`, or a composer's card."""

    @property
    def name(self) -> str: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def window_seconds(self) -> float: ...
    @property
    def context_seconds(self) -> float: ...
    @property
    def context_with_notes_seconds(self) -> float | None: ...
    @property
    def hop_seconds(self) -> float: ...


@dataclass(frozen=True)
class Window:
    """One stretch denoised at once, in frames at the network's rate: known audio, the new, and known audio again."""

    context_frames: int
    new_frames: int
    after_frames: int = 0


@dataclass(frozen=True)
class Plan:
    """All windows of an extension, in order, and what each costs."""

    windows: tuple[Window, ...]
    cost_per_window: Cost

    @property
    def evaluations(self) -> int:
        """Network evaluations in all."""
        return len(self.windows) * self.cost_per_window.evaluations

    @property
    def gradients(self) -> int:
        """How many of them are differentiated as well."""
        return len(self.windows) * self.cost_per_window.gradients

    @property
    def new_frames(self) -> int:
        """New frames in all, at the network's rate."""
        return sum(window.new_frames for window in self.windows)

    def place_of(self, index: int) -> tuple[int, int]:
        """Where a window's new part begins and ends in the new audio, in frames. A prelude's first window is last."""
        done = sum(window.new_frames for window in self.windows[:index])
        end = done + self.windows[index].new_frames
        backwards = not self.windows[0].context_frames and self.windows[0].after_frames > 0
        return (self.new_frames - end, self.new_frames - done) if backwards else (done, end)

    @property
    def window_frames(self) -> int:
        """Frames the network passes over in one evaluation of every window, for estimates of time."""
        return sum(window.context_frames + window.new_frames + window.after_frames for window in self.windows)


def context_tail_seconds(network: Windowed, settings: Settings) -> float:
    """How much of the recording beside the new audio is looked at: by a window, or by what is heard and measured
    before. Raises SettingsError when the window has no room for it.
    """
    context = settings.context_seconds or network.context_seconds
    if context > network.window_seconds - MIN_NEW_SECONDS:
        raise SettingsError(
            f"A context of {context:g} s leaves no room for new audio: the network '{network.name}' sees "
            f"{network.window_seconds:g} s at once. Choose at most {network.window_seconds - MIN_NEW_SECONDS:g} s."
        )
    return context


def context_tail_frames(network: Windowed, settings: Settings, sample_rate: int) -> int:
    """:func:`context_tail_seconds` in frames at `sample_rate`. Raises SettingsError."""
    return round(context_tail_seconds(network, settings) * sample_rate)


def shortened_by_notes(network: Windowed, settings: Settings) -> bool:
    """Whether windows see less than the network's own context, since notes tell the rest."""
    return network.context_with_notes_seconds is not None and settings.context_seconds is None and settings.start < 1


def _divided(network: Windowed, settings: Settings) -> tuple[int, int]:
    """Frames of known and of new audio in a window, at most. Raises SettingsError."""
    rate = network.sample_rate
    known, window = context_tail_frames(network, settings, rate), round(network.window_seconds * rate)
    shorter = network.context_with_notes_seconds
    if shorter is not None and shortened_by_notes(network, settings):
        known = round(shorter * rate)
        return known, window - known
    return known, min(round(network.hop_seconds * rate), window - known)


def check_plan(network: Windowed, settings: Settings, seconds: float) -> None:
    """Refuse what :func:`plan_extension` would refuse whatever audio there is, before any is read. The plan itself is
    made by the Extension, which knows how much there is. Raises SettingsError, SamplerError.
    """
    check_seconds(seconds)
    context_tail_seconds(network, settings)
    find_sampler(settings.sampler).cost(settings)


def plan_extension(
    network: Windowed, settings: Settings, known_seconds: float, seconds: float, after_seconds: float = 0.0
) -> Plan:
    """The windows that make `seconds` of audio between `known_seconds` of what is there before and `after_seconds` of
    what is there behind: an extension has nothing behind it, a prelude nothing before it, a filled gap has both.

    Each window takes as much context as there is, up to the chosen length, and adds a hop: the network's own, or what
    its window leaves beside a longer context. Where it starts with notes, and no length was chosen, a network may have
    a shorter context, beside which all of its window is new. The new audio is shared evenly, so that no window is left
    with a sliver.
    A prelude grows backwards, window by window; a gap is filled forwards, and its last window sees both sides.
    Raises SettingsError (seconds out of range, context too long).
    """
    rate = network.sample_rate
    context_limit, hop = _divided(network, settings)
    total = max(1, round(check_seconds(seconds) * rate))
    count = -(-total // hop)
    edges = [total * k // count for k in range(count + 1)]
    known, after = round(known_seconds * rate), round(after_seconds * rate)
    if after and not known:
        windows = [Window(0, end - begin, min(context_limit, after + begin)) for begin, end in pairwise(edges)]
    else:
        windows = [Window(min(context_limit, known + begin), end - begin) for begin, end in pairwise(edges)]
        if after:
            windows[-1] = _closing(windows[-1], min(context_limit, after), round(network.window_seconds * rate))
    return Plan(tuple(windows), find_sampler(settings.sampler).cost(settings))


def _closing(window: Window, after: int, longest: int) -> Window:
    """`window` with up to `after` frames of known audio behind it as well: what there is room for, shared fairly."""
    room, before = longest - window.new_frames, window.context_frames
    after = min(after, max(room // 2, room - before))
    return Window(min(before, room - after), window.new_frames, after)
