"""Steps and judgements for the tests of the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from eva.cli.judges import Events, Judge
from eva.step import DimensionScore, Order, ProofStep, ScoreEvent, Status, StepScore

STATEMENT = "theorem and_swap (p q : Prop) (h : p ∧ q) :\n    q ∧ p"
STEPS = (
    ProofStep(("h : p ∧ q\n⊢ q ∧ p",), "constructor", STATEMENT, name="and_swap", line=6, column=2),
    ProofStep(
        ("h : p ∧ q\n⊢ q",),
        "exact h.1",
        STATEMENT,
        name="and_swap",
        line=7,
        column=4,
        lean_error="Type mismatch\n  h.1\nhas type\n  p",
    ),
    ProofStep(
        ("n : Nat\n⊢ 0 + n = n",), "induction n with\n| zero => rfl", name="zero_add", line=11, column=2
    ),
)


def dimension(expected: float, mass: float = 0.99) -> DimensionScore:
    return DimensionScore(expected, 0.75, {1: 0.1, 2: 0.1, 3: 0.2, 4: 0.3, 5: 0.3}, mass)


def judged(index: int, value: float, status: Status = "scored") -> StepScore:
    dimensions = {name: dimension(1 + 4 * value) for name in ("logic", "alignment", "clarity")}
    return StepScore(index, status, value, dimensions)


def steps_file(path: Path, steps: Iterable[ProofStep] = STEPS) -> Path:
    path.write_text("".join(json.dumps(step.to_json()) + "\n" for step in steps), "utf-8")
    return path


Script = Callable[[Sequence[ProofStep], bool], Iterable[ScoreEvent]]


class ScriptedJudge(Judge):
    """Plays `script(steps, critique)`; an exception in the script is raised where it stands."""

    name = "scripted"

    def __init__(self, script: Script) -> None:
        self._script = script
        self.closed = False
        self.calls: list[tuple[int, bool, Order, float]] = []

    def stream(self, steps: Sequence[ProofStep], *, critique: bool, order: Order, deadline: float) -> Events:
        self.calls.append((len(steps), critique, order, deadline))
        yield from self._script(steps, critique)

    def close(self) -> None:
        self.closed = True
