"""A sampler as one Python file: what it may do, and what happens when it goes wrong."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.diffusion import own_sampler
from core.diffusion.denoiser import Denoiser
from core.diffusion.own_sampler import file_sha256, find_sampler, hold_back, let_run
from core.errors import SamplerError, SettingsError
from core.extension.extension import Extension
from core.extension.recipe import describe_sampler
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from tests.core.tones import chord

Tiny = tuple[Denoiser, NetworkInfo]

REPLACEMENT = '''"""Replacement, by hand.

The do-nothing baseline in ten lines.
"""
import torch

from core.diffusion.sampling import State
from core.diffusion.solver import DDIM
from core.diffusion.walk import strided


def sample(denoiser, known, keep, steps, noise):
    schedule = denoiser.schedule
    solver, x = DDIM(schedule), noise("initial", schedule.top, 0, known)
    for edge in strided(schedule.top, steps):
        noised = schedule.diffuse(known, 0, edge.start, noise("known", edge.start, 0, known))
        x = torch.where(keep, noised, x)
        with torch.no_grad():
            prediction = denoiser(x, edge.start)
        x = solver.step(x, prediction, edge, noise("step", edge.start, 0, x), denoiser)
        yield State(edge.stop, x, prediction.clean)
'''


STRIDED, YIELD = "strided(schedule.top, steps)", "yield State(edge.stop, x, prediction.clean)"


def write(folder: Path, text: str) -> str:
    path = folder / "mine.py"
    path.write_text(text)
    return str(path)


def extend(tiny: Tiny, settings: Settings) -> np.ndarray:
    extension = Extension(*tiny, chord(0.6, 4000), 4000, 0.5, settings)
    for _ in extension.run():
        pass
    return extension.audio()


def test_the_file_of_the_documentation_is_the_replacement_sampler(tiny: Tiny, tmp_path: Path) -> None:
    """The same noise at the same places: what the user writes can be held against what ships, sample by sample."""
    mine = Settings(sampler=write(tmp_path, REPLACEMENT), steps=4, seed=3)
    assert np.array_equal(extend(tiny, mine), extend(tiny, Settings(sampler="replacement", steps=4, seed=3)))
    found = find_sampler(mine.sampler)
    assert (found.title, found.summary) == ("Replacement, by hand", "The do-nothing baseline in ten lines.")
    assert found.cost(mine) == (4, 0)


def test_the_documented_file_is_the_tested_one() -> None:
    """The ten lines a reader copies must run."""
    text = (Path(__file__).parents[3] / "docs" / "samplers.md").read_text(encoding="utf-8")
    assert REPLACEMENT in text


def test_its_hash_is_in_the_recipe(tmp_path: Path) -> None:
    """A file can be changed under the same name; the recipe must tell."""
    path = write(tmp_path, REPLACEMENT)
    before = describe_sampler(Settings(sampler=path), find_sampler(path))
    write(tmp_path, REPLACEMENT + "\n")
    assert before["sha256"] != describe_sampler(Settings(sampler=path), find_sampler(path))["sha256"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def sample(:", "line 1: SyntaxError"),
        ("x = 1\nraise SystemExit", "line 2: SystemExit"),
        ("import no_such_module", "no_such_module"),
        ("", r"no generator function sample\(denoiser, known, keep, steps, noise\)"),
        ("def sample(denoiser): yield", "no generator function"),
        ("def sample(denoiser, known, keep, steps, noise): return []", "no generator function"),
    ],
)
def test_a_file_that_is_no_sampler_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SamplerError, match=message):
        find_sampler(write(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (STRIDED, "strided(schedule.top, steps // 0)", "mine.py, line 15: ZeroDivisionError"),
        (YIELD, "yield x", "must yield State"),
        (YIELD, "yield State(0, x[..., 1:], x)", "shaped like known"),
        (STRIDED, "strided(schedule.top, steps + 1)", "makes more than the 4 evaluations a window that it announced"),
        (STRIDED, "strided(schedule.top, steps - 1)", "but made 3 and 0"),
        (YIELD, "raise SystemExit\n        yield", "SystemExit"),
        (YIELD, "raise BaseException('no')\n        yield", "BaseException: no"),
        (YIELD, "yield State(-1, x, x)", "levels from 0 to 200, not -1"),
        (YIELD, "yield State('a', x, x)", "levels from 0 to 200, not 'a'"),
        (YIELD, "yield State(float('nan'), x, x)", "levels from 0 to 200"),
        (YIELD, "yield State(1, x.int(), x)", "shaped like known"),
        (YIELD, "yield State(1, None, x)", "shaped like known"),
        ("with torch.no_grad():", "while True:", "makes more than the 4 evaluations a window that it announced"),
        ("for edge in", "while True: yield State(1, x, x)\n    for edge in", "announced 4 .* goes on without any"),
    ],
)
def test_what_goes_wrong_in_it_is_one_clear_error(
    tiny: Tiny, tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Whatever it does wrong must neither end the program nor pass for a finished extension."""
    settings = Settings(sampler=write(tmp_path, REPLACEMENT.replace(old, new)), steps=4)
    with pytest.raises(SamplerError, match=message):
        extend(tiny, settings)


def test_a_state_that_can_still_be_differentiated_is_taken(tiny: Tiny, tmp_path: Path) -> None:
    """Breaks when a sampler that takes gradients and forgets to detach ends in PyTorch's own words."""
    text = REPLACEMENT.replace("prediction.clean)", "prediction.clean.clone().requires_grad_())")
    assert extend(tiny, Settings(sampler=write(tmp_path, text), steps=4)).size


@pytest.mark.parametrize("text", ["while True: pass", "import time\ntime.sleep(3)"], ids=["busy", "asleep"])
def test_a_file_that_does_not_finish_loading_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Breaks when a file that hangs holds up the window's saving for ever, or goes on taking a core."""
    monkeypatch.setattr(own_sampler, "LOADING_SECONDS", 0.3)
    path = write(tmp_path, text + f"  # {tmp_path}")
    for patience in (1.5, 0.2):  # not given as long again
        began = time.monotonic()
        with pytest.raises(SamplerError, match=r"mine\.py does not finish loading: it was given 0\.3 s"):
            find_sampler(path)
        assert time.monotonic() - began < patience
    give_up = time.monotonic() + 10
    while any(thread.name == "loading mine.py" for thread in threading.enumerate()):
        assert time.monotonic() < give_up, "the thread goes on"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("before", "title"),
    [("__doc__ = 3\n", "mine"), ("__doc__ = 'x' * 10**6\n", "x" * 100), ("print('hello')\n", "mine")],
)
def test_strange_things_in_it_do_no_harm(tmp_path: Path, before: str, title: str) -> None:
    """Breaks when a title that is no text, or a million letters long, comes as far as the menu; it may print."""
    assert find_sampler(write(tmp_path, before + REPLACEMENT[REPLACEMENT.index("import") :])).title == title


@pytest.mark.parametrize("name", ["~nobody-of-that-name/a.py", "a\0b.py", "/" + "x" * 5000 + ".py"])
def test_a_name_that_no_file_can_have_is_told(name: str) -> None:
    """Breaks when a session's sampler ends in an error of the system's, also while it is asked about."""
    assert file_sha256(name) == ""
    with pytest.raises(SettingsError, match="can't be read"):
        find_sampler(name)
    hold_back(name)
    with pytest.raises(SettingsError, match="you have not agreed"):
        find_sampler(name)
    let_run(name)


def test_consent_is_to_the_file_as_it_was(tmp_path: Path) -> None:
    """Breaks when what somebody else's file holds later runs because of what it held when it was asked about."""
    path = write(tmp_path, REPLACEMENT)
    hold_back(path)
    let_run(path, file_sha256(path))
    assert find_sampler(path).title == "Replacement, by hand"
    write(tmp_path, f"open({str(tmp_path / 'sprung')!r}, 'w')")
    with pytest.raises(SettingsError, match="it has changed since you agreed to run it"):
        find_sampler(path)
    assert not (tmp_path / "sprung").exists()
    let_run(path)


@pytest.mark.parametrize("cost", ["0.5", "10**9", "[]", "-1"])
def test_a_cost_that_is_out_of_all_bounds_is_refused(tiny: Tiny, tmp_path: Path, cost: str) -> None:
    """Breaks when a plan is made of it."""
    settings = Settings(sampler=write(tmp_path, REPLACEMENT + f"\n\ndef evaluations(steps): return {cost}\n"))
    with pytest.raises(SamplerError, match="not a number of passes"):
        extend(tiny, settings)


def test_a_cost_that_is_no_number_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    """The progress bar would divide by it."""
    settings = Settings(sampler=write(tmp_path, REPLACEMENT + "\n\ndef evaluations(steps): return 0.5\n"))
    with pytest.raises(SamplerError, match="not a number of passes"):
        extend(tiny, settings)


def test_a_missing_file_says_so() -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.py can't be read"):
        find_sampler("/nowhere.py")
    with pytest.raises(SettingsError, match="Did you mean repaint"):
        Settings(sampler="repant")


def test_it_cannot_begin_with_notes_and_says_so(tmp_path: Path) -> None:
    """Breaks when it runs all the same, from its own noise, and the notes are quietly forgotten."""
    path = write(tmp_path, REPLACEMENT)
    with pytest.raises(SettingsError, match=r"mine\.py draws its own x_T, so it can't start from notes"):
        find_sampler(path).cost(Settings(sampler=path, start=0.4))
