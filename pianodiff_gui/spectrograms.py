"""`python -m pianodiff_gui.spectrograms MADE FOLDER`: pictures of what was made.

Of an evaluation, one PNG a case, in the order of the table: known | generated at the left, known | true at the right.
Of a recording that was extended with notes, one: known | generated at the left, the notes of its recipe at the right.
Frequency is logarithmic, with the scale of the known part, so that hiss, a dull top or a missing note can be seen.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPen

from core.analysis.spectrum import stft_magnitude
from core.audio.opening import open_source
from core.audio.signal import FloatArray, resample
from core.errors import PianoDiffError
from core.extension.recipe import read_recipe, recipe_notes, recipe_path
from core.study.cases import Case, find_clips
from core.study.features import RATE

N_FFT, HOP = 4096, 256
LOWEST, HIGHEST = 50.0, 10_500.0  # Hz
RANGE_DB = 90.0  # below the loudest point of the known part
PANEL_WIDTH, PANEL_HEIGHT, GAP = 560, 280, 16
LEFT, TOP, BOTTOM, RIGHT = 52, 44, 26, 16  # px of margin


def main(argv: list[str] | None = None) -> int:
    """Write the pictures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pianodiff_gui.spectrograms", description=__doc__)
    about = "the --out of a finished `pianodiff evaluate`, or the OUT of `pianodiff extend --notes`"
    parser.add_argument("made", type=Path, help=about)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--row", type=int, default=1, help="which made row of the table (default: %(default)s)")
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])  # texts can't be drawn without one
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        if options.made.is_file():
            _save(picture_of_notes(options.made), options.folder / f"{options.made.stem}.png")
            return 0
        made, label = _made(options.made, options.row)
        for index, (case, path) in enumerate(made):
            known, true = case.read()
            with open_source(path) as source:
                generated = source.read(known.size)[0]
            image = picture(known, generated, true, f"{case.clip.stem}: {label}")
            _save(image, options.folder / f"{index + 1}-{case.clip.stem}.png")
    except (PianoDiffError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _save(image: QImage, out: Path) -> None:
    if not image.save(str(out)):
        raise OSError(f"{out} could not be written")
    print(out, flush=True)


def _made(evaluation: Path, row: int) -> tuple[list[tuple[Case, Path]], str]:
    """The cases of an evaluation, each with the audio that one of its rows made, and what that row is called.

    Raises PianoDiffError when there is no such table, row or clip.
    """
    try:
        table: dict[str, Any] = json.loads((evaluation / "table.json").read_text(encoding="utf-8"))
        chosen = dict(enumerate((entry for entry in table["rows"] if entry["row"] == "made"), start=1))[row]
        files = [evaluation / "cases" / figures["file"] for figures in chosen["cases"]]
        settings, continued = table["settings"], table["continued"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PianoDiffError(f"{evaluation} has no finished table with a row {row} ({error}).") from error
    clips, _ = find_clips([Path(path) for path in settings["clips"]], leave_out=evaluation)
    by_name = {clip.path.name: clip.path for clip in clips}
    cases = []
    for entry in continued:
        if entry["clip"] not in by_name:
            raise PianoDiffError(f"The clip {entry['clip']} is gone.")
        cases.append(
            Case(
                by_name[entry["clip"]],
                entry["clip_sha256"],
                entry["begin_seconds"],
                settings["known"],
                settings["new"],
            )
        )
    return list(zip(cases, files, strict=True)), str(chosen["label"])


def picture(known: FloatArray, generated: FloatArray, true: FloatArray, title: str) -> QImage:
    """known (N,), generated and true (M,) at 22.05 kHz -> the picture of one case."""
    reference = float(stft_magnitude(known, N_FFT, HOP).max(initial=1e-9))
    image, painter = _begun(title)
    for column, (new, name) in enumerate(((generated, "generated"), (true, "true"))):
        area = _panel(column)
        painter.drawImage(area, _spectrogram(np.concatenate([known, new]), reference))
        _annotate(painter, area, known.size / RATE, (known.size + new.size) / RATE, ("known", name), first=column == 0)
    return _finished(image, painter)


def picture_of_notes(path: Path) -> QImage:
    """An extended recording and, at the right, the notes that were heard in it and those that were planned.

    Raises PianoDiffError: it, or the recipe beside it, can't be read, or isn't of a recording extended with notes.
    """
    recipe = read_recipe(recipe_path(path))
    notes = recipe_notes(recipe)
    if not notes or recipe.get("gap") or "source" not in recipe:
        raise PianoDiffError(f"{path.name} is not a recording that was extended at its end, with notes.")
    seam = recipe["source"]["frames"] / recipe["source"]["sample_rate"]
    with open_source(path) as source:
        samples = resample(source.read().mean(axis=0)[None], source.sample_rate, RATE)[0]
    known = samples[: round(seam * RATE)]
    seconds = samples.size / RATE
    image, painter = _begun(f"{recipe['source']['name']}, {seconds - seam:.1f} s new")
    painter.drawImage(_panel(0), _spectrogram(samples, float(stft_magnitude(known, N_FFT, HOP).max(initial=1e-9))))
    _annotate(painter, _panel(0), seam, seconds, ("known", "generated"), first=True)
    area = _panel(1)
    painter.fillRect(area, QColor("#17181c"))
    lowest, highest = (end(note.key for note in notes) for end in (min, max))
    height = area.height() / (highest - lowest + 5)
    for note in notes:
        left, right = (area.left() + (time + seam) / seconds * area.width() for time in (note.onset, note.offset))
        top = area.bottom() - (note.key - lowest + 3) * height
        bar = QRectF(left, top, min(right, area.right()) - left, min(12.0, max(3.0, height - 2)))
        painter.fillRect(bar, QColor("#ff8a3d" if note.onset >= 0 else "#e8e8e8"))
    _annotate(painter, area, seam, seconds, ("heard", "planned"), first=False)
    return _finished(image, painter)


def _begun(title: str) -> tuple[QImage, QPainter]:
    """An empty picture with two panels' room, and what draws on it."""
    image = QImage(
        LEFT + 2 * PANEL_WIDTH + GAP + RIGHT, TOP + PANEL_HEIGHT + BOTTOM, QImage.Format.Format_RGB32
    )
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setPen(QColor("#202020"))
    painter.drawText(QRect(LEFT, 4, 2 * PANEL_WIDTH, 18), Qt.AlignmentFlag.AlignLeft, title)
    return image, painter


def _panel(column: int) -> QRect:
    return QRect(LEFT + column * (PANEL_WIDTH + GAP), TOP, PANEL_WIDTH, PANEL_HEIGHT)


def _finished(image: QImage, painter: QPainter) -> QImage:
    """In few colours: a picture that takes a tenth of the room."""
    painter.end()
    greys = [QColor(level, level, level).rgb() for level in range(0, 256, 8)] + [QColor("white").rgb()]
    table = [*greys, *(QColor(*map(int, colour)).rgb() for colour in _colours(223))]
    return image.convertToFormat(QImage.Format.Format_Indexed8, table, Qt.ImageConversionFlag.AvoidDither)


def _colours(count: int) -> npt.NDArray[np.uint8]:
    """(count, 3): magma, from black to white."""
    import pyqtgraph as pg

    return np.asarray(pg.colormap.get("magma").getLookupTable(nPts=count), np.uint8)


def _spectrogram(samples: FloatArray, reference: float) -> QImage:
    padded = np.pad(samples, N_FFT // 2, mode="reflect")  # a column for every moment, also at both ends
    decibels = 20 * np.log10(stft_magnitude(padded, N_FFT, HOP) / reference + 1e-9)
    rows = HIGHEST * (LOWEST / HIGHEST) ** (np.arange(PANEL_HEIGHT) / (PANEL_HEIGHT - 1)) * N_FFT / RATE
    below = rows.astype(int)
    share = (rows - below)[:, None]
    image = (1 - share) * decibels.T[below] + share * decibels.T[below + 1]
    rgb = np.ascontiguousarray(_colours(223)[np.clip((image / RANGE_DB + 1) * 222, 0, 222).astype(int)])
    return QImage(rgb.data, rgb.shape[1], rgb.shape[0], 3 * rgb.shape[1], QImage.Format.Format_RGB888).copy()


def _annotate(
    painter: QPainter, area: QRect, boundary: float, seconds: float, names: tuple[str, str], first: bool
) -> None:
    def x(time: float) -> float:
        return area.left() + time / seconds * area.width()

    middle = round(x(boundary))
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
    above = area.top() - 20
    painter.setPen(QColor("#202020"))
    painter.drawText(QRect(area.left(), above, middle - area.left(), 18), flags, names[0])
    painter.drawText(QRect(middle, above, area.right() - middle, 18), flags, names[1])
    painter.setPen(QPen(QColor("white"), 1, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(middle, area.top()), QPointF(middle, area.bottom()))
    painter.setPen(QColor("#606060"))
    for second in range(int(seconds) + 1):
        if not first and second == 0:
            continue  # it would run into the end of the picture beside it
        place = QRect(round(x(second)) - 20, area.bottom() + 5, 40, 16)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, f"{second} s" if second else "0")
    if first:
        for frequency in (100, 300, 1000, 3000, 10_000):
            y = area.top() + round(np.log(HIGHEST / frequency) / np.log(HIGHEST / LOWEST) * area.height())
            text = f"{frequency // 1000} kHz" if frequency >= 1000 else f"{frequency} Hz"
            painter.drawText(QRect(0, y - 9, LEFT - 6, 18), Qt.AlignmentFlag.AlignRight, text)


if __name__ == "__main__":
    sys.exit(main())
