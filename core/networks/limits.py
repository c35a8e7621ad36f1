"""What the numbers of a network's config.json may be: far beyond any network that is of use here, and far below what
would fill a machine's memory or keep it busy for minutes. No torch needed.
"""

from typing import Any

from core.bounds import Check, check_fields, flag, real, several, whole

MAX_WEIGHTS = 2**30
"""Numbers in a network, 4 GiB of them: the shipped ones have up to six million. Bounds of single fields don't bound
their product."""

RATE, LEVELS, RMS = whole(1_000, 768_000), whole(1, 10_000), real(1e-6, 10.0)
WINDOW, PART = real(1e-3, 600.0), real(1e-3, 600.0)
"""Seconds: of a window, and of what is known or new in it."""

_CHANNELS, _LAYERS, _EMBEDDING = whole(1, 4096), whole(1, 256), whole(1, 8192)
_SPREADS = several(several(whole(1, 1024), 2, 2), 1, 64)

_ARCHITECTURES: dict[str, dict[str, Check]] = {
    "spectral_unet": {
        "channels": several(_CHANNELS, 1, 8),
        "n_fft": whole(16, 65_536),
        "hop": whole(1, 65_536),
        "embedding": _EMBEDDING,
        "data_rms": RMS,
        "fine_fft": whole(0, 2**19),
        "gains": whole(0, 1024),
        "sees_known": flag,
        "sees_notes": flag,
    },
    "diffwave": {"layers": _LAYERS, "channels": _CHANNELS, "dilation_cycle": whole(1, 16)},
    "composer": {
        "channels": _CHANNELS,
        "spreads": _SPREADS,
        "width": _CHANNELS,
        "heads": whole(1, 256),
        "layers": _LAYERS,
        "embedding": _EMBEDDING,
    },
    "listener": {
        "channels": _CHANNELS,
        "spreads": _SPREADS,
        "hop": whole(1, 65_536),
        "windows": several(whole(16, 2**17), 2, 2),
    },
}
_SCHEDULE: dict[str, Check] = {
    "first": real(1e-9, 0.999),
    "last": real(1e-9, 0.999),
    "sigma_min": real(1e-9, 1e6),
    "sigma_max": real(1e-9, 1e6),
    "rho": real(0.1, 100.0),
}


def check_architecture(kind: str, architecture: Any) -> None:
    """Raises ValueError, naming the field, where the arguments of a network of this kind are out of bounds."""
    check_fields(architecture, _ARCHITECTURES[kind], "architecture")


def check_schedule(schedule: Any) -> None:
    """The same of a noise schedule's numbers; its kind is looked at where it is built."""
    check_fields(schedule, {**_SCHEDULE, "kind": lambda _, value: value}, "schedule")
