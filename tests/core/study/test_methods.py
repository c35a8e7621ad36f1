"""How a comparison names what it compares."""


import pytest

from core.errors import SettingsError
from core.extension.settings import START_WITH_NOTES, Settings
from core.study.methods import describe_method, led_by, method_of, parse_method


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


def test_notes_lead_a_method() -> None:
    """Breaks when a suffix is lost or taken for the name, or a row without notes starts elsewhere than from noise."""
    common = Settings(steps=7)
    assert led_by("decoupled@9:zero-shot") is None and parse_method("decoupled@9:zero-shot", common).start == 1
    for text in ("decoupled@9:true-notes:zero-shot", "decoupled@9:zero-shot:true-notes"):
        method = parse_method(text, common)
        assert (method.sampler, method.steps, method.zero_shot) == ("decoupled", 9, True)
        assert (led_by(text), method.start) == ("true-notes", START_WITH_NOTES)
        assert describe_method(text, method, sees_known=True) == "decoupled@9, zero-shot, true notes"
    chosen = parse_method("decoupled:composed=0.6", common)
    assert (led_by("decoupled:composed=0.6"), chosen.start, chosen.steps) == ("composed", 0.6, 7)
    assert describe_method("decoupled:composed=0.6", chosen, sees_known=True) == "decoupled, composed from 0.6"
    assert parse_method("C:/a:b/mine.py:composed", common).sampler == "C:/a:b/mine.py"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("decoupled:true-notes:composed", "once, not 2 times"),
        ("decoupled:composed=", "write a start"),
        ("decoupled:composed=soon", "write a start"),
        ("decoupled:composed=0", "above 0 and at most 1"),
        ("decoupled:true-notes=1.5", "above 0 and at most 1"),
        ("decoupled:zero-shot=0.4", "no sampler called"),
        ("decoupled:my-notes", "no sampler called"),
    ],
)
def test_a_plan_that_cannot_be(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        parse_method(text, Settings())
