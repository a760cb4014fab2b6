"""Variations of any theorem: hypotheses that are beside the point, other names and another order for those
that there are, and two theorems in one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from eva.data.contrast import changed
from eva.data.families.base import NUMBERS, PROPS, Maker, Theorem
from eva.data.goals import Goal, Hypothesis
from eva.data.script import Block, Node

DISTRACTED, MISLED, JOINED, SHUFFLED = 0.4, 0.3, 0.15, 0.7
"""Chances that a theorem gets hypotheses that it does not need, or misleading ones, that it is joined with
another one, and that its hypotheses are shuffled."""
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
_ANY = (
    "h",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "h₀",
    "h₁",
    "h₂",
    "h₃",
    "h₄",
    "H",
    "H0",
    "H1",
    "H2",
    "H3",
    "hp",
    "hq",
    "hx",
    "hy",
    "hw",
    "hab",
    "hle",
    "key",
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
    "ha",
    "hb",
    "hc",
    "hn",
    "hf",
    "hg",
    "fact",
    "eq1",
    "eq2",
    "hyp",
    "left",
    "main",
    "foo",
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
                theorem = both
                break
    if rng.random() < DISTRACTED:
        theorem = distracted(theorem, rng)
    if rng.random() < MISLED:
        theorem = misled(theorem, rng)
    return shuffled(theorem, rng) if rng.random() < SHUFFLED else theorem


def shuffled(theorem: Theorem, rng: Random) -> Theorem:
    """The theorem with its hypotheses in another order under other names, so that names say nothing."""
    groups = binder_groups(theorem.binders)
    facts = [(names, kind) for names, kind in groups if not Hypothesis(names[0], kind).is_data]
    data = [(names, kind) for names, kind in groups if Hypothesis(names[0], kind).is_data]
    rng.shuffle(facts)
    text = " ".join((theorem.binders, theorem.goal, theorem.preamble, *(n.text for n in _nodes(theorem))))
    used = set(re.findall(r"[^\W\d][\w₀-₉']*", text))
    old = [name for names, _ in facts for name in names]
    free = [name for name in _ANY if name not in used]
    if len(free) < len(old):
        return theorem
    new = dict(zip(old, rng.sample(free, len(old)), strict=True))

    def rename(text: str) -> str:
        return re.sub(r"(?<![\w.₀-₉'])[^\W\d][\w₀-₉']*", lambda m: new.get(m.group(), m.group()), text)

    binders = " ".join(
        f"({' '.join(new.get(name, name) for name in names)} : {kind})" for names, kind in (*data, *facts)
    )
    proofs = tuple(tuple(_mapped(node, rename) for node in proof) for proof in theorem.all_proofs())
    return replace(theorem, binders=binders, scripts=(), proofs=proofs)


def _nodes(theorem: Theorem) -> Iterator[Node]:
    def below(nodes: Sequence[Node]) -> Iterator[Node]:
        for node in nodes:
            yield node
            for block in node.blocks:
                yield Node(block.opening)
                yield from below(block.nodes)

    for proof in theorem.all_proofs():
        yield from below(proof)


def _mapped(node: Node, change: Callable[[str], str]) -> Node:
    blocks = (Block(b.opening, tuple(_mapped(inner, change) for inner in b.nodes)) for b in node.blocks)
    return Node(change(node.text), tuple(blocks))


def misled(theorem: Theorem, rng: Random) -> Theorem:
    """The theorem with one to three more hypotheses that look like its own, or like its goal."""
    hypotheses = tuple(
        Hypothesis(name, kind) for names, kind in binder_groups(theorem.binders) for name in names
    )
    goal = Goal("", hypotheses, theorem.goal)
    used = {h.name for h in hypotheses}
    extra = []
    for _ in range(rng.randint(1, 3)):
        models = [h.type for h in goal.facts] + ([goal.target] if rng.random() < 0.2 else [])
        model = rng.choice(models) if models else ""
        text = changed(model, goal, rng)
        fact = rng.choice([n for n in _FACTS if n not in used])
        if text not in (model, *(h.type for h in goal.facts)) and len(text) < 60 and "fun" not in text:
            used.add(fact)
            extra.append(f"({fact} : {text})")
    return replace(theorem, binders=" ".join(filter(None, (theorem.binders, *extra))))


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
    for _ in range(rng.randint(1, 4)):
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
    text = " ".join(filter(None, (one.binders, binders)))
    proofs = _joined_proofs(one, two, sign)
    return Theorem(
        one.family, text, f"{parts[0]} {sign} {parts[1]}", tuple(dict.fromkeys(scripts)), one.preamble, proofs
    )


def _joined_proofs(one: Theorem, two: Theorem, sign: str) -> tuple[tuple[Node, ...], ...]:
    """Proofs with bullets of a conjunction, or of one side of a disjunction."""
    first, second = one.all_proofs()[:1], two.all_proofs()[:1]
    if sign == "∧":
        return tuple(
            (Node("constructor"), Node("", (Block("·", a),)), Node("", (Block("·", b),)))
            for a in first
            for b in second
        )
    return tuple((Node(side), *proof) for side, own in (("left", first), ("right", second)) for proof in own)


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
