"""The networks there are to choose from: the shipped ones, and the user's own, remembered between runs.

Reading one may import torch and go through a large file, so it is always done in another thread.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.errors import PianoDiffError
from core.networks.card import CONFIG_NAME, NetworkInfo
from core.networks.registry import find_network, shipped_networks
from pianodiff_gui.look import wording
from pianodiff_gui.session.preferences import Preferences, Remembered
from pianodiff_gui.work.background import Background

log = logging.getLogger(__name__)

NETWORK_SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".pkl", ".bin")
"""Files that are offered to be opened as networks, beside config.json; find_network decides."""

_READERS = 4  # threads: one that hangs on a drive which went away does not hold up the next
_LONGEST_TITLE = 60  # characters


@dataclass(frozen=True)
class Found:
    """A network that has been read.

    name     what the settings call it: a shipped name, or the path of an own one
    info     its card
    size     bytes of its file of weights
    weights  that file, symbolic links resolved
    shipped  whether it comes with PianoDiff
    """

    name: str
    info: NetworkInfo
    size: int
    weights: str
    shipped: bool

    @property
    def title(self) -> str:
        """What it calls itself, or else its file's name, in one line."""
        return wording.short(self.info.title, _LONGEST_TITLE) or Path(self.name).name


@dataclass(frozen=True)
class Trouble:
    """Why an own network cannot be used: it has gone, or it is there and is not sound."""

    message: str
    missing: bool


@dataclass(frozen=True)
class Entry:
    """A line of the menu. `label` is told apart from every other's; `trouble` when it cannot be used as it is."""

    name: str
    label: str
    tip: str
    trouble: Trouble | None = None


def is_network_path(path: Path) -> bool:
    """Whether a dropped file or folder is meant as a network. Recordings are never folders."""
    return path.name == CONFIG_NAME or path.suffix.lower() in NETWORK_SUFFIXES or path.is_dir()


def read_network(path: str) -> Found | Trouble:
    """Look into the network at `path`. Slow: not for the window's thread."""
    name = os.path.abspath(os.path.expanduser(path))
    try:
        if not os.path.exists(name):
            return _missing(name)
        info = find_network(name)
        weights = info.weights_path.resolve()
        size = info.weights_path.stat().st_size
    except PianoDiffError as error:
        return Trouble(str(error), missing=False)
    except OSError as error:
        return Trouble(f"{name} cannot be read ({error.strerror or error}).", missing=False)
    for shipped in _shipped():
        if shipped.weights_path.resolve() == weights:
            return Found(shipped.name, shipped, size, str(weights), shipped=True)
    return Found(os.path.abspath(info.path), info, size, str(weights), shipped=False)


def _missing(name: str) -> Trouble:
    return Trouble(
        f"There is no network at {name}. It was moved, renamed or deleted, or its drive is not connected.", missing=True
    )


def _shipped() -> list[NetworkInfo]:
    try:
        return shipped_networks()
    except PianoDiffError:  # an installation without networks still opens, shows and plays
        log.exception("the shipped networks could not be read")
        return []


def tell_apart(titles: Iterable[tuple[str, str]], taken: Iterable[str] = ()) -> list[str]:
    """Labels for (title, path) pairs: the title, and behind equal ones as much of the path's end as it takes."""
    pairs = list(titles)
    among = Counter([title.casefold() for title, _ in pairs] + [title.casefold() for title in taken])
    labels = []
    for title, path in pairs:
        if among[title.casefold()] == 1:
            labels.append(title)
            continue
        parts = Path(path).parts
        others = [Path(p).parts for t, p in pairs if t.casefold() == title.casefold() and p != path]
        length = 1
        while length < len(parts) and any(other[-length:] == parts[-length:] for other in others):
            length += 1
        labels.append(f"{title} ({Path(*parts[-length:])})")
    return labels


class Networks(QObject):
    """Lists networks, reads them in the background and keeps the user's own in the settings."""

    changed = Signal()  # the list, or what is known about an entry
    reading_changed = Signal()

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.shipped = _shipped()
        self._found: dict[str, Found] = {}
        self._troubles: dict[str, Trouble] = {}
        self._background = Background(self, _READERS)
        self._request = 0
        self._reading = ""
        self._closed = False

    # What there is

    @property
    def default(self) -> Found | None:
        """The shipped network to go back to; None in an installation without one."""
        return self.found(self.shipped[0].name) if self.shipped else None

    @property
    def reading(self) -> str:
        """The path of the network that the user is waiting for; "" when there is none."""
        return self._reading

    def found(self, name: str) -> Found | None:
        """The network that the settings call `name`, if it is shipped or has been read."""
        for info in self.shipped:
            if info.name == name:
                try:
                    size = info.weights_path.stat().st_size
                except OSError:
                    size = 0
                return Found(name, info, size, str(info.weights_path.resolve()), shipped=True)
        return self._found.get(name)

    def remembered(self, name: str) -> Remembered | None:
        """The own network called `name`."""
        return next((own for own in self._preferences.networks if own.path == name), None)

    def trouble(self, name: str) -> Trouble | None:
        """Why the own network `name` cannot be used, as far as is known."""
        return self._troubles.get(name)

    def label(self, name: str) -> str:
        """What the menu calls `name`."""
        return next((entry.label for entry in (*self.shipped_entries(), *self.own_entries()) if entry.name == name), "")

    def shipped_entries(self) -> list[Entry]:
        """The upper part of the menu."""
        return [Entry(info.name, info.title, info.summary) for info in self.shipped]

    def own_entries(self) -> list[Entry]:
        """The user's networks, in the order in which they were first chosen."""
        own = self._preferences.networks
        labels = tell_apart([(network.title, network.path) for network in own], [info.title for info in self.shipped])
        entries = []
        for network, label in zip(own, labels, strict=True):
            trouble = self._troubles.get(network.path)
            entries.append(Entry(network.path, label, trouble.message if trouble else network.path, trouble))
        return entries

    # Reading

    def read(self, path: str, done: Callable[[Found | Trouble], None], quiet: bool = False) -> None:
        """Read what lies at `path`, then call `done`; not if another was asked for, or `stop` was called, since.

        quiet: the user does not wait for it, so it is not shown.
        """
        self._request += 1
        request = self._request
        self._set_reading("" if quiet else path)

        def answer(result: Found | Trouble) -> None:
            if request == self._request and not self._closed:
                self._set_reading("")
                done(result)

        self._background.run(lambda: read_network(path), answer, lambda message: answer(Trouble(message, False)))

    def stop(self) -> None:
        """Whatever is being read is not wanted any more. Its thread ends unheard."""
        self._request += 1
        self._set_reading("")

    def _set_reading(self, path: str) -> None:
        if path != self._reading:
            self._reading = path
            self.reading_changed.emit()

    def look(self) -> None:
        """Find out in the background which of the user's networks are still where they were."""
        paths = [own.path for own in self._preferences.networks]
        if paths:
            self._background.run(lambda: {path for path in paths if not os.path.exists(path)}, self._looked)

    def _looked(self, gone: set[str]) -> None:
        if self._closed:
            return
        back = {name for name, trouble in self._troubles.items() if trouble.missing} - gone
        for name in back:
            del self._troubles[name]
        new = gone - self._troubles.keys()
        for name in new:
            self._troubles[name] = _missing(name)
        if back or new:
            self.changed.emit()

    # Remembering

    def remember(self, found: Found) -> None:
        """Put a network on the list, or bring its entry up to date; the same file is never listed twice."""
        self._found[found.name] = found
        self._troubles.pop(found.name, None)
        if not found.shipped:
            entry = Remembered(found.name, found.title, found.weights)
            listed = list(self._preferences.networks)
            same = [i for i, own in enumerate(listed) if found.weights == own.weights or found.name == own.path]
            if same:
                listed[same[0]] = entry
                listed = [own for i, own in enumerate(listed) if i not in same[1:]]
            else:
                listed.append(entry)
            self._preferences.networks = tuple(listed)
        self.changed.emit()

    def mark(self, name: str, trouble: Trouble) -> None:
        """An own network turned out to be unusable."""
        self._found.pop(name, None)
        self._troubles[name] = trouble
        self.changed.emit()

    def forget(self, name: str) -> None:
        """Take an own network off the list; its files stay."""
        self._found.pop(name, None)
        self._troubles.pop(name, None)
        self._preferences.networks = tuple(own for own in self._preferences.networks if own.path != name)
        self.changed.emit()

    def close(self) -> None:
        """The window closes: nothing is answered any more."""
        self.stop()
        self._closed = True
        self._background.wait()
