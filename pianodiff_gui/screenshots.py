"""`python -m pianodiff_gui.screenshots FOLDER`: the pictures of the README, from the real window and a real run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from pianodiff_gui.shell.window import MainWindow

WIDTH, HEIGHT = 1440, 900
DUEL = ("interpolation+ancestral", "decoupled", "replacement+dpmpp-2m-sde")


def main(argv: list[str] | None = None) -> int:
    """Write empty, loaded, duel, running, finished, scrub and takes, in light and dark, and a network's card."""
    parser = argparse.ArgumentParser(prog="python -m pianodiff_gui.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clip", type=Path, help="another recording than the demo clip")
    parser.add_argument("--steps", type=int, default=50, help="denoising steps of the run")
    parser.add_argument("--duel-steps", type=int, default=20, help="denoising steps of each sampler in the duel")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of the extension")
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QSettings

    from core.assets import asset_path
    from pianodiff_gui.app import make_application, make_window, pump
    from pianodiff_gui.session.timeline import BEFORE

    options.folder.mkdir(parents=True, exist_ok=True)
    clip = options.clip if options.clip is not None else asset_path("demo/demo.wav")
    with tempfile.TemporaryDirectory() as home:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, home)
        application = make_application()
        window = make_window(application, folder=Path(home))
        window.resize(WIDTH, HEIGHT)
        window.show()

        def take(state: str) -> None:
            for mode in ("light", "dark"):
                window.set_theme(mode)
                pump(application, lambda: True, 0.1)
                path = options.folder / f"{state}-{mode}.png"
                if not window.grab().save(str(path)):
                    raise OSError(f"{path} could not be written")
                print(path, flush=True)

        window.warm_up()
        pump(application, lambda: window.controls.device.isEnabled())
        take("empty")
        window.open_path(clip)
        pump(application, lambda: window.session.source is not None and window.settled, 0.3)
        window.session.choice.set_settings(steps=options.steps)
        window.session.set_target(options.seconds)
        pump(application, lambda: True, 0.3)
        take("loaded")
        take_duel(application, window, options.duel_steps, take)

        def run_to_end(command: str) -> None:
            window.commands[command].trigger()
            pump(application, lambda: not window.session.engine.running and window.settled, 0.3)

        window.session.extend()

        def well_under_way() -> bool:
            frame = window.diffusion.last_frame
            return frame is not None and frame.evaluations >= 0.8 * frame.evaluations_total

        pump(application, well_under_way, 0.0)
        take("running")
        pump(application, lambda: not window.session.engine.running and window.settled, 0.3)
        take("finished")
        window.diffusion.scrub.step(-options.steps // 3)
        take("scrub")
        window.session.choice.set_settings(sampler="decoupled")
        run_to_end("again")
        window.session.set_target(1.5, BEFORE)
        run_to_end("extend")
        window.session.rename_take(2, "with a prelude")
        window.session.select(2.0, 2.8)
        pump(application, lambda: window.settled, 0.3)
        take("takes")
        window.session.select(0.0, 0.0)
        window.set_theme("light")
        take_card(application, window, Path(home), options.folder / "own-network.png")
        window.mark_exported()
        window.close()
        application.processEvents()
    return 0


def take_duel(application: QApplication, window: MainWindow, steps: int, take: Callable[[str], None]) -> None:
    """Write a duel that is done, zero-shot: a network that is shown the known audio blurs what the samplers do."""
    from dataclasses import replace

    from core.study.methods import parse_method
    from pianodiff_gui.app import pump

    duel, settings = window.duel, replace(window.session.choice.settings, zero_shot=True)
    if not duel.start([parse_method(f"{method}@{steps}", settings) for method in DUEL]):
        raise RuntimeError("the duel could not be started")
    pump(application, lambda: not duel.running, patience=3600.0)
    pump(application, lambda: all(window.figures.of(timeline) for timeline in duel.timelines), 1.0)
    duel.hear(duel.done[0])
    pump(application, lambda: True, 0.3)
    take("duel")
    duel.close()
    window.player.seek(0.0)


def take_card(application: QApplication, window: MainWindow, home: Path, path: Path) -> None:
    """Write the card of an own network to `path`: a copy of the shipped one, which says so."""
    from core.networks.registry import CONFIG_NAME, shipped_networks
    from pianodiff_gui.app import pump

    os.environ["HOME"] = str(home)  # the card names the folder
    folder = home / "networks" / "my-piano"
    shutil.copytree(shipped_networks()[0].path, folder)
    config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    config |= {"title": "My piano", "summary": "A copy of the network that comes with PianoDiff, for this picture."}
    (folder / CONFIG_NAME).write_text(json.dumps(config), encoding="utf-8")
    choice = window.network_choice
    choice.consider(str(folder))
    pump(application, lambda: choice.card is not None, 0.3)
    assert choice.card is not None
    if not choice.card.grab().save(str(path)):
        raise OSError(f"{path} could not be written")
    print(path, flush=True)
    choice.card.reject()


if __name__ == "__main__":
    sys.exit(main())
