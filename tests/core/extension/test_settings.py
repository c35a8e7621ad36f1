"""What may be chosen for an extension, and what is refused at once."""


import pytest

from core.errors import SettingsError
from core.extension.settings import Settings, check_seconds, parse_curve


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 3600.1, 1e12])
def test_impossible_lengths_are_refused(seconds: float) -> None:
    """Zero, negative, not a number, above an hour."""
    with pytest.raises(SettingsError, match="length"):
        check_seconds(seconds)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sampler": "interpolaton"},
        {"steps": 0},
        {"steps": 1001},
        {"steps": 2.5},
        {"seed": -1},
        {"device": "tpu"},
        {"lambda_schedule": "cubic"},
        {"context_seconds": 0.0},
        {"context_seconds": float("nan")},
        {"jump_length": 0},
        {"resamplings": 0},
    ],
)
def test_wrong_settings_are_refused_at_once(wrong: dict[str, object]) -> None:
    """Long before a run, and by name."""
    with pytest.raises(SettingsError):
        Settings(**wrong)  # type: ignore[arg-type]


def test_a_misspelt_sampler_is_guessed() -> None:
    """The message names the sampler that was probably meant."""
    with pytest.raises(SettingsError, match="Did you mean interpolation"):
        Settings(sampler="interpolaton")


def test_ddim_without_noise_is_refused_where_known_audio_is_pasted() -> None:
    """It fails badly: x_t would keep the seams of every step."""
    with pytest.raises(SettingsError, match="eta above 0"):
        Settings(sampler="replacement", solver="ddim", eta=0.0)
    Settings(sampler="decoupled", solver="ddim", eta=0.0)  # has a solver of its own, and ignores these
    with pytest.raises(SettingsError, match="between 0 and 1"):
        Settings(eta=1.5)
    with pytest.raises(SettingsError, match="Did you mean ddim"):
        Settings(solver="dim")


@pytest.mark.parametrize("text", ["0:0,1", "0:0,0.5:0.5", "0:0,1:2", "0.1:0,1:1", "0:0,0.5:1,0.5:0,1:1", "a:b", "0:0"])
def test_a_lambda_curve_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="lambda curve"):
        parse_curve(text)
