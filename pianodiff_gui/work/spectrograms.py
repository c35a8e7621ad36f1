"""The thread that makes spectrograms, block by block, of whatever a timeline holds."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.analysis.spectrogram import columns_of, levels, reach
from core.analysis.spectrogram_pyramid import BLOCK_COLUMNS, Block
from core.errors import PianoDiffError
from pianodiff_gui.look.wording import went_wrong
from pianodiff_gui.session.timeline import Timeline

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Content:
    """What a block is a picture of: equal ones look the same.

    pieces: (begin, end, where the first sample lies in memory, 0 for the recording) of each part it depends on.
    held: what lies there, so that nothing else ever does.
    """

    index: int
    pieces: tuple[tuple[int, int, int], ...]
    held: tuple[np.ndarray, ...] = field(compare=False)


@dataclass(frozen=True, eq=False)
class BlockRequest:
    """A request for one block of `timeline`."""

    timeline: Timeline
    content: Content


class SpectrogramWorker(QObject):
    """Lives in its own thread. It answers every request, in order."""

    made = Signal(object, object)  # BlockRequest, Block
    failed = Signal(object, str)  # BlockRequest, why

    @Slot(object)
    def make(self, request: BlockRequest) -> None:
        try:
            block = block_of(request.timeline, request.content.index)
        except PianoDiffError as error:
            self.failed.emit(request, str(error))
        except Exception as error:
            log.exception("a block of the spectrogram failed")
            self.failed.emit(request, went_wrong(error))
        else:
            self.made.emit(request, block)


def block_of(timeline: Timeline, index: int) -> Block:
    """The timeline's block of that number. Raises AudioError: the recording can't be read."""
    rate, at = timeline.sample_rate, index * BLOCK_COLUMNS
    begin, end = columns_of(timeline.begin, timeline.end, rate)
    first, last = max(at, begin), min(at + BLOCK_COLUMNS, end)
    return Block.of(levels(timeline.read, timeline.begin, timeline.end, rate, first, last), first - at)


def contents_of(timeline: Timeline) -> dict[int, Content]:
    """What each of the timeline's blocks shows, by number, in the order of time."""
    begin, end = columns_of(timeline.begin, timeline.end, timeline.sample_rate)
    return {
        index: _content(timeline, index) for index in range(begin // BLOCK_COLUMNS, (end - 1) // BLOCK_COLUMNS + 1)
    }


def _content(timeline: Timeline, index: int) -> Content:
    begin, end = reach(index * BLOCK_COLUMNS, (index + 1) * BLOCK_COLUMNS, timeline.sample_rate)
    pieces, held = [], []
    for part in timeline.parts:
        first, last = max(begin, part.begin), min(end, part.end)
        if first >= last:
            continue
        where = 0
        if part.stretch is not None:
            samples = part.stretch.samples[:, first - part.begin :]
            held.append(samples)
            where = int(samples.__array_interface__["data"][0])
        pieces.append((first, last, where))
    return Content(index, tuple(pieces), tuple(held))
