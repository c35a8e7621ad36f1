"""Draws assets/icons/pianodiff.svg as PNG, ICO (Windows) and ICNS (macOS). Run after changing the SVG:

    .venv/bin/python packaging/make_icons.py
"""

import os
import struct
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "icons"


def png(renderer: QSvgRenderer, size: int) -> bytes:
    """The picture, `size` pixels square, as a PNG file's bytes."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def ico(pictures: dict[int, bytes]) -> bytes:
    """A Windows icon that holds PNGs: a directory of 16 bytes each, then the pictures."""
    header, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    offset = len(header) + 16 * len(pictures)
    for size, data in pictures.items():
        header += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), offset + len(body))
        body += data
    return header + body


def icns(pictures: dict[bytes, bytes]) -> bytes:
    """A macOS icon that holds PNGs: a type of four letters, the length, the picture."""
    body = b"".join(kind + struct.pack(">I", 8 + len(data)) + data for kind, data in pictures.items())
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def main() -> None:
    """Write the three files beside the SVG."""
    application = QGuiApplication([])
    renderer = QSvgRenderer(str(FOLDER / "pianodiff.svg"))
    assert renderer.isValid()
    (FOLDER / "pianodiff.png").write_bytes(png(renderer, 256))
    (FOLDER / "pianodiff.ico").write_bytes(ico({s: png(renderer, s) for s in (16, 24, 32, 48, 64, 128, 256)}))
    kinds = {b"ic07": 128, b"ic08": 256, b"ic09": 512}
    (FOLDER / "pianodiff.icns").write_bytes(icns({kind: png(renderer, s) for kind, s in kinds.items()}))
    application.quit()


if __name__ == "__main__":
    main()
