"""Does a score tell steps apart at all?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BLOCK = 512  # rows of the pair matrix at a time


def tie_rate(
    scores: Array, tolerance: float, items: Sequence[int] | npt.NDArray[np.intp] | None = None
) -> float:
    """Share of pairs whose scores differ by at most `tolerance` (0: exactly equal floats).

    `items`: which item each score belongs to; in a bootstrap sample an item stands several times, and pairs
    of it with itself are no pairs.
    """
    ordered = np.sort(scores)
    ends = np.searchsorted(ordered, ordered + tolerance, side="right")
    ties = int((ends - np.arange(len(ordered)) - 1).sum())
    pairs = len(ordered) * (len(ordered) - 1) // 2
    if items is not None:
        _, times = np.unique(np.asarray(items), return_counts=True)
        same = int((times * (times - 1) // 2).sum())
        ties, pairs = ties - same, pairs - same
    return ties / pairs if pairs else float("nan")


def missed_distinctions(scores: Array, labels: Array, tolerance: float, apart: float = 0.01) -> float:
    """Share of ties among the pairs whose labels differ by more than `apart`.

    The part of the tie rate that is a loss: two steps that Lean tells apart and the score does not. Scores
    and labels on one scale.
    """
    ties = different = 0
    for start in range(0, len(scores), BLOCK):
        rows = slice(start, start + BLOCK)
        later = np.arange(len(scores))[None, :] > np.arange(len(scores))[rows, None]
        wanted = later & (np.abs(labels[rows, None] - labels[None, :]) > apart)
        different += int(wanted.sum())
        ties += int((wanted & (np.abs(scores[rows, None] - scores[None, :]) <= tolerance)).sum())
    return ties / different if different else float("nan")


def distinct_values(scores: Array) -> int:
    """How many different floats there are among the scores."""
    return len(np.unique(scores))
