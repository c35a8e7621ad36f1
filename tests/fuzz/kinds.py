"""All kinds of files that are tried, and of each how many are when time is no matter."""

from tests.fuzz import audio, networks, notes_and_recipes, sessions
from tests.fuzz.trial import Try

KINDS: dict[str, Try] = {
    "audio": audio.attempt,
    "network": networks.attempt_folder,
    "pickle": networks.attempt_pickle,
    "state": networks.attempt_state,
    "session": sessions.attempt,
    "midi": notes_and_recipes.attempt_midi,
    "recipe": notes_and_recipes.attempt_recipe,
}

FULL: dict[str, int] = {
    "audio": 30_000,
    "network": 600,
    "pickle": 200,
    "state": 500,
    "session": 2000,
    "midi": 500,
    "recipe": 500,
}
