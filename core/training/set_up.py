"""Making a run ready: the network and its loss, the data, the optimiser, and where the run was.

The order counts: every random number follows from the seed, and a resumed run must draw the same ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from core.device import compiles_on, has_fast_bfloat16
from core.errors import SettingsError
from core.networks.checkpoint import load_weights
from core.training.batches import Batches, BatchPlan
from core.training.corpus import Weighted
from core.training.design import read_design, starting_weights
from core.training.material import load_data
from core.training.objective import Objective
from core.training.objectives import make_objective
from core.training.scores import Labels, Scores
from core.training.settings import TrainingSettings
from core.training.state import Progress, load_state, optimiser_tensors, read_header
from core.training.team import Team

BETAS = (0.9, 0.99)

Tell = Callable[[str], object]
"""Says a line to whoever started the training; the leader's only."""


@dataclass(frozen=True)
class Run:
    """A training run in the folder `out`, ready for its next step.

    config              the network's design
    objective           the network and its loss, on the device
    plan, batches       which lengths and how many crops a step has, and the crops
    training, held_out  the corpora, by weight
    labels              what there is to say of their notes, for a network that has to do with notes
    identity            design and audio: with others it would be another run
    average             the moving average of the weights, by name
    progress            how far it is; the loop counts it on
    """

    settings: TrainingSettings
    out: Path
    config: dict[str, Any]
    objective: Objective
    plan: BatchPlan
    batches: Batches
    training: Weighted
    held_out: Weighted
    labels: Labels | None
    identity: dict[str, Any]
    optimiser: AdamW
    average: dict[str, Tensor]
    progress: Progress


def set_up(settings: TrainingSettings, out: Path, resume: bool, team: Team, tell: Tell) -> Run:
    """A new run in `out`, or the one that is there. Raises SettingsError, AudioError, NetworkError."""
    config, folder = read_design(settings.network)
    objective = _objective(settings, resume, config, folder, team.device, tell)

    lengths = settings.crop_seconds or objective.crop_seconds
    plan = BatchPlan(objective.sample_rate, lengths, settings.batch_seconds, objective.frames_multiple)
    plan.check(team.world)
    labels = None if objective.targets is None else Labels(Scores(), objective.targets)
    rate, level = objective.sample_rate, objective.data_rms
    training, held_out = load_data(settings, out, rate, level, team, tell, labels, objective.medium)
    heard = [corpus.fingerprint() for corpus, _ in training]
    if labels is not None:
        heard.append(labels.scores.fingerprint())
    identity = {"design": config, "audio": heard}
    drawing = objective.drawing(settings.augmentation)
    nothing = objective.nothing_shown
    batches = Batches(training, drawing, plan, settings.seed, team.rank, team.world, labels, nothing)

    if settings.start is None and not resume:
        objective.measure(Batches(training, objective.drawing("none"), plan, settings.seed).draw)
    objective.to(team.device)
    network = objective.network
    optimiser = AdamW(
        network.parameters(), betas=BETAS, weight_decay=settings.weight_decay, fused=team.device.type != "mps"
    )
    average = {name: value.detach().clone() for name, value in network.state_dict().items()}
    progress = _taken_up(out, identity, network, average, optimiser, team) if resume else Progress()
    if compiles_on(team.device):
        objective.compile_network()
    return Run(
        settings, out, config, objective, plan, batches, training, held_out, labels, identity, optimiser,
        average, progress,
    )  # fmt: skip


def _objective(
    settings: TrainingSettings, resume: bool, config: dict[str, Any], folder: Path, device: torch.device, tell: Tell
) -> Objective:
    """The network, its weights fresh or those to start from, its loss, and the arithmetic of both."""
    torch.manual_seed(settings.seed)
    objective = make_objective(config, folder)
    if settings.start is not None and not resume:
        new = load_weights(objective.network, starting_weights(settings.start), added=objective.added)
        if new:
            tell(f"not in the weights it starts from, so new: {', '.join(new)}")
    objective.in_bfloat16 = _in_bfloat16(settings.precision, device)
    torch.set_float32_matmul_precision("high" if objective.in_bfloat16 else "highest")
    torch.backends.cudnn.allow_tf32 = objective.in_bfloat16
    return objective


def _in_bfloat16(precision: str, device: torch.device) -> bool:
    if precision == "bf16" and not has_fast_bfloat16(device):
        raise SettingsError(f"This machine has no bf16 instructions on its {device.type}. Leave --precision out.")
    return precision != "float32" and has_fast_bfloat16(device)


def _taken_up(
    out: Path, identity: dict[str, Any], network: nn.Module, average: dict[str, Tensor], optimiser: AdamW, team: Team
) -> Progress:
    """Put weights, average and optimiser back as they were saved, and return how far the run was.

    The leader reads them and tells the others; the weights reach these when the network is shared (`Team.share`).
    """
    progress = Progress()
    if team.leads:
        header = read_header(out)
        header.check_identity(identity)
        progress = header.progress
        load_state(out, network, average, optimiser)
    team.broadcast(optimiser_tensors(network, optimiser))
    return Progress.from_floats(*team.latest(*progress.as_floats()))
