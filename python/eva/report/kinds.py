"""Which steps a judge tells apart: its AUROC for "Lean accepts the step", kind of step by kind of step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eva.data.record import LabelledStep
from eva.evaluate import metrics
from eva.evaluate.figures import Columns, Flags, columns, finite
from eva.evaluate.judgement import Judgement
from eva.step import DIMENSIONS

KEYS = ("origin", "family")
_ALIGNMENT = DIMENSIONS.index("alignment")


def kinds(
    records: Sequence[LabelledStep],
    judged: Mapping[str, Sequence[Sequence[Judgement]]],
    weights: Sequence[float],
) -> dict[str, Any]:
    """AUROC of the alignment score for Lean's verdict, for each origin and each family of the steps.

    An origin has one verdict, so its steps stand against all steps with the other one; those of a family
    stand against each other. `judged`: of each arm, the judgements of each seed. Returns, for `origin` and
    for `family`, `steps` (how many of each kind) and `arms` (the figures of each arm in the same order,
    means over the seeds, `None` where a verdict has no step with a score). Raises `ValueError` where a seed
    has no score at all.
    """
    accepted = np.array([r.accepted for r in records])
    scored = {arm: [columns(records, one, weights) for one in seeds] for arm, seeds in judged.items()}
    out: dict[str, Any] = {}
    for key in KEYS:
        names = np.array([getattr(r, key) for r in records])
        found = sorted({(not verdict, name) for verdict, name in zip(accepted, names, strict=True)})
        order = list(dict.fromkeys(str(name) for _, name in found))  # kinds that Lean accepts come first
        compared = [_with_the_other_verdict(names == name, accepted) for name in order]
        arms = {
            arm: [float(np.mean([_auroc(c, those) for c in seeds])) for those in compared]
            for arm, seeds in scored.items()
        }
        out[key] = finite({"steps": {name: int((names == name).sum()) for name in order}, "arms": arms})
    return out


def _with_the_other_verdict(those: Flags, accepted: Flags) -> Flags:
    """These steps alone where they have both verdicts, or else with all steps that have the other one."""
    own = accepted[those]
    return those if own.min() != own.max() else those | (accepted != own[0])


def _auroc(c: Columns, those: Flags) -> float:
    rows = those[c.item]
    return metrics.auroc(c.expected[rows, _ALIGNMENT], c.accepted[rows])
