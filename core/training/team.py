"""The processes that train together: one, or as many as torchrun started, on one machine or several.

torchrun tells each process its place by environment variables. Gradients are averaged by DistributedDataParallel;
what is here is the little that a training loop needs beside that.
"""

import os
import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import NoReturn

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from core.device import resolve_device
from core.errors import SettingsError


class Team:
    """rank (0 leads: it logs and saves), world (processes in all), device. A context: leaves the group at its end."""

    def __init__(self, device: str) -> None:
        self.rank = int(os.environ.get("RANK", 0))
        self.world = int(os.environ.get("WORLD_SIZE", 1))
        self.device = resolve_device(device)
        if self.device.type == "cuda":
            local, cards = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
            if local >= cards:
                raise SettingsError(f"This machine has {cards} GPUs: start at most as many processes on it.")
            self.device = torch.device("cuda", local)
            torch.cuda.set_device(self.device)
        if self.world > 1:
            backend = "nccl" if self.device.type == "cuda" else "gloo"
            # the leader may decode, validate and play for long while the others wait
            dist.init_process_group(backend, timeout=timedelta(hours=2))

    def __enter__(self) -> "Team":
        return self

    def __exit__(self, *_: object) -> None:
        if self.world > 1:
            dist.destroy_process_group()

    @property
    def leads_here(self) -> bool:
        """Whether this is the first process of its machine."""
        return int(os.environ.get("LOCAL_RANK", 0)) == 0

    @property
    def leads(self) -> bool:
        """Whether this is the process that logs and saves."""
        return self.rank == 0

    def share(self, module: nn.Module) -> nn.Module:
        """`module`, its parameters those of the leader from now on, its gradients averaged over all processes."""
        if self.world == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=devices, gradient_as_bucket_view=True)

    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite `tensors` with the leader's."""
        if self.world > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)

    def latest(self, *values: float) -> list[float]:
        """Each value's maximum over all processes, so that they decide alike. All must ask at the same place."""
        if self.world == 1:
            return list(values)
        told = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(told, dist.ReduceOp.MAX)
        return [float(value) for value in told]

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            dist.barrier()


def end_process(code: int) -> NoReturn:
    """End a process of torchrun's with that exit code, without Python's own farewell.

    PyTorch 2.13 keeps the threads of a process group that DistributedDataParallel has used, also after the group is
    destroyed. One that drops its last tensor while the interpreter goes asks for a lock that is gone, and aborts the
    process ("terminate called without an active exception"), on which torchrun ends the others as well.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
