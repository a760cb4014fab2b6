"""Intervals: whole theorems are drawn with replacement, since the steps of one theorem stand or fall
together.

The cluster bootstrap (Cameron, Gelbach & Miller 2008). Two models are compared on the same draws: their
difference is taken within each draw, so that what is hard for both cancels out (paired bootstrap).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]


def clusters(names: Sequence[Hashable]) -> list[Rows]:
    """The row numbers of each cluster, in the order in which the clusters first appear."""
    members: dict[Hashable, list[int]] = {}
    for row, name in enumerate(names):
        members.setdefault(name, []).append(row)
    return [np.array(rows) for rows in members.values()]


def resamples(parts: Sequence[Rows], draws: int, seed: int = 0) -> Iterator[tuple[Rows, Rows]]:
    """`draws` bootstrap samples as (rows, copy): as many clusters as there are, with replacement.

    `copy` numbers the drawn clusters, so that two copies of one theorem can be told apart.
    """
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        chosen = generator.integers(0, len(parts), len(parts))
        sizes = [len(parts[i]) for i in chosen]
        yield np.concatenate([parts[i] for i in chosen]), np.repeat(np.arange(len(chosen)), sizes)


def interval(values: Iterable[float]) -> tuple[float, float]:
    """The middle 95 % of bootstrap values (percentile interval), without the NaN of undefined draws."""
    found = np.array([value for value in values if not np.isnan(value)], dtype=np.float64)
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)
