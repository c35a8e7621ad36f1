"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from core.audio.writing import check_text_destination, write_text
from core.errors import ExportError


def test_small_text_files_get_the_same_care(tmp_path: Path) -> None:
    path = tmp_path / "out.wav.json"
    write_text(path, "one\n", overwrite=False)
    with pytest.raises(ExportError, match="exists already"):
        write_text(path, "two\n", overwrite=False)
    with pytest.raises(ExportError, match="exists already"):
        check_text_destination(path, overwrite=False)
    assert path.read_text() == "one\n"
    write_text(path, "zwölf\n", overwrite=True)
    assert path.read_bytes() == "zwölf\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav.json"]
