"""Peak memory."""

import mmap
import sys
from pathlib import Path

import pytest
import torch

from core.study.memory import PeakMemory


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can reset the mark")
def test_peak_memory_is_of_this_piece_of_work() -> None:
    """A large array counts while it is measured, and is forgotten by the next measurement."""
    memory = PeakMemory(torch.device("cpu"))
    if memory.kind != "resident size of the process":
        pytest.skip("this system does not reset the mark")
    before = memory.megabytes()
    with mmap.mmap(-1, 320_000_000) as large:  # fresh pages: an allocator may have had some left from earlier tests
        large.write(b"\1" * len(large))
    assert memory.megabytes() - before > 300
    assert PeakMemory(torch.device("cpu")).megabytes() - before < 100


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can reset the mark")
def test_a_mark_that_is_not_reset_is_not_called_this_work_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some virtual machines take the request and leave the mark where it was."""
    written: list[str] = []
    monkeypatch.setattr(Path, "write_text", lambda self, text: written.append(f"{self} {text}"))
    assert PeakMemory(torch.device("cpu")).kind == "resident size of the process since it began"
    assert written == ["/proc/self/clear_refs 5"]


@pytest.mark.cuda
def test_peak_memory_on_a_card() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    device = torch.device("cuda")
    memory = PeakMemory(device)
    before = memory.megabytes()
    torch.empty(100_000_000, dtype=torch.uint8, device=device)
    assert memory.megabytes() - before == pytest.approx(100, abs=5)
    assert PeakMemory(device).megabytes() - before < 5
