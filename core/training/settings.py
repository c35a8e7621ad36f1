"""What is chosen for a training run, validated the moment it is made. No torch: the command line checks it first."""

import math
from dataclasses import dataclass, fields
from typing import Any

from core.bounds import is_number, shown
from core.errors import SettingsError
from core.extension.settings import MAX_SEED
from core.wording import DoubtfulNumber, typed_number

PRECISIONS = ("auto", "bf16", "float32")
AUGMENTATIONS = ("mild", "none")
FREE_ON_RESUME = ("steps", "minutes", "data", "validation", "device", "workers", "save_minutes", "samples", "cache")
"""Settings that a resumed run may change. Data may have moved: that it is the same is checked by what it holds. Another
end bends the decay of the learning rate anew; another device draws other noise, from the same seeds."""


@dataclass(frozen=True)
class TrainingSettings:
    """A training run.

    data            folders of audio, "DIR" or "DIR=WEIGHT"; crops are drawn from each in proportion to its weight
    validation      folders that are only validated on; without any, some pieces of the data are kept back
    network         the design: a shipped network's name, or a folder or config.json with one of one's own
    start           weights to start from: a network's name or folder, or a safetensors file; None: from scratch
    title           of the new network, for menus
    steps, minutes  when it ends, all sessions together: exactly one of the two
    crop_seconds    lengths of crops, taken in turn; () is the design's own
    batch_seconds   audio in a step, over all processes
    learning_rate   peak; None is the design's own
    warm_up         steps until the peak
    half_life       of the moving average of the weights, in seconds of audio
    weight_decay    AdamW's
    clip            norm that gradients are clipped to
    augmentation    "mild" or "none"
    precision       of matrix products: "auto" is bf16 where the hardware has it
    seed            everything random follows from it
    device          "auto", "cpu", "cuda" or "mps"
    workers         background processes that draw crops
    save_minutes    between saves, each with a validation and a short continuation to listen to; 0 is every step
    samples         whether to make those continuations
    cache           folder of decoded audio; None is the run's own

    Raises SettingsError, naming the setting and what it may be.
    """

    data: tuple[str, ...]
    validation: tuple[str, ...] = ()
    network: str = "spectral"
    start: str | None = None
    title: str | None = None
    steps: int | None = None
    minutes: float | None = None
    crop_seconds: tuple[float, ...] = ()
    batch_seconds: float = 8.0
    learning_rate: float | None = None
    warm_up: int = 50
    half_life: float = 1500.0
    weight_decay: float = 0.01
    clip: float = 1.0
    augmentation: str = "mild"
    precision: str = "auto"
    seed: int = 0
    device: str = "auto"
    workers: int = 1
    save_minutes: float = 10.0
    samples: bool = True
    cache: str | None = None

    def __post_init__(self) -> None:
        self._check_types()
        if not self.data:
            raise SettingsError("There is nothing to learn from: name a folder of recordings with --data.")
        if (self.steps is None) == (self.minutes is None):
            raise SettingsError("Say when to stop: --steps or --minutes, one of the two.")
        for name in ("steps", "minutes", "batch_seconds", "learning_rate", "half_life", "clip"):
            self._check(name, lambda value: value > 0, "more than 0")
        for name in ("weight_decay", "seed", "workers", "save_minutes", "warm_up"):
            self._check(name, lambda value: value >= 0, "0 or more")
        if any(not (math.isfinite(seconds) and 0 < seconds <= 60) for seconds in self.crop_seconds):
            raise SettingsError("Crops must be between 0 and 60 seconds long.")
        for name, known in (("augmentation", AUGMENTATIONS), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise SettingsError(f"--{name} must be one of {', '.join(known)}, not {getattr(self, name)}.")
        if self.seed > MAX_SEED:
            raise SettingsError(f"--seed must be at most {MAX_SEED}.")
        for entry in self.data:
            data_weight(entry)

    def _check_types(self) -> None:
        """A saved run may hold anything."""
        for name in _WHOLE + _REAL:
            value = getattr(self, name)
            if value is None and name in _OPEN:
                continue
            whole = name not in _WHOLE or isinstance(value, int)
            if not (is_number(value) and whole and (value <= MAX_SEED or name == "seed")):
                kind = "whole number" if name in _WHOLE else "number"
                raise SettingsError(f"--{name.replace('_', '-')} must be a {kind}, not {shown(value)}.")
        if not all(is_number(seconds) for seconds in self.crop_seconds):
            raise SettingsError("Crops must be between 0 and 60 seconds long.")

    def _check(self, name: str, holds: Any, wanted: str) -> None:
        value = getattr(self, name)
        if value is not None and not (math.isfinite(value) and holds(value)):
            raise SettingsError(f"--{name.replace('_', '-')} must be {wanted}, not {value:g}.")

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "TrainingSettings":
        """Settings as they were saved with a run. Raises SettingsError when they are not."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
        try:
            return cls(**values)
        except (TypeError, AttributeError, ValueError) as error:
            if isinstance(error, SettingsError):
                raise
            raise SettingsError(f"The settings saved with this run are damaged ({error}).") from error

    def resumed_with(self, given: dict[str, Any]) -> "TrainingSettings":
        """These settings with `given` over them. Raises SettingsError where that would make it another run."""
        for name, value in given.items():
            if name not in FREE_ON_RESUME and value != getattr(self, name):
                option = "--" + {"start": "from"}.get(name, name).replace("_", "-")
                raise SettingsError(
                    f"This run was started with another {option} ({getattr(self, name)}) and can't go on with {value}. "
                    "Leave the option out, or start a new run."
                )
        chosen = {field.name: getattr(self, field.name) for field in fields(self)} | given
        if "steps" in given or "minutes" in given:  # either end replaces the one it was started with
            chosen |= {"steps": given.get("steps"), "minutes": given.get("minutes")}
        return TrainingSettings(**chosen)


_WHOLE = ("steps", "warm_up", "seed", "workers")
_REAL = ("minutes", "batch_seconds", "learning_rate", "half_life", "weight_decay", "clip", "save_minutes")
_OPEN = ("steps", "minutes", "learning_rate")


def data_weight(entry: str) -> tuple[str, float]:
    """ "DIR=WEIGHT" -> (DIR, WEIGHT), "DIR" -> (DIR, 1). Raises SettingsError when the weight is not above 0, or in
    doubt.
    """
    folder, separator, weight = entry.rpartition("=")
    if not separator:
        return entry, 1.0
    try:
        value = typed_number(weight)
    except DoubtfulNumber as error:
        raise SettingsError(f"The weight in '{entry}' is in doubt: {error}.") from error
    except ValueError:
        return entry, 1.0  # a folder with "=" in its name
    if not (folder and math.isfinite(value) and value > 0):
        raise SettingsError(f"The weight in '{entry}' must be a number above 0.")
    return folder, value
