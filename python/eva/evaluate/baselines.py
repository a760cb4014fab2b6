"""Judges that read no proof: a constant, and linear models over the words of a step and its goal.

What they reach is what the data give away without being understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from eva.data.record import LABELS, LabelledStep
from eva.evaluate.judgement import Judge, Judgement
from eva.step import DIMENSIONS, ProofStep

_WORD = re.compile(r"[\w'.✝₀-₉]+|[^\s\w]")
Features = Callable[[ProofStep], list[str]]


def constant_judge(records: Sequence[LabelledStep]) -> Judge:
    """B0: the mean label of the training steps, whatever the step."""
    means = {n: float(np.mean([r.targets[n] for r in records])) for n in DIMENSIONS}
    return lambda steps: [Judgement("scored", means) for _ in steps]


def tactic_words(step: ProofStep) -> list[str]:
    """The words and signs of the step's text."""
    return _WORD.findall(step.tactic)


def tactic_and_goal_words(step: ProofStep) -> list[str]:
    """Words of the step, words of its first goal's target, and its first word with each of those."""
    tactic = tactic_words(step)
    target = _WORD.findall(step.goals[0].rpartition("⊢")[2]) if step.goals else []
    pairs = [f"{lead} {word}" for lead, word in product(tactic[:1], sorted(set(target)))]
    return [*tactic, *(f"⊢{word}" for word in target), *(f"×{pair}" for pair in pairs)]


def words_judge(records: Sequence[LabelledStep], features: Features = tactic_words) -> Judge:
    """A ridge regression of the labels on bags of words, trained on `records`."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(CountVectorizer(analyzer=features, min_df=2, binary=True), Ridge(alpha=3.0))
    model.fit([r.step for r in records], [[r.targets[n] for n in DIMENSIONS] for r in records])

    def judge(steps: Sequence[ProofStep]) -> list[Judgement]:
        rows = np.clip(model.predict(list(steps)), *LABELS).tolist() if steps else []
        return [Judgement("scored", dict(zip(DIMENSIONS, row, strict=True))) for row in rows]

    return judge


def short_judge(steps: Sequence[ProofStep]) -> list[Judgement]:
    """A rule of thumb for search: the shorter the text of a step, the better."""
    low, high = LABELS
    scores = (low + (high - low) / (1 + len(step.tactic) / 20) for step in steps)
    return [Judgement("scored", dict.fromkeys(DIMENSIONS, score)) for score in scores]
