"""Toy labelled steps with a rule that can be learned: good steps name the hypothesis that is there."""

from __future__ import annotations

import random
from pathlib import Path

from eva.data.record import LabelledStep, write_records
from eva.step import ProofStep


def toy_records(count: int, split: str, seed: int = 0) -> list[LabelledStep]:
    draw = random.Random(f"{seed}{split}")
    out = []
    for i in range(count):
        h, other = draw.sample(["h", "hp", "hq", "k", "h1", "h2"], 2)
        good = draw.random() < 0.5
        step = ProofStep(
            (f"p : Prop\n{h} : p\n⊢ p",),
            f"exact {h if good else other}",
            f"theorem t{i} (p : Prop) ({h} : p) : p",
        )
        targets = {
            "logic": 4.7 if good else 1.6,
            "alignment": 5.0 if good else 1.2,
            "clarity": draw.uniform(3, 5),
        }
        words = (
            "Lean accepts this step."
            if good
            else f"Lean rejects this step: {other} is not a hypothesis here."
        )
        out.append(
            LabelledStep(
                step,
                f"{split}{i}",
                "toy",
                "gold" if good else "unknown_name",
                split,
                good,
                good,
                0,
                targets,
                words,
            )
        )
    return out


def toy_data(directory: Path, train: int = 400, validation: int = 40) -> Path:
    write_records(directory / "train.jsonl", toy_records(train, "train"))
    write_records(directory / "validation.jsonl", toy_records(validation, "validation"))
    return directory
