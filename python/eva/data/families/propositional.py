"""Propositional logic: random entailments, checked by truth table."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from eva.data.families.base import PROPS, Names, Theorem, bind
from eva.data.formula import Formula, worlds

WRONG = 0.16
"""Share of entailments that do not hold."""


def propositional(rng: Random) -> Theorem:
    """A random entailment between formulas, neither trivial nor (as a rule) from a contradiction."""
    wanted = rng.random() > WRONG
    while True:
        names = Names(rng)
        atoms = names.many(PROPS, rng.choice((2, 2, 3, 3, 4)))
        hypotheses = [_formula(rng, atoms, rng.choice((0, 1, 1, 2))) for _ in range(rng.randint(0, 4))]
        depth = rng.choice((1, 1, 2)) if hypotheses else rng.choice((2, 2, 3))
        target = _formula(rng, atoms, depth if rng.random() < 0.8 else 0)
        used = {atom for formula in (*hypotheses, target) for atom in formula.atoms()}
        if used != set(atoms) or target in hypotheses or entails(atoms, hypotheses, target) != wanted:
            continue
        if hypotheses and entails(atoms, [], target):
            continue
        if entails(atoms, hypotheses, None) and rng.random() < 0.9:
            continue
        facts = names.facts(len(hypotheses))
        binders = [bind(atoms, "Prop")]
        binders += [f"({n} : {f.show()})" for n, f in zip(facts, hypotheses, strict=True)]
        return Theorem("propositional", " ".join(binders), target.show())


def entails(atoms: Sequence[str], hypotheses: Sequence[Formula], target: Formula | None) -> bool:
    """Whether every world of the hypotheses is one of `target` (`None`: falsity)."""
    return not any(
        all(h.holds(world) for h in hypotheses) and not (target and target.holds(world))
        for world in worlds(list(atoms))
    )


def _formula(rng: Random, atoms: Sequence[str], depth: int) -> Formula:
    if depth == 0 or rng.random() < 0.12:
        return Formula(rng.choice(atoms))
    sign = rng.choice(("∧", "∨", "→", "∧", "∨", "→", "¬", "↔"))
    left = _formula(rng, atoms, depth - 1)
    if sign == "¬":
        return Formula(sign, (left,))
    right = _formula(rng, atoms, rng.randint(0, depth - 1))
    for _ in range(5):
        if left != right:
            break
        right = _formula(rng, atoms, depth - 1)
    return Formula(sign, (left, right))
