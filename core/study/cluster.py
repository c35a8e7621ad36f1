"""Continuations made on a Ray cluster, the same ones as here. Ray is optional, and imported only when it is asked for.

A task is one continuation. What it needs is sent along: the known audio, the settings, a sampler of the user's own;
the network goes into Ray's object store once, and every worker process keeps the one it used last. What was made comes
back, and whoever called writes it down, so that no machine needs the others' files. Ray runs the tasks of a lost worker
or machine again.

Each task computes with as many threads as the calling process would: their number decides how sums are rounded, and
with it the samples.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import pickle
import platform
import socket
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from core import __version__
from core.diffusion.denoiser import Denoiser
from core.diffusion.samplers import SAMPLERS
from core.errors import PianoDiffError, SettingsError
from core.study.continuation import Made, Task, continuation
from core.study.jobs import Job

LOSSES = 10
"""How often a task is run again after its worker was lost. One that takes down whatever runs it must end some time."""

PATIENCE = 5.0
"""Seconds that the cluster's address has to answer in. Ray itself would try for minutes."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # lost workers would be reported among the results, on standard output
}


def require_ray() -> None:
    """Raises SettingsError where Ray is not installed."""
    if importlib.util.find_spec("ray") is not None:
        return
    if getattr(sys, "frozen", False):
        raise SettingsError("--cluster needs a PianoDiff installed with pip: this one has no Ray.")
    raise SettingsError(
        "--cluster needs Ray, which is not installed. From PianoDiff's folder: "
        ".venv/bin/pip install -c packaging/constraints.txt '.[cluster]'"
    )


def make_on_cluster(
    jobs: Sequence[Job], load: Callable[[Job], Denoiser], address: str, device: torch.device
) -> Generator[tuple[Job, Made], None, None]:
    """Make `jobs` on the cluster at `address` ("auto": the one that RAY_ADDRESS or `ray start` on this machine names);
    yields each as it is finished. `load`: a job's network.

    Raises:
        SettingsError: no Ray, no cluster, none of its machines can run a task, or one runs another version.
        PianoDiffError: as :func:`core.study.continuation.continuation`; or a task lost its worker again and again.
    """
    require_ray()
    ray = _connected(address)
    try:
        yield from _results(ray, jobs, load, device)
    finally:
        ray.shutdown()  # ends the tasks that still run


def _connected(address: str) -> Any:
    """The module ray, connected."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    _check_answers(os.environ.get("RAY_ADDRESS", address) if address == "auto" else address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise SettingsError(
            "There is no Ray cluster to connect to: this machine must be part of it ('ray start --head' on the first "
            f"machine, 'ray start --address=FIRST:6379' on the others). Ray says: {error}"
        ) from error
    return ray


def _check_answers(address: str) -> None:
    host, colon, port = address.rpartition(":")
    if not colon or "/" in host:
        return  # not HOST:PORT; Ray knows what it is, or says that it is nothing
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except (OSError, ValueError, OverflowError) as error:
        raise SettingsError(f"No Ray cluster answers at {address} ({error}).") from error


def _results(
    ray: Any, jobs: Sequence[Job], load: Callable[[Job], Denoiser], device: torch.device
) -> Generator[tuple[Job, Made], None, None]:
    def run(*arguments: Any) -> Made | PianoDiffError:
        """Within this function, so that Ray sends its code and not its name: a machine without ours can say so."""
        from core.study.cluster import work

        return work(*arguments)

    threads = torch.get_num_threads()
    kind, count = ("GPU", 1) if device.type == "cuda" else ("CPU", threads)
    reserved = {"num_gpus": count} if kind == "GPU" else {"num_cpus": count}
    remote = ray.remote(max_retries=LOSSES, **reserved)(run)
    _check_places(ray, kind, count)
    sent: dict[str, tuple[str, Any]] = {}
    waiting, running = deque(jobs), dict[Any, Job]()
    while waiting or running:
        # One more than can run for each that does: no worker waits for us, and no clip is read long before its time.
        while waiting and len(running) < 2 * max(1, int(ray.cluster_resources().get(kind, 0) // count)):
            job = waiting.popleft()
            if job.row.chosen not in sent:
                network = pickle.dumps(load(job))
                sent[job.row.chosen] = (hashlib.sha256(network).hexdigest(), ray.put(network))
            digest, where = sent[job.row.chosen]
            task = pickle.dumps((job.task(device), _own_sampler(job.row.settings.sampler)))
            running[remote.remote(__version__, threads, task, digest, [where])] = job
        (done, *_), _ = ray.wait(list(running))
        job = running.pop(done)
        yield job, _result(ray, done, job)


def _check_places(ray: Any, kind: str, count: int) -> None:
    if any(node["Alive"] and node["Resources"].get(kind, 0) >= count for node in ray.nodes()):
        return
    if kind == "GPU":
        raise SettingsError("No machine of the cluster has a GPU that Ray knows of. Choose --device cpu.")
    if count == 1:
        raise SettingsError("No machine of the cluster has a CPU for tasks. Start Ray on one more, and try again.")
    raise SettingsError(
        f"No machine of the cluster has {count} CPUs, and a continuation takes as many as it has threads here. "
        "Call it with OMP_NUM_THREADS=1 (other samples than with more, by rounding), or add a larger machine."
    )


def _result(ray: Any, done: Any, job: Job) -> Made:
    try:
        made = ray.get(done)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ImportError):
            raise SettingsError(
                f"A machine of the cluster can't run PianoDiff: {error.cause}. Install version {__version__} on each."
            ) from error
        raise error.cause from error
    except ray.exceptions.RayError as error:
        reason = str(error).strip().partition("\n")[0]
        raise PianoDiffError(f"{job.audio_path.stem} can't be made: its worker was lost each time. {reason}") from error
    if isinstance(made, PianoDiffError):
        raise made
    assert isinstance(made, Made)
    return made


def _own_sampler(sampler: str) -> bytes | None:
    """The content of the file with a sampler of the user's own, None for the others."""
    if sampler in SAMPLERS:
        return None
    try:
        return Path(sampler).expanduser().read_bytes()
    except OSError as error:
        raise SettingsError(f"The sampler {sampler} can't be read: {error.strerror}.") from error


_held: dict[str, Denoiser] = {}
"""On a worker: the network of the last task, by its digest."""


def work(version: str, threads: int, task: bytes, digest: str, network: list[Any]) -> Made | PianoDiffError:
    """What a worker does: make one continuation.

    Args:
        version: of the PianoDiff that sent it. Looked at before anything of it is unpacked.
        task: a Task and the content of the user's own sampler, if it has one, pickled.
        digest: SHA-256 of the pickled denoiser.
        network: a reference to the pickled denoiser, fetched only when this process does not hold it.

    Returns what was made, or the error to be shown to the user, which is no reason to try again.
    """
    if version != __version__:
        return SettingsError(
            f"The machine {platform.node()} of the cluster has PianoDiff {__version__}, the one that calls it "
            f"{version}. Install the same version on all."
        )
    torch.set_num_threads(threads)
    try:
        wanted, source = pickle.loads(task)
        return _make(wanted, source, _denoiser(digest, network))
    except PianoDiffError as error:
        return error


def _make(task: Task, own_sampler: bytes | None, denoiser: Denoiser) -> Made:
    with tempfile.TemporaryDirectory() as folder:
        if own_sampler is not None:
            file = Path(folder) / Path(task.settings.sampler).name
            file.write_bytes(own_sampler)
            task = replace(task, settings=replace(task.settings, sampler=str(file)))
        *_, made = continuation(task, denoiser)
    assert isinstance(made, Made)
    return made


def _denoiser(digest: str, network: list[Any]) -> Denoiser:
    if digest not in _held:
        import ray

        content = ray.get(network[0])
        if hashlib.sha256(content).hexdigest() != digest:
            raise PianoDiffError(f"The network did not reach {platform.node()} as it was sent. Try again.")
        _held.clear()  # two networks at once would count as one's memory
        _held[digest] = pickle.loads(content)
    return _held[digest]
