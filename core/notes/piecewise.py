"""A recording that is heard piece by piece, in any order and without lying in memory: what somebody looks at first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.audio.signal import FloatArray, level_block, resample, rms_of_active
from core.audio.source import Source
from core.audio.subsonic import noticed_offset
from core.networks.listener import Listener
from core.networks.listener_card import ListenerInfo
from core.notes.frames import Frames, notes_of
from core.notes.listening import MARGIN_SECONDS, QUIETEST, SOUNDS, STRUCK, said_by
from core.notes.note import KEYS, Note, moved

BACK = 3
"""Pieces before a new one whose notes are found once more: they may go on in it."""
EDGE = 4
"""Frames beyond these pieces that are looked at for their onsets."""


class Piecewise:
    """Which notes are in a recording, as far as it has been heard.

    read            audio of frames begin..end, as (channels, frames) float32
    frames          of the recording, at `sample_rate`
    level           its active RMS (`level_of`), to which all pieces are heard alike
    info, network   the listener
    """

    def __init__(
        self,
        read: Callable[[int, int], FloatArray],
        frames: int,
        sample_rate: int,
        level: float,
        info: ListenerInfo,
        network: Listener,
    ) -> None:
        self._read, self._frames, self._sample_rate, self._level = read, frames, sample_rate, level
        self._info, self._network = info, network
        self._rate = info.sample_rate / network.hop  # of what the network says
        self._margin = round(MARGIN_SECONDS * self._rate)
        self._step = round(info.window_seconds * self._rate) - 2 * self._margin
        self._total = network.frames(round(frames * info.sample_rate / sample_rate))
        # An hour in 82 MB; an onset's time is found from it to a tenth of a millisecond.
        self._said = np.zeros((3, self._total, KEYS), np.float16)
        self._heard = np.zeros(-(-self._total // self._step), bool)

    @property
    def pieces(self) -> int:
        """How many there are."""
        return len(self._heard)

    @property
    def piece_seconds(self) -> float:
        """The length of each but the last."""
        return self._step / self._rate

    def hear(self, piece: int) -> tuple[float, float, list[Note]]:
        """Listen to a piece, 0 for the first: begin, end and all notes known by now whose onsets lie in between, in
        seconds. They take the place of those found there before. Raises AudioError: it can't be read.
        """
        first, last = piece * self._step, min((piece + 1) * self._step, self._total)
        self._said[:, first:last] = self._said_of(first, last)
        self._heard[piece] = True
        earliest = piece
        while earliest > max(0, piece - BACK) and self._heard[earliest - 1]:
            earliest -= 1
        latest = piece + 1
        while latest < min(self.pieces, piece + 1 + BACK) and self._heard[latest]:
            latest += 1
        begin, end = earliest * self._step, min(latest * self._step, self._total)
        # A little more than that: an onset's slope at the very edge would look like an onset there.
        margin_begin = max(0, begin - EDGE)
        said = Frames(*self._said[:, margin_begin : end + EDGE].astype(np.float32))
        found = moved(notes_of(said, self._rate, STRUCK, SOUNDS), margin_begin / self._rate)
        between = begin / self._rate, end / self._rate
        return *between, [note for note in found if between[0] <= note.onset < between[1]]

    def _said_of(self, first: int, last: int) -> FloatArray:
        """(3, frames, 88): what the network says of frames first..last, by what is around them."""
        if self._level < QUIETEST:
            return np.zeros((3, last - first, KEYS), np.float32)
        begin, end = max(0, first - self._margin), min(self._total, last + self._margin)
        per_frame = self._network.hop * self._sample_rate / self._info.sample_rate
        audio = self._read(round(begin * per_frame), min(self._frames, round(end * per_frame)))
        mono = resample(audio.mean(axis=0, keepdims=True), self._sample_rate, self._info.sample_rate)[0]
        wanted = (end - begin) * self._network.hop
        mono = np.pad(mono[:wanted], (0, max(0, wanted - len(mono))))
        said = said_by(self._network, mono * np.float32(self._info.data_rms / self._level))
        return np.stack([part[first - begin : last - begin] for part in said])


def level_of(source: Source, report: Callable[[float], None]) -> float:
    """The active RMS of a whole file, mixed to mono, without an offset that would be noticed. 0.0 for silence.

    report: is told after every block which share has been read, and may end it by an exception. Raises AudioError.
    """
    size, taken = level_block(source.sample_rate), 0
    rest = np.zeros(0, np.float32)
    sums: list[npt.NDArray[np.float64]] = []  # (blocks, 3) each: of samples, of their squares, how many
    for read in source.blocks():
        mono = np.concatenate([rest, read.mean(axis=1, dtype=np.float32)])
        whole = len(mono) // size * size
        sums.append(_sums(mono[:whole].reshape(-1, size)))
        rest = mono[whole:]
        taken += len(read)
        report(taken / source.frames)
    if len(rest):
        sums.append(_sums(rest[None]))
    total, squares, counts = np.concatenate(sums).T
    offset = noticed_offset(total.sum() / counts.sum(), squares.sum() / counts.sum())
    return rms_of_active(np.maximum(squares - 2 * offset * total + offset**2 * counts, 0), counts.astype(np.int64))


def _sums(blocks: FloatArray) -> npt.NDArray[np.float64]:
    exact = blocks.astype(np.float64)
    return np.stack([exact.sum(1), np.square(exact).sum(1), np.full(len(exact), exact.shape[1], np.float64)], axis=1)
