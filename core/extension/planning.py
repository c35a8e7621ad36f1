"""A plan that makes itself: what is played beside the new audio is heard, and what is to come is composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.audio.signal import FloatArray
from core.audio.source import Source
from core.extension.composing import Composition
from core.extension.fade import without_fade
from core.extension.settings import Settings
from core.extension.taste import Taste
from core.networks.composer_card import Composing
from core.notes.listening import listen
from core.notes.note import Note, moved

MARGIN_SECONDS = 1.0
"""Heard beyond what the composer looks at, so that notes that sound into that are told from such as begin there."""


@dataclass(frozen=True)
class Beside:
    """What is played beside new music of `seconds`.

    before, after   in seconds from the first new sample: onsets below 0, and from `seconds` on
    known           how many seconds before and behind that tells of
    """

    before: Sequence[Note]
    seconds: float
    known: tuple[float, float]
    after: Sequence[Note] = ()

    def composition(self, composer: Composing, settings: Settings, taste: Taste) -> Composition:
        """What is to be composed there. Raises NotesError when nothing is played beside it, SettingsError."""
        return Composition(composer, self.before, self.seconds, self.known, self.after, settings, taste)


def heard_beside(
    source: Source, begin: int, end: int, seconds: float, reach: float, *, hold_level: bool = False
) -> Beside:
    """What is heard in a recording before its frame `begin` and behind its frame `end`, where `seconds` of new music
    come in between, up to `reach` seconds away; with `hold_level` as if it did not fade towards them.

    Raises NetworkError, AudioError.
    """
    rate = source.sample_rate
    frames = round((reach + MARGIN_SECONDS) * rate)
    before = source.read(max(0, begin - frames), begin)
    return heard_in(before, source.read(end, min(source.frames, end + frames)), rate, seconds, hold_level=hold_level)


def heard_in(
    before: FloatArray, after: FloatArray, sample_rate: int, seconds: float, *, hold_level: bool = False
) -> Beside:
    """The same, of what there is before and behind, (channels, frames) each. Raises NetworkError."""
    known = before.shape[1] / sample_rate, after.shape[1] / sample_rate
    if hold_level:
        before, after = without_fade(before, sample_rate), without_fade(after, sample_rate, towards_end=False)
    ahead = moved(listen(before, sample_rate), -known[0]) if known[0] else []
    behind = moved(listen(after, sample_rate), seconds) if known[1] else []
    return Beside(ahead, seconds, known, behind)


def played_beside(notes: Sequence[Note], begin: float, end: float, seconds: float) -> Beside:
    """The same of notes that are known, `begin` and `end` in seconds: those that begin in between are left out."""
    before = moved((note for note in notes if note.onset < begin), -begin)
    after = moved((note for note in notes if note.onset >= end), seconds - end)
    behind = max((note.offset for note in notes), default=0.0) - end
    return Beside(before, seconds, (begin, max(0.0, behind)), after)
