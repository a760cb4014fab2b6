"""Candidate steps for a state: plausible ones by the shape of the goal, and bad ones of many kinds.

Nothing here decides what is good: every candidate goes to Lean. The same tactics are proposed where they work
and where they do not, so that the text of a step alone says little about its fate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from eva.data.goals import Goal, Hypothesis, head, split_top
from eva.data.words import in_words

AUTOMATION = ("omega", "simp", "simp_all", "rfl", "decide", "assumption", "contradiction", "grind", "trivial")
_FACT_NAMES = (
    "h",
    "h1",
    "h2",
    "h3",
    "h4",
    "h₀",
    "h₁",
    "h₂",
    "h₃",
    "H",
    "H0",
    "H1",
    "H2",
    "hp",
    "hq",
    "hx",
    "hw",
    "ih",
    "hab",
    "hle",
    "key",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A step to try, where it comes from, and, for a proposal in words, the tactic that it stands for."""

    tactic: str
    source: str
    stands_for: str = ""


def propose(
    goal: Goal, scripted: Sequence[str], foreign: Sequence[str], rng: Random, budget: int
) -> list[Candidate]:
    """At most about `budget` different candidates for a state whose first goal is `goal`.

    - `scripted`: next steps of scripts that have led here.
    - `foreign`: steps seen in other theorems, best from other families.
    """
    chosen: dict[str, Candidate] = {}

    def add(tactic: str, source: str, stands_for: str = "") -> None:
        if tactic and tactic not in chosen:
            chosen[tactic] = Candidate(tactic, source, stands_for)

    shaped = plausible(goal, rng)
    for tactic in rng.sample(list(scripted), min(2, len(scripted))):
        add(tactic, "script")
    for tactic in rng.sample(shaped, min(len(shaped), max(3, budget // 2))):
        add(tactic, "shape")
    for tactic in rng.sample(AUTOMATION, 2 if rng.random() < 0.25 else 1):
        add(tactic, "automation")
    base = [*scripted, *shaped] or list(AUTOMATION)
    detours = detour(goal, rng)
    for tactic in rng.sample(detours, min(len(detours), 1 + (rng.random() < 0.5))):
        add(tactic, "detour")
    if rng.random() < 0.5:
        add(swap_name(rng.choice(base), goal, rng), "name")
    if rng.random() < 0.32:
        add(unknown_name(rng.choice(base), goal, rng), "unknown_name")
    if foreign and rng.random() < 0.4:
        add(rng.choice(foreign), "foreign")
    if rng.random() < 0.18:
        add(slip(rng.choice(base), rng), "syntax")
    if rng.random() < 0.3:
        tactic = rng.choice([*base, rng.choice(AUTOMATION)])
        add(in_words(tactic, rng), "words", tactic)
    kept = list(chosen.values())
    while len(kept) > budget:
        del kept[rng.randrange(len(kept))]
    return kept


def plausible(goal: Goal, rng: Random) -> list[str]:
    """Steps that fit the shape of the goal or of a hypothesis; many of them are wrong all the same."""
    out: list[str] = []
    target, shape = goal.target, head(goal.target)
    facts = [h for h in goal.facts if h.usable]
    variables = [h for h in goal.variables if h.usable]
    taken = {h.name for h in goal.hypotheses}
    fresh = next(
        n for n in rng.sample(("h", "hx", "hp", "hq", "h'", "hc", "w1", "w2", "w3"), 9) if n not in taken
    )
    if shape == "∀":
        bound = re.match(r"∀ \(?([\w₀-₉']+)", target)
        name = bound.group(1) if bound and bound.group(1) not in taken else fresh
        out += [f"intro {name}", f"intro {name}", "intros"]
        if split_top(target, " → "):
            out += [f"intro {name} {fresh if fresh != name else fresh + '0'}"]
    elif shape in ("→", "¬"):
        out += [f"intro {fresh}", f"intro {fresh}", "intros"]
        left = (split_top(target, " → ") or ("",))[0]
        if head(left) == "∧":
            out.append("intro ⟨ha, hb⟩")
        if head(left) == "∨":
            out.append("rintro (ha | hb)")
    elif shape == "∧":
        out += ["constructor", "refine ⟨?_, ?_⟩", "apply And.intro", "exact ⟨by assumption, by assumption⟩"]
        if len(facts) > 1:
            a, b = rng.sample(facts, 2)
            out.append(f"exact ⟨{a.name}, {b.name}⟩")
    elif shape == "∨":
        out += ["left", "right", "apply Or.inl", "apply Or.inr"]
        if facts:
            out.append(f"exact {rng.choice(('Or.inl', 'Or.inr'))} {rng.choice(facts).name}")
    elif shape == "↔":
        out += ["constructor", f"refine ⟨fun {fresh} => ?_, fun {fresh} => ?_⟩", "apply Iff.intro"]
    elif shape == "∃":
        witnesses = [v.name for v in variables if "→" not in v.type] + [
            str(rng.randint(0, 6)),
            str(rng.randint(0, 12)),
        ]
        w = rng.choice(witnesses)
        v = rng.choice(witnesses)
        out += [f"exists {w}", f"refine ⟨{w}, ?_⟩", f"exact ⟨{v}, by omega⟩", f"exists {v}"]
        out += [f"exact ⟨{w}, {f.name}⟩" for f in rng.sample(facts, min(1, len(facts)))]
    elif shape in ("=", "≤", "<", "≠", "∣"):
        out += ["omega", "simp"]
        out += {
            "=": ["rfl", "symm"],
            "≤": ["apply Nat.le_of_lt", "exact Nat.le_refl _"],
            "≠": ["intro hc"],
        }.get(shape, [])
        if "fun" in target or "∘" in target:
            out += ["funext x", "rfl"]
        if "+" in target:
            out.append(rng.choice(("rw [Nat.add_comm]", "simp only [Nat.add_comm]", "rw [Nat.add_assoc]")))
        if "++" in target:
            out.append(
                rng.choice(
                    (
                        "simp only [List.length_append]",
                        "rw [List.append_assoc]",
                        "simp only [List.mem_append]",
                    )
                )
            )
        if "if " in target:
            out.append("split")
    elif shape == "False":
        out += ["contradiction", "omega", "simp_all"]
        if len(facts) > 1:
            a, b = rng.sample(facts, 2)
            out += [f"exact {a.name} {b.name}", f"exact absurd {a.name} {b.name}"]
    out += _from_facts(facts, goal, rng)
    for v in rng.sample(variables, min(2, len(variables))):
        if v.type == "Nat" or v.type.startswith("List"):
            out += [f"induction {v.name}", f"cases {v.name}"]
            out.append(_structured(v, rng))
        elif v.type == "Bool" or v.type.startswith("Option"):
            out += [f"cases {v.name}", f"cases {v.name} <;> rfl", f"cases {v.name} <;> simp_all"]
        elif v.type == "Prop":
            out.append(f"by_cases {fresh} : {v.name}")
    return list(dict.fromkeys(out))


def _from_facts(facts: Sequence[Hypothesis], goal: Goal, rng: Random) -> list[str]:
    out: list[str] = []
    for fact in rng.sample(list(facts), min(3, len(facts))):
        name, shape = fact.name, head(fact.type)
        other = rng.choice(facts).name
        out += [f"exact {name}", f"apply {name}"] if shape not in ("=", "∧", "∨", "∃") else [f"exact {name}"]
        if shape == "∧":
            out += [
                f"cases {name}",
                f"obtain ⟨ha, hb⟩ := {name}",
                f"exact {name}.1",
                f"exact {name}.2",
                f"have hl := {name}.left",
            ]
        elif shape == "∨":
            out += [
                f"cases {name}",
                f"rcases {name} with ha | hb",
                f"cases {name} with\n| inl ha => simp_all\n| inr hb => simp_all",
            ]
        elif shape == "∃":
            out += [f"obtain ⟨w, hw⟩ := {name}", f"cases {name}"]
        elif shape == "=":
            out += [
                f"rw [{name}]",
                f"rw [← {name}]",
                f"subst {name}",
                f"exact {name}.symm",
                f"simp [{name}]",
                f"injection {name}",
            ]
            if other != name:
                out += [f"rw [{name}] at {other}", f"rw [{name}, {other}]", f"exact {name}.trans {other}"]
        elif shape == "↔":
            out += [f"rw [{name}]", f"exact {name}.mp {other}", f"apply {name}.mpr", f"have hm := {name}.mp"]
        elif shape == "→":
            out += [f"have hn := {name} {other}", f"exact {name} {other}", f"apply {name}"]
        elif shape == "∀":
            values = [
                v.name
                for v in goal.variables
                if v.usable and "→" not in v.type and v.type not in ("Prop", "Type")
            ]
            value = rng.choice(values or ["0"])
            out += [
                f"have hn := {name} {value}",
                f"specialize {name} {value}",
                f"rw [{name}]",
                f"simp only [{name}]",
                f"exact {name} {value}",
                f"exact {name} {value} {other}",
            ]
        elif shape in ("¬", "≠"):
            out += [f"apply {name}", f"exact absurd {other} {name}", f"exact {name} {other}"]
        elif shape in ("≤", "<"):
            out += [
                f"exact Nat.le_of_lt {name}",
                f"exact Nat.le_trans {name} {other}",
                f"exact Nat.lt_of_lt_of_le {name} {other}",
                f"have hs := Nat.le_succ_of_le {name}",
            ]
    return out


def _structured(variable: Hypothesis, rng: Random) -> str:
    verb = rng.choice(("induction", "cases"))
    first, second = rng.choice(
        (("rfl", "omega"), ("simp", "simp_all"), ("simp", "omega"), ("simp_all", "simp_all"))
    )
    if variable.type == "Nat":
        tail = "k ih" if verb == "induction" else "k"
        return f"{verb} {variable.name} with\n| zero => {first}\n| succ {tail} => {second}"
    tail = "y l ih" if verb == "induction" else "y l"
    return f"{verb} {variable.name} with\n| nil => {first}\n| cons {tail} => {second}"


def detour(goal: Goal, rng: Random) -> list[str]:
    """Steps that Lean often takes and that do not help, or that throw away what is needed."""
    out = ["exfalso", "skip", "have ht : True := trivial"]
    facts = [h for h in goal.facts if h.usable]
    shape = head(goal.target)
    if facts:
        fact = rng.choice(facts)
        out += [f"clear {fact.name}", f"clear {fact.name}", f"have hd := {fact.name}", f"revert {fact.name}"]
        if head(fact.type) == "∨":
            out.append(f"cases {fact.name}")
        if head(fact.type) == "=":
            out.append(f"rw [{fact.name}] at *")
    if shape == "∨":
        out += ["left", "right"]
    if shape == "∃":
        out += [f"exists {rng.randint(0, 9)}", f"refine ⟨{rng.randint(0, 9)}, ?_⟩"]
    if shape == "=":
        out += ["symm", "congr"]
    if shape == "≤":
        out += ["apply Nat.le_of_lt", "apply Nat.le_of_eq", f"apply Nat.le_trans (m := {rng.randint(0, 9)})"]
    if shape == "<":
        out += ["apply Nat.lt_of_succ_lt", "apply Nat.lt_of_le_of_lt (Nat.le_succ _)"]
    numbers = [v for v in goal.variables if v.usable and v.type == "Nat"]
    if numbers:
        number = rng.choice(numbers)
        out += [
            f"have hz : 0 ≤ {number.name} := Nat.zero_le _",
            f"generalize {number.name} + 1 = g",
            f"cases {number.name}",
        ]
    return out


def swap_name(tactic: str, goal: Goal, rng: Random) -> str:
    """The step with one name replaced by another one that exists here, or a near-by lemma; `""` if there is none."""
    names = [h.name for h in goal.hypotheses if h.usable]
    here = [n for n in names if _word(n).search(tactic)]
    swaps = [pair for pair in _LEMMA_SWAPS if pair[0] in tactic]
    if swaps and (not here or rng.random() < 0.5):
        old, new = rng.choice(swaps)
        return tactic.replace(old, new, 1)
    if not here or len(names) < 2:
        return ""
    old = rng.choice(here)
    new = rng.choice([n for n in names if n != old])
    return _word(old).sub(new, tactic)


def unknown_name(tactic: str, goal: Goal, rng: Random) -> str:
    """The step with one hypothesis replaced by a usual name that this state does not have, or a lemma misspelt."""
    names = {h.name for h in goal.hypotheses}
    here = [h.name for h in goal.hypotheses if h.usable and _word(h.name).search(tactic)]
    missing = rng.choice([n for n in _FACT_NAMES if n not in names])
    lemma = re.search(r"\b(?:Nat|Int|List|Bool|Option)\.(\w+)", tactic)
    if lemma and rng.random() < 0.5:
        word = lemma.group(1)
        cut = rng.randrange(1, len(word))
        return tactic.replace(
            word, rng.choice((word[:cut] + word[cut + 1 :], word + "_left", word + "'", "my_" + word)), 1
        )
    if here:
        return _word(rng.choice(here)).sub(missing, tactic)
    return rng.choice(
        (f"exact {missing}", f"apply {missing}", f"rw [{missing}]", f"cases {missing}", f"simp [{missing}]")
    )


def slip(tactic: str, rng: Random) -> str:
    """The step with a slip of the pen; some slips are harmless, Lean will say."""
    slips = [
        tactic + ")",
        tactic + ",",
        tactic.replace(" ", "", 1),
        tactic.replace("exact", "exat", 1),
        tactic + " by",
        tactic.replace("⟩", "", 1),
    ]
    slips += [
        tactic.replace("]", "", 1),
        tactic.replace(":=", "=", 1),
        tactic.replace("[", "", 1),
        tactic.replace("omega", "omga", 1),
        tactic.replace("intro", "intoduce", 1),
    ]
    slips += [
        tactic.replace("rw", "rewite", 1),
        tactic.replace("simp", "simplify", 1),
        tactic.replace("=>", "->", 1),
        tactic + " <;>",
        tactic[: max(3, len(tactic) // 2)],
    ]
    real = [s for s in slips if s != tactic and s.strip()]
    return rng.choice(real)


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w₀-₉'.]){re.escape(name)}(?![\w₀-₉'])")


_LEMMA_SWAPS = (
    ("le_trans", "lt_trans"), ("lt_of_lt_of_le", "lt_of_le_of_lt"), ("lt_of_le_of_lt", "lt_of_lt_of_le"),
    ("le_of_lt", "lt_of_le"), ("add_comm", "mul_comm"), ("mul_comm", "add_comm"), ("add_assoc", "add_comm"),
    ("mul_assoc", "mul_comm"), ("mul_add", "add_mul"), ("Nat.", "Int."), ("left", "right"), ("right", "left"),
    ("inl", "inr"), ("inr", "inl"), (".1", ".2"), (".2", ".1"), ("mpr", "mp"), (".mp", ".mpr"), ("length_append", "append_assoc"),
    ("dvd_add", "dvd_mul"), ("mem_append_left", "mem_append_right"), ("mem_append_right", "mem_append_left"), ("← ", ""), ("rw [", "rw [← "),
    ("omega", "decide"), ("rfl", "omega"), ("simp", "omega"), ("and_comm", "or_comm"), ("or_comm", "and_comm"), ("symm", "trans"),
)  # fmt: skip
