"""What the topics share: ways of doing the same thing measured in turn, and rows that hold the outcome."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. `quick` is a smoke test: every row is made, no figure in it means anything."""

    quick: bool
    rounds: int

    @classmethod
    def of(cls, *, quick: bool) -> Size:
        return cls(quick, 1 if quick else 7)

    def pick(self, full: int, quick: int) -> int:
        """One of two amounts."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Goal:
    """What `ratio` or `ours` is to reach: at least or at most `bound`."""

    of: Literal["ratio", "ours"]
    sign: Literal["≤", "≥"]
    bound: float

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.bound:g}"

    def is_met(self, value: float) -> bool:
        return value <= self.bound if self.sign == "≤" else value >= self.bound


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    - `name`: what was measured; with `topic` it is unique.
    - `ours`, `theirs`: medians over the rounds, in `unit`; `None` where there is none to be had.
    - `ratio`: ours ÷ theirs, median over the rounds; `spread`: the smallest and the largest of them. Where
      there is no other side, `spread` is that of `ours`.
    - `against`: what `theirs` is.
    - `goal`, `met`: `None` where the row only informs; `met` is also `None` where a side is missing.
    - `note`: what a reader has to know besides, such as why a figure is missing.
    """

    topic: str
    name: str
    ours: float | None
    theirs: float | None
    unit: str
    against: str = ""
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    goal: str | None = None
    met: bool | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def alone(
    topic: str, name: str, values: Sequence[float], unit: str, *, goal: Goal | None = None, note: str = ""
) -> Row:
    """A row of one side: the median of `values`."""
    ours = statistics.median(values)
    return Row(
        topic,
        name,
        ours,
        None,
        unit,
        spread=(min(values), max(values)),
        goal=str(goal) if goal else None,
        met=goal.is_met(ours) if goal else None,
        note=note,
    )


def versus(
    topic: str,
    name: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    unit: str,
    *,
    against: str,
    goal: Goal | None = None,
    note: str = "",
) -> Row:
    """A row of two sides, from the figures of the same rounds: ratios are taken round by round."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    ours_median, ratio = statistics.median(ours), statistics.median(ratios)
    judged = {"ratio": ratio, "ours": ours_median}
    return Row(
        topic,
        name,
        ours_median,
        statistics.median(theirs),
        unit,
        against,
        ratio,
        (min(ratios), max(ratios)),
        str(goal) if goal else None,
        goal.is_met(judged[goal.of]) if goal else None,
        note,
    )


def missing(
    topic: str, name: str, unit: str, note: str, *, against: str = "", goal: Goal | None = None
) -> Row:
    """A row that could not be measured; `note` says why, and what to do about it."""
    return Row(topic, name, None, None, unit, against, goal=str(goal) if goal else None, note=note)


def in_turn(ways: Mapping[str, Callable[[int], float]], rounds: int) -> dict[str, list[float]]:
    """Each way's figure in each round: A B A B …, so that what else the machine does falls on all of them.

    A way gets the number of the round, from 0; round 0 warms up and is left out.
    """
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            figure = way(number)
            if number:
                figures[name].append(figure)
    return figures


def seconds(act: Callable[[], object]) -> float:
    """How long `act` takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def quantile(values: Sequence[float], share: float) -> float:
    """The value under which `share` of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
