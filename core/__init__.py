"""PianoDiff's engine: everything the window can do, without a window.

Never imports Qt, pyqtgraph or sounddevice; an import contract in the tests keeps it so.
"""

import os

# Before torch is loaded. By default its threads wait for each other by spinning, and where anything else wants a core
# (another program, the window itself) a run takes up to four times as long. Asleep, they leave the core to it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
