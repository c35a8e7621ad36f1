"""Training, the whole of it in one file: `pianodiff train`, alone or under torchrun.

Each step draws crops of audio, adds noise, and moves the weights towards removing it; `core.training.objectives` says
what that means for each network. A run lives in a folder, which is also a network that can be used at any time:

    config.json, weights.safetensors   the network: the moving average of the weights, in half precision
    state.safetensors                  all that `--resume` needs
    log.jsonl, tensorboard/            losses, learning rate, speed; validation loss by noise level
    samples/                           4 s of a validation piece and 2 s that the network adds, at every save
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.device import compiles_on, has_fast_bfloat16
from core.errors import NetworkError, SettingsError
from core.networks.card import CONFIG_NAME, WEIGHTS_NAME
from core.networks.checkpoint import load_weights
from core.training.augmentation import Augmentation
from core.training.batches import Batches, BatchPlan
from core.training.data import Corpus, load_corpus, split_validation
from core.training.design import publish, read_design, starting_weights
from core.training.journal import Journal
from core.training.objectives import make_objective
from core.training.settings import TrainingSettings, data_weight
from core.training.state import (
    STATE_NAME,
    Header,
    Progress,
    load_state,
    optimiser_tensors,
    read_header,
    save_state,
)
from core.training.team import Team
from core.training.validation import Validation

BETAS = (0.9, 0.99)
FINAL_RATE = 0.02  # of the peak learning rate, at the end of the cosine
AVERAGE_RAMP = 0.1  # the moving average never reaches further back than this share of the audio seen
DIVERGED_AFTER = 100  # steps in a row without a finite gradient

Weighted = list[tuple[Corpus, float]]


@dataclass(frozen=True)
class Outcome:
    """How a session ended: the run's progress, all sessions together, and whether it reached its end."""

    progress: Progress
    finished: bool


def train(settings: TrainingSettings, out: Path, resume: bool = False, say: Callable[[str], object] = print) -> Outcome:
    """Train in the folder `out` until the settings' end, Ctrl-C or SIGTERM; all three save.

    With `resume` the run in `out` goes on where it was saved last; on one CPU thread in float32 its weights at the
    end are then, bit for bit, those of a run that was never interrupted.

    Raises SettingsError, AudioError, NetworkError, ExportError: all that can be known is checked before the first step.
    """
    with Team(settings.device) as team:
        tell: Callable[[str], object] = say if team.leads else lambda _: None
        if team.leads:
            _check_folder(out, resume)
        team.wait()

        # The network and its loss.
        config, folder = read_design(settings.network)
        torch.manual_seed(settings.seed)
        objective = make_objective(config, folder)
        network = objective.network
        if settings.start is not None and not resume:
            new = load_weights(network, starting_weights(settings.start), added=objective.added)
            if new:
                tell(f"not in the weights it starts from, so new: {', '.join(new)}")
        objective.in_bfloat16 = _in_bfloat16(settings.precision, team.device)
        torch.set_float32_matmul_precision("high" if objective.in_bfloat16 else "highest")
        torch.backends.cudnn.allow_tf32 = objective.in_bfloat16

        # The data.
        lengths = settings.crop_seconds or objective.crop_seconds
        plan = BatchPlan(objective.sample_rate, lengths, settings.batch_seconds, objective.frames_multiple)
        plan.check(team.world)
        training, held_out = _load_data(settings, out, config, team, tell)
        identity = {"design": config, "audio": [corpus.fingerprint() for corpus, _ in training]}
        plain = Augmentation.none(objective.sample_rate)
        augmentation = plain if settings.augmentation == "none" else Augmentation(objective.sample_rate)
        batches = Batches(training, augmentation, plan, settings.seed, team.rank, team.world)

        # The optimiser, and where this run was.
        if settings.start is None and not resume:
            objective.measure(Batches(training, plain, plan, settings.seed).draw)
        objective.to(team.device)
        optimiser = torch.optim.AdamW(
            network.parameters(), betas=BETAS, weight_decay=settings.weight_decay, fused=team.device.type != "mps"
        )
        average = {name: value.detach().clone() for name, value in network.state_dict().items()}
        progress = Progress()
        if resume:
            if team.leads:
                header = read_header(out)
                header.check_identity(identity)
                progress = header.progress
                load_state(out, network, average, optimiser)
            team.broadcast(optimiser_tensors(network, optimiser))
            progress = Progress.from_floats(*team.latest(*progress.as_floats()))
        if compiles_on(team.device):
            objective.compile_network()
        model = team.share(objective)

        # What only the leader does.
        journal = Journal(out, progress.step) if team.leads else None
        validation = Validation(objective, held_out, plan, team.device) if held_out and team.leads else None

        def save() -> None:
            """Save what --resume needs and the network as it is; then see and hear how it does."""
            assert journal is not None
            save_state(out, Header(progress, asdict(settings), identity), network, average, optimiser)
            publish(out, config, settings, training, network, average, progress)
            if validation is not None:
                tell(journal.validation(progress, validation.losses(average)))
            if settings.samples:
                tell(journal.continuation(progress, (held_out or training)[0][0], settings.seed, team.device.type))
            journal.restart_clock()

        weights = sum(p.numel() for p in network.parameters())
        arithmetic = "bf16" if objective.in_bfloat16 else "float32"
        tell(f"{config['title']}, {weights / 1e6:.2f} million weights, {arithmetic}, {team.world} x {team.device.type}")
        if journal is not None and journal.notice:
            tell(journal.notice)
        if resume:
            tell(f"going on at step {progress.step}")
        elif journal is not None and validation is not None and settings.start is not None:
            tell(f"as it is: {journal.validation(progress, validation.losses(average))}")

        with _stop_requests() as stop_requested:
            began = time.monotonic() - progress.seconds
            saved_at, failures, finished = time.monotonic(), 0, False
            for batch in batches.loader(progress.step, settings.workers, team.device.type == "cuda"):
                # All processes go by the leader's clock, and stop when any of them is asked to.
                clock = time.monotonic() - began if team.leads else 0.0
                progress.seconds, stopping = team.latest(clock, float(stop_requested()))
                done = share_done(settings, progress)
                finished = done >= 1
                if finished or stopping:
                    break

                # One step.
                rate = (settings.learning_rate or objective.learning_rate) * rate_factor(settings, progress.step, done)
                for group in optimiser.param_groups:
                    group["lr"] = rate
                batch = batch.to(team.device)
                loss = model(batch.clean, batch.u, batch.noise(), batch.keep).mean()
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
                audio = plan.seconds(batch.step)
                if torch.isfinite(norm):
                    optimiser.step()
                    progress.audio_seconds += audio
                    update_average(average, network.state_dict(), audio, progress.audio_seconds, settings.half_life)
                    failures = 0
                else:  # one bad crop, or the odd overflow: the weights must not see it
                    progress.skipped += 1
                    failures += 1
                optimiser.zero_grad(set_to_none=True)
                progress.step += 1

                # What came of it.
                if failures == DIVERGED_AFTER:
                    raise NetworkError(
                        f"The training has diverged: {DIVERGED_AFTER} steps in a row had no finite gradient. What was "
                        "saved before is kept; start from there with a smaller --learning-rate."
                    )
                if journal is not None:
                    line = journal.step(progress, loss.detach(), rate, audio, done)
                    if line:
                        tell(line)
                    if time.monotonic() - saved_at >= 60 * settings.save_minutes:
                        save()
                        saved_at = time.monotonic()

            if journal is not None:
                save()
                journal.close()
        team.wait()
        return Outcome(progress, finished)


def share_done(settings: TrainingSettings, progress: Progress) -> float:
    """How much of the run is behind it: 0 at the start, 1 and more at its end."""
    if settings.steps is not None:
        return progress.step / settings.steps
    assert settings.minutes is not None
    return progress.seconds / 60 / settings.minutes


def rate_factor(settings: TrainingSettings, step: int, done: float) -> float:
    """The learning rate over its peak: a linear warm-up over `warm_up` steps, then half a cosine down to FINAL_RATE."""
    decay = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
    return min(1.0, (step + 1) / (settings.warm_up + 1)) * decay


def update_average(
    average: dict[str, Tensor], weights: dict[str, Tensor], audio_seconds: float, seen: float, half_life: float
) -> None:
    """Exponential moving average with a half-life in seconds of audio, after a step of `audio_seconds`.

    A half-life in audio does not change with the batch; it is short at first, while the weights still move far
    (Karras et al. 2022, appendix F.2).  seen: audio so far, this step included.
    """
    kept = 0.5 ** (audio_seconds / min(half_life, AVERAGE_RAMP * seen))
    for name, value in weights.items():
        average[name].lerp_(value, 1 - kept)


def _check_folder(out: Path, resume: bool) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The folder {out} can't be made ({error.strerror}).") from error
    if resume:
        return
    if (out / STATE_NAME).exists():
        raise SettingsError(f"{out} already holds a run. Go on with it (--resume), or choose another folder.")
    if (out / CONFIG_NAME).exists() or (out / WEIGHTS_NAME).exists():
        raise SettingsError(f"{out} already holds a network, which the run would replace. Choose another folder.")


def _in_bfloat16(precision: str, device: torch.device) -> bool:
    if precision == "bf16" and not has_fast_bfloat16(device):
        raise SettingsError(f"This machine has no bf16 instructions on its {device.type}. Leave --precision out.")
    return precision != "float32" and has_fast_bfloat16(device)


def _load_data(
    settings: TrainingSettings, out: Path, config: dict[str, Any], team: Team, tell: Callable[[str], object]
) -> tuple[Weighted, Weighted]:
    """The corpora to train on and to validate on, each with its weight."""
    _check_folders([folder for folder, _ in map(data_weight, settings.data)])
    cache = Path(settings.cache) if settings.cache else out / "cache"

    def load(folder: str) -> Corpus:
        told_at = time.monotonic()

        def decoded(done: int, files: int) -> None:
            nonlocal told_at
            if time.monotonic() - told_at > 5:
                told_at = time.monotonic()
                tell(f"decoding {folder}: {done} of {files} files")

        corpus = load_corpus(Path(folder), cache, int(config["sample_rate"]), float(config["data_rms"]), decoded)
        tell(f"{folder}: {corpus.seconds / 60:.1f} minutes in {len(corpus.files)} files, {len(corpus.pieces)} pieces")
        for name, reason in corpus.skipped:
            tell(f"  left out: {name}: {reason}")
        return corpus

    if not team.leads_here:
        team.wait()  # for this machine's first process, which decodes
    training = [(load(folder), weight) for folder, weight in map(data_weight, settings.data)]
    held_out = [(load(folder), 1.0) for folder in settings.validation]
    if team.leads_here:
        team.wait()
    if settings.validation:
        return training, held_out
    training, held_out = keep_back(training)
    seconds = sum(corpus.seconds for corpus, _ in held_out)
    tell(f"kept back for validation: {seconds:.0f} s" if held_out else "too little audio to keep any for validation")
    return training, held_out


def keep_back(corpora: Weighted) -> tuple[Weighted, Weighted]:
    """Some pieces of each corpus for validation, and the rest; a piece kept back of one is not trained on in another.

    Raises SettingsError when nothing is left of a corpus.
    """
    split = [(*split_validation(corpus), weight) for corpus, weight in corpora]
    held_out = [(validation, weight) for _, validation, weight in split if validation is not None]
    kept_back = {piece for corpus, _ in held_out for piece in corpus.pieces}
    training = []
    for corpus, validation, weight in split:
        others = set(corpus.pieces) & (kept_back - set(validation.pieces if validation is not None else ()))
        if others == set(corpus.pieces):
            raise SettingsError(
                f"All pieces of one folder ({', '.join(sorted(others)[:3])} ...) are kept back for validation in "
                "another. Name folders to validate on with --validation."
            )
        training.append((corpus.only(set(corpus.pieces) - others) if others else corpus, weight))
    return training, held_out


def _check_folders(folders: list[str]) -> None:
    """Raises SettingsError when one of the folders lies in another: its recordings would count as two of each."""
    places = [Path(folder).expanduser().resolve() for folder in folders]
    for inner in range(len(places)):
        for outer in range(len(places)):
            if inner != outer and places[inner].is_relative_to(places[outer]):
                raise SettingsError(f"{folders[inner]} lies inside {folders[outer]}: name each recording once.")


@contextmanager
def _stop_requests() -> Iterator[Callable[[], bool]]:
    """Within it, Ctrl-C and SIGTERM only make a note, so that the step at hand is finished and saved."""
    asked = threading.Event()
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handlers[number] = signal.signal(number, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
