"""What `make test` runs: each part in turn, what it took, and an end at the first that fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
MOST_WORKERS = 4
"""Each holds torch and Qt, up to 1.5 GB of memory."""

Part = tuple[str, Sequence[str]]


def parts() -> list[Part]:
    """(name, command) of every part, the quick ones first."""
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    spread = ("--numprocesses", str(workers), "--dist", "worksteal") if workers > 1 else ()
    pytest = (str(PROGRAMS / "pytest"), *spread, "-m")
    return [
        ("ruff", [str(PROGRAMS / "ruff"), "check", "."]),
        ("mypy", [str(PROGRAMS / "mypy")]),
        ("import contract", [str(PROGRAMS / "lint-imports")]),
        ("quick tests", [*pytest, "not journey and not slow"]),
        ("journeys", [*pytest, "journey and not slow"]),
    ]


def run(checks: Sequence[Part]) -> int:
    """Run them, then say what each took. Returns the exit code of the first that failed, 0 if none did."""
    took: list[tuple[str, float]] = []
    code = 0
    for name, command in checks:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        code = subprocess.run(command, check=False).returncode
        took.append((name if code == 0 else f"{name}, which failed", time.monotonic() - began))
        if code:
            break
    took.append(("in all", sum(seconds for _, seconds in took)))
    width = max(len(name) for name, _ in took)
    print("\n" + "\n".join(f"{name:{width}}  {seconds:6.1f} s" for name, seconds in took), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(run(parts()))
