"""Which example goes into which step.

The whole run is one list of batches, drawn beforehand: a run that was stopped goes on with the next one, and
gives the very weights that it would have given. Steps of one proof state go into one batch together where
they can, in a *group*: what they share is then read once (`eva.train.layout`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from eva.train.config import BadConfig, RunConfig

T = TypeVar("T")

WINDOW = 50  # batches among which groups of like length are put together
TOGETHER = (8, 4, 2, 1)  # sizes of groups

Turn = tuple[int, int]
"""An example's number, and the pass over the data in which it is seen."""
Batch = list[list[Turn]]
"""Groups of one size."""


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens of an example, those up to its proposed step and those behind; `state`: equal for steps that
    share the former."""

    prefix: int
    rest: int
    state: Hashable


def planned(config: RunConfig, sizes: Sequence[Size], parts: int) -> list[Batch]:
    """Which example comes when, over the whole run. Raises `BadConfig`."""
    steps = config.steps or max(1, round(config.epochs * len(sizes) / config.batch_size))
    return schedule(sizes, config.batch_size, steps, config.seed, parts)


def schedule(sizes: Sequence[Size], batch: int, count: int, seed: int, parts: int = 1) -> list[Batch]:
    """`count` batches of `batch` examples, pass after pass over the data, each in a new order.

    The steps of a state are put into groups anew in every pass; groups of one size and of like length make a
    batch. What does not fill one goes to the next pass, step by step, so nothing is left out. `parts`: into
    how many equal parts a batch must fall (one a process). Raises `BadConfig` where there is no example: no
    number of passes makes a batch of none.
    """
    if not sizes:
        raise BadConfig(f"{count} batches of {batch} cannot be made of 0 examples: give another --data")
    draw = random.Random(seed)
    out: list[Batch] = []
    carried: list[Turn] = []
    passes = 0
    while len(out) < count:
        groups: dict[int, Batch] = {1: [[turn] for turn in carried]}
        for members in _states(sizes, draw):
            for size in _cut(len(members), batch // parts):
                groups.setdefault(size, []).append([(members.pop(), passes) for _ in range(size)])
        batches: list[Batch] = []
        carried = []
        for size in sorted(groups, reverse=True):
            rows = batch // size
            part = groups[size] + ([[turn] for turn in carried] if size == 1 else [])
            draw.shuffle(part)
            for start in range(0, len(part), WINDOW * rows):
                window = sorted(part[start : start + WINDOW * rows], key=lambda g: _width(sizes, g))
                batches += [window[i : i + rows] for i in range(0, len(window), rows)]
            ragged = [b for b in batches if len(b) * len(b[0]) < batch]
            batches = [b for b in batches if len(b) * len(b[0]) == batch]
            carried = [turn for b in ragged for group in b for turn in group] + (carried if size > 1 else [])
        draw.shuffle(batches)
        out += batches
        passes += 1
    return out[:count]


def _states(sizes: Sequence[Size], draw: random.Random) -> list[list[int]]:
    """The examples by state, in a new order."""
    order = list(range(len(sizes)))
    draw.shuffle(order)
    found: dict[Hashable, list[int]] = {}
    for index in order:
        found.setdefault(sizes[index].state, []).append(index)
    return list(found.values())


def _cut(members: int, batch: int) -> list[int]:
    """Sizes of groups that make up `members`, the largest first, each a divisor of `batch`."""
    out = []
    for size in TOGETHER:
        if batch % size == 0:
            out += [size] * (members // size)
            members %= size
    return out


def _width(sizes: Sequence[Size], group: Sequence[Turn]) -> int:
    of = [sizes[index] for index, _ in group]
    return max(s.prefix for s in of) + len(of) * max(s.rest for s in of)


def one_by_one(count: int, batch: int) -> list[Batch]:
    """Each example once, in order and in batches, alone in its group."""
    return [[[(i, 0)] for i in range(start, min(start + batch, count))] for start in range(0, count, batch)]


class Planned(Generic[T]):
    """What a plan has made of it: `example(turn, batch, row)` for every turn, in its groups.

    `row` counts the groups of the batch. An item is one of `parts` equal parts of a batch (one a process);
    they come one after the other.
    """

    def __init__(self, plan: Sequence[Batch], example: Callable[[Turn, int, int], T], parts: int = 1) -> None:
        self._plan, self._example, self._parts = plan, example, parts

    def __len__(self) -> int:
        return len(self._plan) * self._parts

    def __getitem__(self, item: int) -> list[list[T]]:
        number, part = divmod(item, self._parts)
        batch = self._plan[number]
        rows = len(batch) // self._parts
        return [
            [self._example(turn, number, row) for turn in batch[row]]
            for row in range(part * rows, (part + 1) * rows)
        ]
