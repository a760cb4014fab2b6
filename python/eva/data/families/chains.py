"""Chains: equations to be followed forwards and backwards, inclusions one after the other."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from eva.data.families.base import FUNCTIONS, NUMBERS, PREDICATES, Names, Theorem

BROKEN = 0.15
"""Chance that a link is missing, so that the chain leads nowhere."""

_STEPS = ("s1", "s2", "s3", "s4", "s5", "e1", "e2", "e3", "k1", "k2", "hs", "ht", "hu", "hv", "hw", "hm")


def equations(rng: Random) -> Theorem:
    """`a = b`, `c = b`, … ⊢ `a = z`, bare or under a function, some links turned round."""
    names = Names(rng)
    points = names.many(NUMBERS, rng.randint(3, 5))
    facts = names.facts(len(points) - 1)
    f = names.pick(FUNCTIONS)
    kind = rng.choice(("Nat", "Nat", "Int", "α"))
    turned = [rng.random() < 0.35 for _ in facts]
    wrap, back = rng.random() < 0.4, rng.random() < 0.3
    links = [
        f"({n} : {b} = {a})" if t else f"({n} : {a} = {b})"
        for n, (a, b), t in zip(facts, pairwise(points), turned, strict=True)
    ]
    if rng.random() < BROKEN:
        del links[rng.randrange(len(links))]
    binders = [f"({' '.join(points)} : {kind})", *links]
    if wrap:
        binders.insert(1, f"({f} : {kind} → {kind})")
    if kind == "α":
        binders.insert(0, "(α : Type)")
    ends = (points[-1], points[0]) if back else (points[0], points[-1])
    goal = " = ".join(f"{f} {end}" if wrap else end for end in ends)
    scripts = _equation_scripts(points, facts, turned)
    if wrap:
        scripts = [s for s in scripts if not s[0].startswith(("calc", "exact"))]
    if back:
        scripts = [s if s[0].startswith("subst") else ("symm", *s) for s in scripts]
    return Theorem("rewriting", " ".join(binders), goal, tuple(scripts))


def _equation_scripts(points: list[str], facts: list[str], turned: list[bool]) -> list[tuple[str, ...]]:
    items = [f"← {n}" if t else n for n, t in zip(facts, turned, strict=True)]
    terms = [f"{n}.symm" if t else n for n, t in zip(facts, turned, strict=True)]
    term = terms[0]
    for other in terms[1:]:
        term = f"({term}).trans {other}" if " " in term else f"{term}.trans {other}"
    calc = f"calc {points[0]} = {points[1]} := {terms[0]}"
    calc += "".join(f"\n  _ = {b} := {t}" for b, t in zip(points[2:], terms[1:], strict=True))
    return [
        (f"rw [{', '.join(items)}]",),
        tuple(f"rw [{item}]" for item in items),
        (calc,),
        (f"exact {term}",),
        (*(f"subst {n}" for n in facts), "rfl"),
    ]


def ladder(rng: Random) -> Theorem:
    """`a ≤ b`, `b < c`, … ⊢ `a < z`, or parts of it, step by step with `have`."""
    names = Names(rng)
    points = names.many(NUMBERS, rng.randint(3, 6))
    signs = [rng.choice("≤≤<") for _ in points[1:]]
    facts = names.facts(len(signs))
    links = [f"({n} : {a} {s} {b})" for n, s, (a, b) in zip(facts, signs, pairwise(points), strict=True)]
    steps: list[str] = []
    last, sign = facts[0], signs[0]
    for index in range(1, len(facts)):
        lemma = {
            ("≤", "≤"): "Nat.le_trans", ("<", "≤"): "Nat.lt_of_lt_of_le", ("≤", "<"): "Nat.lt_of_le_of_lt",
            ("<", "<"): "Nat.lt_trans",
        }[sign, signs[index]]  # fmt: skip
        sign = "<" if "<" in (sign, signs[index]) else "≤"
        name = names.pick(_STEPS)
        steps.append(f"have {name} : {points[0]} {sign} {points[index + 1]} := {lemma} {last} {facts[index]}")
        last = name
    if rng.random() < BROKEN:
        del links[rng.randrange(len(links))]
    goal = f"{points[0]} {sign} {points[-1]}"
    shape = rng.randrange(4)
    scripts = [(*steps, f"exact {last}"), ("omega",), (*steps[:1], "omega")]
    if shape == 0:
        middle = f"{points[0]} {'≤' if signs[0] == '≤' else '<'} {points[1]}"
        goal = f"{middle} ∧ {goal}"
        scripts = [("constructor", f"· exact {facts[0]}", "· " + "; ".join((*steps, f"exact {last}")))]
        scripts.append((*steps, f"exact ⟨{facts[0]}, {last}⟩"))
    elif shape == 1:
        goal = f"{goal} ∨ {points[-1]} < {points[0]}"
        scripts = [("left", *steps, f"exact {last}"), (*steps, f"exact Or.inl {last}")]
    rng.shuffle(links)
    return Theorem("nat_linear", f"({' '.join(points)} : Nat) {' '.join(links)}", goal, tuple(scripts))


def inclusions(rng: Random) -> Theorem:
    """`∀ x, P x → Q x`, `∀ x, Q x → R x`, … ⊢ `∀ x, P x → Z x`; now and then a link is missing or turned."""
    names = Names(rng)
    preds = names.many(PREDICATES, rng.randint(2, 4))
    x = names.pick(NUMBERS)
    domain = rng.choice(("Nat", "Int", "α"))
    links = [f"∀ {x}, {a} {x} → {b} {x}" for a, b in pairwise(preds)]
    if rng.random() < BROKEN:
        rng.shuffle(links)
        links = links[1:]
    facts = names.facts(len(links))
    binders = ["(α : Type)"] if domain == "α" else []
    binders.append(f"({' '.join(preds)} : {domain} → Prop)")
    binders += [f"({n} : {link})" for n, link in zip(facts, links, strict=True)]
    body = "hw"
    for n in facts:
        body = f"{n} w ({body})" if " " in body else f"{n} w {body}"
    scripts = (
        ("intro w hw", f"exact {body}"),
        ("intro w hw", *(f"apply {n}" for n in reversed(facts)), "exact hw"),
    )
    return Theorem("predicates", " ".join(binders), f"∀ {x}, {preds[0]} {x} → {preds[-1]} {x}", scripts)
