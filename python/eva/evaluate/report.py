"""One model on one set of labelled steps: scores it, and says how the scores hold against Lean's outcomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eva.data.critique import stated_verdict
from eva.data.record import LabelledStep
from eva.evaluate.metrics import (
    Array,
    auroc,
    clustered_interval,
    expected_calibration_error,
    pair_ranking,
    tie_rate,
)
from eva.step import DIMENSIONS, Order, StepScore


@dataclass(frozen=True)
class Report:
    """Figures of one model on one set.

    - `steps`, `theorems`: sizes; `statuses`: how many steps ended with which status. Figures are over the
      steps that have numbers.
    - `auroc_accept`: of the alignment score, for "Lean accepts the step"; `auroc_accept_interval`: 95 %, by
      theorem.
    - `auroc_finish`: of the logic score, for "the proof can still be finished" (steps where that is known).
    - `mse`, `mae`, `pearson`: of the expected scores against the targets, by dimension.
    - `mse_integer`: the same of the most likely anchor, which is what parsing the text gives.
    - `pair_strict`, `pair_strict_integer`, `pairs`: ranking of an accepted and a rejected step in one
      state, by value.
    - `tie_rate_1e3`, `tie_rate_1e3_integer`: of the values, at a tolerance of 0.001.
    - `in_disguise`: share of alignment distributions with max P > .99 (an expectation that is an integer in
      disguise).
    - `ece_accept`: calibration error of (E − low) / (high − low) of alignment as probability of acceptance,
      15 equal-mass bins.
    - `critique_verdict_accuracy`: share of critiques that state Lean's verdict on the step rightly (an
      unclear one is wrong); `None` where no critiques were written.
    """

    steps: int
    theorems: int
    statuses: dict[str, int]
    auroc_accept: float
    auroc_accept_interval: tuple[float, float]
    auroc_finish: float
    mse: dict[str, float]
    mae: dict[str, float]
    pearson: dict[str, float]
    mse_integer: dict[str, float]
    pair_strict: float
    pair_strict_integer: float
    pairs: int
    tie_rate_1e3: float
    tie_rate_1e3_integer: float
    in_disguise: float
    ece_accept: float
    critique_verdict_accuracy: float | None

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object; a figure that is not defined on this set is `null`."""
        return {key: _finite(value) for key, value in asdict(self).items()}


def evaluate(
    model: Any,
    records: Sequence[LabelledStep],
    *,
    order: Order = "score_first",
    critique: bool = True,
    batch_size: int = 16,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Score `records` with a `RewardModel` and compare with their labels.

    `progress(done)` is called with the number of steps that are scored. Raises `ValueError` on an empty
    set, and what `RewardModel.stream` raises.
    """
    if not records:
        raise ValueError("there are no labelled steps to evaluate on")
    scores: list[StepScore] = []
    for start in range(0, len(records), batch_size):
        part = [record.step for record in records[start : start + batch_size]]
        scores += model.score(part, critique=critique, order=order, batch_size=batch_size)
        progress(len(scores))
    return compare(records, scores, model.config)


def compare(records: Sequence[LabelledStep], scores: Sequence[StepScore], config: Any) -> Report:
    """The figures for scores that are already there; `config` gives scale and weights (`EvaConfig`)."""
    statuses: dict[str, int] = {}
    for score in scores:
        statuses[score.status] = statuses.get(score.status, 0) + 1
    both = [(r, s) for r, s in zip(records, scores, strict=True) if s.value is not None]
    if not both:
        raise ValueError(f"no step got a score: {statuses}")
    kept, judged = [r for r, _ in both], [s for _, s in both]
    low, high = config.scale
    expected = {n: np.array([s.dimensions[n].expected for s in judged]) for n in DIMENSIONS}
    integer = {n: np.array([float(_mode(s.dimensions[n].distribution)) for s in judged]) for n in DIMENSIONS}
    target = {n: np.array([r.targets[n] for r in kept]) for n in DIMENSIONS}
    values = np.array([s.value for s in judged], dtype=np.float64)
    integer_values = np.array(
        [config.value({n: integer[n][i] for n in DIMENSIONS}) for i in range(len(kept))]
    )
    accepted = np.array([r.accepted for r in kept])
    known = np.array([r.finishable is not None for r in kept])
    finishable = np.array([bool(r.finishable) for r in kept])
    states = [(r.step.statement, r.step.goals) for r in kept]
    strict, _, pairs = pair_ranking(values, accepted, states)
    said = [stated_verdict(s.critique) == r.accepted for r, s in both if s.critique is not None]
    theorems = [r.theorem_id for r in kept]
    clusters = [np.flatnonzero(np.array(theorems) == name) for name in dict.fromkeys(theorems)]
    alignment = expected["alignment"]
    return Report(
        steps=len(records),
        theorems=len(clusters),
        statuses=statuses,
        auroc_accept=auroc(alignment, accepted),
        auroc_accept_interval=clustered_interval(
            clusters, lambda rows: auroc(alignment[rows], accepted[rows])
        ),
        auroc_finish=auroc(expected["logic"][known], finishable[known]),
        mse={n: float(((expected[n] - target[n]) ** 2).mean()) for n in DIMENSIONS},
        mae={n: float(np.abs(expected[n] - target[n]).mean()) for n in DIMENSIONS},
        pearson={n: _pearson(expected[n], target[n]) for n in DIMENSIONS},
        mse_integer={n: float(((integer[n] - target[n]) ** 2).mean()) for n in DIMENSIONS},
        pair_strict=strict,
        pair_strict_integer=pair_ranking(integer_values, accepted, states)[0],
        pairs=pairs,
        tie_rate_1e3=tie_rate(values, 1e-3),
        tie_rate_1e3_integer=tie_rate(integer_values, 1e-3),
        in_disguise=float(
            np.mean([max(s.dimensions["alignment"].distribution.values()) > 0.99 for s in judged])
        ),
        ece_accept=expected_calibration_error((alignment - low) / (high - low), accepted),
        critique_verdict_accuracy=sum(said) / len(said) if said else None,
    )


def _mode(distribution: Any) -> int:
    return int(max(distribution, key=distribution.__getitem__))


def _pearson(a: Array, b: Array) -> float:
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, tuple | list) else value
