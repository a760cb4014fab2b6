"""Candidate steps for a state: plausible ones by the shape of the goal, and bad ones of many kinds.

Nothing here decides what is good: every candidate goes to Lean. The same tactics are proposed where they work
and where they do not, so that the text of a step alone says little about its fate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from eva.data.goals import Goal, head
from eva.data.shapes import misplaced, plausible
from eva.data.slips import slip, swap_name, unknown_name
from eva.data.words import in_words


@dataclass(frozen=True, slots=True)
class Candidate:
    """A step to try, where it comes from, and, for a proposal in words, the tactic that it stands for."""

    tactic: str
    source: str
    stands_for: str = ""


def propose(
    goal: Goal, scripted: Sequence[str], foreign: Sequence[str], rng: Random, budget: int
) -> list[Candidate]:
    """At most `budget` different candidates for a state whose first goal is `goal`.

    - `scripted`: next steps of scripts that have led here.
    - `foreign`: steps seen in theorems of other families.
    """
    chosen: dict[str, Candidate] = {}

    def add(tactic: str, source: str, stands_for: str = "") -> None:
        if tactic.strip() and tactic not in chosen:
            chosen[tactic] = Candidate(tactic, source, stands_for)

    shaped = plausible(goal, rng)
    base = [*scripted, *scripted, *shaped] or [automation(goal, rng)]
    for tactic in rng.sample(list(scripted), min(2, len(scripted))):
        add(tactic, "script")
    for tactic in rng.sample(shaped, min(len(shaped), max(2, budget // 2))):
        add(tactic, "shape")
    if rng.random() < 0.75:
        add(automation(goal, rng), "automation")
    for _ in range(1 + (rng.random() < 0.35)):
        add(rng.choice(detours(goal, rng)), "detour")
    if rng.random() < 0.35:
        add(rng.choice(misplaced(goal, rng)), "misplaced")
    if rng.random() < 0.5:
        add(swap_name(rng.choice(base), goal, rng), "name")
    if rng.random() < 0.3:
        add(unknown_name(rng.choice(base), goal, rng), "unknown_name")
    if foreign and rng.random() < 0.25:
        add(rng.choice(foreign), "foreign")
    if rng.random() < 0.18:
        add(slip(rng.choice(base), rng), "syntax")
    if rng.random() < 0.25:
        tactic = rng.choice([*base, automation(goal, rng)])
        add(in_words(tactic, rng), "words", tactic)
    kept = list(chosen.values())
    while len(kept) > budget:
        del kept[rng.randrange(len(kept))]
    return kept


def automation(goal: Goal, rng: Random) -> str:
    """A closing tactic, more often one that has some prospect here."""
    shape, target = head(goal.target), goal.target
    same = any(fact.type == target for fact in goal.facts)
    numbers = bool(re.search(r" [<≤=≠≥>∣] ", target)) and any(
        v.type in ("Nat", "Int") for v in goal.variables
    )
    denied = any(f.type in (f"¬{g.type}", "False") for f in goal.facts for g in goal.facts)
    weights = {
        "omega": 3.0 if numbers else 0.7,
        "simp": 1.6,
        "simp_all": 1.2,
        "rfl": 2.2 if shape == "=" else 0.25,
        "decide": 5.0 if not goal.variables else 0.2,
        "assumption": 4.0 if same else 0.25,
        "contradiction": 4.0 if denied else 0.8 if shape == "False" else 0.2,
        "grind": 1.1,
        "trivial": 3.0 if same or not goal.variables else 0.2,
    }
    return rng.choices(list(weights), list(weights.values()))[0]


def detours(goal: Goal, rng: Random) -> list[str]:
    """Steps that may be taken and do not help, or that throw away what is needed."""
    out = ["exfalso", "exfalso", "skip", "have ht : True := trivial"]
    facts = [h for h in goal.facts if h.usable]
    shape = head(goal.target)
    if facts:
        fact, other = rng.choice(facts), rng.choice(facts)
        out += [f"clear {fact.name}"] * 3
        out += [
            f"replace {fact.name} : True := trivial",
            f"replace {fact.name} := {other.name}",
            f"refine absurd {fact.name} ?_",
        ]
        out += [f"have hd : {other.type} := {fact.name}", f"have hd : {fact.type} := {fact.name}"]
        out += [f"have hd := {fact.name}", f"revert {fact.name}", f"cases {fact.name}"]
        if head(fact.type) == "=":
            out += [f"rw [{fact.name}] at *", f"rw [{fact.name}] at {other.name}"]
    if shape == "∨":
        out += ["left", "right"] * 4
    if shape == "∃":
        for _ in range(4):
            out += [f"exists {rng.randint(0, 9)}", f"refine ⟨{rng.randint(0, 9)}, ?_⟩"]
    if shape == "=":
        out += ["symm", "congr", "apply congrArg", "apply Eq.trans"]
    if shape in ("≤", "<"):
        out += ["apply Nat.le_of_lt", "apply Nat.le_of_eq", f"apply Nat.le_trans (m := {rng.randint(0, 9)})"]
        out += ["apply Nat.lt_of_succ_lt", "apply Nat.lt_of_le_of_lt (Nat.le_succ _)"]
    numbers = [v for v in goal.variables if v.usable and v.type in ("Nat", "Int")]
    if numbers:
        n = rng.choice(numbers).name
        out += [f"have hz : 0 ≤ {n} := Nat.zero_le _", f"generalize {n} + 1 = g", f"cases {n}", f"clear {n}"]
    return out
