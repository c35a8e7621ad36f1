"""A sampler as one Python file: what it may do, and what happens when it goes wrong."""

from pathlib import Path

import numpy as np
import pytest

from core.diffusion.denoiser import Denoiser
from core.diffusion.own_sampler import find_sampler
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
        ("strided(schedule.top, steps)", "strided(schedule.top, steps // 0)", "mine.py, line 15: ZeroDivisionError"),
        ("yield State(edge.stop, x, prediction.clean)", "yield x", "must yield State"),
        ("yield State(edge.stop, x, prediction.clean)", "yield State(0, x[..., 1:], x)", "shaped like known"),
        ("strided(schedule.top, steps)", "strided(schedule.top, steps + 1)", "announced 4 evaluations"),
        ("strided(schedule.top, steps)", "strided(schedule.top, steps - 1)", "but made 3 and 0"),
        ("yield State(edge.stop, x, prediction.clean)", "raise SystemExit\n        yield", "SystemExit"),
    ],
)
def test_what_goes_wrong_in_it_is_one_clear_error(
    tiny: Tiny, tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Whatever it does wrong must neither end the program nor pass for a finished extension."""
    settings = Settings(sampler=write(tmp_path, REPLACEMENT.replace(old, new)), steps=4)
    with pytest.raises(SamplerError, match=message):
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
