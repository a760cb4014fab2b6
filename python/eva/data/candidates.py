"""Candidate steps for a state: plausible ones by the shape of the goal, and bad ones of many kinds.

Nothing here decides what is good: every candidate goes to Lean. The same tactics are proposed where they work
and where they do not, so that the text of a step alone says little about its fate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from eva.data.contrast import over_facts, same_form, stated
from eva.data.goals import Goal, head
from eva.data.headers import headers
from eva.data.shapes import misplaced, plausible
from eva.data.slips import slip, spoiled, swap_name, unknown_name, word
from eva.data.traps import traps
from eva.data.words import in_words

_WHOLE = re.compile(r"\b(?:all_goals|any_goals|case|next|rotate_left|rotate_right|swap|on_goal|repeat)\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A step to try, where it comes from, and, for a proposal in words, the tactic that it stands for.

    `arms`: what has to stand behind a header.
    """

    tactic: str
    source: str
    stands_for: str = ""
    arms: tuple[str, ...] = ()

    @property
    def alone(self) -> bool:
        """Whether Lean must see it by itself: it may not parse, or works on several goals."""
        return self.source in ("words", "syntax") or _WHOLE.search(self.tactic) is not None


_CHANCES = (
    ("automation", 0.6),
    ("detour", 0.9),
    ("second_detour", 0.4),
    ("spoiled", 0.6),
    ("misplaced", 0.6),
    ("stated", 0.45),
    ("header", 0.45),
    ("unknown_name", 0.3),
    ("foreign", 0.25),
    ("syntax", 0.12),
    ("words", 0.14),
)


def propose(
    goal: Goal, scripted: Sequence[str], foreign: Sequence[str], rng: Random, budget: int
) -> list[Candidate]:
    """At most `budget` different candidates for a state whose first goal is `goal`.

    - `scripted`: steps of scripts that stand here.
    - `foreign`: steps seen in theorems of other families.
    """
    chosen: dict[str, Candidate] = {}

    def add(tactic: str, source: str, stands_for: str = "", arms: tuple[str, ...] = ()) -> None:
        if tactic.strip() and "✝" not in tactic and tactic not in (*chosen, *scripted):
            chosen[tactic] = Candidate(tactic, source, stands_for, arms)

    lines = [step for step in scripted if "\n" not in step and not step.endswith(" with")]
    shaped = plausible(goal, rng)
    base = [*lines, *lines, *shaped] or [automation(goal, rng)]
    for tactic in rng.sample(shaped, min(len(shaped), 2)):
        add(tactic, "shape")
    if lines:
        for tactic in same_form(rng.choice(lines), goal, rng):
            add(tactic, "contrast")
    for tactic in over_facts(goal, rng):
        add(tactic, "contrast")
    if shaped and rng.random() < 0.6:
        add(swap_name(rng.choice(base), goal, rng), "contrast")
    made: dict[str, Callable[[], None]] = {
        "automation": lambda: add(automation(goal, rng), "automation"),
        "detour": lambda: add(rng.choice(detours(goal, rng)), "detour"),
        "second_detour": lambda: add(rng.choice(detours(goal, rng)), "detour"),
        "spoiled": lambda: add(spoiled(rng.choice(detours(goal, rng)), goal, rng), "contrast"),
        "misplaced": lambda: add(rng.choice(misplaced(goal, rng)), "misplaced"),
        "stated": lambda: add(rng.choice(stated(goal, rng) or [""]), "stated"),
        "unknown_name": lambda: add(unknown_name(rng.choice(base), goal, rng), "unknown_name"),
        "foreign": lambda: add(rng.choice(foreign or [""]), "foreign"),
        "syntax": lambda: add(slip(rng.choice(base), rng), "syntax"),
    }
    for source, chance in _CHANCES:
        if rng.random() >= chance:
            continue
        if source == "header":
            for text, arms in headers(goal, rng):
                add(text, "header", arms=arms)
        elif source == "words":
            tactic = rng.choice([*base, automation(goal, rng)])
            add(in_words(tactic, rng), "words", tactic)
        else:
            made[source]()
    sure = _lay(chosen, goal, lines, rng)
    kept = [candidate for candidate in chosen.values() if candidate.source != "trap"]
    while len(kept) > max(2, budget - len(sure)):
        del kept[rng.randrange(len(kept))]
    return [*kept, *sure]


def _lay(chosen: dict[str, Candidate], goal: Goal, scripted: Sequence[str], rng: Random) -> list[Candidate]:
    """Traps, with some spoiled ones beside them that Lean will not take."""
    found = traps(goal, rng)
    steps = rng.sample(found, min(3, len(found)))
    needed = [h.name for h in goal.facts if h.usable and any(word(h.name).search(s) for s in scripted)]
    if needed and not steps and rng.random() < 0.8:
        steps = [f"clear {rng.choice(needed)}"]
    for step in steps:
        chosen.pop(step, None)
        wrong = spoiled(step, goal, rng) if rng.random() < 0.7 else ""
        if wrong:
            chosen.setdefault(wrong, Candidate(wrong, "contrast"))
    return [Candidate(step, "trap") for step in steps if step not in scripted]


def automation(goal: Goal, rng: Random) -> str:
    """A closing tactic, more often one that has some prospect here."""
    shape, target = head(goal.target), goal.target
    same = any(fact.type == target for fact in goal.facts)
    numbers = bool(re.search(r" [<≤=≠≥>∣] ", target)) and any(
        v.type in ("Nat", "Int") for v in goal.variables
    )
    denied = any(f.type in (f"¬{g.type}", "False") for f in goal.facts for g in goal.facts)
    weights = {
        "omega": 2.4 if numbers else 0.4,
        "simp": 1.2,
        "simp_all": 0.7,
        "rfl": 2.2 if shape == "=" else 0.25,
        "decide": 5.0 if not goal.variables else 0.2,
        "assumption": 4.0 if same else 0.25,
        "contradiction": 4.0 if denied else 0.8 if shape == "False" else 0.2,
        "grind": 0.35,
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
