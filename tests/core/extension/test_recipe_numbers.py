"""A recipe, and the settings of a training run, may hold any value: taken, or refused in words."""

import contextlib
import random
from typing import Any

import pytest

from core.errors import SettingsError
from core.extension.recipe import FORMAT, recipe_ending, recipe_notes, recipe_settings
from core.training.settings import TrainingSettings

VALUES: tuple[Any, ...] = (
    *(2**40, 2**70, -1, 10**400, 0.5, float("nan"), float("inf"), True, None),
    *("", "x", "\0", [], [[]], [[1, 2, 60, 80]], {}, {"a": 1}),
)


@pytest.mark.parametrize("trials", [500, pytest.param(20_000, marks=pytest.mark.slow)])
def test_random_recipes_are_taken_or_refused(trials: int) -> None:
    """A whole number too large for a float, or a text where a number belongs, ended in Python's own words."""
    rng = random.Random(0)
    for _ in range(trials):
        recipe: dict[str, Any] = {
            "recipe_format": FORMAT,
            "sampler": {"name": "replacement", "solver": "ddim", "eta": 1.0},
            "network": {"name": "spectral"},
            **{"steps": 5, "seed": 1, "device": "cpu", "context_seconds": 2.0, "seconds": 1.0},
        }
        for _ in range(rng.randint(1, 2)):
            names = [*recipe, "start", "hold_level", "notes", "ending"]
            place = rng.choice([recipe, recipe, recipe["sampler"]])
            if isinstance(place, dict):
                inner = ["name", "solver", "eta", "lambda", "jump_length", "resamplings", "zero_shot"]
                place[rng.choice(names if place is recipe else inner)] = rng.choice(VALUES)
        for read in (recipe_settings, recipe_notes, recipe_ending):
            with contextlib.suppress(SettingsError):
                read(recipe)


def test_random_training_settings_are_taken_or_refused() -> None:
    """True steps, a text for a length: a run went wrong hours later, or said only "must be real number"."""
    fields = list(vars(TrainingSettings(("a",), steps=1)))
    for field in fields:
        for value in VALUES:
            with contextlib.suppress(SettingsError):
                TrainingSettings.from_json({"data": ["a"], "steps": 1, field: value})
    for field in ("steps", "warm_up", "seed", "workers"):
        for value in (True, 0.5, "x", 10**400):
            with pytest.raises(SettingsError, match=field.replace("_", "-")):
                TrainingSettings.from_json({"data": ["a"], "steps": 1, field: value})
