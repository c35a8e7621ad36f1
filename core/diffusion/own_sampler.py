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

import hashlib
import inspect
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

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


_held_back: set[Path] = set()


def hold_back(name: str) -> None:
    """Run nothing of that file from now on, whoever asks for it."""
    _held_back.add(_place(name))


def let_run(name: str) -> None:
    """The user has agreed to run that file."""
    _held_back.discard(_place(name))


def file_sha256(name: str) -> str:
    """Hash of that file, "" where there is none; nothing of it runs."""
    try:
        return hashlib.sha256(_place(name).read_bytes()).hexdigest()
    except OSError:
        return ""


def _place(name: str) -> Path:
    return Path(name).expanduser().resolve()


def find_sampler(name: str) -> Sampler:
    """The sampler that settings call so: the one of that name, or the one in the file of that path (ending in .py).

    Raises SettingsError when the file can't be read or is held back, SamplerError when it can't be used.
    """
    if name in SAMPLERS:
        return SAMPLERS[name]
    path = Path(name).expanduser()
    if _place(name) in _held_back:
        raise SettingsError(
            f"The sampler {path.name} is a program that a session names, and you have not agreed to run it. To do so, "
            "choose it with File > Choose a sampler."
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The sampler {path} can't be read: {error.strerror}.") from error
    return _load(name, path, content)


@cache
def _load(name: str, path: Path, content: bytes) -> Sampler:
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        raise _explained(path, error) from error
    function = getattr(module, "sample", None)
    if not inspect.isgeneratorfunction(function) or tuple(inspect.signature(function).parameters) != PARAMETERS:
        raise SamplerError(f"{path.name} has no generator function sample({', '.join(PARAMETERS)}).")
    title, _, summary = inspect.cleandoc(module.__doc__ or path.stem).partition("\n")
    return Scripted(
        name,
        title.rstrip("."),
        " ".join(summary.split()) or f"From {path.name}.",
        (),
        _declared_cost(path, module),
        _guarded(path, function),
        sha256=hashlib.sha256(content).hexdigest(),
    )


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
                value = getattr(module, name)(settings.steps) if hasattr(module, name) else default
            except Exception as error:
                raise _explained(path, error) from error
            if not isinstance(value, int) or value < (name == "evaluations"):
                raise SamplerError(f"{path.name}: {name}({settings.steps}) is {value!r}, not a number of passes.")
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
            except (PianoDiffError, MemoryError):
                raise
            except (Exception, SystemExit) as error:
                if "alloc" in str(error).lower():  # out of memory, on the CPU or a GPU: told elsewhere
                    raise
                raise _explained(path, error) from error
            if not isinstance(state, State) or state.x.shape != known.shape or state.clean.shape != known.shape:
                raise SamplerError(f"{path.name}: sample must yield State(level, x, clean) with x shaped like known.")
            yield state

    return run


def _explained(path: Path, error: BaseException) -> SamplerError:
    """What went wrong, and in which line of the file."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    place = f"{path.name}, line {line}" if line else path.name
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return SamplerError(f"{place}: {type(error).__name__}: {message}")
