"""`extend`, `prepend` and `fill` keep what belongs to the file, say so, and a recipe gives the same bytes again."""

from pathlib import Path

import pytest
import soundfile as sf

from core import __version__
from core.audio.opening import open_source
from core.extension.recipe import made_with, read_recipe, recipe_ending, recipe_settings
from core.extension.run import run_extension
from tests.core.audio.metadata.files import bext, cue, cue_frames, info, labels, smpl, wav
from tests.core.commands.helpers import beside

ALL = (info(INAM="Air", IART="Ada", ICMT="A take"), bext(80_000), cue(100, 7000), labels(_1="verse"), smpl((5, 9)))

PLACES = {
    "extend": (("--seconds", "0.5"), "", [100, 7000], "Extended by 0.5 s"),
    "prepend": (("--seconds", "0.5"), " moved by 0.5 s", [4100, 11_000], "Begun 0.5 s earlier"),
    "fill": (("--from", "0.25", "--to", "0.5"), "", [100, 7000], "Filled from 0.25 s to 0.5 s"),
}


@pytest.mark.parametrize("command", PLACES)
def test_each_command_keeps_it_and_says_so(
    capsys: pytest.CaptureFixture[str], network: Path, tmp_path: Path, command: str
) -> None:
    """Breaks when a command loses tags, bext or marks, puts marks at the wrong time, or doesn't tell."""
    options, moved, frames, done = PLACES[command]
    source = wav(tmp_path / "in.wav", *ALL, frames=8000)
    assert beside(network, command, source, tmp_path / "out.wav", "--seed", "7", *options) == 0
    said = capsys.readouterr().out
    earlier = ", its time reference 0.5 s earlier" if moved else ""
    told = f"tags: title, artist, comment; Broadcast WAV data{earlier}; 2 cue points{moved}; 1 loop{moved}\n"
    assert told in said and "original identical: yes" in said
    assert cue_frames(tmp_path / "out.wav") == frames
    with sf.SoundFile(tmp_path / "out.wav") as file:
        texts = file.copy_metadata()
    assert (texts["title"], texts["artist"]) == ("Air", "Ada")
    kept, line = texts["comment"].splitlines()
    assert kept == "A take"
    made = f"with PianoDiff {__version__} (network tiny, sampler replacement, seed 7); original: "
    assert line.startswith(f"{done} {made}")


def test_a_recipe_gives_the_same_bytes_again(network: Path, tmp_path: Path) -> None:
    """Breaks when what is written beside the audio differs from one replay to the next."""
    source = wav(tmp_path / "in.wav", *ALL, frames=8000)
    assert beside(network, "extend", source, tmp_path / "out.wav", "--seconds", "0.5", "--seed", "7") == 0
    recipe = read_recipe(tmp_path / "out.wav.json")
    settings, seconds = recipe_settings(recipe)
    with open_source(source) as opened:
        run_extension(opened, tmp_path / "again.wav", seconds, settings, ending=recipe_ending(recipe))
    assert (tmp_path / "again.wav").read_bytes() == (tmp_path / "out.wav").read_bytes()


def test_how_it_was_made_names_each_thing_once(tmp_path: Path) -> None:
    """Breaks when a take of many runs lists its network for each, or tells where on this machine a sampler lies."""

    def run(seed: int, sampler: str) -> dict[str, object]:
        return {"network": {"name": "tiny"}, "sampler": {"name": sampler}, "seed": seed}

    runs = [run(1, "repaint"), run(2, "repaint"), run(1, str(tmp_path / "mine.py"))]
    assert made_with(runs) == "network tiny, samplers repaint and mine.py, seeds 1 and 2"
