"""Numbers as people read them, in lines on a terminal and in tables."""


def clock(seconds: float) -> str:
    """Seconds as a clock shows them: 75.4 -> "1:15", 3700 -> "1:01:40"."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def counted(number: int, thing: str) -> str:
    """With its number: "1 case", "2 cases"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
