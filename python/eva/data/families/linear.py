"""Linear arithmetic over Nat and Int."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from eva.data.families.base import NUMBERS, Names, Theorem, bind

WRONG = 0.18
"""Chance that the target is sharpened by one past what the hypotheses give: false, as a rule."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`terms` (name to coefficient) `relation` `limit`; `relation` is one of `≤ < = ≥`."""

    terms: dict[str, int]
    relation: str
    limit: int

    def __str__(self) -> str:
        return f"{side(self.terms)} {self.relation} {self.limit}"


def linear(rng: Random, family: str, kind: str) -> Theorem:
    """Linear facts over `kind` (`Nat` or `Int`) that hold together; the target is a combination of them."""
    names = Names(rng)
    variables = names.many(NUMBERS, rng.randint(1, 4))
    world = {v: rng.randint(-8 if kind == "Int" else 0, 12) for v in variables}
    hypotheses = [_true_bound(rng, world, kind) for _ in range(rng.randint(1, 3))]
    facts = names.facts(len(hypotheses))
    binders = [bind(variables, kind), *(f"({n} : {h})" for n, h in zip(facts, hypotheses, strict=True))]
    return Theorem(family, " ".join(binders), _target(rng, names, world, kind, _combined(rng, hypotheses)))


def side(terms: dict[str, int]) -> str:
    """`2 * a - b`: the sum as Lean's user would write it."""
    text = ""
    for name, factor in terms.items():
        size = abs(factor)
        piece = name if size == 1 else f"{size} * {name}"
        if text:
            text += f" {'+' if factor > 0 else '-'} {piece}"
        else:
            text = piece if factor > 0 else f"-{piece}"
    return text


def _true_bound(rng: Random, world: dict[str, int], kind: str) -> Bound:
    """A bound on one or two variables that holds in `world`."""
    chosen = rng.sample(list(world), rng.randint(1, min(2, len(world))))
    signs = (1, 1, -1) if kind == "Int" else (1,)
    terms = {v: rng.randint(1, 4) * rng.choice(signs) for v in chosen}
    total = sum(c * world[v] for v, c in terms.items())
    relation = rng.choice(("≤", "<", "=", "≥"))
    slack = 0 if relation == "=" else rng.randint(0, 4)
    limit = total - slack if relation == "≥" else total + slack + (relation == "<")
    return Bound(terms, relation, max(0, limit) if kind == "Nat" else limit)


def _combined(rng: Random, hypotheses: list[Bound]) -> Bound:
    """A consequence: the hypotheses that bound from one side, each taken once or twice, and some slack."""
    upper = [(h.terms, h.limit - (h.relation == "<")) for h in hypotheses if h.relation in "≤<="]
    lower = [(h.terms, h.limit) for h in hypotheses if h.relation in "≥="]
    above = bool(upper) and (not lower or rng.random() < 0.6)
    terms: dict[str, int] = {}
    limit = 0
    for own, bound in upper if above else lower:
        factor = rng.randint(1, 2)
        limit += factor * bound
        for v, c in own.items():
            terms[v] = terms.get(v, 0) + factor * c
    slack = rng.choice((0, 0, 1, 3)) if rng.random() > WRONG else -1
    terms = {v: c for v, c in terms.items() if c} or {next(iter(hypotheses[0].terms)): 1}
    return Bound(terms, "≤" if above else "≥", limit + slack if above else limit - slack)


def _target(rng: Random, names: Names, world: dict[str, int], kind: str, core: Bound) -> str:
    sign = 1 if core.relation == "≤" else -1
    text = side(core.terms)
    beyond = f"{text} {'<' if sign > 0 else '>'} {core.limit + sign}"
    last = list(world)[-1]
    other = f"{last} {rng.choice(('≤', '≥'))} {world[last]}"
    shapes = [str(core)] * 3
    shapes += [
        beyond,
        f"{core} ∧ {beyond}",
        f"{core} ∨ {other}" if rng.random() < 0.5 else f"{other} ∨ {core}",
    ]
    shapes.append(f"¬ {text} {'>' if sign > 0 else '<'} {core.limit}")
    shapes.append(f"{text} ≠ {core.limit + sign * rng.randint(1, 5)}")
    extra = names.pick(NUMBERS)
    total = f"{text} + {extra} {core.relation} {2 * core.limit}"
    shapes.append(f"∀ {extra} : {kind}, {extra} {core.relation} {core.limit} → {total}")
    return rng.choice(shapes)
