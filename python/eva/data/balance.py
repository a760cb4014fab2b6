"""Thinning: steps whose words alone foretell Lean's verdict are kept in part only.

`skip` is always accepted and `exact h` in a random state nearly never: with too many of those, the text of a
step would tell the verdict without a look at the state. Nothing is added and no label is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from eva.data.baseline import fit_and_score, words

RATIO = 1.7
"""Steps that are kept of the more frequent verdict for one of the other, where the words are the same."""
FLOOR = 0.04
"""Chance with which any step is kept."""
_FOLDS = 4


def keep(
    tactics: Sequence[str], accepted: Sequence[bool], rng: Random, weights: Sequence[float] | None = None
) -> list[bool]:
    """Which steps are kept. The verdict is foretold from the words by a model that has not seen the step.

    `weights`: above 1 for steps that are kept rather than others.
    """
    bags = [words(tactic) for tactic in tactics]
    folds = [rng.randrange(_FOLDS) for _ in tactics]
    chances = [0.5] * len(tactics)
    for fold in range(_FOLDS):
        known = [i for i, own in enumerate(folds) if own != fold]
        asked = [i for i, own in enumerate(folds) if own == fold]
        if not known or not asked:
            continue
        found = fit_and_score(
            [bags[i] for i in known], [accepted[i] for i in known], [bags[i] for i in asked]
        )
        for i, probability in zip(asked, found, strict=True):
            chances[i] = min(max(probability, 0.01), 0.99)
    out = []
    for chance, verdict, weight in zip(chances, accepted, weights or [1.0] * len(chances), strict=True):
        own = chance if verdict else 1 - chance
        out.append(rng.random() < max(FLOOR, min(1.0, RATIO * (1 - own) / own)) * weight)
    return out
