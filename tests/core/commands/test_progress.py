"""The progress that is shown: true figures, and no redrawing where it would fill a log."""

import io
import os
from collections.abc import Callable
from itertools import pairwise

import pytest

from core.commands.progress import ProgressReport
from core.wording import clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that only moves when told to."""
    now = [1000.0]

    def advance(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr("core.commands.progress.time.monotonic", lambda: now[0])
    return advance


def test_plain_lines_every_tenth(wait: Callable[[float], None]) -> None:
    """In a log or a pipe a bar that redraws itself is a mess."""
    stream = io.StringIO()
    progress = ProgressReport(stream)
    for done in range(1, 201):
        wait(0.5)
        progress.update(done, 200)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert "\r" not in stream.getvalue()
    assert len(lines) == 10
    assert lines[0] == " 10%: 20 of 200 evaluations, 0:10 elapsed, about 1:30 left"
    assert lines[-1] == "100%: 200 of 200 evaluations, 1:40 elapsed"


def test_time_left_leaves_the_slow_start_out(wait: Callable[[float], None]) -> None:
    """Loading and the first step take long; counted in, they would promise minutes too much."""
    stream = io.StringIO()
    progress = ProgressReport(stream)
    wait(30.0)
    progress.update(1, 100)
    for done in range(2, 51):
        wait(1.0)
        progress.update(done, 100)
    assert stream.getvalue().splitlines()[-1] == " 50%: 50 of 100 evaluations, 1:19 elapsed, about 0:50 left"


def test_no_time_left_before_it_means_anything(wait: Callable[[float], None]) -> None:
    stream = Terminal()
    progress = ProgressReport(stream)
    for done in (1, 2, 3):
        wait(1.0)
        progress.update(done, 100)
    assert "left" not in stream.getvalue()
    wait(1.0)
    progress.update(4, 100)
    assert "1:36 left" in stream.getvalue()


@pytest.mark.parametrize("columns", [200, 80, 40, 20])
def test_a_bar_stays_on_its_line(wait: Callable[[float], None], monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """A line that wraps can't be overwritten, and the terminal fills with remains."""
    monkeypatch.setattr("core.commands.progress.shutil.get_terminal_size", lambda: os.terminal_size((columns, 24)))
    stream = Terminal()
    progress = ProgressReport(stream)
    for done in range(1, 4001):
        wait(0.3)
        progress.update(done, 4000, done // 1000, 5)
    progress.close()
    assert stream.getvalue().endswith("\n") and stream.getvalue().count("\n") == 1
    drawn = stream.getvalue().rstrip("\n").split("\r")[1:]
    assert len(drawn) == 4000
    assert max(map(len, drawn)) < columns
    if columns >= 80:
        assert "window 3/5" in drawn[2500]
        assert drawn[1999].startswith("[") and " 50%" in drawn[1999]
        assert drawn[1999].count("#") == pytest.approx(drawn[1999].count("."), abs=1)
    # Each line covers what is left of the longer one before it.
    for before, after in pairwise(drawn):
        assert len(after) >= min(len(before.rstrip()), columns - 1)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(0, "0:00"), (0.6, "0:01"), (59.4, "0:59"), (59.6, "1:00"), (3599.6, "1:00:00"), (7265, "2:01:05")],
)
def test_clock(seconds: float, says: str) -> None:
    assert clock(seconds) == says
