"""Malformed files of all kinds are opened or refused in words: a seeded sample, and under `slow` all that there are."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import AudioError
from tests.fuzz.kinds import FULL, KINDS
from tests.fuzz.trial import SECONDS, run

SAMPLE = {"audio": 150, "network": 40, "pickle": 40, "state": 60, "session": 60, "midi": 60, "recipe": 60}
A_PROCESS = 1000
"""Cases that a process of its own takes: one that crashes says where it was."""


def test_every_kind_has_a_sample_and_a_full_size() -> None:
    """Breaks when a new kind of file is never tried."""
    assert KINDS.keys() == FULL.keys() == SAMPLE.keys()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_sample_is_opened_or_refused_in_words(name: str) -> None:
    """Breaks when one of them ends in any other exception, runs what it holds, or takes its time or memory."""
    tally = run(KINDS[name], name, 0, SAMPLE[name])
    assert not tally.faults, "\n".join(f"{name} {number}\n{fault}" for number, fault in tally.faults.items())
    assert tally.counts["refused"] + tally.counts["opened"] == SAMPLE[name]
    assert tally.counts["refused"], "nothing was malformed"
    if name != "pickle":  # of these none may be opened
        assert tally.counts["opened"], "everything is refused: the sound parts don't count for anything"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "first"), [(name, first) for name, count in FULL.items() for first in range(0, count, A_PROCESS)]
)
def test_all_are_opened_or_refused_in_words(repository: Path, name: str, first: int) -> None:
    """The same at full size, each thousand in a process of its own: a crash of a decoder ends only that."""
    count = min(A_PROCESS, FULL[name] - first)
    command = [sys.executable, "-m", "tests.fuzz", name, str(first), str(count)]
    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=count * SECONDS)
    assert ended.returncode == 0, ended.stderr[-3000:]
    counts = json.loads(ended.stdout)["counts"]
    print(name, first, counts)
    assert sum(counts.values()) == count


def test_the_rule_is_kept_by_the_trial_itself() -> None:
    """Breaks when a fault, an error without words or a case without end passes for a refusal."""

    def every_sort(rng: object, _folder: Path) -> None:
        number = int(str(rng.random())[2]) % 4  # type: ignore[attr-defined]
        if number == 0:
            raise AudioError("It is damaged.")
        if number == 1:
            raise AudioError(" ")
        if number == 2:
            raise KeyError("x")
        if number == 3:
            bytearray(4 * 2**30)

    tally = run(every_sort, "sort", 0, 40)
    assert set(tally.counts) == {"refused", "faulty"}
    said = " ".join(tally.faults.values())
    assert "without a word" in said and "KeyError" in said and "MemoryError" in said
