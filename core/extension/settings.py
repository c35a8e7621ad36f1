"""What the user chooses for an extension, validated the moment it is made."""

from dataclasses import dataclass
from difflib import get_close_matches

from core.bounds import is_number, shown
from core.diffusion.lambdas import LAMBDAS, Curve, check_points
from core.diffusion.own_sampler import SUFFIX
from core.diffusion.samplers import SAMPLERS, SOLVERS
from core.errors import SettingsError

MAX_SECONDS = 3600.0
MAX_STEPS = 1000
MAX_SEED = 2**63 - 1
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Settings:
    """How to extend. Everything that decides the samples, apart from the audio and its length.

    sampler           a name in SAMPLERS, or the path of a file with a sampler (`core.diffusion.own_sampler`)
    steps             denoising steps of a window, 1..1000; the paper uses 200
    seed              0..2^63-1; every draw of noise follows from it
    network           the name of a shipped network, or a path to one
    device            "auto" (CUDA, then Apple's MPS, then the CPU), or one of them by name
    context_seconds   known audio before each window; None is the network's own
    solver, eta       a name in SOLVERS, for samplers that leave it open; eta, 0..1, is DDIM's share of fresh noise
    lambda_schedule   a name in LAMBDAS, or the points of a curve, for samplers that mix by lambda
    jump_length       RePaint: steps in a jump back
    resamplings       RePaint: how often each stretch of `jump_length` steps is denoised
    zero_shot         True: a network that could be shown the known audio is not, and continues by the sampler alone
    start             where the denoising begins, as a share of the network's noise levels, above 0, at most 1: 1 is
                      from noise; below, from the sketch of given notes, noised to that level. So many are the steps:
                      of 50, 20 are taken from 0.4
    hold_level        True: new audio is as soft as the recording is at the seam, as after a fade
                      (`core.extension.fade`)

    Raises SettingsError, naming the setting and what it may be.
    """

    sampler: str = "interpolation"
    steps: int = 200
    seed: int = 0
    network: str = "spectral"
    device: str = "auto"
    context_seconds: float | None = None
    solver: str = "ancestral"
    eta: float = 1.0
    lambda_schedule: Curve = "reverse"
    jump_length: int = 10
    resamplings: int = 10
    zero_shot: bool = False
    start: float = 1.0
    hold_level: bool = False

    def __post_init__(self) -> None:
        if not self.sampler.endswith(SUFFIX):  # a file is looked at when it is to be used
            _check_name("sampler", self.sampler, SAMPLERS)
        _check_name("solver", self.solver, SOLVERS)
        if not isinstance(self.network, str):
            raise SettingsError(f"The network must be a name or a path, not {shown(self.network)}.")
        if not (is_number(self.eta) and 0 <= self.eta <= 1):
            raise SettingsError(f"Eta must be between 0 and 1, not {shown(self.eta)}.")
        listens = self.sampler in SAMPLERS and "eta" in SAMPLERS[self.sampler].options
        if listens and self.solver == "ddim" and self.eta == 0:
            raise SettingsError(
                "These samplers put known audio with fresh noise into x_t, which fails where no other step adds "
                "any: choose an eta above 0."
            )
        if isinstance(self.lambda_schedule, str):
            _check_name("lambda schedule", self.lambda_schedule, LAMBDAS)
        else:
            object.__setattr__(self, "lambda_schedule", _checked_curve(self.lambda_schedule))
        _check_name("device", self.device, DEVICES)
        _check_range("Steps", self.steps, 1, MAX_STEPS)
        _check_range("The seed", self.seed, 0, MAX_SEED)
        _check_range("The jump length", self.jump_length, 1, MAX_STEPS)
        _check_range("Resamplings", self.resamplings, 1, 100)
        if not (is_number(self.start) and 0 < self.start <= 1):
            raise SettingsError(f"The start must be above 0 and at most 1, not {shown(self.start)}.")
        context = self.context_seconds
        if context is not None and not (is_number(context) and context > 0):
            raise SettingsError(f"The context must be a positive number of seconds, not {shown(context)}.")
        for what, value in (("Zero shot", self.zero_shot), ("Hold level", self.hold_level)):
            if not isinstance(value, bool):
                raise SettingsError(f"{what} must be true or false, not {shown(value)}.")


def parse_curve(text: str) -> Curve:
    """A lambda schedule as it is written: its name, or its points as "0:0,0.5:0.2,1:1". Raises SettingsError."""
    if ":" not in text:
        return text
    try:
        points = [tuple(float(number) for number in point.split(":")) for point in text.split(",")]
        return check_points(points)
    except ValueError as error:
        raise SettingsError(
            f"'{text}' is not a lambda curve: {error}. Write it like 0:0,0.5:0.2,1:1, with commas between points only."
        ) from error


def _checked_curve(points: Curve) -> Curve:
    assert not isinstance(points, str)
    try:
        return check_points(points)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"That is not a lambda curve: {error}.") from error


def check_seconds(value: float) -> float:
    """`value` when it is a length of new audio that can be made: above 0, at most an hour. SettingsError otherwise."""
    if not is_number(value):
        raise SettingsError("The length must be a number of seconds.")
    if value <= 0:
        raise SettingsError(f"The length must be more than 0 seconds, not {value:g}.")
    if value > MAX_SECONDS:
        raise SettingsError(f"The length must be at most {MAX_SECONDS:g} seconds (an hour), not {value:g}.")
    return float(value)


def _check_name(what: str, name: str, known: object) -> None:
    names = list(known)  # type: ignore[call-overload]  # a mapping or a tuple of names
    if name not in names:
        close = get_close_matches(name, names, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise SettingsError(f"There is no {what} called '{name}'. There is: {', '.join(names)}.{hint}")


def _check_range(what: str, value: int, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise SettingsError(f"{what} must be a whole number from {low} to {high}, not {shown(value)}.")


START_WITH_NOTES = 0.25
"""Where it starts when there are notes and nobody chose: sigma 0.009 of the Spectral U-Net (docs/notes.md)."""

STEPS_WITH_NOTES = 24
"""Of a whole walk; from there it is 6 evaluations. 12 made nothing better (docs/speed.md)."""

DEFAULT = Settings(sampler="replacement", steps=50, solver="dpmpp-2m-sde")
"""What is used where nobody chose: the best for its cost (docs/study.md). The fields' own defaults are the paper's."""
