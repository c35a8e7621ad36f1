"""The command `pianodiff samplers`."""


import pytest

from core.commands.main import main
from core.diffusion.samplers import SAMPLERS

pytestmark = pytest.mark.usefixtures("no_run")


def test_samplers_are_listed_with_their_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["samplers"]) == 0
    out = capsys.readouterr().out
    for name, preset in SAMPLERS.items():
        assert name in out and preset.title in out and preset.summary in out
    assert "1910 evaluations" in out  # RePaint's, as published
