"""Metrics of continuous scores, each with its definition. Arrays are one-dimensional and of one length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def auroc(scores: Array, positive: npt.NDArray[np.bool_]) -> float:
    """Probability that a random positive scores above a random negative, ties counted half (Mann–Whitney U
    / n₊n₋).

    NaN where one of the classes is empty.
    """
    from sklearn.metrics import roc_auc_score

    if positive.all() or not positive.any():
        return float("nan")
    return float(roc_auc_score(positive, scores))


def tie_rate(scores: Array, tolerance: float) -> float:
    """Share of pairs whose scores differ by at most `tolerance` (0: exactly equal floats)."""
    if len(scores) < 2:
        return float("nan")
    ordered = np.sort(scores)
    ends = np.searchsorted(ordered, ordered + tolerance, side="right")
    ties = (ends - np.arange(len(ordered)) - 1).sum()
    return float(ties / (len(ordered) * (len(ordered) - 1) / 2))


def pair_ranking(
    scores: Array, sound: npt.NDArray[np.bool_], states: Sequence[Hashable]
) -> tuple[float, float, int]:
    """Ranking of a sound and an unsound step of one state: (strict, half, pairs).

    strict counts a tie as wrong, half counts it one half; NaN where no state holds a pair.
    """
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for i, state in enumerate(states):
        groups[state].append(i)
    wins = ties = pairs = 0
    for members in groups.values():
        good = scores[[i for i in members if sound[i]]]
        bad = scores[[i for i in members if not sound[i]]]
        difference = good[:, None] - bad[None, :]
        wins += int((difference > 0).sum())
        ties += int((difference == 0).sum())
        pairs += difference.size
    if not pairs:
        return float("nan"), float("nan"), 0
    return wins / pairs, (wins + ties / 2) / pairs, pairs


def expected_calibration_error(
    probabilities: Array, outcomes: npt.NDArray[np.bool_], bins: int = 15
) -> float:
    """Mean gap between predicted probability and observed share, over equal-mass bins (Nguyen & O'Connor
    2015).

    Bins are cut at quantiles of the sorted predictions; each weighs as many items as it holds.
    """
    order = np.argsort(probabilities, kind="stable")
    total = 0.0
    for part in np.array_split(order, bins):
        if len(part):
            total += abs(float(probabilities[part].mean()) - float(outcomes[part].mean())) * len(part)
    return total / len(probabilities)


def clustered_interval(
    statistic_rows: Sequence[npt.NDArray[np.intp]], statistic: object, seed: int = 0, draws: int = 200
) -> tuple[float, float]:
    """95 % bootstrap interval, drawing whole clusters (theorems) with replacement.

    `statistic_rows`: the row numbers of each cluster; `statistic`: a function from row numbers to a number.
    """
    assert callable(statistic)
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        chosen = generator.integers(0, len(statistic_rows), len(statistic_rows))
        values.append(statistic(np.concatenate([statistic_rows[i] for i in chosen])))
    low, high = np.nanpercentile(np.asarray(values, dtype=np.float64), [2.5, 97.5])
    return float(low), float(high)
