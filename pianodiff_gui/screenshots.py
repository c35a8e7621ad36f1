"""`python -m pianodiff_gui.screenshots FOLDER`: the pictures of the README, from the real window and a real run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from pianodiff_gui.shell.window import MainWindow

WIDTH, HEIGHT = 1440, 900
DUEL = ("interpolation+ancestral", "decoupled", "replacement+dpmpp-2m-sde")
_SETTLE = 0.3  # s from when everything is known until it is drawn


def main(argv: list[str] | None = None) -> int:
    """Write the window in each state, in light and in dark, and a network's card."""
    parser = argparse.ArgumentParser(prog="python -m pianodiff_gui.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clip", type=Path, help="another recording than the demo clip")
    parser.add_argument("--steps", type=int, default=24, help="denoising steps of the run")
    parser.add_argument("--duel-steps", type=int, default=20, help="denoising steps of each sampler in the duel")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of the extension")
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QSettings

    from core.assets import asset_path
    from pianodiff_gui.app import make_application, make_window

    options.folder.mkdir(parents=True, exist_ok=True)
    clip = options.clip if options.clip is not None else asset_path("demo/demo.wav")
    with tempfile.TemporaryDirectory() as home:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, home)
        application = make_application()
        window = make_window(application, folder=Path(home))
        window.resize(WIDTH, HEIGHT)
        window.show()
        camera = Camera(application, window, options.folder)
        take_opening(camera, clip, options.steps, options.seconds)
        take_duel(camera, options.duel_steps)
        take_ideas(camera)
        take_run(camera)
        take_mending(camera)
        take_takes(camera)
        window.set_theme("light")
        take_card(camera, Path(home))
        window.keeping.mark_all_safe()
        window.close()
        application.processEvents()
    return 0


@dataclass
class Camera:
    """Waits for the window, and writes pictures of it into a folder."""

    application: QApplication
    window: MainWindow
    folder: Path

    def wait(self, reached: Callable[[], bool], settle: float = _SETTLE, patience: float = 600.0) -> None:
        """As `app.pump`."""
        from pianodiff_gui.app import pump

        pump(self.application, reached, settle, patience)

    def wait_until_settled(self) -> None:
        """Until there is a recording, nothing runs, and all that can be known is drawn."""
        window = self.window
        studying = (window.analysing, window.picturing, window.transcribing)
        self.wait(
            lambda: (
                window.session.source is not None
                and not window.session.engine.running
                and all(presenter.settled for presenter in studying)
            )
        )

    def run_to_end(self, command: str) -> None:
        self.window.commands[command].trigger()
        self.wait_until_settled()

    def take(self, state: str) -> None:
        """The window in light and in dark."""
        for mode in ("light", "dark"):
            self.window.set_theme(mode)
            self.wait(lambda: True, 0.1)
            self.save(self.window, f"{state}-{mode}.png")

    def save(self, widget: QWidget, name: str) -> None:
        path = self.folder / name
        if not widget.grab().save(str(path)):
            raise OSError(f"{path} could not be written")
        print(path, flush=True)


def take_opening(camera: Camera, clip: Path, steps: int, seconds: float) -> None:
    """Write the window before anything is open, then with `clip`."""
    window = camera.window
    window.warm_up()
    camera.wait(lambda: window.controls.device.isEnabled(), 0.0)
    camera.take("empty")
    window.opening.open_path(clip)
    camera.wait_until_settled()
    window.session.choice.set_settings(steps=steps)
    window.session.set_target(seconds)
    camera.wait(lambda: True)
    camera.take("loaded")


def take_duel(camera: Camera, steps: int) -> None:
    """Write a duel that is done, zero-shot: a network that is shown the known audio blurs what the samplers do."""
    from dataclasses import replace

    from core.study.methods import parse_method

    window = camera.window
    duel, settings = window.duel, replace(window.session.choice.from_noise, zero_shot=True)
    if not duel.start([parse_method(f"{method}@{steps}", settings) for method in DUEL]):
        raise RuntimeError("the duel could not be started")
    camera.wait(lambda: not duel.running, 0.0, patience=3600.0)
    camera.wait(lambda: all(window.figures.of(timeline) for timeline in duel.timelines), 1.0)
    duel.hear(duel.done[0])
    camera.wait(lambda: True)
    camera.take("duel")
    duel.close()
    window.player.seek(0.0)


def take_ideas(camera: Camera) -> None:
    """Write three ideas, of which one is chosen and in the roll."""
    window = camera.window
    window.commands["ideas"].trigger()
    camera.wait(lambda: bool(window.ideas.all) and not window.ideas.composing)
    window.leading.choose(window.ideas.all[1])
    camera.wait(lambda: True)
    camera.take("ideas")


def take_run(camera: Camera) -> None:
    """Write a run well under way, its end, a step that is gone back to, and the spectrogram."""
    window = camera.window
    window.commands["extend"].trigger()

    def well_under_way() -> bool:
        frame = window.diffusion.last_frame
        return frame is not None and frame.evaluations >= 0.8 * frame.evaluations_total

    camera.wait(well_under_way, 0.0)
    camera.take("running")
    camera.wait_until_settled()
    camera.take("finished")
    window.diffusion.scrub.step(-len(window.diffusion.scrub.history.moments) // 3)
    camera.take("scrub")
    shown = window.lanes.shown
    window.lanes.choose("lane_spectrogram")
    camera.wait_until_settled()
    camera.take("spectrogram")
    window.lanes.choose(shown)


def take_mending(camera: Camera) -> None:
    """Write a selection in which the key of a note is changed, before it is filled and behind that."""
    from dataclasses import replace

    session, commands = camera.window.session, camera.window.commands
    before = session.undo_stack.index()
    session.select(1.6, 3.2)
    commands["mend"].trigger()
    first, *others = session.score.planned
    session.score.plan([replace(first, key=first.key + 2), *others], "move note")
    camera.wait(lambda: True)
    camera.take("mending")
    camera.run_to_end("extend")
    camera.take("mended")
    while session.undo_stack.index() > before:
        commands["undo"].trigger()
    session.select(0.0, 0.0)
    camera.wait_until_settled()


def take_takes(camera: Camera) -> None:
    """Write a second take with a prelude and a selection in it."""
    from pianodiff_gui.session.timeline import BEFORE

    session = camera.window.session
    session.choice.set_settings(sampler="decoupled")
    camera.run_to_end("again")
    session.set_target(1.5, BEFORE)
    camera.run_to_end("extend")
    session.rename_take(2, "with a prelude")
    session.select(2.0, 2.8)
    camera.wait_until_settled()
    camera.take("takes")
    session.select(0.0, 0.0)


def take_card(camera: Camera, home: Path) -> None:
    """Write the card of an own network: a copy of the shipped one, which says so."""
    from core.networks.card import CONFIG_NAME
    from core.networks.registry import shipped_networks

    os.environ["HOME"] = str(home)  # the card names the folder
    folder = home / "networks" / "my-piano"
    shutil.copytree(shipped_networks()[0].path, folder)
    config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    config |= {"title": "My piano", "summary": "A copy of the network that comes with PianoDiff, for this picture."}
    (folder / CONFIG_NAME).write_text(json.dumps(config), encoding="utf-8")
    choice = camera.window.network_choice
    choice.consider(str(folder))
    camera.wait(lambda: choice.card is not None)
    assert choice.card is not None
    camera.save(choice.card, "own-network.png")
    choice.card.reject()


if __name__ == "__main__":
    sys.exit(main())
