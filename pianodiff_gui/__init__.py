"""The PianoDiff window: Qt only, everything it does with sound is done by `core`."""

import os

# pyqtgraph picks its Qt binding from this when it is first imported.
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
