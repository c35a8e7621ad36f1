"""Takes: what was made of one recording so far, each a timeline of its own, and which of them is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pianodiff_gui.look.wording import sampler_title
from pianodiff_gui.session.timeline import BEFORE, Stretch, Timeline


@dataclass(frozen=True, eq=False)
class Take:
    """One version of the recording with what was generated.

    number      1 for the first; the colour goes by it
    name        what the user calls it
    timeline    with at least one stretch
    """

    number: int
    name: str
    timeline: Timeline


@dataclass(frozen=True, eq=False)
class Takes:
    """An immutable list. shown: the number of a take, None for the recording by itself."""

    all: tuple[Take, ...] = ()
    shown: int | None = None
    latest: int = 0

    @property
    def current(self) -> Take | None:
        """The one that is shown."""
        return self.find(self.shown)

    def find(self, number: int | None) -> Take | None:
        """The take with that number."""
        return next((take for take in self.all if take.number == number), None)

    def added(self, timeline: Timeline, name: str = "") -> Takes:
        """With a new take behind the others, shown. It is called "Take N" unless it has a name."""
        number = self.latest + 1
        return Takes((*self.all, Take(number, name or f"Take {number}", timeline)), number, number)

    def changed(self, number: int, timeline: Timeline) -> Takes:
        """With another timeline for a take, which is shown; without the take where nothing generated is left of it."""
        if not timeline.generated_frames:
            return self.without(number)
        changed = tuple(replace(t, timeline=timeline) if t.number == number else t for t in self.all)
        return replace(self, all=changed, shown=number)

    def without(self, number: int) -> Takes:
        """Without a take. If it was shown, the recording is."""
        left = tuple(take for take in self.all if take.number != number)
        return replace(self, all=left, shown=None if self.shown == number else self.shown)

    def renamed(self, number: int, name: str) -> Takes:
        """With another name for a take."""
        return replace(self, all=tuple(replace(t, name=name) if t.number == number else t for t in self.all))

    def showing(self, number: int | None) -> Takes:
        """With another one shown."""
        return replace(self, shown=number)


def place_of(stretch: Stretch, timeline: Timeline) -> str:
    """ "+2.0 s", "2.0 s before", "0.80 s filled"."""
    seconds = stretch.frames / timeline.sample_rate
    if stretch.gap is None:
        return f"+{seconds:.1f} s"
    return f"{seconds:.1f} s before" if stretch.gap == BEFORE else f"{seconds:.2f} s filled"


def summary_of(take: Take) -> str:
    """What is in a take, in a line."""
    last = take.timeline.stretches[-1]
    places = ", ".join(place_of(stretch, take.timeline) for stretch in take.timeline.stretches[-3:])
    return f"{places} \u00b7 {sampler_title(last.settings.sampler)} \u00b7 seed {last.settings.seed}"
