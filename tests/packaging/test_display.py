"""A real X display, not Qt's offscreen one: the system libraries that the set-up installs suffice to open a window."""

import os
import shutil
import subprocess
import sys

import pytest

WINDOW = """
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication([])
label = QLabel("PianoDiff")
label.show()
application.processEvents()
print(application.platformName(), label.grab().width() > 0)
"""


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_qt_opens_a_window_on_an_x_display() -> None:
    """Breaks when a library of Qt's xcb platform is not in packaging/system-libraries.sh: no window, only an abort."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{number}"}
        result = subprocess.run(
            [sys.executable, "-c", WINDOW], env=environment, capture_output=True, text=True, timeout=60
        )
        assert result.stdout.split() == ["xcb", "True"], result.stderr
    finally:
        server.terminate()
        server.wait(10)
