"""Which steps a judge tells apart: its AUROC for "Lean accepts the step", kind of step by kind of step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eva.data.record import LabelledStep
from eva.evaluate import metrics
from eva.evaluate.figures import finite
from eva.evaluate.judgement import Judgement

KEYS = ("origin", "family")


def kinds(
    records: Sequence[LabelledStep], judged: Mapping[str, Sequence[Sequence[Judgement]]]
) -> dict[str, Any]:
    """AUROC of the alignment score for Lean's verdict, for each origin and each family of the steps.

    An origin has one verdict, so its steps stand against all steps with the other one; those of a family
    stand against each other. `judged`: of each arm, the judgements of each seed. Returns, for `origin` and
    for `family`, `steps` (how many of each kind) and `arms` (the figures of each arm in the same order,
    means over the seeds, `None` where a verdict has no step with a score).
    """
    accepted = np.array([r.accepted for r in records])
    out: dict[str, Any] = {}
    for key in KEYS:
        names = np.array([getattr(r, key) for r in records])
        found = sorted({(not verdict, name) for verdict, name in zip(accepted, names, strict=True)})
        order = list(dict.fromkeys(str(name) for _, name in found))  # kinds that Lean accepts come first
        steps = {name: int((names == name).sum()) for name in order}
        arms = {
            arm: [float(np.mean([_auroc(one, accepted, names == name) for one in seeds])) for name in order]
            for arm, seeds in judged.items()
        }
        out[key] = finite({"steps": steps, "arms": arms})
    return out


def _auroc(judged: Sequence[Judgement], accepted: Any, those: Any) -> float:
    own = set(accepted[those].tolist())
    against = those if len(own) == 2 else those | (accepted != own.pop())
    rows = [i for i in np.flatnonzero(against).tolist() if judged[i].expected]
    scores = np.array([judged[i].expected["alignment"] for i in rows])
    return metrics.auroc(scores, accepted[rows])
