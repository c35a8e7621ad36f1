"""What the window remembers between runs, in one typed place over QSettings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from core.audio.endings import RING, Ending
from core.errors import SettingsError
from core.extension.taste import Taste

_STEP_TIMES_KEPT = 5


@dataclass(frozen=True)
class Remembered:
    """A network of the user's own.

    path     the folder or file it is opened by
    title    what it called itself when it was last read
    weights  its file of weights, symbolic links resolved: the same file is the same network
    """

    path: str
    title: str
    weights: str


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
    def lane(self) -> str:
        """What was shown under the waveform; "" before any choice."""
        return self._text("view/lane")

    @lane.setter
    def lane(self, name: str) -> None:
        self._store.setValue("view/lane", name)

    @property
    def pitch_overlay(self) -> bool:
        """Whether the pitch is drawn over the spectrogram."""
        return self._text("spectrogram/pitch") == "on"

    @pitch_overlay.setter
    def pitch_overlay(self, on: bool) -> None:
        self._store.setValue("spectrogram/pitch", "on" if on else "off")

    @property
    def spectrogram_brightness(self) -> int:
        """dB that softer sounds are drawn than by itself."""
        try:
            return int(self._text("spectrogram/brightness", "0"))
        except ValueError:  # somebody edited the file
            return 0

    @spectrogram_brightness.setter
    def spectrogram_brightness(self, decibels: int) -> None:
        self._store.setValue("spectrogram/brightness", str(decibels))

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
    def ending(self) -> Ending:
        """What became of the new audio's end in the last export."""
        try:
            return Ending.parse(self._text("export/ending", RING))
        except SettingsError:  # somebody edited the file
            return Ending(RING)

    @ending.setter
    def ending(self, ending: Ending) -> None:
        self._store.setValue("export/ending", str(ending))

    @property
    def play_when_ready(self) -> bool:
        """Whether a run is played by itself once its first window is complete."""
        return self._text("play/when_ready") == "yes"

    @play_when_ready.setter
    def play_when_ready(self, wanted: bool) -> None:
        self._store.setValue("play/when_ready", "yes" if wanted else "no")

    @property
    def networks(self) -> tuple[Remembered, ...]:
        """The user's own networks in the order of the menu, whether or not they are still there."""
        try:
            entries = json.loads(self._text("networks/own", "[]"))
            return tuple(Remembered(str(e["path"]), str(e["title"]), str(e["weights"])) for e in entries)
        except (ValueError, KeyError, TypeError):  # somebody edited the file; the networks can be chosen again
            return ()

    @networks.setter
    def networks(self, networks: Iterable[Remembered]) -> None:
        self._store.setValue("networks/own", json.dumps([asdict(network) for network in networks]))

    @property
    def network(self) -> str:
        """The network chosen last: a shipped one's name or the path of an own one; "" before any choice."""
        return self._text("networks/selected")

    @network.setter
    def network(self, name: str) -> None:
        self._store.setValue("networks/selected", name)

    @property
    def network_folder(self) -> str:
        """Where the last network was chosen from."""
        folder = self._text("networks/folder")
        return folder if folder and Path(folder).is_dir() else str(Path.home())

    @network_folder.setter
    def network_folder(self, folder: str | Path) -> None:
        self._store.setValue("networks/folder", str(folder))

    @property
    def samplers(self) -> tuple[str, ...]:
        """Paths of the user's own samplers, the newest first, whether or not they are still there."""
        return tuple(line for line in self._text("samplers/own").split("\n") if line)

    @samplers.setter
    def samplers(self, paths: Iterable[str]) -> None:
        self._store.setValue("samplers/own", "\n".join(paths))

    @property
    def trusted_samplers(self) -> dict[str, str]:
        """SHA-256 of the sampler files that the user has chosen, or agreed to run, by path."""
        try:
            entries = json.loads(self._text("samplers/trusted", "{}"))
            return {str(path): str(sha256) for path, sha256 in entries.items()}
        except (ValueError, AttributeError):  # somebody edited the file; they are asked for again
            return {}

    @trusted_samplers.setter
    def trusted_samplers(self, samplers: Mapping[str, str]) -> None:
        self._store.setValue("samplers/trusted", json.dumps(dict(samplers)))

    @property
    def sampler_folder(self) -> str:
        """Where the last sampler was chosen from."""
        folder = self._text("samplers/folder")
        return folder if folder and Path(folder).is_dir() else str(Path.home())

    @sampler_folder.setter
    def sampler_folder(self, folder: str) -> None:
        self._store.setValue("samplers/folder", folder)

    @property
    def lead(self) -> str:
        """What was last chosen to lead a run; "" before any choice."""
        return self._text("notes/lead")

    @lead.setter
    def lead(self, name: str) -> None:
        self._store.setValue("notes/lead", name)

    @property
    def as_played(self) -> bool:
        """Whether what does not change in a selection stays as it was played."""
        return self._text("notes/as played", "on") == "on"

    @as_played.setter
    def as_played(self, on: bool) -> None:
        self._store.setValue("notes/as played", "on" if on else "off")

    @property
    def taste(self) -> Taste:
        """How notes were last composed."""
        try:
            return Taste(**json.loads(self._text("notes/taste", "{}")))
        except (ValueError, TypeError, SettingsError):  # somebody edited the file
            return Taste()

    @taste.setter
    def taste(self, taste: Taste) -> None:
        self._store.setValue("notes/taste", json.dumps(asdict(taste)))

    @property
    def geometry(self) -> QByteArray | None:
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    def step_seconds(
        self, network: str, device: str, differentiated: bool = False, led: bool = False
    ) -> float | None:
        """Measured seconds of one network evaluation (median of the last runs), None where there was none yet.

        network: what the settings call it, so that two own networks whose folders share a name are measured apart.
        differentiated: with the gradient that some samplers take of each; led: by notes, in shorter windows.
        """
        times = self._step_times(self._step_key(network, device, differentiated, led))
        return median(times) if times else None

    def add_step_seconds(
        self, network: str, device: str, seconds: float, differentiated: bool = False, led: bool = False
    ) -> None:
        """Remember the mean seconds of one evaluation of a run."""
        if seconds > 0:
            key = self._step_key(network, device, differentiated, led)
            times = [*self._step_times(key), seconds][-_STEP_TIMES_KEPT:]
            self._store.setValue(key, " ".join(f"{t:.6g}" for t in times))

    def _step_times(self, key: str) -> list[float]:
        try:
            times = [float(word) for word in self._text(key).split()]
        except ValueError:
            return []
        return [t for t in times if t > 0]

    @staticmethod
    def _step_key(network: str, device: str, differentiated: bool, led: bool) -> str:
        how = ("+gradient" if differentiated else "") + ("+notes" if led else "")
        return f"steps/{network.replace('/', '_').replace(chr(92), '_')}@{device}{how}"
