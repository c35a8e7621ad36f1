"""`pianodiff study --cluster`: what is sent, what comes back, and that it is what one machine makes.

Most of it runs on a stand-in for Ray within this process; `pytest -m slow` adds two real nodes, one of which is killed.
"""

import importlib.util
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from core import __version__
from core.commands.main import main
from core.errors import NetworkError, PianoDiffError, SamplerError, SettingsError
from core.notes.midi import write_midi
from core.notes.note import Note
from core.study import cluster
from core.study.evaluate import Evaluation
from core.study.settings import StudySettings
from tests.core.study.conftest import write_clip
from tests.core.tiny_network import write_tiny_network

pytestmark = pytest.mark.journey

OWN = '''"""Mine."""
import torch

from core.diffusion.sampling import State
from core.diffusion.solver import DDIM
from core.diffusion.walk import strided


def sample(denoiser, known, keep, steps, noise):
    schedule = denoiser.schedule
    solver, x = DDIM(schedule), noise("initial", schedule.top, 0, known)
    for edge in strided(schedule.top, steps):
        x = solver.step(x, denoiser(x, edge.start), edge, noise("step", edge.start, 0, x), denoiser)
        yield State(edge.stop, x, x)
'''


class RayError(Exception):
    """As Ray's."""


class RayTaskError(RayError):
    """As Ray's: an error in the task itself."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause


class StandIn(ModuleType):
    """What is used of Ray, in this process: a task runs when it is waited for, the last one first.

    Attributes:
        around: entered while a task runs.
        most: how many tasks were in flight at once, at most.
    """

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self) -> None:
        super().__init__("ray")
        self.__spec__ = ModuleSpec("ray", None)
        self.around: Callable[[], AbstractContextManager[None]] = nullcontext
        self.resources = {"CPU": 2.0}
        self.objects: list[Any] = []
        self.waiting: dict[int, Callable[[], Any]] = {}
        self.started = self.most = 0
        self.options: dict[str, Any] = {}
        self.connected: list[str] = []

    def init(self, address: str, **_: Any) -> None:
        self.connected.append(address)

    def shutdown(self) -> None:
        self.connected.append("shut down")

    def nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True, "Resources": self.resources}]

    def cluster_resources(self) -> dict[str, float]:
        return self.resources

    def put(self, thing: Any) -> int:
        self.objects.append(thing)
        return -len(self.objects)

    def remote(self, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        self.options = options

        def wrap(function: Callable[..., Any]) -> Any:
            def start(*arguments: Any) -> int:
                sent = pickle.dumps(arguments)
                self.started += 1
                self.waiting[self.started] = lambda: function(*pickle.loads(sent))
                self.most = max(self.most, len(self.waiting))
                return self.started

            return SimpleNamespace(remote=start)

        return wrap

    def wait(self, tasks: list[int]) -> tuple[list[int], list[int]]:
        return tasks[-1:], tasks[:-1]

    def get(self, which: int) -> Any:
        if which < 0:
            return self.objects[-which - 1]
        with self.around():
            return self.waiting.pop(which)()


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The stand-in in Ray's place, in a process that holds no network yet; threads and environment as they were."""
    stand_in, threads = StandIn(), torch.get_num_threads()
    monkeypatch.setitem(sys.modules, "ray", stand_in)
    monkeypatch.setattr(cluster, "_held", {})
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    torch.set_num_threads(1)
    yield stand_in
    torch.set_num_threads(threads)


@pytest.fixture
def settings(network: Path, clips: Path, tmp_path: Path) -> Callable[..., StudySettings]:
    """settings(folder, **changes): two clips by two methods, into `tmp_path / folder`."""

    def make(folder: str, **changes: Any) -> StudySettings:
        given: dict[str, Any] = {"networks": (str(network),), "samplers": ("interpolation", "decoupled"), "steps": 2}
        given |= {"cases": 2, "begin": 0.5, "known": 1.0, "new": 0.5, "traces": True}
        return StudySettings((clips,), tmp_path / folder, **given | changes)

    return make


def made(folder: Path) -> dict[str, bytes]:
    """Audio and traces; the records beside them tell of times."""
    return {path.name: path.read_bytes() for path in (folder / "cases").iterdir() if path.suffix != ".json"}


def test_what_workers_make_is_what_is_made_here(settings: Callable[..., StudySettings], ray: StandIn) -> None:
    """Breaks when a figure could depend on where it was computed, or a folder could not be gone on with elsewhere."""
    here, there = settings("here"), settings("there")
    Evaluation(here).make()
    shown: list[tuple[int, ...]] = []
    evaluation = Evaluation(there)
    evaluation.make(lambda *place: shown.append(place), "auto")
    assert made(here.out) == made(there.out) and len(made(there.out)) == 8
    assert [path.name for path in sorted(here.out.glob("cases/*.json"))] == [
        path.name for path in sorted(there.out.glob("cases/*.json"))
    ]
    assert not evaluation.pending and not Evaluation(there).pending
    assert shown == [(4 * k, 16, k - 1, 4) for k in range(1, 5)]  # two windows of two steps each
    assert ray.connected == ["auto", "shut down"]
    assert ray.options == {"num_cpus": 1, "max_retries": cluster.LOSSES}


def test_a_network_is_sent_once_and_no_more_tasks_than_are_needed(
    settings: Callable[..., StudySettings], tmp_path: Path, ray: StandIn
) -> None:
    """Breaks when weights travel with every task, or all clips are read and queued at once."""
    other = write_tiny_network(tmp_path / "other", seed=1)
    both = (*settings("out").networks, str(other))
    Evaluation(settings("out", networks=both, samplers=("interpolation",), cases=5)).make(None, "auto")
    assert ray.started == 10 and len(ray.objects) == 2
    assert ray.most == 4  # two for each of two CPUs
    assert len(cluster._held) == 1  # two networks at once would count as one's memory


def test_workers_need_none_of_our_files(settings: Callable[..., StudySettings], tmp_path: Path, ray: StandIn) -> None:
    """Breaks when the other machines would have to see the same folders: clips, networks or a sampler of one's own."""
    mine = tmp_path / "mine.py"
    mine.write_text(OWN)
    network = write_tiny_network(tmp_path / "network")
    out = settings("out", samplers=("interpolation", str(mine)), networks=(str(network),))

    @contextmanager
    def away() -> Iterator[None]:
        for path in (mine, network, tmp_path / "clips"):
            path.rename(path.with_suffix(".away"))
        yield
        for path in (mine, network, tmp_path / "clips"):
            path.with_suffix(".away").rename(path)

    ray.around = away
    Evaluation(out).make(None, "auto")
    here = settings("here", samplers=out.samplers, networks=out.networks)
    Evaluation(here).make()
    assert made(out.out) == made(here.out) and len(made(out.out)) == 8


def test_notes_travel_with_the_task(settings: Callable[..., StudySettings], clips: Path, ray: StandIn) -> None:
    """Breaks when a worker begins with noise where notes should lead, or would have to hear them itself."""
    for clip in clips.glob("*.wav"):
        write_midi(clip.with_suffix(".mid"), [Note(1.6, 1.9, 60)])
    led = settings("there", samplers=("replacement:true-notes",))
    Evaluation(led).make(None, "auto")
    here = settings("here", samplers=led.samplers)
    Evaluation(here).make()
    assert made(led.out) == made(here.out) and len(made(led.out)) == 4
    Evaluation(settings("none", samplers=("replacement",))).make()
    assert not set(made(led.out).values()) & set(made(settings("none").out).values())


def test_a_mistake_is_shown_and_not_tried_again(
    settings: Callable[..., StudySettings], tmp_path: Path, ray: StandIn
) -> None:
    """Breaks when a mistake in the user's sampler is taken for a lost worker, or costs what was finished before it."""
    mine = tmp_path / "mine.py"
    mine.write_text(OWN.replace("    schedule = denoiser.schedule", "    schedule = denoiser.shedule"))
    evaluation = Evaluation(settings("out", samplers=("interpolation", f"{mine}@3")))
    with pytest.raises(SamplerError, match=r"mine\.py, line 10: AttributeError"):
        evaluation.make(None, "auto")
    assert ray.started == 4 and ray.connected[-1] == "shut down"


def test_ctrl_c_keeps_what_is_finished(settings: Callable[..., StudySettings], ray: StandIn) -> None:
    """Breaks when an interrupted study of many machines loses what they had sent back, or leaves them working."""

    def interrupt(done: int, *_: int) -> None:
        if done == 8:
            raise KeyboardInterrupt

    evaluation = Evaluation(settings("out"))
    with pytest.raises(KeyboardInterrupt):
        evaluation.make(interrupt, "auto")
    assert len(evaluation.pending) == len(Evaluation(settings("out")).pending) == 2
    assert ray.connected[-1] == "shut down"
    Evaluation(settings("out")).make()  # goes on here
    Evaluation(settings("here")).make()
    assert made(settings("out").out) == made(settings("here").out)


def test_a_finished_study_needs_no_cluster(settings: Callable[..., StudySettings], ray: StandIn) -> None:
    """Breaks when a report can't be drawn anew because the cluster has been given back."""
    Evaluation(settings("out")).make()
    Evaluation(settings("out")).make(None, "auto")
    assert not ray.connected


def test_another_version_on_a_worker_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when machines with different programs make one table, or the other's task is unpacked before it is known
    that it can be."""
    monkeypatch.setattr(pickle, "loads", lambda _: pytest.fail("unpacked"))
    answer = cluster.work("9.8.7", 1, b"", "", [])
    assert isinstance(answer, SettingsError)
    assert "9.8.7" in str(answer) and __version__ in str(answer) and "same version on all" in str(answer)


def test_a_damaged_network_is_refused(ray: StandIn) -> None:
    """Breaks when weights other than the ones that were sent go unnoticed."""
    task = pickle.dumps((None, None))
    answer = cluster.work(__version__, 1, task, "0" * 64, [ray.put(b"other weights")])
    assert isinstance(answer, PianoDiffError) and "did not reach" in str(answer)


def test_weights_that_change_meanwhile_are_refused(
    settings: Callable[..., StudySettings], tmp_path: Path, ray: StandIn
) -> None:
    """Breaks when a training run that goes on gives the later continuations other weights than the table says."""
    network = write_tiny_network(tmp_path / "network")
    evaluation = Evaluation(settings("out", networks=(str(network),)))
    write_tiny_network(tmp_path / "network", seed=1)
    with pytest.raises(NetworkError, match="have changed since"):
        evaluation.make(None, "auto")
    assert not ray.started


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (RayTaskError(ModuleNotFoundError("No module named 'core'")), SettingsError, "can't run PianoDiff: No module"),
        (RayTaskError(ZeroDivisionError("nothing")), ZeroDivisionError, "nothing"),
        (RayError("The worker died.\nA long story"), PianoDiffError, r"lost each time\. The worker died\.$"),
    ],
)
def test_what_ray_reports_is_told_in_words(
    settings: Callable[..., StudySettings], ray: StandIn, error: Exception, kind: type[Exception], says: str
) -> None:
    """Breaks when a machine without PianoDiff, a mistake of ours and a lost worker end in the same traceback."""

    def fail() -> AbstractContextManager[None]:
        raise error

    ray.around = fail
    with pytest.raises(kind, match=says):
        Evaluation(settings("out")).make(None, "auto")


def test_a_cluster_that_cannot_run_a_task_is_refused(settings: Callable[..., StudySettings], ray: StandIn) -> None:
    """Breaks when Ray waits without an end for a machine that nobody has."""
    torch.set_num_threads(3)
    with pytest.raises(SettingsError, match=r"has 3 CPUs.*OMP_NUM_THREADS=1"):
        Evaluation(settings("out")).make(None, "auto")
    with pytest.raises(SettingsError, match="No machine of the cluster has a GPU"):
        cluster._check_places(ray, "GPU", 1)
    ray.resources = {}
    with pytest.raises(SettingsError, match="No machine of the cluster has a CPU for tasks"):
        cluster._check_places(ray, "CPU", 1)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:port", "127.0.0.1:70000"])
def test_an_address_without_a_cluster_is_refused(address: str, ray: StandIn, settings: Callable[..., Any]) -> None:
    """Breaks when a mistyped address is tried for minutes, with Ray's own logs on the screen."""
    began = time.monotonic()
    with pytest.raises(SettingsError, match=f"No Ray cluster answers at {address}"):
        Evaluation(settings("out")).make(None, address)
    assert time.monotonic() - began < 10 and not ray.connected


def test_no_cluster_at_all_says_how_to_start_one(
    settings: Callable[..., StudySettings], ray: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `--cluster` on a machine where nobody started Ray ends in a traceback."""

    def refuse(**_: Any) -> None:
        raise ConnectionError("Could not find any running Ray instance.")

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(SettingsError, match=r"ray start --head.*Ray says: Could not find"):
        Evaluation(settings("out")).make(None, "auto")


def test_without_ray_the_command_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The package is optional; it must be asked for before the clips are read."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    where = [str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]
    assert main(["study", *where, "--samplers", "interpolation", "--cluster"]) == 2
    assert "pip install -c packaging/constraints.txt '.[cluster]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("typed", "meant"), [([], None), (["--cluster"], "auto"), (["--cluster", "a:1"], "a:1")])
def test_the_address_may_be_left_out(
    typed: list[str],
    meant: str | None,
    network: Path,
    clips: Path,
    tmp_path: Path,
    ray: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Breaks when the option does not reach the evaluation."""
    asked: list[str | None] = []

    def make(self: Evaluation, progress: object, address: str | None) -> None:
        asked.append(address)
        raise KeyboardInterrupt

    monkeypatch.setattr(Evaluation, "make", make)
    options = ["--network", str(network), "--begin", "0.5", "--known", "1", "--new", "0.5", "--cases", "1", *typed]
    assert main(["study", str(clips), "--out", str(tmp_path / "out"), "--samplers", "interpolation", *options]) == 130
    assert asked == [meant]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8: two machines in one")
def test_two_nodes_of_which_one_is_killed(
    network: Path, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when a lost machine costs continuations, or what is made again differs. Takes about a minute."""
    for name in ("RAY_USAGE_STATS_ENABLED", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "0" if name.startswith("RAY") else "1")
    monkeypatch.setenv("PYTHONPATH", str(repository))  # for the workers
    for k in range(5):
        write_clip(tmp_path / "clips" / f"clip{k}.wav", k)
    mine = tmp_path / "mine.py"
    mine.write_text(OWN)

    def run(out: str, *more: str) -> subprocess.CompletedProcess[str]:
        program = "import sys; from core.commands.main import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", program, "study"]
        command += [str(tmp_path / "clips"), "--out", str(tmp_path / out), "--network", str(network), "--cases", "5"]
        command += ["--samplers", f"interpolation@20,{mine}@20", "--seeds", "2"]
        command += ["--begin", "0.5", "--known", "1", "--new", "0.5", *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=240)

    def finished() -> int:
        return len(list((tmp_path / "there" / "cases").glob("*.json")))

    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "node_ip_address": "127.0.0.2", "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=head)
    try:
        second = nodes.add_node(num_cpus=1, node_ip_address="127.0.0.3")
        with ThreadPoolExecutor(1) as beside:
            running = beside.submit(run, "there", "--cluster", nodes.address)
            give_up = time.monotonic() + 120
            while finished() < 4 and time.monotonic() < give_up and not running.done():
                time.sleep(0.05)
            killed_at = finished()
            for process in second.all_processes["raylet"]:
                os.kill(process.process.pid, signal.SIGKILL)
            there = running.result()
    finally:
        nodes.shutdown()
    assert (there.returncode, killed_at < 20) == (0, True), there.stderr
    assert "(raylet)" not in there.stdout + there.stderr  # the progress is not buried
    here = run("here")
    assert here.returncode == 0, here.stderr
    assert made(tmp_path / "there") == made(tmp_path / "here") and len(made(tmp_path / "here")) == 40
