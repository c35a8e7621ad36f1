"""Everything that was made is written to disk as it appears, so that a crash or a careless close loses nothing.

One folder per open recording: `session.json` and what was generated as float WAV files. A lock file tells whether the
program that wrote it is still alive. A folder whose takes were exported, or that holds neither takes nor notes, is
removed.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from pathlib import Path

from PySide6.QtCore import QLockFile

from core.errors import ExportError
from pianodiff_gui.session.files import Saved, write_folder
from pianodiff_gui.session.timeline import Stretch

log = logging.getLogger(__name__)

_KEPT = 3  # folders of earlier sessions; older ones are removed


class Autosave:
    """Writes one session's takes. Methods may be called from any one thread at a time; nothing here raises."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._file_lock: QLockFile | None = None
        self._files: dict[int, tuple[Stretch, str]] = {}  # as write_folder has them

    def save(self, saved: Saved, sample_rate: int) -> bool:
        """Bring the folder up to date. False when it could not be written."""
        with self._lock:
            try:
                self._save(saved, sample_rate)
            except (OSError, ExportError):
                log.exception("autosave failed")
                return False
            return True

    def _save(self, saved: Saved, sample_rate: int) -> None:
        if not (saved.takes or saved.planned):
            self._remove()
            return
        if self._folder is None:
            self._folder = self._root / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{time.monotonic_ns() % 10**6}"
            self._folder.mkdir(parents=True)
            self._file_lock = QLockFile(str(self._folder / "lock"))
            self._file_lock.tryLock(0)
        write_folder(saved, sample_rate, self._folder, self._files)

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
    def forget(folder: Path) -> None:
        """Remove a session that was brought back or is not wanted."""
        shutil.rmtree(folder, ignore_errors=True)
