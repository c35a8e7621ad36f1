"""What every command shares with the terminal: how it ends, and what it says beside its results.

Results go to standard output; progress, notes and errors to standard error.
"""

from __future__ import annotations

import sys

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done, it failed, it was called wrongly, Ctrl-C."""


def say(text: str) -> None:
    """Tell the user something that is no result."""
    print(f"pianodiff: {text}", file=sys.stderr, flush=True)


def fail(message: str, code: int) -> int:
    """Say why it ends; returns the exit code."""
    kind = "" if code == INTERRUPTED else "error: "
    say(f"{kind}{message}")
    return code
