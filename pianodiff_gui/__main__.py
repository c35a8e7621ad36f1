"""The `pianodiff` command: headless sub-commands go to `core.commands` without Qt; all else opens the window."""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import time
from pathlib import Path

_STARTED = time.perf_counter()


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform in ("win32", "darwin"):
        return True
    if os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    return bool(os.environ.get("DISPLAY")) and _x_server_answers()


def _x_server_answers() -> bool:
    """Whether DISPLAY leads to a server. Qt would abort the program where it does not."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:  # then Qt's own X11 support cannot load either
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    answers = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return bool(answers)


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    commands: tuple[str, ...] = ()
    if arguments:  # without any, the window is not kept waiting for what only they need
        from core.commands.main import COMMANDS
        from core.commands.main import main as headless

        commands = tuple(COMMANDS)
        if arguments[0] in commands:
            return headless(arguments)
    if arguments and arguments[0] == "demo":
        return _demo(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="pianodiff",
        description="Extend piano recordings with a diffusion model.",
        epilog=f"Without a window: pianodiff {{{','.join(commands)}}} --help.  "
        "pianodiff demo [CLIP] shows the demo clip, or extends it where there is no display.",
    )
    parser.add_argument("clip", nargs="?", type=Path, metavar="CLIP", help="a recording to open")
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    parser.add_argument(
        "--time-startup", action="store_true", help="print how long the window takes to show, and leave"
    )
    parser.add_argument("--smoke", action="store_true", help="open the demo clip offscreen, say so and leave")
    options = parser.parse_args(arguments)
    if options.version:
        from core import __version__

        print(f"pianodiff {__version__}")
        return 0
    if options.smoke:
        from pianodiff_gui.app import smoke

        return smoke()
    if not has_display():
        print(
            "pianodiff: there is no display to show the window on. Work without one: "
            "pianodiff extend IN OUT --seconds S",
            file=sys.stderr,
        )
        return 1
    if options.clip is not None and not options.clip.exists():
        print(f"pianodiff: there is no file {options.clip}", file=sys.stderr)
        return 1
    from pianodiff_gui.app import run

    return run(options.clip, _STARTED, options.time_startup)


def _demo(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="pianodiff demo", description="Open the demo clip, or extend it by 2 s where there is no display."
    )
    parser.add_argument("clip", nargs="?", type=Path, metavar="CLIP", help="another recording than the demo clip")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for what is written without a display")
    options = parser.parse_args(arguments)
    from core.assets import asset_path
    from core.errors import PianoDiffError

    try:
        clip = options.clip if options.clip is not None else asset_path("demo/demo.wav")
        if not clip.exists():
            raise PianoDiffError(f"there is no file {clip}")
        if has_display():
            from pianodiff_gui.app import run

            return run(clip, _STARTED)
        from pianodiff_gui.demo import extend_without_display

        return extend_without_display(clip, options.out)
    except PianoDiffError as error:
        print(f"pianodiff: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("pianodiff: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
