"""How sound files become malformed ones: seeded, so that a case is known by its number."""

import copy
import random
from collections.abc import Callable
from typing import Any

NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 255, 2**16, 2**31 - 1, 2**31, 2**32, 2**40, 2**63, -(2**63), 10**400),
    *(0.0, -0.0, 0.5, 1e-300, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
)
OTHERS: tuple[Any, ...] = (
    *(None, True, False, "", "x" * 5000, "\0", "../../etc/passwd", "~nobody/x", "/", [], {}, [[]], [None] * 3000),
)


def bent_bytes(content: bytes, rng: random.Random, header: int = 64) -> bytes:
    """One to three changes: cut, flipped, overwritten, repeated, removed or inserted bytes; half of the changes that
    have a place lie in the first `header` bytes.
    """
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(_BYTE_CHANGES)(data, rng, min(header, len(data)) if rng.random() < 0.5 else len(data))
    return bytes(data)


def _cut(data: bytearray, rng: random.Random, _reach: int) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _flip(data: bytearray, rng: random.Random, reach: int) -> None:
    for _ in range(rng.choice((1, 1, 4, 30)) if data else 0):
        data[rng.randrange(max(1, min(reach, len(data))))] ^= 1 << rng.randrange(8)


def _overwrite(data: bytearray, rng: random.Random, reach: int) -> None:
    """A number of 2, 4 or 8 bytes, as a size or count would be."""
    width = rng.choice((2, 4, 4, 8))
    if len(data) < width:
        return
    value = rng.choice((0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63, rng.getrandbits(8 * width)))
    at = rng.randrange(max(1, min(reach, len(data)) - width + 1))
    data[at : at + width] = (value % 2 ** (8 * width)).to_bytes(width, rng.choice(("little", "big")))


def _repeat(data: bytearray, rng: random.Random, reach: int) -> None:
    begin = rng.randrange(min(reach, len(data)) + 1)
    data[begin:begin] = data[begin : begin + rng.choice((4, 64, 1000))]


def _remove(data: bytearray, rng: random.Random, reach: int) -> None:
    begin = rng.randrange(min(reach, len(data)) + 1)
    del data[begin : begin + rng.choice((1, 4, 64, 1000))]


def _insert(data: bytearray, rng: random.Random, reach: int) -> None:
    begin = rng.randrange(min(reach, len(data)) + 1)
    data[begin:begin] = rng.choice((bytes(40), b"\xff" * 40, rng.randbytes(40), b"data\xff\xff\xff\x7f", b"LIST"))


_BYTE_CHANGES: tuple[Callable[[bytearray, random.Random, int], None], ...] = (
    *(_cut, _flip, _flip, _overwrite, _overwrite, _repeat, _remove, _insert),
)


def bent_json(value: Any, rng: random.Random) -> Any:
    """A copy of a JSON value in which one to three entries, anywhere, are replaced, removed, repeated or added."""
    root = [copy.deepcopy(value)]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        holder, key = rng.choice(list(_places(root)))
        change = rng.random()
        if change < 0.6:
            holder[key] = copy.deepcopy(rng.choice(NUMBERS if rng.random() < 0.6 else OTHERS))
        elif change < 0.75 and holder is not root:
            del holder[key]
        elif change < 0.85:
            holder[key] = [copy.deepcopy(holder[key])] * rng.choice((2, 8))
        elif isinstance(holder, dict):
            holder[rng.choice(("extra", "kind", "", "__class__"))] = rng.choice(NUMBERS)
        else:
            holder[key] = {"nested": holder[key]}
    return root[0]


def _places(root: Any) -> Any:
    """(holder, key) of every entry in lists and dictionaries, whatever lies within them."""
    for key, value in list(root.items() if isinstance(root, dict) else enumerate(root)):
        yield root, key
        if isinstance(value, dict | list):
            yield from _places(value)
