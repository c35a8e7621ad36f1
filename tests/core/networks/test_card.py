"""A network's card."""

import os
from pathlib import Path

from core.networks.registry import find_network
from tests.core.networks.foreign.codebases import (
    LmntDiffWave,
    save_lmnt,
)


def test_the_hash_follows_the_file(tmp_path: Path) -> None:
    """A run overwrites its weights; a recipe with yesterday's hash would be a lie."""
    path = save_lmnt(tmp_path / "weights.pt")
    info = find_network(str(path))
    before = info.weights_sha256()
    save_lmnt(path, LmntDiffWave().half().float())
    os.utime(path, (1e9, 1e9))
    assert info.weights_sha256() != before
