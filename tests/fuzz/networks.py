"""Network folders with mutated cards and weights, and pickles that would run something."""

import json
import pickle
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch

from core.networks.card import CONFIG_NAME, WEIGHTS_NAME
from core.networks.checkpoint import load_denoiser
from core.networks.composer_card import load_composer
from core.networks.listener_card import load_listener
from core.networks.registry import find_network
from core.training.state import STATE_NAME, read_header
from tests.core.networks.foreign.codebases import save_lmnt
from tests.core.tiny_composer import write_composer
from tests.core.tiny_network import SEEING, write_tiny_network
from tests.fuzz.mutations import bent_bytes, bent_json

CPU = torch.device("cpu")

LISTENER = {
    "title": "Tiny listener",
    "kind": "listener",
    "sample_rate": 22050,
    "window_seconds": 2.0,
    "data_rms": 0.1,
    "architecture": {"channels": 8, "hop": 512, "windows": [2048, 512], "spreads": [[1, 12]]},
}


@cache
def _sound() -> list[Path]:
    """Folders of networks that work: one of each architecture."""
    from core.networks.checkpoint import save_weights
    from core.networks.listener_card import parse_listener

    root = Path(mkdtemp(prefix="pianodiff-fuzz-"))
    diffwave = {"layers": 2, "channels": 4, "dilation_cycle": 2}
    (root / "diffwave").mkdir()
    config = json.loads((write_tiny_network(root / "spectral", architecture=SEEING) / CONFIG_NAME).read_text())
    config |= {"kind": "diffwave", "schedule": {"kind": "linear_beta", "first": 1e-4, "last": 0.02}}
    (root / "diffwave" / CONFIG_NAME).write_text(json.dumps(config | {"architecture": diffwave}))
    from core.networks.diffwave import DiffWave

    save_weights(root / "diffwave" / WEIGHTS_NAME, DiffWave(**diffwave).state_dict())
    write_composer(root / "composer")
    (root / "listener").mkdir()
    (root / "listener" / CONFIG_NAME).write_text(json.dumps(LISTENER))
    save_weights(root / "listener" / WEIGHTS_NAME, parse_listener(LISTENER, root).build().state_dict())
    return [root / name for name in ("spectral", "diffwave", "composer", "listener")]


def attempt_folder(rng: random.Random, folder: Path) -> None:
    """Read its card and load its weights."""
    sound = rng.choice(_sound())
    config, weights = json.loads((sound / CONFIG_NAME).read_text()), (sound / WEIGHTS_NAME).read_bytes()
    what = rng.random()
    if what < 0.7:
        config = bent_json(config, rng)
    text = json.dumps(config).encode()
    if what > 0.65:
        weights = bent_bytes(weights, rng, header=2000)
    if what > 0.95:
        text = bent_bytes(text, rng)
    (folder / CONFIG_NAME).write_bytes(rng.choice((text, text, text, text, b"[" * 100_000)))
    (folder / WEIGHTS_NAME).write_bytes(weights)
    if sound.name == "composer":
        load_composer(folder)
    elif sound.name == "listener":
        load_listener(folder)
    else:
        find_network(str(folder))
        load_denoiser(str(folder), CPU)


class Trap:
    """A pickle of it makes a file when it is opened by an ordinary reader."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.sprung,)


def attempt_pickle(rng: random.Random, folder: Path) -> None:
    """Open a checkpoint that holds, somewhere, what would make a file; then see that there is none."""
    sprung = folder / "sprung"
    trap: Any = Trap(sprung)
    for _ in range(rng.randint(0, 3)):
        trap = rng.choice(({"model": trap}, {"state_dict": {"w": trap}}, [trap], {"params": trap, "model": {}}))
    path = folder / f"network{rng.choice(('.pt', '.pkl', '.ckpt', '.pth', '.bin', '.safetensors'))}"
    how = rng.random()
    if how < 0.3:
        path.write_bytes(pickle.dumps(trap, protocol=rng.randint(0, 5)))
    elif how < 0.6:
        torch.save(trap, path)
    elif how < 0.8:
        torch.save(trap, path, _use_new_zipfile_serialization=False)
    else:  # hidden in a checkpoint that is sound otherwise
        save_lmnt(path.with_suffix(".pt"))
        path = path.with_suffix(".pt")
        with zipfile.ZipFile(path) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, pickle.dumps(trap) if name.endswith("data.pkl") else content)
    if rng.random() < 0.3:
        path.write_bytes(bent_bytes(path.read_bytes(), rng))
    try:
        find_network(str(path))
        load_denoiser(str(path), CPU)
    finally:
        assert not sprung.exists(), "the pickle was run"


def attempt_state(rng: random.Random, folder: Path) -> None:
    """Read what a training run saved."""
    from safetensors.torch import save

    progress = {"step": 3, "skipped": 0, "audio_seconds": 24.0, "seconds": 5.0}
    header: Any = {"format": 1, "progress": progress, "settings": {"data": ["d"], "steps": 4}, "identity": {}}
    header |= {"identity": {"design": {}, "audio": []}}
    text = json.dumps(bent_json(header, rng))
    content = save({"network/w": torch.zeros(3)}, {"pianodiff": rng.choice((text, text, text, "[" * 50_000))})
    if rng.random() < 0.3:
        content = bent_bytes(content, rng, header=300)
    (folder / STATE_NAME).write_bytes(content)
    from core.training.settings import TrainingSettings

    found = read_header(folder)
    TrainingSettings.from_json(found.settings)
    found.check_identity({"design": {}, "audio": []})
