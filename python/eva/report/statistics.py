"""Figures of every arm over its seeds, with intervals, and paired differences between arms.

A draw of the bootstrap takes theorems with replacement, and seeds with replacement: what another set of
theorems and another training would have given. All arms share the draws of theorems, so differences are
paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eva.data.record import LabelledStep
from eva.evaluate import metrics
from eva.evaluate.figures import columns, figures, finite, headline
from eva.evaluate.judgement import Judgement

HEADLINE = (
    "auroc_accept", "auroc_finish", "pair_strict", "tie_rate_1e3", "pearson", "mse", "ece",
    "critique_verdict_accuracy",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One arm on one set.

    - `all`: every figure of each seed. `drawn` (draws, seeds, headline figures): the same theorems for all
      arms.
    """

    all: list[dict[str, Any]]
    drawn: npt.NDArray[np.float64]

    def summary(self) -> dict[str, dict[str, Any]]:
        """For each headline figure its mean over the seeds, the seeds' own figures, and a 95 % interval."""
        out = {}
        over_seeds = _over_seeds(self.drawn)
        for k, name in enumerate(HEADLINE):
            mean = self.mean(name)
            around = None if mean is None else list(metrics.interval(over_seeds[:, k].tolist()))
            out[name] = {"mean": mean, "seeds": [found[name] for found in self.all], "interval": around}
        return finite(out)  # type: ignore[no-any-return]

    def mean(self, name: str) -> float | None:
        """The mean of any figure over the seeds; `None` where one seed has none, which is no seed to leave
        out."""
        each = [found[name] for found in self.all]
        return None if None in each else float(np.mean(each))

    def scored(self) -> list[int]:
        """How many steps of each seed have numbers."""
        return [found["scored"] for found in self.all]

    def first(self, seeds: int) -> Result:
        """The same of the first so many seeds."""
        return Result(self.all[:seeds], self.drawn[:, :seeds])


def result(
    records: Sequence[LabelledStep],
    judged: Sequence[Sequence[Judgement]],
    weights: Sequence[float],
    draws: int = 200,
) -> Result:
    """Figures of an arm from the judgements of each of its seeds."""
    found = [figures(records, one, weights) for one in judged]
    tables = [columns(records, one, weights) for one in judged]
    theorems = len({record.theorem_id for record in records})
    parts = [[np.flatnonzero(table.theorem == t) for t in range(theorems)] for table in tables]
    drawn = np.full((draws, len(tables), len(HEADLINE)), np.nan)
    for seed, (table, rows) in enumerate(zip(tables, parts, strict=True)):
        for draw, (taken, copy) in enumerate(metrics.resamples(rows, draws)):
            if len(taken):
                got = headline(table.take(taken, copy))
                drawn[draw, seed] = [got[name] for name in HEADLINE]
    return Result(found, drawn)


def difference(one: Result, other: Result) -> dict[str, dict[str, Any]]:
    """`one` − `other` for each headline figure: of the means, with a 95 % interval of paired draws.

    Arms with equally many seeds get the same ones in each draw: a seed is one order of the data, and often
    one model that is read in two ways. With one seed the draws are of theorems alone: what another training
    would have given is in no interval then.
    """
    out = {}
    drawn = _over_seeds(one.drawn) - _over_seeds(other.drawn)
    for k, name in enumerate(HEADLINE):
        a, b = one.mean(name), other.mean(name)
        known = a is not None and b is not None
        out[name] = {
            "mean": a - b if a is not None and b is not None else None,
            "interval": list(metrics.interval(drawn[:, k].tolist())) if known else None,
        }
    return finite(out)  # type: ignore[no-any-return]


def _over_seeds(drawn: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each draw's mean over as many seeds as there are, drawn with replacement; (draws, figures).

    Such means vary by (S − 1)/S too little where there are S seeds (Efron & Tibshirani 1993, section 5.3),
    so their distance from the mean of all seeds is stretched by √(S/(S − 1)).
    """
    draws, seeds, _ = drawn.shape
    chosen = np.random.default_rng(1).integers(0, seeds, (draws, seeds))
    taken = np.take_along_axis(drawn, chosen[:, :, None], axis=1).mean(axis=1)
    middle = drawn.mean(axis=1)
    return middle + (taken - middle) * np.sqrt(seeds / max(1, seeds - 1))  # type: ignore[no-any-return]


def summaries(results: Mapping[str, Mapping[str, Result]]) -> dict[str, dict[str, Any]]:
    """`summary` of every arm on every set: `{arm: {set: …}}`."""
    return {arm: {split: found.summary() for split, found in sets.items()} for arm, sets in results.items()}
