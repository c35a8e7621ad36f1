"""What every test gets: no display needed, and nothing written to the settings of whoever runs the tests."""

import atexit
import os
import tempfile
from pathlib import Path

import pytest

# Before any test module imports Qt. A display is used only when the caller asks (QT_QPA_PLATFORM=xcb).
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
# The tests' matrices are small: one thread computes them as fast as two, and when another process wants the cores,
# threads that wait for each other make the run ten times longer.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
# QSettings, logs and caches go to a folder of this run's own.
_home = tempfile.TemporaryDirectory(prefix="pianodiff-tests-")
atexit.register(_home.cleanup)
for _variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
    os.environ[_variable] = os.path.join(_home.name, _variable.lower())
# What numba compiles for librosa, too: processes that fill one cache at once can leave it so that whoever reads it
# crashes (numba issue 10128).
os.environ["NUMBA_CACHE_DIR"] = os.path.join(_home.name, "numba")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout that holds these tests."""
    return Path(__file__).resolve().parents[1]
