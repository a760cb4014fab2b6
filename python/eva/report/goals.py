"""What the embedded model is to reach, beside what it reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import sub, truediv
from typing import Any

from eva.report.arms import SPLITS

Figure = Callable[[Mapping[str, Any], str, str], float | None]
"""A figure out of `report.json`, of an arm on a set."""
Other = Callable[[str], str]
"""The arm that an arm is held against."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One row: `goals` for the trained families and for the others; `least`: whether more is better."""

    name: str
    figure: Figure
    goals: tuple[float, float]
    least: bool = True

    def met(self, value: float, place: int) -> bool:
        return value >= self.goals[place] if self.least else value <= self.goals[place]


def _of(name: str) -> Figure:
    return lambda report, arm, split: _mean(report, arm, split, name)


def _mean(report: Mapping[str, Any], arm: str, split: str, name: str) -> float | None:
    found = report["arms"].get(arm)
    return None if found is None else found[split][name]["mean"]


def _beside(name: str, other: Other, compare: Callable[[float, float], float]) -> Figure:
    def figure(report: Mapping[str, Any], arm: str, split: str) -> float | None:
        one, two = _mean(report, arm, split, name), _mean(report, other(arm), split, name)
        if one is None or two is None or (compare is truediv and not two):
            return None
        return compare(one, two)

    return figure


def _parsed(arm: str) -> str:
    return f"{arm}_parsed"  # of the same order


def _value_head(arm: str) -> str:
    return "brief_value"


OURS = "nano"
"""The arm of the embedded model."""
AIMS = (
    Aim('AUROC "Lean accepts the step"', _of("auroc_accept"), (0.97, 0.85)),
    Aim('AUROC "the proof can still be finished"', _of("auroc_finish"), (0.93, 0.80)),
    Aim("strict pair ranking, minus parsed integers", _beside("pair_strict", _parsed, sub), (0.10, 0.08)),
    Aim("tie rate at 1e-3 ÷ parsed integers'", _beside("tie_rate_1e3", _parsed, truediv), (0.02,) * 2, False),
    Aim("Pearson, minus the value head", _beside("pearson", _value_head, sub), (0.0, 0.0)),
    Aim("ECE, τ fitted on validation", _of("ece"), (0.02, 0.06), False),
    Aim("critique states Lean's verdict rightly", _of("critique_verdict_accuracy"), (0.95, 0.85)),
)  # fmt: skip
ORDERS = {OURS: "score first", f"{OURS}_critique": "critique first"}


def aims_table(report: Mapping[str, Any]) -> str:
    """Every aim in both orders on both sets as Markdown; – where an arm has not been trained."""
    cells = [(arm, split, place) for arm in ORDERS for place, split in enumerate(SPLITS.values())]
    head = [f"{split.replace('_', ' ')}, {ORDERS[arm]}" for arm, split, _ in cells]
    lines = ["| | goals | " + " | ".join(head) + " |", "|---" * (len(head) + 2) + "|"]
    for aim in AIMS:
        sign = "≥" if aim.least else "≤"
        row = [aim.name, f"{sign} {aim.goals[0]:g}, {sign} {aim.goals[1]:g}"]
        for arm, split, place in cells:
            value = aim.figure(report, arm, split)
            mark = "" if value is None else " ✓" if aim.met(value, place) else " ✗"
            row.append("–" if value is None else f"{value:.3f}{mark}")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)
