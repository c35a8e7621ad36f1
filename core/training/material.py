"""What a run learns from and is judged on: its folders, decoded, and some of it kept back."""

import time
from collections.abc import Callable
from pathlib import Path

from core.errors import SettingsError
from core.training.cache import load_corpus
from core.training.corpus import Corpus, Weighted
from core.training.medium import AUDIO, Medium
from core.training.scores import Labels
from core.training.settings import TrainingSettings, data_weight
from core.training.split import keep_back
from core.training.team import Team


def load_data(
    settings: TrainingSettings,
    out: Path,
    rate: int,
    level: float,
    team: Team,
    tell: Callable[[str], object],
    labels: Labels | None = None,
    medium: Medium = AUDIO,
) -> tuple[Weighted, Weighted]:
    """The corpora to train on and to validate on, each with its weight.

    rate: samples a second.  level: active RMS of recordings.  labels: take in the notes beside the recordings. None:
    notes don't matter.

    Raises SettingsError, AudioError.
    """
    _check_folders([folder for folder, _ in map(data_weight, settings.data)])
    cache = Path(settings.cache) if settings.cache else out / "cache"

    def load(folder: str) -> Corpus:
        told_at = time.monotonic()

        def decoded(done: int, files: int) -> None:
            nonlocal told_at
            if time.monotonic() - told_at > 5:
                told_at = time.monotonic()
                tell(f"decoding {folder}: {done} of {files} files")

        corpus = load_corpus(Path(folder), cache, rate, level, decoded, medium)
        tell(f"{folder}: {corpus.seconds / 60:.1f} minutes in {len(corpus.files)} files, {len(corpus.pieces)} pieces")
        for name, reason in corpus.skipped:
            tell(f"  left out: {name}: {reason}")
        return corpus if labels is None else _with_notes(corpus, labels, tell)

    if not team.leads_here:
        team.wait()  # for this machine's first process, which decodes
    training = [(load(folder), weight) for folder, weight in map(data_weight, settings.data)]
    held_out = [(load(folder), 1.0) for folder in settings.validation]
    if team.leads_here:
        team.wait()
    if settings.validation:
        return training, held_out
    rest, kept_back = keep_back(training)
    seconds = sum(corpus.seconds for corpus, _ in kept_back)
    tell(f"kept back for validation: {seconds:.0f} s" if kept_back else "too little audio to keep any for validation")
    return rest, kept_back


def _with_notes(corpus: Corpus, labels: Labels, tell: Callable[[str], object]) -> Corpus:
    """The recordings that can be learned from, their notes taken in. Raises SettingsError when there are none."""
    without = dict(labels.scores.read(corpus))
    if not labels.targets.required:
        tell(f"  notes beside {len(corpus.files) - len(without)} of {len(corpus.files)}")
        return corpus
    for name, reason in without.items():
        tell(f"  left out: {name}: {reason}")
    if len(without) == len(corpus.files):
        raise SettingsError(
            f"None of the recordings in {corpus.folder} has its notes in a MIDI file of the same name beside it, which "
            f"is what this network learns from: {next(iter(without.values()))}"
        )
    return corpus.with_files(set(corpus.files) - without.keys())


def _check_folders(folders: list[str]) -> None:
    """Raises SettingsError when one of the folders lies in another: its recordings would count as two of each."""
    places = [Path(folder).expanduser().resolve() for folder in folders]
    for inner in range(len(places)):
        for outer in range(len(places)):
            if inner != outer and places[inner].is_relative_to(places[outer]):
                raise SettingsError(f"{folders[inner]} lies inside {folders[outer]}: name each recording once.")
