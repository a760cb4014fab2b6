"""Labelled steps that are made up, one line each."""

from __future__ import annotations

from eva.data.record import LabelledStep
from eva.step import ProofStep


def record(theorem, goal, accepted, finishable, *scores):
    logic, alignment, clarity = (*scores, 4.0)[:3]
    step = ProofStep((f"⊢ {goal}",), f"tactic{logic}", f"theorem {theorem}")
    targets = {"logic": logic, "alignment": alignment, "clarity": clarity}
    words = "Lean accepts this step." if accepted else "Lean rejects this step: no."
    return LabelledStep(step, theorem, "toy", "gold", "test", accepted, finishable, None, targets, words)
