"""Toy labelled steps in all four splits, several steps to a state and several states to a theorem."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from eva.data.record import LabelledStep, write_records
from eva.evaluate.judgement import Judgement
from eva.step import DIMENSIONS, ProofStep

ORIGINS = ("gold", "harmful", "failed", "unknown_name")


def toy_splits(folder: Path, count: int) -> dict[str, list[LabelledStep]]:
    """`count` theorems a split are written to `folder`, and returned."""
    out = {}
    for split in ("train", "validation", "test", "held_out"):
        out[split] = [record for i in range(count) for record in _theorem(split, i)]
        write_records(folder / f"{split}.jsonl", out[split])
    return out


def _theorem(split: str, number: int) -> list[LabelledStep]:
    draw = random.Random(f"{split}{number}")
    records = []
    for depth in range(2):
        for k in range(4):
            accepted, finishable = k < 2, k != 1
            step = ProofStep(
                (f"n : Nat\n⊢ n + {number} = {depth}",),
                f"step{k}",
                f"theorem {split}{number} (n : Nat) : n = n",
                ("intro n",) * depth,
                () if accepted else None,
            )
            logic = draw.uniform(3.5, 5) if accepted and finishable else draw.uniform(1, 2.5)
            alignment = draw.uniform(4, 5) if accepted else draw.uniform(1, 3)
            targets = {"logic": logic, "alignment": alignment, "clarity": draw.uniform(2, 5)}
            words = "Lean accepts this step." if accepted else "Lean rejects this step: no."
            name = f"{split}_{number}"
            records.append(
                LabelledStep(step, name, "toy", ORIGINS[k], split, accepted, finishable, None, targets, words)
            )
    return records


def judged(records, noise, seed):
    """The labels with noise, and a distribution that has them as its mean."""
    draw = np.random.default_rng(seed)
    out = []
    for r in records:
        expected = {n: float(np.clip(r.targets[n] + draw.normal(0, noise), 1, 5)) for n in DIMENSIONS}
        shares = {n: {float(a): max(0.0, 1 - abs(x - a)) for a in range(1, 6)} for n, x in expected.items()}
        out.append(Judgement("scored", expected, shares, r.critique))
    return out
