"""Propositional logic: random entailments, checked by truth table."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from eva.data.families.base import PROPS, Names, Theorem, bind
from eva.data.families.derivation import derive
from eva.data.formula import Formula, worlds

WRONG = 0.16
"""Share of entailments that do not hold."""


def propositional(rng: Random) -> Theorem:
    """A random entailment, or a chain of them, with proofs where a short search finds some."""
    return _chained(rng) if rng.random() < 0.45 else _entailment(rng)


def _entailment(rng: Random) -> Theorem:
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
        return _theorem(rng, names, atoms, hypotheses, target)


def _chained(rng: Random) -> Theorem:
    """Implications one after the other, side conditions and alternatives; now and then a link is missing."""
    names = Names(rng)
    atoms = names.many(PROPS, rng.randint(4, 6))
    known = [Formula(atom) for atom in atoms]
    hypotheses: list[Formula] = []
    for index in range(1, len(known)):
        before, after = known[index - 1], known[index]
        if index > 1 and rng.random() < 0.3:
            before = Formula("∧", (known[rng.randrange(index - 1)], before))
        elif rng.random() < 0.2:
            after = Formula("∧", (after, known[rng.randrange(index)]))
        hypotheses.append(Formula("→", (before, after)))
    start = known[0]
    if rng.random() < 0.3:
        start = Formula(rng.choice("∧∨"), (known[0], known[rng.randrange(1, len(known))]))
    hypotheses.append(start)
    if rng.random() < WRONG:
        del hypotheses[rng.randrange(len(hypotheses))]
    ends = rng.sample(known[1:], min(len(known) - 1, rng.randint(1, 3)))
    target = ends[0]
    for end in ends[1:]:
        target = Formula(rng.choice("∧∧∧∨"), (target, end) if rng.random() < 0.5 else (end, target))
    if rng.random() < 0.25 and hypotheses:
        target = Formula("→", (hypotheses.pop(), target))
    used = {atom for formula in (*hypotheses, target) for atom in formula.atoms()}
    return _theorem(rng, names, [a for a in atoms if a in used], hypotheses, target)


def _theorem(
    rng: Random, names: Names, atoms: list[str], hypotheses: list[Formula], target: Formula
) -> Theorem:
    rng.shuffle(hypotheses)
    facts = dict(zip(names.facts(len(hypotheses)), hypotheses, strict=True))
    binders = [bind(atoms, "Prop"), *(f"({name} : {formula.show()})" for name, formula in facts.items())]
    found = [derive(facts, target, {*atoms, *facts}, rng) for _ in range(2)]
    proofs = tuple(dict.fromkeys(proof for proof in found if proof is not None))
    return Theorem("propositional", " ".join(binders), target.show(), proofs=proofs)


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
