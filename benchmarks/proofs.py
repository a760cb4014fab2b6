"""Long proofs of core Lean, made by a rule, with the states that Lean would show.

Equations `e0 : a = b`, `e1 : b = c`, … lead around in a circle, and each step rewrites the target with one
of them: `rw [e1]` turns every `b` of it into `c`. So proofs have any length, states change a little at every
step, as in real ones, and all of a proof's prompts fit the context of a small model.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from eva.step import ProofStep

NAMES = "abcdfghkmnpqrstuvwxyz"
CIRCLE = 6
"""Variables of a proof. Four of them stand in the target, never two the same."""


def proof(length: int, seed: int) -> list[ProofStep]:
    """The steps of one proof; another seed gives another theorem."""
    draw = random.Random(seed)
    names = draw.sample(NAMES, CIRCLE)
    equations = [f"e{i} : {names[i]} = {names[(i + 1) % CIRCLE]}" for i in range(CIRCLE)]
    target = draw.sample(range(CIRCLE), 4)
    context = [f"{' '.join(names)} : Nat", *equations]
    given = " ".join(f"({part})" for part in context)
    name = f"around_{seed}"
    statement = f"theorem {name} {given} : {_shown(target, names)}"
    steps: list[ProofStep] = []
    earlier: tuple[str, ...] = ()
    for line in range(length):
        at = draw.choice([i for i in target if (i + 1) % CIRCLE not in target])
        goal = "\n".join([*context, f"⊢ {_shown(target, names)}"])
        target = [(i + 1) % CIRCLE if i == at else i for i in target]
        steps.append(
            ProofStep((goal,), f"rw [e{at}]", statement, earlier, name=name, line=line + 2, column=2)
        )
        earlier = (*earlier, steps[-1].tactic)
    return steps


def edited(steps: Sequence[ProofStep], at: int) -> list[ProofStep]:
    """The same proof after its author has written step `at` (from 0) in another way that does the same."""
    new = steps[at].tactic.replace("rw", "simp only")
    out = list(steps)
    out[at] = replace(steps[at], tactic=new)
    for index in range(at + 1, len(steps)):
        before = steps[index].earlier
        out[index] = replace(steps[index], earlier=(*before[:at], new, *before[at + 1 :]))
    return out


def file_of(count: int, length: int, seed: int) -> list[ProofStep]:
    """The steps of `count` proofs, one after the other."""
    return [step for number in range(count) for step in proof(length, seed * 1000 + number)]


def _shown(target: Sequence[int], names: Sequence[str]) -> str:
    a, b, c, d = (names[i] for i in target)
    return f"{a} + {b} = {c} * {d}"
