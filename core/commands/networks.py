"""`pianodiff networks`: which networks come with PianoDiff."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.console import OK
from core.networks.registry import shipped_networks


def add_to(commands: Any) -> None:
    """Add the command to argparse's `commands`."""
    parser = commands.add_parser(
        "networks", help="list the networks", description="List the networks that come with PianoDiff."
    )
    parser.set_defaults(run=_list)


def _list(_: argparse.Namespace) -> int:
    networks = shipped_networks()
    width = max((len(info.name) for info in networks), default=0)
    for info in networks:
        print(f"{info.name:{width}}  {info.title}: {info.sample_rate} Hz, {info.window_seconds:g} s windows")
        print(f"{'':{width}}  {info.summary}")
    return OK
