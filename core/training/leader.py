"""What only the leader of a training does: tell, log, validate, save, and let the network play."""

import time
from dataclasses import asdict

from torch import Tensor

from core.training.design import publish
from core.training.journal import Journal
from core.training.set_up import Run, Tell
from core.training.state import Header, save_state
from core.training.team import Team
from core.training.validation import Validation


class Leader:
    """Of a run; `tell` says a line to whoever started it."""

    def __init__(self, run: Run, team: Team, tell: Tell) -> None:
        self._run, self._team, self._tell = run, team, tell
        self._journal = Journal(run.out, run.progress.step)
        self._validation = (
            Validation(run.objective, run.held_out, run.labels, run.plan, team.device)
            if run.held_out else None
        )
        self._saved_at = time.monotonic()

    def introduce(self, resumed: bool) -> None:
        """Say what is trained and how; of weights to start from, how good they are."""
        run, team = self._run, self._team
        weights = sum(p.numel() for p in run.objective.network.parameters())
        arithmetic = "bf16" if run.objective.in_bfloat16 else "float32"
        size = f"{weights / 1e6:.2f} million weights"
        self._tell(f"{run.config['title']}, {size}, {arithmetic}, {team.world} x {team.device.type}")
        if self._journal.notice:
            self._tell(self._journal.notice)
        if resumed:
            self._tell(f"going on at step {run.progress.step}")
        elif self._validation is not None and run.settings.start is not None:
            self._tell(f"as it is: {self._validated(self._validation)}")
        self._saved_at = time.monotonic()

    def note(self, loss: Tensor, rate: float, audio_seconds: float, done: float) -> None:
        """Log a step as `Journal.step` does, and save when it is time."""
        line = self._journal.step(self._run.progress, loss, rate, audio_seconds, done)
        if line:
            self._tell(line)
        if time.monotonic() - self._saved_at >= 60 * self._run.settings.save_minutes:
            self.save()
            self._saved_at = time.monotonic()

    def save(self) -> None:
        """Save what --resume needs and the network as it is; then see and hear how it does. Raises ExportError."""
        run = self._run
        network, settings, progress = run.objective.network, run.settings, run.progress
        save_state(run.out, Header(progress, asdict(settings), run.identity), network, run.average, run.optimiser)
        publish(run.out, run.config, settings, run.training, network, run.average, progress)
        if self._validation is not None:
            self._tell(self._validated(self._validation))
        if settings.samples and run.objective.plays:
            corpus = (run.held_out or run.training)[0][0]
            self._tell(self._journal.continuation(progress, corpus, settings.seed, self._team.device.type))
        self._journal.restart_clock()

    def close(self) -> None:
        """Write out what the log still holds."""
        self._journal.close()

    def _validated(self, validation: Validation) -> str:
        return self._journal.validation(self._run.progress, validation.losses(self._run.average))
