"""The command `pianodiff networks`."""


import pytest

from core.commands.main import main
from core.networks.registry import shipped_networks

pytestmark = pytest.mark.usefixtures("no_run")


def test_networks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks"]) == 0
    out = capsys.readouterr().out
    assert all(info.name in out and info.title in out for info in shipped_networks())
