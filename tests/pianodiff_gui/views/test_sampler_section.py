"""The panel's part about the sampler: every method, with its options and its cost."""

from __future__ import annotations

from core.diffusion.samplers import SAMPLERS
from pianodiff_gui.shell.window import MainWindow
from tests.pianodiff_gui.conftest import choose


def test_every_sampler_is_in_the_menu_with_what_it_costs(loaded: MainWindow) -> None:
    """Breaks when one can't be chosen, or the panel shows the cost or the options of another."""
    controls = loaded.controls
    loaded.session.choice.set_settings(steps=30)
    for name, sampler in SAMPLERS.items():
        choose(controls.sampler.menu, name)
        settings = loaded.session.choice.settings
        assert settings.sampler == name and controls.sampler.menu.currentText() == sampler.title
        plan = loaded.session.plan()
        assert plan is not None and plan.cost_per_window == sampler.cost(settings)
        assert controls.foot.cost_values[2].isVisible() == (plan.gradients > 0)
        assert controls.sampler.rows["solver"].isVisible() == ("solver" in sampler.options)
        assert not controls.sampler.rows["eta"].isVisible()
    choose(controls.sampler.menu, "replacement")
    choose(controls.sampler.solver, "ddim")
    assert controls.sampler.rows["eta"].isVisible() and controls.sampler.eta.minimum() > 0  # 0 is refused by the engine
    controls.sampler.eta.setValue(0.4)
    assert loaded.session.choice.settings.eta == 0.4
