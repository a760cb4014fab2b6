"""Proofs of propositional statements, found here and written the way that people write them: with bullets,
arms, `have` and `obtain`. Lean runs them all the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from eva.data.formula import Formula
from eva.data.script import Block, Node

_FALSE = Formula("False")
_LONGEST = 18
Facts = dict[str, Formula]


def derive(facts: Facts, target: Formula, taken: set[str], rng: Random) -> tuple[Node, ...] | None:
    """A proof of `target` from `facts`, `None` where a short search finds none. `taken`: names not to use."""
    search = _Search(rng, set(taken) | set(facts), flat=rng.random() < 0.3, arms=rng.random() < 0.7)
    return search.prove(target, facts, 7)


@dataclass
class _Search:
    rng: Random
    taken: set[str]
    flat: bool
    arms: bool
    budget: int = 400
    trail: set[tuple[Formula, frozenset[Formula]]] = field(default_factory=set)

    def prove(self, target: Formula, facts: Facts, depth: int) -> tuple[Node, ...] | None:
        self.budget -= 1
        key = (target, frozenset(facts.values()))
        if depth < 0 or self.budget < 0 or key in self.trail:
            return None
        found = self.at_once(target, facts)
        if found:
            return found
        self.trail.add(key)
        ways = [self.by_target, self.by_fact, self.by_split]
        if self.rng.random() < 0.3:
            self.rng.shuffle(ways)
        for way in ways:
            nodes = way(target, facts, depth - 1)
            if nodes is not None and len(nodes) <= _LONGEST:
                self.trail.discard(key)
                return nodes
        self.trail.discard(key)
        return None

    def at_once(self, target: Formula, facts: Facts) -> tuple[Node, ...] | None:
        for name, formula in facts.items():
            if formula == target:
                return (Node(f"exact {name}"),)
            if formula == _FALSE:
                return (Node(f"exact {name}.elim"),)
        for name, formula in facts.items():
            if formula.sign == "¬":
                other = _named(facts, formula.parts[0])
                if other:
                    form = "exact {0} {1}" if target == _FALSE else "exact absurd {1} {0}"
                    return (Node(form.format(name, other)),)
            if formula.sign == "∧" and target in formula.parts and self.rng.random() < 0.7:
                return (Node(f"exact {name}.{1 + formula.parts.index(target)}"),)
            if formula.sign == "→" and formula.parts[1] == target and self.rng.random() < 0.6:
                other = _named(facts, formula.parts[0])
                if other:
                    return (Node(f"exact {name} {other}"),)
        return None

    def by_target(self, target: Formula, facts: Facts, depth: int) -> tuple[Node, ...] | None:
        if target.sign in ("→", "¬"):
            name = self.fresh()
            wanted = target.parts[1] if target.sign == "→" else _FALSE
            rest = self.prove(wanted, {**facts, name: target.parts[0]}, depth)
            return None if rest is None else (Node(f"intro {name}"), *rest)
        if target.sign in ("∧", "↔"):
            left, right = target.parts
            if target.sign == "↔":
                left, right = Formula("→", (left, right)), Formula("→", (right, left))
            one, two = self.prove(left, facts, depth), self.prove(right, facts, depth)
            if one is None or two is None:
                return None
            return (Node(self.rng.choice(("constructor", "refine ⟨?_, ?_⟩"))), *self.both(one, two))
        if target.sign == "∨":
            sides = [("left", "Or.inl", target.parts[0]), ("right", "Or.inr", target.parts[1])]
            self.rng.shuffle(sides)
            for verb, term, part in sides:
                known = _named(facts, part)
                if known and self.rng.random() < 0.5:
                    return (Node(f"exact {term} {known}"),)
                rest = self.prove(part, facts, depth)
                if rest is not None:
                    return (Node(verb), *rest)
        return None

    def by_fact(self, target: Formula, facts: Facts, depth: int) -> tuple[Node, ...] | None:
        for name, formula in self.rng.sample(list(facts.items()), len(facts)):
            others = {n: f for n, f in facts.items() if n != name}
            if formula.sign == "∧":
                one, two = self.fresh(), self.fresh()
                rest = self.prove(target, {**others, one: formula.parts[0], two: formula.parts[1]}, depth)
                if rest is not None:
                    return (Node(f"obtain ⟨{one}, {two}⟩ := {name}"), *rest)
            if formula.sign == "→" and formula.parts[1] not in facts.values():
                premise = _named(facts, formula.parts[0])
                if premise is not None:
                    new = self.fresh()
                    rest = self.prove(target, {**others, new: formula.parts[1]}, depth)
                    if rest is not None:
                        shown = f" : {formula.parts[1].show()}" if self.rng.random() < 0.5 else ""
                        return (Node(f"have {new}{shown} := {name} {premise}"), *rest)
            wanted = formula.parts[1] if formula.sign == "→" else _FALSE if formula.sign == "¬" else None
            if wanted == target:
                rest = self.prove(formula.parts[0], facts, depth)
                if rest is not None:
                    return (Node(f"apply {name}"), *rest)
        return None

    def by_split(self, target: Formula, facts: Facts, depth: int) -> tuple[Node, ...] | None:
        for name, formula in facts.items():
            if formula.sign != "∨":
                continue
            others = {n: f for n, f in facts.items() if n != name}
            one, two = self.fresh(), self.fresh()
            left = self.prove(target, {**others, one: formula.parts[0]}, depth)
            right = self.prove(target, {**others, two: formula.parts[1]}, depth)
            if left is None or right is None:
                continue
            if self.arms and not self.flat:
                arms = (Block(f"| inl {one} =>", left), Block(f"| inr {two} =>", right))
                return (Node(f"cases {name} with", arms),)
            return (Node(f"rcases {name} with {one} | {two}"), *self.both(left, right))
        return None

    def both(self, one: tuple[Node, ...], two: tuple[Node, ...]) -> tuple[Node, ...]:
        """The proofs of two goals: under bullets, or one after the other."""
        if self.flat:
            return (*one, *two)
        return (Node("", (Block("·", one),)), Node("", (Block("·", two),)))

    def fresh(self) -> str:
        pool = [n for n in _NAMES if n not in self.taken] or [f"z{len(self.taken)}"]
        name = self.rng.choice(pool)
        self.taken.add(name)
        return name


_NAMES = (
    "ha", "hb", "hc", "hp", "hq", "hr", "hs", "h", "h1", "h2", "h3", "h4", "h5", "x", "y", "hx", "hy", "hl",
    "hm", "hn", "u", "v", "w", "k", "e", "t", "g", "H", "H1", "H2", "this1", "hleft", "hright",
)  # fmt: skip


def _named(facts: Facts, formula: Formula) -> str | None:
    return next((name for name, known in facts.items() if known == formula), None)
