"""Where the shipped files are: the same in a checkout, an installation and a PyInstaller build."""

from pathlib import Path

import assets
from core.errors import PianoDiffError


def asset_path(name: str) -> Path:
    """Path of a shipped file or folder, `name` relative to `assets/` with forward slashes ("demo/demo.wav").

    Raises PianoDiffError when it is not there, which means that the installation is incomplete.
    """
    # The package's own file is the one anchor that holds everywhere; PyInstaller points it at its own copy.
    path = Path(assets.__file__).resolve().parent.joinpath(*name.split("/"))
    if not path.exists():
        raise PianoDiffError(
            f"PianoDiff's own file '{name}' is missing from {path.parent}. "
            "The installation is incomplete: please install PianoDiff again."
        )
    return path
