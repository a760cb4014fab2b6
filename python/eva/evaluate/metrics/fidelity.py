"""How near do scores come to the labels?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
FOLDS = 5


def pearson(scores: Array, labels: Array) -> float:
    """Pearson's r, the linear correlation; NaN where one of the two is constant."""
    if _constant(scores) or _constant(labels):
        return float("nan")
    a, b = scores - scores.mean(), labels - labels.mean()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def spearman(scores: Array, labels: Array) -> float:
    """Spearman's ρ: Pearson's r of the ranks, equal values sharing their mean rank."""
    from scipy.stats import rankdata

    return pearson(rankdata(scores), rankdata(labels))


def kendall_tau_b(scores: Array, labels: Array) -> float:
    """Kendall's τ-b (Kendall 1945): pairs in agreement less those in conflict, over √(untied · untied).

    Ties are taken out of the denominator, so a score with few values looks better than it ranks: read it
    beside the tie rate. NaN where one of the two is constant.
    """
    from scipy.stats import kendalltau

    if _constant(scores) or _constant(labels):
        return float("nan")
    return float(kendalltau(scores, labels).statistic)


def isotonic(scores: Array, labels: Array, groups: Sequence[Hashable]) -> Array:
    """Scores after the best monotone recalibration (isotonic regression, Zadrozny & Elkan 2002).

    What is left of the error when only the order of the scores counts. Cross-fitted: each fifth of the groups
    (theorems) is mapped by a fit on the others, so that no label is used for its own score.
    """
    from sklearn.isotonic import IsotonicRegression

    names = list(dict.fromkeys(groups))
    fold_of = {name: i % FOLDS for i, name in enumerate(np.random.default_rng(0).permutation(len(names)))}
    folds = np.array([fold_of[number] for number in _numbers(groups, names)])
    out = scores.astype(np.float64).copy()
    for fold in range(FOLDS):
        inside = folds == fold
        if inside.any() and not inside.all():
            fit = IsotonicRegression(out_of_bounds="clip").fit(scores[~inside], labels[~inside])
            out[inside] = fit.predict(scores[inside])
    return out


def _constant(values: Array) -> bool:
    return len(values) < 2 or bool(values.max() - values.min() < 1e-9)


def _numbers(groups: Sequence[Hashable], names: Sequence[Hashable]) -> list[int]:
    number = {name: i for i, name in enumerate(names)}
    return [number[group] for group in groups]
