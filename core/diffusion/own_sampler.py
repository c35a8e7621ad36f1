"""Samplers of the user's own: one Python file each.

The file defines `sample`, a generator that starts from noise("initial", ...), asks the denoiser, and yields a State
after every step; docs/samplers.md has the simplest, and a fuller one. The first line of the file's docstring is the
sampler's title, the rest its summary. `evaluations(steps)` and `gradients(steps)` say what a window costs where that
is not `steps` and 0.

The file is a program, and runs with the user's rights: it is only loaded when its path is given, and not where it has
been held back, as one that somebody else's session names. Whatever goes wrong in it becomes a SamplerError that names
the line.
"""

from __future__ import annotations

import ctypes
import hashlib
import inspect
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from core.bounds import is_number
from core.diffusion.options import SamplerOptions
from core.diffusion.samplers import SAMPLERS, Cost, Run, Sampler, Scripted
from core.errors import PianoDiffError, SamplerError, SettingsError

if TYPE_CHECKING:
    from torch import Tensor

    from core.diffusion.denoiser import Denoiser
    from core.diffusion.noise import NoiseSource
    from core.diffusion.sampling import State

SUFFIX = ".py"
PARAMETERS = ("denoiser", "known", "keep", "steps", "noise")
"""What `sample` of a user's file takes."""
MOST_PASSES = 1_000_000
"""That a window may cost: the dearest sampler of ours takes two thousand."""
_TITLE, _SUMMARY = 100, 500  # characters at most, of what is shown of it


LOADING_SECONDS = 60.0
"""For a file to be loaded in. Most of them import torch, which takes seconds, and from a slow disk many."""

_held_back: dict[Path, str] = {}
"""Files that may not run but with the content of that hash; "" is none."""
_endless: set[bytes] = set()
"""Contents that did not finish loading, and are not given as long again."""


def hold_back(name: str) -> None:
    """Run nothing of that file from now on, whoever asks for it."""
    _held_back[place_of(name)] = ""


def let_run(name: str, sha256: str | None = None) -> None:
    """The user has agreed to run that file: as it is with that hash, or (None) whatever it will hold."""
    if sha256 is None:
        _held_back.pop(place_of(name), None)
    else:
        _held_back[place_of(name)] = sha256


def file_sha256(name: str) -> str:
    """Hash of that file, "" where there is none; nothing of it runs."""
    try:
        return hashlib.sha256(place_of(name).read_bytes()).hexdigest()
    except OSError:
        return ""


def place_of(name: str) -> Path:
    """Where the file of that name lies, links resolved. Somebody else's name may be one that no file can have."""
    return Path(os.path.realpath(os.path.expanduser(name.replace("\0", "\N{REPLACEMENT CHARACTER}"))))


def find_sampler(name: str) -> Sampler:
    """The sampler that settings call so: the one of that name, or the one in the file of that path (ending in .py).

    Raises SettingsError when the file can't be read or is held back, SamplerError when it can't be used.
    """
    if name in SAMPLERS:
        return SAMPLERS[name]
    path, allowed = Path(os.path.expanduser(name)), _held_back.get(place_of(name))
    try:
        content = path.read_bytes() if allowed != "" else b""
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"The sampler {path} can't be read: {reason}.") from error
    if allowed is not None and hashlib.sha256(content).hexdigest() != allowed:
        since = "it has changed since you agreed" if allowed else "you have not agreed"
        raise SettingsError(
            f"The sampler {path.name} is a program that a session names, and {since} to run it. To do so, choose it "
            "with File > Choose a sampler."
        )
    return _load(name, path, content)


@cache
def _load(name: str, path: Path, content: bytes) -> Sampler:
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    _run(path, content, module)
    function = vars(module).get("sample")
    if not inspect.isgeneratorfunction(function) or tuple(inspect.signature(function).parameters) != PARAMETERS:
        raise SamplerError(f"{path.name} has no generator function sample({', '.join(PARAMETERS)}).")
    said = vars(module).get("__doc__")
    title, _, summary = inspect.cleandoc(said if isinstance(said, str) else path.stem).partition("\n")
    return Scripted(
        name,
        title.rstrip(".")[:_TITLE] or path.stem,
        " ".join(summary.split())[:_SUMMARY] or f"From {path.name}.",
        (),
        _declared_cost(path, module),
        _guarded(path, function),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _run(path: Path, content: bytes, module: ModuleType) -> None:
    """Run the file, for its definitions, in a thread of its own: it can't hold up whoever asked for longer than
    LOADING_SECONDS. Raises SamplerError.
    """
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            exec(compile(content, str(path), "exec"), vars(module))
        except BaseException as error:  # also what would end the program, or this thread without a word
            ended.append(error)
        else:
            ended.append(None)

    if content not in _endless:
        thread = threading.Thread(target=run, name=f"loading {path.name}", daemon=True)
        thread.start()
        thread.join(LOADING_SECONDS)
        if not ended:
            _endless.add(content)
            # Reaches it when it comes back to Python; until then it is left to itself.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
    if not ended:
        raise SamplerError(f"{path.name} does not finish loading: it was given {LOADING_SECONDS:g} s.")
    error = ended[0]
    if error is not None:
        raise _explained(path, error) from error


def _declared_cost(path: Path, module: ModuleType) -> Callable[[SamplerOptions], Cost]:
    def cost(settings: SamplerOptions) -> Cost:
        if settings.start < 1:
            raise SettingsError(
                f"The sampler {path.name} draws its own x_T, so it can't start from notes (start {settings.start:g}). "
                "Choose start 1, or one of the samplers that come with PianoDiff."
            )
        counts = []
        for name, default in (("evaluations", settings.steps), ("gradients", 0)):
            try:
                value = vars(module)[name](settings.steps) if name in vars(module) else default
            except (Exception, SystemExit) as error:
                raise _explained(path, error) from error
            if not isinstance(value, int) or not (name == "evaluations") <= value <= MOST_PASSES:
                raise SamplerError(f"{path.name}: {name}({settings.steps}) is {value!r:.40}, not a number of passes.")
            counts.append(value)
        return Cost(*counts)

    return cost


def _guarded(path: Path, function: Callable[..., Iterator[State]]) -> Run:
    def run(
        denoiser: Denoiser,
        known: Tensor,
        keep: Tensor,
        settings: SamplerOptions,
        noise: NoiseSource,
        guess: Tensor | None,
    ) -> Iterator[State]:
        from core.diffusion.sampling import State

        states = function(denoiser, known, keep, settings.steps, noise)
        while True:
            try:
                state = next(states)
            except StopIteration:
                return
            except (PianoDiffError, MemoryError, KeyboardInterrupt):
                raise
            except BaseException as error:
                if "alloc" in str(error).lower():  # out of memory, on the CPU or a GPU: told elsewhere
                    raise
                raise _explained(path, error) from error
            if not isinstance(state, State) or not all(_like(known, value) for value in (state.x, state.clean)):
                raise SamplerError(f"{path.name}: sample must yield State(level, x, clean) with x shaped like known.")
            if not (is_number(state.level) and 0 <= state.level <= denoiser.schedule.top):
                raise SamplerError(
                    f"{path.name}: sample must yield levels from 0 to {denoiser.schedule.top}, not {state.level!r:.40}."
                )
            yield State(float(state.level), state.x.detach(), state.clean.detach())

    return run


def _like(known: Tensor, value: object) -> bool:
    """Whether it is a tensor of numbers of the same shape."""
    from torch import Tensor

    return isinstance(value, Tensor) and value.shape == known.shape and value.is_floating_point()


def _explained(path: Path, error: BaseException) -> SamplerError:
    """What went wrong, and in which line of the file."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    place = f"{path.name}, line {line}" if line else path.name
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return SamplerError(f"{place}: {type(error).__name__}: {message[:_SUMMARY]}")
