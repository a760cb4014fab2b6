"""Does a better step get a higher score?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Names = Sequence[str] | Sequence[int] | npt.NDArray[np.intp]


def auroc(scores: Array, positive: Flags) -> float:
    """Probability that a random positive scores above a random negative, ties counted half.

    The area under the ROC curve, which is the Mann–Whitney U divided by n₊n₋ (Hanley & McNeil 1982). NaN
    where one of the classes is empty.
    """
    from scipy.stats import rankdata

    good = int(positive.sum())
    bad = len(positive) - good
    if not good or not bad:
        return float("nan")
    return float((rankdata(scores)[positive].sum() - good * (good + 1) / 2) / (good * bad))


@dataclass(frozen=True)
class PairRanking:
    """How pairs of a sound and an unsound step of one state are ranked (the paper's pair ranking accuracy).

    - `pairs`: how many there are. The rest is NaN where there are none.
    - `strict`: share in which the sound step scores higher; a tie is wrong, since a ranking must decide.
    - `half`: the same, a tie counted one half.
    - `without_ties`: share of those that are no ties; `coverage`: how many are no ties.
    """

    pairs: int
    strict: float
    half: float
    without_ties: float
    coverage: float


def pair_ranking(scores: Array, sound: Flags, unsound: Flags, states: Names) -> PairRanking:
    """All pairs of a sound and an unsound step of one state; a step may be neither."""
    number = np.unique(np.asarray(states), return_inverse=True)[1]
    good, bad = np.flatnonzero(sound), np.flatnonzero(unsound)
    bad = bad[np.argsort(number[bad], kind="stable")]
    first = np.searchsorted(number[bad], number[good], side="left")
    against = (
        np.searchsorted(number[bad], number[good], side="right") - first
    )  # unsound steps of each one's state
    pairs = int(against.sum())
    nan = float("nan")
    if not pairs:
        return PairRanking(0, nan, nan, nan, nan)
    within = np.arange(pairs) - np.repeat(against.cumsum() - against, against)
    difference = np.repeat(scores[good], against) - scores[bad[np.repeat(first, against) + within]]
    wins, ties = int((difference > 0).sum()), int((difference == 0).sum())
    decided = pairs - ties
    return PairRanking(
        pairs, wins / pairs, (wins + ties / 2) / pairs, wins / decided if decided else nan, decided / pairs
    )


def best_of_n(scores: Array, sound: Flags, unsound: Flags, states: Names) -> tuple[float, int]:
    """How often the highest score of a state is on a sound step, and over how many states.

    Best-of-N selection (Cobbe et al. 2021, "verifiers") among the labelled steps of each state that has both
    kinds; steps that are neither are left out. Among steps that share the highest score one is drawn at
    random: the figure is the mean over all draws, computed exactly, so that ties cannot flatter it.
    """
    found = []
    for members in _groups(states):
        labelled = members[sound[members] | unsound[members]]
        good = sound[labelled]
        if good.any() and not good.all():
            top = scores[labelled] == scores[labelled].max()
            found.append(float(good[top].mean()))
    return (float(np.mean(found)), len(found)) if found else (float("nan"), 0)


def _groups(states: Names) -> Iterator[npt.NDArray[np.intp]]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for row, state in enumerate(np.asarray(states).tolist()):
        members[state].append(row)
    for rows in members.values():
        if len(rows) > 1:
            yield np.array(rows)
