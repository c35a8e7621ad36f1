"""Numbers and names as people say them."""

from __future__ import annotations

import re
from pathlib import Path

from core.diffusion.samplers import SAMPLERS

_DEVICES = {"auto": "Automatic", "cpu": "Processor (CPU)", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU"}


def went_wrong(error: Exception) -> str:
    """What a user is told of an error that nobody foresaw."""
    return f"Something went wrong inside PianoDiff ({type(error).__name__}: {error})."


def count(number: int, one: str) -> str:
    """ "1 window", "1 200 windows"."""
    return f"{thousands(number)} {one if number == 1 else one + 's'}"


def thousands(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")


def ordinal(number: int) -> str:
    """ "1st", "2nd", "3rd", "4th", "12th"."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{thousands(number)}{ending}"


def seconds(value: float) -> str:
    """A length of audio: "4.0 s", "12 min 30 s"."""
    if value < 60:
        return f"{value:.1f} s"
    return duration(value)


def duration(value: float) -> str:
    """A length of time as told to someone who waits: "under 1 s", "45 s", "2 min 40 s", "1 h 12 min"."""
    if value < 1:
        return "under 1 s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def clock(value: float, decimals: int = 0) -> str:
    """A place in a recording, in minutes and seconds: 83.24 -> "1:23" or, with one decimal, "1:23.2"."""
    sign = "-" if value < 0 else ""
    units = round(abs(value) * 10**decimals)
    minutes, rest = divmod(units, 60 * 10**decimals)
    width = 3 + decimals if decimals else 2
    return f"{sign}{minutes}:{rest / 10**decimals:0{width}.{decimals}f}"


def about(value: float) -> str:
    """An estimate, rounded to what it is worth: "about 2 min 40 s"."""
    if value >= 600:
        value = round(value / 60) * 60
    elif value >= 60:
        value = round(value / 10) * 10
    elif value >= 10:
        value = round(value / 5) * 5
    return "under a second" if value < 1 else f"about {duration(value)}"


def file_size(size: int) -> str:
    """Bytes: "640 B", "12 kB", "26.2 MB", "1.4 GB"."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} B"


def place(folder: Path) -> str:
    """A folder as people write it: "~/networks/mine" where it is the user's own."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # elsewhere, or nobody's home
        return str(folder)


def kilohertz(rate: float) -> str:
    """A sample rate: "22.05 kHz"."""
    return f"{rate / 1000:g} kHz"


def device(name: str) -> str:
    """What a network runs on: "Processor (CPU)"; as torch calls it where it has no name in words."""
    return _DEVICES.get(name, name)


def sampler_title(name: str) -> str:
    """As the menu has it; of a sampler of the user's own its file's name."""
    return SAMPLERS[name].title if name in SAMPLERS else Path(name).name


def short(text: str, longest: int) -> str:
    """`text` in one line of at most about `longest` characters, cut between words."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    whole = text[: longest + 1].rpartition(" ")[0] or text[:longest]
    return whole.rstrip(" ,.;:") + "\u2026"


def breakable(text: str) -> str:
    """`text` with places to break its paths and long words: labels wrap between words only."""
    text = re.sub(r"([/\\_])", "\\1\u200b", text)
    return re.sub(r"([^\s\u200b]{24})(?=[^\s\u200b])", "\\1\u200b", text)
