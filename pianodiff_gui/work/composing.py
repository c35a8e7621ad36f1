"""The thread that composes: it hears what is played beside the new audio, and says what may come there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.audio.level import at_loudness
from core.audio.signal import active_rms
from core.errors import PianoDiffError
from core.extension.taste import SETTINGS
from core.notes.note import Note, moved, one_string_a_key
from core.notes.sketch import sketch
from pianodiff_gui.look.wording import went_wrong
from pianodiff_gui.session.ideas import SKETCH_RATE, Commission, Idea

if TYPE_CHECKING:
    from core.extension.planning import Beside
    from core.networks.composer_card import Composing as Composer

log = logging.getLogger(__name__)

_RING_SECONDS = 1.0
"""A sketch goes on behind its stretch, so that its last notes are heard."""


class Composing:
    """Composes as `pianodiff extend --notes auto` does. Keeps the network, and what was heard last. Called in the
    worker thread only: torch is imported there.
    """

    def __init__(self) -> None:
        self._composer: Composer | None = None
        self._heard: tuple[tuple[object, ...], Beside, float] | None = None  # of what, and how loud it is

    def __call__(self, commission: Commission, seed: int) -> Idea | None:
        """None when it is dropped meanwhile. Raises PianoDiffError."""
        from core.networks.composer_card import load_composer

        if self._composer is None:
            self._composer = load_composer()
        heard_beside, loudness = self._listen(commission, self._composer.info.context_seconds)
        beside = _behind(heard_beside, commission.kept, commission.cut)
        errand = commission.errand
        heard = len(beside.before) + len(beside.after)
        if commission.dropped.is_set():
            return None
        if not heard:
            return Idea(seed, (), errand.begin, errand.seconds, 0, sketch((), 0, SKETCH_RATE))
        composition = beside.composition(self._composer, replace(SETTINGS, seed=seed), commission.basis.taste)
        for _ in composition.run():
            if commission.dropped.is_set():
                return None
        notes = one_string_a_key([*commission.kept, *moved(composition.notes(), commission.cut)])
        sound = sketch(notes, round((errand.seconds + _RING_SECONDS) * SKETCH_RATE), SKETCH_RATE)
        sound = at_loudness(sound, SKETCH_RATE, loudness)
        return Idea(seed, tuple(notes), errand.begin, errand.seconds, heard, sound, commission.kept)

    def _listen(self, commission: Commission, reach: float) -> tuple[Beside, float]:
        from core.extension.planning import MARGIN_SECONDS, heard_in

        basis = commission.basis
        key = (basis.base, basis.goal, basis.hold_level)
        if self._heard is None or self._heard[0] != key:
            known = basis.base.around(basis.goal.gap, reach + MARGIN_SECONDS)
            seconds, rate = commission.errand.seconds, basis.base.sample_rate
            beside = heard_in(*known, rate, seconds, hold_level=basis.hold_level)
            self._heard = key, beside, active_rms(np.concatenate(known, axis=1), rate)
        return self._heard[1:]


def _behind(beside: Beside, kept: Sequence[Note], cut: float) -> Beside:
    """What is played beside what is left of the new music behind `cut` seconds of it, which hold `kept`."""
    if not cut:
        return beside
    before = moved([*beside.before, *kept], -cut)
    known = beside.known[0] + cut, beside.known[1]
    return replace(beside, before=before, seconds=beside.seconds - cut, known=known, after=moved(beside.after, -cut))


Compose = Callable[[Commission, int], Idea | None]


class ComposingWorker(QObject):
    """Lives in its own thread. Every signal carries the commission's id, so that late ideas can be told apart."""

    composed = Signal(int, object)  # commission, Idea
    done = Signal(int)
    failed = Signal(int, str)  # commission, message for the user

    def __init__(self, compose: Compose | None = None) -> None:
        super().__init__()
        self._compose = compose if compose is not None else Composing()

    @Slot(object)
    def compose(self, commission: Commission) -> None:
        """Compose for every seed, until it is dropped. Never raises: every end is one signal."""
        try:
            for seed in commission.seeds:
                idea = None if commission.dropped.is_set() else self._compose(commission, seed)
                if idea is None:
                    return
                self.composed.emit(commission.id, idea)
            self.done.emit(commission.id)
        except PianoDiffError as error:
            self.failed.emit(commission.id, str(error))
        except MemoryError:
            self.failed.emit(commission.id, "There is not enough memory to compose. Close other programs.")
        except Exception as error:
            log.exception("commission %d failed", commission.id)
            self.failed.emit(commission.id, f"{went_wrong(error)} See the log.")
