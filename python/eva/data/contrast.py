"""Contrasts: one form of step with each of several hypotheses, and statements that are right here or nearly.

In a state, `exact h1` may be the end and `exact h2` a type error; elsewhere it is the other way round. Only a
look into the context can tell.
"""

from __future__ import annotations

import re
from random import Random

from eva.data.goals import Goal, Hypothesis, head
from eva.data.slips import word

_FORMS = (
    "exact {h}", "exact {h}", "exact {h}", "apply {h}", "apply {h}", "rw [{h}]", "rw [← {h}]",
    "rw [{h}] at {o}",
    "exact {h}.1", "exact {h}.2", "exact {h}.symm", "exact {h} {o}", "have e := {h} {o}", "have e := {h}.1",
    "exact absurd {h} {o}", "exact ⟨{h}, {o}⟩", "exact Or.inl {h}", "exact Or.inr {h}", "simp only [{h}]",
    "obtain ⟨u, w⟩ := {h}", "rcases {h} with u | w", "subst {h}", "simp [{h}]", "exact {h}.trans {o}",
    "exact {h}.mp {o}", "exact {h}.mpr {o}", "specialize {h} {o}", "contradiction", "injection {h}",
    "exact Nat.le_trans {h} {o}", "exact Nat.lt_of_lt_of_le {h} {o}", "exact Nat.le_of_lt {h}",
    "cases {h}", "symm at {h}", "clear {h}", "revert {h}", "refine absurd {h} ?_",
)  # fmt: skip

_STATED = (
    "have e : {t} := {h}",
    "have e : {t} := by assumption",
    "replace {h} : {t} := {h}",
    "have {n} : {t} := {h}",
)


def same_form(step: str, goal: Goal, rng: Random) -> list[str]:
    """`step` with one of the facts in it exchanged for another of this state."""
    names = [h.name for h in goal.facts if h.usable]
    here = [name for name in names if word(name).search(step)]
    if not here or len(names) < 2:
        return []
    old = rng.choice(here)
    others = [name for name in names if name != old]
    return [word(old).sub(new, step) for new in rng.sample(others, min(2, len(others)))]


def over_facts(goal: Goal, rng: Random) -> list[str]:
    """One form with several facts of the state, the fitting ones among them."""
    facts = [h for h in goal.facts if h.usable]
    if not facts:
        return []
    fitting = [h for h in facts if h.type == goal.target]
    out = [f"exact {rng.choice(fitting).name}"] if fitting else []
    form = rng.choice(_FORMS)
    for fact in rng.sample(facts, min(2, len(facts))):
        out.append(form.format(h=fact.name, o=rng.choice(facts).name))
    return out


def stated(goal: Goal, rng: Random) -> list[str]:
    """Steps that say a statement, true to the state or changed a little."""
    facts = [h for h in goal.facts if h.usable and len(h.type) < 60]
    out = []
    if len(goal.target) < 60:
        out.append(f"show {goal.target if rng.random() < 0.5 else changed(goal.target, goal, rng)}")
    if facts:
        fact = rng.choice(facts)
        kind = fact.type if rng.random() < 0.5 else changed(fact.type, goal, rng)
        form = rng.choice(_STATED)
        out.append(form.format(t=kind, h=fact.name, n=rng.choice(("hc", "hd", "h'", "e1", "key"))))
    return out


def changed(text: str, goal: Goal, rng: Random) -> str:
    """A statement that is near `text`: sides exchanged, a number or a name or a connective changed."""
    options = []
    sides = re.fullmatch(r"([^=≤<≥>∧∨→↔∀∃¬]+) (=|≤|<|∧|∨) ([^=≤<≥>∧∨→↔∀∃¬]+)", text)
    if sides:
        options.append(f"{sides[3]} {sides[2]} {sides[1]}")
    number = re.search(r"\d+", text)
    if number:
        new = str(max(0, int(number.group()) + rng.choice((-1, 1, 2))))
        options.append(text[: number.start()] + new + text[number.end() :])
    pairs = [
        (a.name, b.name)
        for a in goal.variables
        for b in goal.variables
        if a.type == b.type and a.name != b.name and a.usable and b.usable and word(a.name).search(text)
    ]
    if pairs:
        old, new = rng.choice(pairs)
        options.append(word(old).sub(new, text, count=1))
    for old, new in (("∧", "∨"), ("∨", "∧"), ("≤", "<"), ("<", "≤"), ("¬", "")):
        if old in text:
            options.append(text.replace(old, new, 1))
    return rng.choice(options) if options else text


def decoy(fact: Hypothesis, goal: Goal, rng: Random) -> str:
    """A statement that looks like a fact's, `""` where none is found."""
    new = changed(fact.type, goal, rng)
    return new if new != fact.type and head(new) != "?" else ""
