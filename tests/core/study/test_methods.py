"""How a comparison names what it compares."""


import pytest

from core.errors import SettingsError
from core.extension.settings import Settings
from core.study.methods import describe_method, method_of, parse_method


def test_methods() -> None:
    """A name, a solver, a number of steps; a path may hold the signs that part them."""
    common = Settings(steps=7)
    assert parse_method("decoupled", common) == Settings(sampler="decoupled", steps=7)
    assert parse_method("repaint@40", common) == Settings(sampler="repaint", steps=40)
    assert method_of(parse_method("decoupled", common)) == "decoupled@7"
    both = parse_method("replacement+dpmpp-2m-sde@9", common)
    assert method_of(both) == "replacement+dpmpp-2m-sde@9"
    assert (both.sampler, both.solver, both.steps) == ("replacement", "dpmpp-2m-sde", 9)
    assert parse_method("/a+b/mine.py@3", common).sampler == "/a+b/mine.py"
    blind = parse_method("decoupled@9:zero-shot", common)
    assert (blind.sampler, blind.steps, blind.zero_shot) == ("decoupled", 9, True)
    assert describe_method("decoupled@9:zero-shot", blind, sees_known=True) == "decoupled@9, zero-shot"
    assert describe_method("decoupled@9:zero-shot", blind, sees_known=False) == "decoupled@9"
    for wrong in ("decoupled@x", "decoupled@", "decoupled@0", "decopled", "replacement+magic"):
        with pytest.raises(SettingsError):
            parse_method(wrong, common)
