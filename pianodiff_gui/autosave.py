"""Every finished take is written to disk as it appears, so that a crash or a careless close loses nothing.

One folder per open recording: `session.json` and the takes as float WAV files. A lock file tells whether the program
that wrote it is still alive. A folder whose takes were exported, or that holds none, is removed.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile as sf
from PySide6.QtCore import QLockFile

from core.errors import PianoDiffError
from core.settings import Settings
from pianodiff_gui.timeline import Take, Timeline

log = logging.getLogger(__name__)

_KEPT = 3  # folders of earlier sessions; older ones are removed


@dataclass(frozen=True)
class Saved:
    """Takes that belong to a recording, to be brought back with it."""

    folder: Path | None  # where they were kept; None when they come from elsewhere
    source: Path
    frames: int
    takes: tuple[Take, ...]


class Autosave:
    """Writes one session's takes. Methods may be called from any one thread at a time; nothing here raises."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._file_lock: QLockFile | None = None
        self._files: dict[int, tuple[Take, str]] = {}  # by identity; keeping the take keeps the identity

    def save(self, timeline: Timeline) -> bool:
        """Bring the folder up to date with `timeline`. False when it could not be written."""
        with self._lock:
            try:
                self._save(timeline)
            except (OSError, sf.SoundFileError):
                log.exception("autosave failed")
                return False
            return True

    def _save(self, timeline: Timeline) -> None:
        if not timeline.takes:
            self._remove()
            return
        if self._folder is None:
            self._folder = self._root / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{time.monotonic_ns() % 10**6}"
            self._folder.mkdir(parents=True)
            self._file_lock = QLockFile(str(self._folder / "lock"))
            self._file_lock.tryLock(0)
        entries = []
        kept: dict[int, tuple[Take, str]] = {}
        for take in timeline.takes:
            name = self._files.get(id(take), (take, ""))[1]
            if not name:
                name = f"take-{time.monotonic_ns()}.wav"
                sf.write(self._folder / name, take.samples.T, timeline.sample_rate, subtype="FLOAT")
            kept[id(take)] = (take, name)
            entries.append({"file": name, "settings": dataclasses.asdict(take.settings), "run": take.run})
        state = {"source": str(timeline.source.path), "frames": timeline.source_frames, "takes": entries}
        temporary = self._folder / "session.json.part"
        temporary.write_text(json.dumps(state), encoding="utf-8")
        os.replace(temporary, self._folder / "session.json")
        for key, (_, name) in self._files.items():
            if key not in kept:
                (self._folder / name).unlink(missing_ok=True)
        self._files = kept

    def leave(self, keep: bool) -> None:
        """The session is over (another file is opened, or the window closes). `keep` its takes for later?"""
        with self._lock:
            if not keep:
                self._remove()
            if self._file_lock is not None:
                self._file_lock.unlock()
            self._folder, self._file_lock, self._files = None, None, {}

    def _remove(self) -> None:
        if self._folder is not None:
            if self._file_lock is not None:
                self._file_lock.unlock()
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder, self._file_lock, self._files = None, None, {}

    def find(self) -> Path | None:
        """The newest folder left behind by a program that has ended."""
        candidates = self._left_behind()
        for old in candidates[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
        return candidates[0] if candidates else None

    def _left_behind(self) -> list[Path]:
        try:
            folders = sorted((p for p in self._root.iterdir() if (p / "session.json").is_file()), reverse=True)
        except OSError:
            return []
        ended = []
        for folder in folders:
            lock = QLockFile(str(folder / "lock"))
            if folder != self._folder and lock.tryLock(0):
                lock.unlock()
                ended.append(folder)
        return ended

    @staticmethod
    def load(folder: Path) -> Saved:
        """Read a session back. Raises PianoDiffError."""
        try:
            state: dict[str, Any] = json.loads((folder / "session.json").read_text(encoding="utf-8"))
            takes = []
            for entry in state["takes"]:
                samples, _ = sf.read(folder / entry["file"], dtype="float32", always_2d=True)
                takes.append(Take(samples.T.copy(), Settings(**entry["settings"]), entry["run"]))
            return Saved(folder, Path(state["source"]), int(state["frames"]), tuple(takes))
        except (OSError, ValueError, KeyError, TypeError, sf.SoundFileError) as error:
            raise PianoDiffError("The last session could not be read back; its files are damaged.") from error

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove a session that was brought back or is not wanted."""
        shutil.rmtree(folder, ignore_errors=True)
