"""PianoDiff's engine: everything the window can do, without a window.

Never imports Qt, pyqtgraph or sounddevice; an import contract in the tests keeps it so.
"""

__version__ = "0.1.0"
