"""Steps that fit the shape of a goal or of a hypothesis. Many of them are wrong all the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain, count
from random import Random

from eva.data.goals import Goal, Hypothesis, head, split_top

_FRESH = ("h", "hx", "hp", "hq", "h'", "hc", "w1", "w2", "w3")


def plausible(goal: Goal, rng: Random) -> list[str]:
    """Steps for the goal's own shape, for some of its facts and for some of its variables."""
    out = for_target(goal, rng)
    out += for_facts(goal, rng)
    out += for_variables(goal, rng)
    return list(dict.fromkeys(out))


def for_target(goal: Goal, rng: Random) -> list[str]:
    """Steps for the outermost connective or relation of the target."""
    shape = head(goal.target)
    if shape in ("=", "≤", "<", "≠", "∣"):
        return _relation(goal, shape, rng)
    made = _TARGETS.get(shape)
    return made(goal, rng) if made else []


def for_facts(goal: Goal, rng: Random) -> list[str]:
    """Steps that use one of up to three facts."""
    facts = [h for h in goal.facts if h.usable]
    out: list[str] = []
    for fact in facts:
        if fact.type == goal.target:
            out += [f"exact {fact.name}"] * 2
    for fact in rng.sample(facts, min(3, len(facts))):
        other = rng.choice(facts).name
        out += [
            form.format(h=fact.name, o=other)
            for form in _FACT_FORMS.get(head(fact.type), ("exact {h}", "apply {h}"))
        ]
        if head(fact.type) == "∀":
            out += _instances(fact, other, goal, rng)
    return out


def for_variables(goal: Goal, rng: Random) -> list[str]:
    """Induction and case splits on up to two variables."""
    out: list[str] = []
    variables = [h for h in goal.variables if h.usable]
    for v in rng.sample(variables, min(2, len(variables))):
        if v.type == "Nat" or v.type.startswith("List"):
            out += [f"induction {v.name}", f"cases {v.name}"]
        elif v.type == "Bool" or v.type.startswith("Option"):
            out += [f"cases {v.name}", f"cases {v.name} <;> rfl", f"cases {v.name} <;> simp_all"]
        elif v.type == "Prop":
            out.append(f"by_cases {_fresh(goal, rng)} : {v.name}")
    return out


def misplaced(goal: Goal, rng: Random) -> list[str]:
    """Steps that other shapes of goals and hypotheses would call for."""
    name = _fresh(goal, rng)
    out = [
        f"intro {name}",
        "constructor",
        "left",
        "right",
        "left",
        "right",
        f"exists {rng.randint(0, 9)}",
        f"exists {rng.randint(0, 9)}",
        f"refine ⟨{rng.randint(0, 9)}, ?_⟩",
        "apply Nat.le_of_lt",
        "apply Nat.le_of_eq",
        "refine ⟨?_, ?_⟩",
        "funext x",
        "symm",
        "congr",
        "split",
    ]
    facts = [h for h in goal.facts if h.usable]
    if facts:
        fact = rng.choice(facts)
        forms = [form for forms in _FACT_FORMS.values() for form in forms]
        out += [form.format(h=fact.name, o=rng.choice(facts).name) for form in rng.sample(forms, 8)]
    data = [h for h in goal.variables if h.usable]
    if data:
        variable = rng.choice(data).name
        out += [
            f"induction {variable}",
            f"cases {variable}",
            f"clear {variable}",
            f"clear {variable}",
            f"subst {variable}",
        ]
    return out


def _fresh(goal: Goal, rng: Random) -> str:
    taken = {h.name for h in goal.hypotheses}
    numbered = (f"h{n}" for n in count(1))  # in a long search all others may be taken
    return next(n for n in chain(rng.sample(_FRESH, len(_FRESH)), numbered) if n not in taken)


def _all(goal: Goal, rng: Random) -> list[str]:
    taken = {h.name for h in goal.hypotheses}
    fresh = _fresh(goal, rng)
    bound = re.match(r"∀ \(?([\w₀-₉']+)", goal.target)
    name = bound.group(1) if bound and bound.group(1) not in taken else fresh
    second = fresh if fresh != name else fresh + "0"
    return [f"intro {name}", f"intro {name}", "intros", f"intro {name} {second}"]


def _implication(goal: Goal, rng: Random) -> list[str]:
    fresh = _fresh(goal, rng)
    out = [f"intro {fresh}", f"intro {fresh}", "intros"]
    left = (split_top(goal.target, " → ") or ("",))[0]
    if head(left) == "∧":
        out += ["intro ⟨ha, hb⟩", "rintro ⟨ha, hb⟩"]
    if head(left) == "∨":
        out += ["rintro (ha | hb)", "intro ⟨ha, hb⟩"]
    return out


def _and(goal: Goal, rng: Random) -> list[str]:
    out = [
        "constructor",
        "constructor",
        "refine ⟨?_, ?_⟩",
        "apply And.intro",
        "exact ⟨by assumption, by assumption⟩",
    ]
    names = [h.name for h in goal.facts if h.usable]
    for _ in range(2 if len(names) > 1 else 0):
        out.append("exact ⟨{}, {}⟩".format(*rng.sample(names, 2)))
    parts = split_top(goal.target, " ∧ ") or ("", "")
    right = [[h.name for h in goal.facts if h.usable and h.type == part.strip("()")] for part in parts]
    if all(right):
        out += [f"exact ⟨{right[0][0]}, {right[1][0]}⟩"] * 2
    return out


def _or(goal: Goal, rng: Random) -> list[str]:
    out = ["left", "right", "left", "right", "apply Or.inl", "apply Or.inr"]
    facts = [h.name for h in goal.facts if h.usable]
    if facts:
        out += [f"exact {side} {rng.choice(facts)}" for side in ("Or.inl", "Or.inr")]
    return out


def _iff(goal: Goal, rng: Random) -> list[str]:
    fresh = _fresh(goal, rng)
    return ["constructor", f"refine ⟨fun {fresh} => ?_, fun {fresh} => ?_⟩", "apply Iff.intro"]


def _exists(goal: Goal, rng: Random) -> list[str]:
    names = [
        v.name for v in goal.variables if v.usable and "→" not in v.type and v.type not in ("Prop", "Type")
    ]
    pool = [*names, *names, str(rng.randint(0, 6)), str(rng.randint(0, 12))]
    if names:
        pool.append(f"{rng.choice(names)} + {rng.randint(1, 4)}")
    w, v = rng.choice(pool), rng.choice(pool)
    out = [f"exists {w}", f"refine ⟨{w}, ?_⟩", f"exact ⟨{v}, by omega⟩", f"exists {v}"]
    facts = [h.name for h in goal.facts if h.usable]
    if facts:
        out += [f"exact ⟨{rng.choice(pool)}, {rng.choice(facts)}⟩" for _ in range(2)]
    return out


def _false(goal: Goal, rng: Random) -> list[str]:
    names = [h.name for h in goal.facts if h.usable]
    out = ["contradiction", "omega", "simp_all"]
    for _ in range(2 if len(names) > 1 else 0):
        a, b = rng.sample(names, 2)
        out += [f"exact {a} {b}", f"exact absurd {a} {b}"]
    return out


def _relation(goal: Goal, shape: str, rng: Random) -> list[str]:
    target = goal.target
    out = ["omega", "simp"]
    if shape == "=":
        out += ["rfl", "symm"]
    if shape == "≤":
        out += ["apply Nat.le_of_lt", "exact Nat.le_refl _", "apply Nat.le_of_eq"]
    if shape == "≠":
        out += ["intro hc", "intro hc", "symm"]
    if "fun" in target or "∘" in target:
        out += ["funext x", "rfl"]
    if " + " in target:
        out.append(
            rng.choice(
                ("rw [Nat.add_comm]", "rw [Int.add_comm]", "simp only [Nat.add_comm]", "rw [Nat.add_assoc]")
            )
        )
    if " * " in target:
        out.append(
            rng.choice(("rw [Nat.mul_comm]", "rw [Int.mul_comm]", "rw [Nat.mul_add]", "rw [Nat.mul_assoc]"))
        )
    if "++" in target:
        out.append(
            rng.choice(
                ("simp only [List.length_append]", "rw [List.append_assoc]", "rw [List.length_append]")
            )
        )
    if "if " in target:
        out += ["split", "split"]
    return out


def _instances(fact: Hypothesis, other: str, goal: Goal, rng: Random) -> list[str]:
    values = [
        v.name for v in goal.variables if v.usable and "→" not in v.type and v.type not in ("Prop", "Type")
    ]
    value = rng.choice(values or ["0"])
    forms = (
        "have hn := {h} {v}",
        "specialize {h} {v}",
        "exact {h} {v}",
        "exact {h} {v} {o}",
        "have hn := {h} {v} {o}",
    )
    return [form.format(h=fact.name, v=value, o=other) for form in forms]


_TARGETS: dict[str, Callable[[Goal, Random], list[str]]] = {
    "∀": _all,
    "→": _implication,
    "¬": _implication,
    "∧": _and,
    "∨": _or,
    "↔": _iff,
    "∃": _exists,
    "False": _false,
}
_FACT_FORMS: dict[str, Sequence[str]] = {
    "∧": (
        "cases {h}", "obtain ⟨ha, hb⟩ := {h}", "exact {h}.1", "exact {h}.2", "have hl := {h}.left",
        "exact ⟨{h}.2, {h}.1⟩",
    ),
    "∨": (
        "cases {h}", "rcases {h} with ha | hb", "exact {h}.symm",
    ),
    "∃": ("obtain ⟨w, hw⟩ := {h}", "cases {h}", "exact {h}"),
    "=": (
        "rw [{h}]", "rw [← {h}]", "subst {h}", "exact {h}.symm", "exact {h}", "simp [{h}]",
        "injection {h}", "rw [{h}] at {o}", "rw [{h}, {o}]", "exact {h}.trans {o}",
    ),
    "↔": (
        "rw [{h}]", "exact {h}.mp {o}", "exact {h}.mpr {o}", "apply {h}.mpr", "have hm := {h}.mp",
        "exact {h}",
    ),
    "→": ("have hn := {h} {o}", "exact {h} {o}", "apply {h}", "exact {h}"),
    "∀": ("rw [{h}]", "simp only [{h}]", "apply {h}", "exact {h}"),
    "¬": ("apply {h}", "exact absurd {o} {h}", "exact {h} {o}", "exact {h}"),
    "≠": ("apply {h}", "exact absurd {o} {h}", "exact {h} {o}", "exact {h}", "exact {h}.symm"),
    "≤": (
        "exact {h}", "exact Nat.le_trans {h} {o}", "apply Nat.le_trans {h}",
        "exact Nat.lt_of_le_of_lt {h} {o}", "have hs := Nat.le_succ_of_le {h}",
    ),
    "<": (
        "exact {h}", "exact Nat.le_of_lt {h}", "exact Nat.lt_of_lt_of_le {h} {o}",
        "exact Nat.lt_trans {h} {o}", "have hs := Nat.le_of_lt {h}",
    ),
}  # fmt: skip
