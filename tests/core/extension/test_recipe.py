"""Recipes as files and as settings."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from core.audio.export import ExportReport, Insert, export_inserted
from core.audio.opening import open_source
from core.diffusion.own_sampler import find_sampler
from core.diffusion.samplers import SAMPLERS
from core.errors import ExportError, SettingsError
from core.extension.plan import plan_extension
from core.extension.recipe import (
    build_recipe,
    describe_run,
    describe_sampler,
    read_recipe,
    recipe_notes,
    recipe_path,
    recipe_settings,
    versions,
    write_recipe,
)
from core.extension.settings import Settings, parse_curve
from core.networks.registry import find_network, shipped_networks


def run_of(settings: Settings, seconds: float = 1.0) -> dict[str, Any]:
    network = find_network(settings.network)
    plan = plan_extension(network, settings, 5.0, seconds)
    return describe_run(
        settings,
        network,
        find_sampler(settings.sampler),
        plan,
        seconds=seconds,
        new_frames=round(seconds * 22_050),
        evaluations=plan.evaluations,
        elapsed=12.34567,
        x_T_sha256="ab" * 32,
        device="cpu",
    )


def recipe_of(*runs: dict[str, Any]) -> dict[str, Any]:
    return build_recipe(list(runs), None, ExportReport(Path("out.wav"), 0, True, ""))


@pytest.mark.parametrize("context", [None, 4.0])
@pytest.mark.parametrize("start", [0.25, 1.0])
def test_a_recipe_gives_the_same_windows(context: float | None, start: float) -> None:
    """Breaks when a run whose windows notes have shortened is made again in longer ones, and so of other samples."""
    settings = Settings(device="cpu", context_seconds=context, start=start)
    again, seconds = recipe_settings(recipe_of(run_of(settings, 6.0)))
    network = find_network(settings.network)
    plans = [plan_extension(network, how, 5.0, seconds).windows for how in (settings, again)]
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(device="cpu", context_seconds=4.0),
        Settings(device="cpu", context_seconds=2.5, lambda_schedule="forward", seed=2**63 - 1, steps=25),
        Settings(device="cpu", context_seconds=1.0, sampler="repaint", jump_length=5, resamplings=3),
        Settings(device="cpu", context_seconds=1.0, lambda_schedule=((0.0, 0.1), (1.0, 0.9)), solver="ddim", eta=0.5),
        Settings(device="cpu", context_seconds=1.0, sampler="repaint", solver="dpmpp-2m-sde"),
        Settings(device="cpu", context_seconds=1.0, sampler="decoupled"),
        Settings(device="cpu", context_seconds=1.0, sampler="replacement"),
        Settings(device="cpu", context_seconds=4.0, zero_shot=True),
        Settings(device="cpu", context_seconds=4.0, start=0.123456789),
    ],
)
def test_settings_survive_the_file(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "out.wav.json"
    write_recipe(path, recipe_of(run_of(settings, 3.3)))
    assert recipe_settings(read_recipe(path)) == (settings, 3.3)


def test_the_default_context_is_written_down() -> None:
    """A later version of a network may have another default; the recipe must not follow it."""
    assert recipe_of(run_of(Settings(context_seconds=None)))["context_seconds"] == shipped_networks()[0].context_seconds


def test_only_parameters_that_count_are_listed() -> None:
    """A lambda schedule in the recipe of a sampler that has none would suggest that it matters."""
    assert recipe_of(run_of(Settings()))["sampler"] == {
        "name": "interpolation",
        "lambda": "reverse",
        "solver": "ancestral",
    }
    replacement = Settings(sampler="replacement", solver="ddim", eta=0.5)
    assert recipe_of(run_of(replacement))["sampler"] == {"name": "replacement", "solver": "ddim", "eta": 0.5}
    repaint = {"name": "repaint", "jump_length": 10, "resamplings": 10, "solver": "ancestral"}
    assert recipe_of(run_of(Settings(sampler="repaint")))["sampler"] == repaint
    assert recipe_of(run_of(Settings(sampler="decoupled")))["sampler"] == {"name": "decoupled"}


def test_a_network_of_ones_own_is_found_again(network: Path) -> None:
    recipe = recipe_of(run_of(Settings(network=str(network), context_seconds=0.5), 0.5))
    assert recipe["network"]["name"] == "tiny" and recipe["network"]["path"] == str(network)
    assert recipe_settings(recipe)[0].network == str(network)
    assert "path" not in recipe_of(run_of(Settings()))["network"]  # shipped ones lie elsewhere on every machine


def test_chained_runs_are_all_there() -> None:
    """A window may extend an extension: every run takes part in the samples, in this order."""
    runs = [run_of(Settings(seed=seed)) for seed in (1, 2, 3)]
    recipe = recipe_of(*runs)
    assert recipe["seed"] == 3
    assert [run["seed"] for run in recipe["earlier_runs"]] == [1, 2]
    assert "earlier_runs" not in recipe_of(runs[0])


def test_identical_samples_are_counted_only_when_identical(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sf.write(tmp_path / "in.wav", rng.uniform(-1, 1, 1000), 22_050, subtype="PCM_24")
    new = np.zeros((1, 10), np.float32)
    with open_source(tmp_path / "in.wav") as source:
        for subtype, count in (("PCM_24", 1000), ("PCM_16", 0)):
            inserts = [Insert.of(source, None, new)]
            report = export_inserted(source, inserts, tmp_path / "out.wav", subtype=subtype, overwrite=True)
            recipe = build_recipe([run_of(Settings())], source, report)
            assert recipe["identical_samples"] == count
            assert recipe["source"]["frames"] == 1000


def test_the_recipe_lies_beside_the_audio() -> None:
    assert recipe_path(Path("out/demo-extended.wav")) == Path("out/demo-extended.wav.json")


def test_the_file_is_json_for_people(tmp_path: Path) -> None:
    path = tmp_path / "Stück.wav.json"
    write_recipe(path, {"output": "Stück.wav", **recipe_of(run_of(Settings()))})
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n") and text.count("\n") > 20
    assert json.loads(text)["elapsed_seconds"] == 12.346
    with pytest.raises(ExportError, match="exists already"):
        write_recipe(path, {}, overwrite=False)


@pytest.mark.parametrize(
    "text",
    ["", "not json", "[1, 2]", "{}", '{"seed": 1}', '"sampler"'],
    ids=["empty", "text", "list", "{}", "part", "string"],
)
def test_what_is_no_recipe(tmp_path: Path, text: str) -> None:
    path = tmp_path / "some.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"some\.json is not a (readable )?recipe"):
        read_recipe(path)
    with pytest.raises(SettingsError, match="not a readable recipe"):
        read_recipe(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seconds": -1}, "more than 0 seconds"),
        ({"seconds": "long"}, "number of seconds"),
        ({"steps": 0}, "Steps"),
        ({"steps": 2.5}, "Steps"),
        ({"sampler": {"name": "magic"}}, "no sampler called 'magic'"),
        ({"sampler": "repaint"}, "damaged"),
        ({"sampler": {}}, "damaged"),
        ({"network": None}, "damaged"),
        ({"recipe_format": 99}, "later version"),
        ({"recipe_format": "x"}, "damaged"),
        ({"start": "x"}, "start must be above 0"),
        ({"start": 2}, "start must be above 0"),
        ({"seconds": 10**400}, "number of seconds"),
        ({"seconds": True}, "number of seconds"),
        ({"seed": True}, "seed"),
        ({"steps": 10**4000}, "Steps"),
        ({"context_seconds": 10**400}, "context"),
        ({"context_seconds": float("nan")}, "context"),
        ({"hold_level": 3}, "Hold level"),
        ({"network": {"name": 5}}, "network must be a name"),
    ],
)
def test_recipes_with_wrong_entries(change: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        recipe_settings({**recipe_of(run_of(Settings())), **change})


def test_notes_that_are_damaged_are_refused() -> None:
    """Breaks when a recipe edited by hand ends in an error without words; one of before there were notes has none."""
    assert recipe_notes(recipe_of(run_of(Settings()))) == []
    for notes in ([[0.0, 1.0, 20, 80]], [[1.0, 0.5, 60, 80]], [[0.0]], [3], 5):
        with pytest.raises(SettingsError, match="notes of this recipe are damaged"):
            recipe_notes({"notes": notes})


def test_versions_name_what_decides_the_samples() -> None:
    found = versions()
    assert found["numpy"] == np.__version__ and found["soundfile"] == sf.__version__
    assert {"pianodiff", "python", "torch", "scipy", "soxr"} <= found.keys()


def test_a_drawn_curve_comes_back_from_a_recipe() -> None:
    """JSON knows no tuples; the settings it makes must be the same ones."""
    drawn = Settings(lambda_schedule=((0.0, 0.0), (0.5, 0.25), (1.0, 1.0)))
    assert Settings(lambda_schedule=[list(point) for point in drawn.lambda_schedule]) == drawn  # type: ignore[arg-type]
    assert parse_curve("0:0,0.5:0.25,1:1") == drawn.lambda_schedule
    described = describe_sampler(drawn, SAMPLERS[drawn.sampler])
    assert described["lambda"] == drawn.lambda_schedule
    assert described["solver"] == "ancestral" and "eta" not in described


@pytest.mark.parametrize("onset", [float("nan"), float("-inf"), -(10**400), True, "1", None])
def test_notes_of_a_recipe_with_times_that_are_none(onset: Any) -> None:
    """A note that began an infinity ago was taken for one."""
    with pytest.raises(SettingsError, match="notes"):
        recipe_notes({"notes": [[onset, 1.0, 60, 80]]})
