"""Noise schedules and the moves that add noise."""

import numpy as np
import pytest
import torch

from core.diffusion.schedule import NoiseSchedule


def test_the_papers_schedule_has_the_papers_values() -> None:
    """T = 200, beta 1e-4..0.02: signal 0.364 at the top, noise 0.01 at the bottom (PAPER: diffusion)."""
    schedule = NoiseSchedule.linear_beta()
    assert schedule.top == 200
    assert schedule.scales(200).signal == pytest.approx(0.364, abs=5e-4)
    assert schedule.scales(200).noise == pytest.approx(0.932, abs=5e-4)
    assert schedule.scales(1).noise == pytest.approx(0.01, abs=1e-6)
    assert schedule.scales(0) == (1.0, 0.0)


@pytest.mark.parametrize("schedule", [NoiseSchedule.linear_beta(), NoiseSchedule.power_sigma(200, 5e-4, 2.5, 5.0)])
def test_scales_preserve_variance_and_are_smooth_between_levels(schedule: NoiseSchedule) -> None:
    """A fractional level must lie between its neighbours, or a strided walk would jump."""
    levels = np.linspace(0, schedule.top, 1001)
    scales = [schedule.scales(float(level)) for level in levels]
    assert np.allclose([s.signal**2 + s.noise**2 for s in scales], 1, atol=1e-12)
    assert (np.diff([s.noise for s in scales]) > 0).all()


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (0, 200), (11, 12), (40.5, 63.25), (199, 200)])
def test_diffuse_lands_on_the_marginal(start: float, stop: float) -> None:
    """From the marginal at `start`, noising to `stop` must give the marginal at `stop`: mean and variance, exactly."""
    schedule = NoiseSchedule.linear_beta()
    a, b = schedule.scales(start), schedule.scales(stop)
    one, zero = torch.ones(1, 1, 1, dtype=torch.float64), torch.zeros(1, 1, 1, dtype=torch.float64)
    signal = float(schedule.diffuse(a.signal * one, start, stop, zero))
    old_noise = float(schedule.diffuse(a.noise * one, start, stop, zero))
    new_noise = float(schedule.diffuse(zero, start, stop, one))
    assert signal == pytest.approx(b.signal, rel=1e-12)
    assert old_noise**2 + new_noise**2 == pytest.approx(b.noise**2, rel=1e-9)


def test_one_noising_move_is_equation_2() -> None:
    """sqrt(1 - beta) x + sqrt(beta) eps between neighbours: RePaint's jump back, which others have got wrong."""
    schedule = NoiseSchedule.linear_beta()
    beta = np.linspace(1e-4, 0.02, 200)
    one, zero = torch.ones(1, 1, 1, dtype=torch.float64), torch.zeros(1, 1, 1, dtype=torch.float64)
    for level in (1, 10, 100, 199):
        assert float(schedule.diffuse(one, level, level + 1, zero)) == pytest.approx(np.sqrt(1 - beta[level]))
        assert float(schedule.diffuse(zero, level, level + 1, one)) == pytest.approx(np.sqrt(beta[level]))


def test_bad_schedules_are_refused() -> None:
    """A schedule that does not fall would make imaginary noise."""
    for values in ([0.5, 0.6], [1.0, 0.5], [0.5, 0.0], []):
        with pytest.raises(ValueError, match="alpha_bar"):
            NoiseSchedule(values)
    with pytest.raises(ValueError, match="outside"):
        NoiseSchedule.linear_beta().scales(201)
