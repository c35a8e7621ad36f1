"""What the panel shows, without a widget."""

from __future__ import annotations

import pytest

from core.diffusion.samplers import SAMPLERS
from core.extension.plan import plan_extension
from core.extension.settings import DEFAULT, Settings
from core.networks.registry import shipped_networks
from pianodiff_gui.networks.networks import Entry, Trouble
from pianodiff_gui.session.goal import Goal
from pianodiff_gui.session.timeline import BEFORE
from pianodiff_gui.views.panel import (
    CHOOSE_NETWORK,
    CHOOSE_SAMPLER,
    Line,
    cost_shown,
    device_in_use,
    length_shown,
    network_menu,
    sampler_menu,
    sampler_shown,
)


def names(menu: list[Line | None]) -> list[str | None]:
    return [line.name if line is not None else None for line in menu]


def test_the_menu_of_samplers_has_all_in_their_groups() -> None:
    """Breaks when a sampler is missing, or the user's own or the way to more stand among the others."""
    menu = names(sampler_menu(["/somewhere/mine.py"]))
    assert [name for name in menu if name in SAMPLERS] == list(SAMPLERS)
    assert menu[-3:] == [None, "/somewhere/mine.py", CHOOSE_SAMPLER]
    assert menu[menu.index("interpolation-authors") - 1] is None


def test_the_menu_of_networks_says_what_is_wrong_with_one() -> None:
    """Breaks when a hairline stands at the top, or a network that has gone looks as if it could be used."""
    own = [Entry("/a", "Mine", "/a"), Entry("/b", "Old", "gone", Trouble("gone", missing=True))]
    menu = network_menu([], own)
    assert names(menu) == ["/a", "/b", None, *CHOOSE_NETWORK]
    assert [line.text for line in menu[:2] if line is not None] == ["Mine", "Old \u2013 missing"]
    assert names(network_menu([], [])) == list(CHOOSE_NETWORK)


def test_eta_has_a_row_for_ddim_only() -> None:
    """Breaks when a setting that does nothing can be set, or one that does cannot."""
    assert "eta" in sampler_shown(Settings(sampler="replacement", solver="ddim")).rows
    assert "eta" not in sampler_shown(Settings(sampler="replacement", solver="ancestral")).rows
    assert "solver" in sampler_shown(Settings(sampler="replacement", solver="ancestral")).rows


def test_a_sampler_that_is_gone_has_no_rows_but_a_reason() -> None:
    """Breaks when the panel falls over a file that was deleted meanwhile."""
    shown = sampler_shown(Settings(sampler="/nowhere/mine.py"))
    assert not shown.rows and "mine.py" in shown.summary


@pytest.mark.parametrize(
    ("goal", "title", "seconds", "decimals"),
    [
        (Goal(2.0), "Extend by", 4.0, 1),
        (Goal(1.0, BEFORE), "Prepend", 1.5, 1),
        (Goal(0.25, (100, 200)), "Fill", 0.25, 2),
    ],
)
def test_the_length_is_of_what_the_next_run_makes(goal: Goal, title: str, seconds: float, decimals: int) -> None:
    """Breaks when the field sets something else than its title says."""
    shown = length_shown(goal, target=4.0, prelude_target=1.5)
    assert (shown.title, shown.seconds, shown.decimals) == (title, seconds, decimals)


def test_automatic_takes_the_fastest_device_there_is() -> None:
    """Breaks when the times of another device are shown, or one that was chosen is overruled."""
    assert device_in_use("auto", ["cpu", "cuda"]) == "cuda"
    assert device_in_use("auto", []) == "cpu"
    assert device_in_use("cpu", ["cpu", "mps"]) == "cpu"


def test_the_cost_says_gradients_only_where_there_are_some() -> None:
    """Breaks when a time is invented, or gradients are counted where none are taken."""
    plan = plan_extension(shipped_networks()[0], DEFAULT, 5.0, 2.0, 0.0)
    shown = cost_shown(plan, None)
    assert shown.gradients == "" and shown.time == "not measured yet"
    assert cost_shown(plan, 10.0 / plan.evaluations).time == "about 10 s"
