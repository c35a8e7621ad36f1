"""Malformed MIDI files, recipes and samplers."""

import io
import json
import random
from pathlib import Path
from typing import Any

from core.audio.export import ExportReport
from core.extension.plan import plan_extension
from core.extension.recipe import (
    build_recipe,
    describe_run,
    read_recipe,
    recipe_ending,
    recipe_notes,
    recipe_settings,
)
from core.extension.settings import Settings
from core.networks.registry import find_network, shipped_networks
from core.notes.midi import read_midi, write_midi
from core.notes.note import Note
from tests.fuzz.mutations import bent_bytes, bent_json

NOTES = tuple(Note(0.25 * k, 0.25 * k + 0.4, 40 + 3 * k, 20 + 5 * k) for k in range(12))


def attempt_midi(rng: random.Random, folder: Path) -> None:
    """Read it; what is read can be written again."""
    path = folder / "notes.mid"
    write_midi(path, NOTES)
    content = bent_bytes(path.read_bytes(), rng, header=40)
    path.write_bytes(content)
    write_midi(folder / "again.mid", read_midi(path).notes)


def sound_recipe(settings: Settings) -> dict[str, Any]:
    """As it lies beside an export, with notes."""
    from core.diffusion.own_sampler import find_sampler

    network = shipped_networks()[0]
    plan = plan_extension(network, settings, 5.0, 2.0)
    run = describe_run(
        settings, network, find_sampler(settings.sampler), plan, seconds=2.0, new_frames=44_100,
        evaluations=plan.evaluations, elapsed=1.5, x_T_sha256="ab" * 32, device="cpu", gap=(4, 90), notes=NOTES,
    )  # fmt: skip
    return build_recipe([run, run], None, ExportReport(Path("out.wav"), 0, True, ""))


def attempt_recipe(rng: random.Random, folder: Path) -> None:
    """Read settings, notes and ending, and look for its network."""
    settings = rng.choice((
        Settings(device="cpu", sampler="repaint", start=0.5),
        Settings(device="cpu", solver="ddim", eta=0.5, lambda_schedule=((0.0, 0.1), (1.0, 0.9))),
    ))  # fmt: skip
    text = json.dumps(bent_json(sound_recipe(settings) | {"ending": "fade:2"}, rng)).encode()
    path = folder / "out.wav.json"
    path.write_bytes(rng.choice((text, text, text, bent_bytes(text, rng), b'{"sampler":' * 20_000)))
    recipe = read_recipe(path)
    found, _seconds = recipe_settings(recipe)
    recipe_notes(recipe)
    recipe_ending(recipe)
    find_network(found.network)
    json.dump(recipe, io.StringIO())
