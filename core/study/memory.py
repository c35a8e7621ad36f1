"""Peak memory of a piece of work."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import torch

_MEGABYTE = 1e6
_PROBE = 64 * 2**20  # bytes


class PeakMemory:
    """Measures from its making on.

    On CUDA the most that PyTorch's tensors took on the card, weights included. Elsewhere the largest resident size of
    the whole process: on Linux since this object was made, on macOS (and where Linux does not reset the mark: some
    virtual machines take the request and do nothing) since the process began, so that a case can only show what an
    earlier one needed as well. Windows keeps no such mark that Python's library reads: not available.

    Attributes:
        kind: which of these it is, "" where there is none.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.kind = ""
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self.kind = "tensors on the card"
        elif sys.platform == "linux" and _reset_high_water():
            self.kind = "resident size of the process"
        elif sys.platform != "win32":
            self.kind = "resident size of the process since it began"

    def megabytes(self) -> float:
        """The peak so far in MB (10^6 bytes), NaN where there is none."""
        if self.kind == "":
            return float("nan")
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device) / _MEGABYTE
        if self.kind == "resident size of the process":
            return _high_water() / _MEGABYTE
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, KiB elsewhere
        return (peak if sys.platform == "darwin" else peak * 1024) / _MEGABYTE


def _reset_high_water() -> bool:
    """Whether the mark now stands at what is resident, tried with a peak made for it."""
    try:
        with mmap.mmap(-1, _PROBE) as probe:  # pages of its own, which go back to the system at once
            probe.write(b"\1" * _PROBE)
        Path("/proc/self/clear_refs").write_text("5")
        return 0 < _high_water() < _status("VmRSS") + _PROBE // 2
    except OSError:
        return False


def _high_water() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    """A size of the process in bytes, 0 when the kernel does not say."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
