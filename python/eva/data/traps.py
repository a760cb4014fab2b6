"""Steps that Lean will probably take and that lead into a goal that is false: a needed fact thrown away, the
wrong side of `∨`, a lemma too weak, a wrong witness.

What they lead to is foretold here, and kept where values are known that refute it. Lean decides all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from eva.data.goals import Goal, Hypothesis, head, split_top
from eva.data.refute import refutation
from eva.data.slips import word


def traps(goal: Goal, rng: Random) -> list[str]:
    """Some traps in this state; none where the goal is false already, or is not one that can be evaluated."""
    if _false(goal, rng):
        return []
    tries = list(_foretold(goal, rng))
    found: list[str] = []
    for step, after in rng.sample(tries, min(6, len(tries))):
        if step not in found and _false(after, rng):
            found.append(step)
    return found


def _false(goal: Goal, rng: Random) -> bool:
    try:
        known = refutation(goal, "", rng)
    except RecursionError:
        return False
    return known is not None and known.certain


def _foretold(goal: Goal, rng: Random) -> Iterator[tuple[str, Goal]]:
    """Steps, and the goal that each leads to."""
    facts = [h for h in goal.facts if h.usable]
    shape = head(goal.target)
    for fact in facts:
        without = replace(goal, hypotheses=tuple(h for h in goal.hypotheses if h != fact))
        other = rng.choice(facts)
        yield f"clear {fact.name}", without
        yield f"replace {fact.name} : True := trivial", without
        yield f"replace {fact.name} := {other.name}", without
        parts = split_top(fact.type, f" {head(fact.type)} ") if head(fact.type) in ("→", "∧", "∨") else None
        if parts and head(fact.type) == "→" and parts[1] == goal.target:
            yield f"apply {fact.name}", replace(goal, target=_bare(parts[0]))
        if head(fact.type) == "¬" and goal.target == "False":
            yield f"apply {fact.name}", replace(goal, target=_bare(fact.type[1:]))
        if head(fact.type) == "¬":
            yield f"refine absurd ?_ {fact.name}", replace(goal, target=_bare(fact.type[1:]))
        if parts and head(fact.type) == "∧":
            index = rng.randrange(2)
            half = Hypothesis(fact.name, _bare(parts[index]))
            yield (
                f"replace {fact.name} := {fact.name}.{index + 1}",
                replace(goal, hypotheses=tuple(half if h == fact else h for h in goal.hypotheses)),
            )
    if shape in ("∨", "∃", "=", "≤", "<", "≠", "¬"):
        yield "exfalso", replace(goal, target="False")
    sides = split_top(goal.target, " ∨ ") if shape == "∨" else None
    if sides:
        for verb, side in zip(("left", "right"), sides, strict=True):
            yield verb, replace(goal, target=_bare(side))
        yield "apply Or.inl", replace(goal, target=_bare(sides[0]))
        yield "apply Or.inr", replace(goal, target=_bare(sides[1]))
    bound = re.match(r"∃ ([\w₀-₉']+), (.+)\Z", goal.target)
    if bound and not re.search(r"[∃∀]", bound[2]):
        for _ in range(3):
            witness = str(rng.randint(0, 12))
            form = rng.choice(("exists {}", "refine ⟨{}, ?_⟩"))
            yield form.format(witness), replace(goal, target=word(bound[1]).sub(witness, bound[2]))
    order = split_top(goal.target, " ≤ ") if shape == "≤" else None
    if order:
        yield "apply Nat.le_of_lt", replace(goal, target=f"{order[0]} < {order[1]}")
        yield "apply Nat.le_of_eq", replace(goal, target=f"{order[0]} = {order[1]}")


def _bare(formula: str) -> str:
    """The formula without brackets around the whole of it."""
    formula = formula.strip()
    if formula.startswith("(") and formula.endswith(")"):
        depth = 0
        for index, char in enumerate(formula):
            depth += (char == "(") - (char == ")")
            if depth == 0 and index < len(formula) - 1:
                return formula
        return formula[1:-1]
    return formula
