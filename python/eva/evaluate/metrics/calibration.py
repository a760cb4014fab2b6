"""Does a score mean what it says?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BINS = 15


def reliability(predicted: Array, outcomes: npt.NDArray[np.generic], bins: int = BINS) -> Array:
    """Mean prediction, mean outcome and count of each of `bins` bins of equal mass, shape (bins, 3).

    Bins are cut at quantiles of the sorted predictions (Nguyen & O'Connor 2015), so that each is as reliable
    as the next. Outcomes are 0 or 1, or fractions. Equal predictions share their mean outcome: a cut may fall
    among them, and nothing is to hang on their order.
    """
    _, group = np.unique(predicted, return_inverse=True)
    outcomes = (np.bincount(group, outcomes.astype(np.float64)) / np.bincount(group))[group]
    order = np.argsort(predicted, kind="stable")
    ends = np.cumsum([len(order) // bins + (i < len(order) % bins) for i in range(bins)])
    starts = np.array([0, *(end for end in dict.fromkeys(ends[:-1].tolist()) if 0 < end < len(order))])
    counts = np.diff(np.append(starts, len(order)))
    sums = [np.add.reduceat(values[order], starts) for values in (predicted, outcomes)]
    return np.column_stack([*(total / counts for total in sums), counts])


def expected_calibration_error(
    predicted: Array, outcomes: npt.NDArray[np.generic], bins: int = BINS
) -> float:
    """Mean gap between prediction and outcome over bins of equal mass, each weighing what it holds.

    ECE (Naeini et al. 2015) with the bins of `reliability`.
    """
    table = reliability(predicted, outcomes, bins)
    return float((np.abs(table[:, 0] - table[:, 1]) * table[:, 2]).sum() / table[:, 2].sum())


def brier_score(probabilities: Array, outcomes: npt.NDArray[np.generic]) -> float:
    """Mean squared gap between probability and outcome (Brier 1950); both in [0, 1]."""
    return float(((probabilities - outcomes.astype(np.float64)) ** 2).mean())
