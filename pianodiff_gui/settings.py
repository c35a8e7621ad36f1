"""What the window remembers between runs, in one typed place over QSettings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

_STEP_TIMES_KEPT = 5


class Preferences:
    """Typed access to the user's settings file."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else QSettings()

    def _text(self, key: str, default: str = "") -> str:
        value = self._store.value(key, default)
        return value if isinstance(value, str) else default

    @property
    def theme(self) -> str:
        """ "system", "light" or "dark"."""
        return self._text("view/theme", "system")

    @theme.setter
    def theme(self, mode: str) -> None:
        self._store.setValue("view/theme", mode)

    @property
    def folder(self) -> str:
        """Where the last file was opened or written."""
        folder = self._text("files/folder")
        if folder and Path(folder).is_dir():
            return folder
        music = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MusicLocation)
        return music or str(Path.home())

    @folder.setter
    def folder(self, folder: str | Path) -> None:
        self._store.setValue("files/folder", str(folder))

    @property
    def networks(self) -> list[str]:
        """Paths of networks the user chose from a file; those that have gone are left out."""
        value: Any = self._store.value("networks/files", [])
        paths: Iterable[Any] = [value] if isinstance(value, str) else value or []
        return [path for path in paths if isinstance(path, str) and Path(path).exists()]

    def add_network(self, path: str) -> None:
        self._store.setValue("networks/files", [*(p for p in self.networks if p != path), path])

    @property
    def geometry(self) -> QByteArray | None:
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    def step_seconds(self, network: str, device: str) -> float | None:
        """Measured seconds of one network evaluation (median of the last runs), None where there was none yet."""
        times = self._step_times(network, device)
        return median(times) if times else None

    def add_step_seconds(self, network: str, device: str, seconds: float) -> None:
        """Remember the mean seconds of one evaluation of a run."""
        if seconds > 0:
            times = [*self._step_times(network, device), seconds][-_STEP_TIMES_KEPT:]
            self._store.setValue(self._step_key(network, device), " ".join(f"{t:.6g}" for t in times))

    def _step_times(self, network: str, device: str) -> list[float]:
        try:
            times = [float(word) for word in self._text(self._step_key(network, device)).split()]
        except ValueError:
            return []
        return [t for t in times if t > 0]

    @staticmethod
    def _step_key(network: str, device: str) -> str:
        return f"steps/{network.replace('/', '_').replace(chr(92), '_')}@{device}"
