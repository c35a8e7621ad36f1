"""Where file dialogs begin."""

from __future__ import annotations

from pathlib import Path

from core.assets import asset_path
from pianodiff_gui.session.preferences import Preferences


def is_shipped(path: Path) -> bool:
    """Whether a file lies inside the application: nothing of the user's belongs beside it."""
    return asset_path("demo").parent in path.resolve().parents


def folder_beside(recording: Path, preferences: Preferences) -> Path:
    """The recording's own folder; for the demo clip, where the user worked last."""
    return Path(preferences.folder) if is_shipped(recording) else recording.parent
