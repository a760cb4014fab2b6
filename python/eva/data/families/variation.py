"""Variations of any theorem: hypotheses that are beside the point, and two theorems in one."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from eva.data.families.base import NUMBERS, PROPS, Maker, Theorem

DISTRACTED, JOINED = 0.3, 0.15
"""Chances that a theorem gets hypotheses that it does not need, and that it is joined with another one."""
_FACTS = (
    "hd",
    "he",
    "hu",
    "hv",
    "hm",
    "hr",
    "hs",
    "hk",
    "hz",
    "k1",
    "k2",
    "e1",
    "e2",
    "h5",
    "h6",
    "h7",
    "h₅",
    "h₆",
)
_ABOUT = {
    "Nat": ("{v} ≤ {c}", "{c} ≤ {v}", "{v} ≠ {c}", "{v} < {w} + {c}", "{v} + {c} ≤ {w} + {c}", "{v} = {w}"),
    "Int": ("{v} ≤ {c}", "-{c} ≤ {v}", "{v} ≠ {c}", "{v} < {w} + {c}", "{v} - {w} ≤ {c}", "{v} = {w}"),
    "List Nat": ("{v} ≠ []", "{v}.length = {c}", "{v} = {w}", "{v}.length ≤ {w}.length", "{v} = []"),
    "List Int": ("{v} ≠ []", "{v}.length = {c}", "{v} = {w}"),
    "List α": ("{v} ≠ []", "{v}.length = {c}", "{v} = {w}", "{v}.length ≤ {w}.length"),
    "Bool": ("{v} = true", "{v} = false", "{v} = {w}", "{v} ≠ {w}", "({v} || {w}) = true"),
    "Option Nat": ("{v} ≠ none", "{v} = {w}", "{v}.isSome = true", "{v} = some {c}"),
    "Prop": ("{v}", "¬{v}", "{v} → {w}", "{v} ∨ {w}", "{w} → {v}", "{v} ∧ {w}"),
    "Nat → Nat": ("∀ t, {v} t ≤ {c}", "{v} 0 = {c}", "∀ t, t ≤ {v} t", "{v} {c} = {w} {c}"),
    "Nat → Prop": ("{v} {c}", "¬{v} {c}", "∀ t, {v} t → {v} (t + 1)", "∃ t, {v} t", "∀ t, {v} t → {w} t"),
    "Int → Prop": ("{v} {c}", "¬{v} {c}", "∃ t, {v} t", "∀ t, {v} t → {w} t"),
    "α → Prop": ("∃ t, {v} t", "¬∀ t, {v} t", "∀ t, {v} t → {w} t"),
    "α → α": ("∀ t, {v} ({v} t) = t", "∀ t, {v} t = {w} t"),
    "Int → Int": ("{v} 0 = {c}", "∀ t, {v} t = {w} t"),
    "α": ("{v} = {w}", "{v} ≠ {w}"),
}  # fmt: skip


def varied(maker: Maker, rng: Random) -> Theorem:
    """A theorem of `maker`, as it is or varied."""
    theorem = maker(rng)
    if rng.random() < JOINED:
        for _ in range(8):
            both = joined(theorem, maker(rng), rng)
            if both is not None:
                return both
    return distracted(theorem, rng) if rng.random() < DISTRACTED else theorem


def distracted(theorem: Theorem, rng: Random) -> Theorem:
    """The theorem with one or two more hypotheses about its variables, or one about a new one."""
    groups = binder_groups(theorem.binders)
    variables = [(name, kind) for names, kind in groups for name in names if kind in _ABOUT]
    used = {name for names, _ in groups for name in names} | set(re.findall(r"\w+", theorem.goal))
    extra = []
    if not _statements(variables) or rng.random() < 0.25:
        pool, kind = rng.choice(((NUMBERS, "Nat"), (PROPS, "Prop")))
        new = rng.choice([name for name in pool if name not in used])
        variables, used = [(new, kind)], used | {new}
        extra.append(f"({new} : {kind})")
    for _ in range(rng.randint(1, 2)):
        name, other, form = rng.choice(_statements(variables))
        fact = rng.choice([n for n in _FACTS if n not in used])
        used.add(fact)
        extra.append(f"({fact} : {form.format(v=name, w=other, c=rng.randint(0, 9))})")
    return replace(theorem, binders=" ".join(filter(None, (theorem.binders, *extra))))


def _statements(variables: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """What can be said of the variables: one, another of its type (or itself), and the form of the fact."""
    out = []
    for name, kind in variables:
        others = [n for n, k in variables if k == kind and n != name] or [name]
        out += [(name, o, form) for o in others for form in _ABOUT[kind] if o != name or "{w}" not in form]
    return out


def joined(one: Theorem, two: Theorem, rng: Random) -> Theorem | None:
    """`one ∧ two` or `one ∨ two`; `None` where they share names, `two` has definitions, or it grows long."""
    groups = [binder_groups(t.binders) for t in (one, two)]
    names = [{n for own, _ in group for n in own} for group in groups]
    binders = two.binders
    if "α" in names[0] & names[1]:
        binders = binders.removeprefix("(α : Type)").strip()
        names[1].discard("α")
    if names[0] & names[1] or two.preamble or len(one.goal + two.goal + one.binders + binders) > 160:
        return None
    sign = rng.choice("∧∧∨")
    parts = [f"({t.goal})" if re.search(r"[∀∃∧∨→↔]|¬", t.goal) else t.goal for t in (one, two)]
    scripts: list[tuple[str, ...]] = []
    for _ in range(3):
        left, right = (rng.choice(t.scripts) if t.scripts else None for t in (one, two))
        if sign == "∧" and left and right:
            scripts.append((rng.choice(("constructor", "refine ⟨?_, ?_⟩")), *left, *right))
        elif sign == "∨":
            scripts += [(side, *script) for side, script in (("left", left), ("right", right)) if script]
    text = " ".join(filter(None, (one.binders, binders)))
    return Theorem(
        one.family, text, f"{parts[0]} {sign} {parts[1]}", tuple(dict.fromkeys(scripts)), one.preamble
    )


def binder_groups(binders: str) -> list[tuple[list[str], str]]:
    """`(a b : Nat) (h : a = b)` as `[(["a", "b"], "Nat"), (["h"], "a = b")]`."""
    out, depth, start = [], 0, 0
    for index, char in enumerate(binders):
        if char == "(":
            start = index + 1 if depth == 0 else start
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                names, _, kind = binders[start:index].partition(" : ")
                out.append((names.split(), kind))
    return out
