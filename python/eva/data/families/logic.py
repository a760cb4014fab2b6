"""Propositional logic, quantifiers, predicates as sets."""

from __future__ import annotations

from itertools import product
from random import Random

from eva.data.families.base import NUMBERS, PREDICATES, PROPS, Names, Theorem, bind

Formula = str | tuple["str", "Formula"] | tuple[str, "Formula", "Formula"]  # type: ignore[misc]
_BINDING = {"↔": 1, "→": 2, "∨": 3, "∧": 4}


def propositional(rng: Random) -> Theorem:
    """A random entailment between formulas; about one in six does not hold."""
    wanted = rng.random() > 0.16
    for _ in range(400):
        names = Names(rng)
        atoms = names.many(PROPS, rng.choice((2, 2, 3, 3, 4)))
        hypotheses = [_formula(rng, atoms, rng.choice((0, 1, 1, 2))) for _ in range(rng.randint(0, 4))]
        depth = rng.choice((1, 1, 2)) if hypotheses else rng.choice((2, 2, 3))
        target = _formula(rng, atoms, depth if rng.random() < 0.8 else 0)
        used = set().union(*(_atoms(f) for f in [*hypotheses, target]))
        if used != set(atoms) or target in hypotheses:
            continue
        holds = _entails(atoms, hypotheses, target)
        trivial = _entails(atoms, [], target) and hypotheses
        contradictory = _entails(atoms, hypotheses, "False")
        if holds != wanted or trivial or (contradictory and rng.random() < 0.9):
            continue
        facts = names.facts(len(hypotheses))
        binders = [bind(atoms, "Prop")]
        binders += [f"({n} : {_show(f)})" for n, f in zip(facts, hypotheses, strict=True)]
        return Theorem("propositional", " ".join(binders), _show(target))
    raise RuntimeError("no propositional theorem was found in 400 draws")


def quantifiers(rng: Random) -> Theorem:
    """Existentials with witnesses, and quantifiers over one predicate or two."""
    names = Names(rng)
    kind = rng.randrange(12)
    x, y = names.many(NUMBERS, 2)
    p, q, r = names.many(PREDICATES, 3)
    domain = rng.choice(("Nat", "Nat", "Int", "α"))
    start = "(α : Type) " if domain == "α" else ""
    preds = f"{start}({p} {q} : {domain} → Prop)"
    if kind == 0:
        a, b = rng.randint(1, 6), rng.randint(1, 20)
        w = rng.randint(0, 9)
        total = a * w + b + (rng.random() < 0.15)
        shown = f"{a} * {x} + {b} = {total}" if rng.random() < 0.7 else f"{x} + {b} = {w + b}"
        return Theorem(
            "quantifiers", "", f"∃ {x} : Nat, {shown}", ((f"exists {w}",), (f"refine ⟨{w}, ?_⟩", "rfl"))
        )
    if kind == 1:
        c, d = rng.randint(1, 9), rng.randint(1, 9)
        op = rng.choice(("<", "≤", "≠"))
        goal = f"∃ {y} : Nat, {x} + {c} {op} {y} ∧ {y} {rng.choice(('<', '≤'))} {x} + {c + d}"
        return Theorem(
            "quantifiers",
            f"({x} : Nat)",
            goal,
            ((f"exists {x} + {c + 1}", "omega"), (f"refine ⟨{x} + {c + 1}, ?_, ?_⟩", "omega", "omega")),
        )
    h, h2 = names.facts(2)
    if kind == 2:
        conn = rng.choice(("∧", "∨"))
        goal = f"∃ {x}, {q} {x} {conn} {p} {x}"
        return Theorem("quantifiers", f"{preds} ({h} : ∃ {x}, {p} {x} {conn} {q} {x})", goal)
    if kind == 3:
        a = rng.choice(("∃", "∀"))
        goal = f"({a} {x}, {p} {x}) {'∧' if a == '∀' else '∨'} ({a} {x}, {q} {x})"
        hyp = f"{a} {x}, {p} {x} {'∧' if a == '∀' else '∨'} {q} {x}"
        if rng.random() < 0.5:
            hyp, goal = goal, hyp
        return Theorem("quantifiers", f"{preds} ({h} : {hyp})", goal)
    if kind == 4:
        swap = rng.random() < 0.2
        a, b = (q, p) if swap else (p, q)
        goal = f"∃ {y}, {b} {y}"
        return Theorem(
            "quantifiers",
            f"{preds} ({h} : ∀ {x}, {a} {x} → {q} {x}) ({h2} : ∃ {x}, {p} {x})",
            goal,
            ((f"obtain ⟨w, hw⟩ := {h2}", f"exact ⟨w, {h} w hw⟩"),),
        )
    if kind == 5:
        return Theorem(
            "quantifiers",
            f"{preds} ({h} : ¬ ∃ {x}, {p} {x})",
            f"∀ {x}, ¬ {p} {x}",
            ((f"intro {y} hy", f"exact {h} ⟨{y}, hy⟩"), (f"intro {y} hy", f"apply {h}", f"exact ⟨{y}, hy⟩")),
        )
    if kind == 6:
        hyp = f"∃ {x}, ¬ {p} {x}" if rng.random() < 0.8 else f"∀ {x}, {q} {x}"
        return Theorem(
            "quantifiers",
            f"{preds} ({h} : {hyp})",
            f"¬ ∀ {x}, {p} {x}",
            (("intro hall", f"obtain ⟨w, hw⟩ := {h}", "exact hw (hall w)"),),
        )
    if kind == 7:
        rel = f"{start}({r} : {domain} → {domain} → Prop)"
        good = rng.random() < 0.75
        hyp, goal = f"∃ {x}, ∀ {y}, {r} {x} {y}", f"∀ {y}, ∃ {x}, {r} {x} {y}"
        if not good:
            hyp, goal = goal, hyp
        return Theorem(
            "quantifiers",
            f"{rel} ({h} : {hyp})",
            goal,
            ((f"intro {y}", f"obtain ⟨w, hw⟩ := {h}", f"exact ⟨w, hw {y}⟩"),),
        )
    if kind == 8:
        rel = f"{start}({r} : {domain} → {domain} → Prop) ({x} {y} : {domain})"
        z = names.pick(NUMBERS)
        t = names.facts(1)[0] if False else "hs"
        hyps = f"({t} : ∀ a b, {r} a b → {r} b a) ({h} : {r} {x} {y})"
        return Theorem(
            "quantifiers",
            f"{rel} {hyps}",
            f"∃ {z}, {r} {z} {x}",
            ((f"exact ⟨{y}, {t} {x} {y} {h}⟩",), (f"exists {y}", f"apply {t}", f"exact {h}")),
        )
    if kind == 9:
        t = names.pick(NUMBERS)
        c = rng.randint(0, 7)
        hyp = f"∀ {x}, {p} {x} → {q} ({x} + {c})"
        return Theorem(
            "quantifiers",
            f"({p} {q} : Nat → Prop) ({t} : Nat) ({h} : {hyp}) ({h2} : {p} {t})",
            f"∃ {y}, {q} {y}",
            (
                (f"exists {t} + {c}", f"exact {h} {t} {h2}"),
                (f"exact ⟨{t} + {c}, {h} {t} {h2}⟩",),
                (f"have hw := {h} {t} {h2}", f"exact ⟨_, hw⟩"),
            ),
        )
    if kind == 10:
        c, d = rng.randint(1, 9), rng.randint(0, 9)
        good = f"∀ {x} : Nat, {x} < {c} → {x} < {c + d}"
        bad = f"∀ {x} : Nat, {x} < {c + d + 1} → {x} < {c}"
        return Theorem(
            "quantifiers",
            "",
            good if rng.random() < 0.75 else bad,
            ((f"intro {x} hx", "omega"), (f"intro {x} hx", f"exact Nat.lt_of_lt_of_le hx (by decide)")),
        )
    a = rng.randint(2, 6)
    goal = f"∃ {x} {y} : Nat, {x} + {y} = {a + 3} ∧ {x} {rng.choice(('<', '≤', '≠'))} {y}"
    w = rng.randint(0, a)
    return Theorem(
        "quantifiers",
        "",
        goal,
        ((f"refine ⟨{w}, {a + 3 - w}, ?_, ?_⟩", "decide", "decide"), (f"exists {w}", f"exists {a + 3 - w}")),
    )


def predicates(rng: Random) -> Theorem:
    """Sets as predicates: inclusion chains, intersections, unions, complements."""
    names = Names(rng)
    count = rng.randint(2, 4)
    preds = names.many(PREDICATES, count)
    x = names.pick(NUMBERS)
    domain = rng.choice(("Nat", "Int", "α"))
    start = "(α : Type) " if domain == "α" else ""
    binders = [f"{start}({' '.join(preds)} : {domain} → Prop)"]
    kind = rng.randrange(7)
    h = names.facts(4)
    if kind <= 1:
        chain = [f"∀ {x}, {a} {x} → {b} {x}" for a, b in zip(preds, preds[1:], strict=False)]
        if rng.random() < 0.15:
            rng.shuffle(chain)
            chain = chain[1:]
        binders += [f"({n} : {c})" for n, c in zip(h, chain, strict=False)]
        body = f"{h[0]} w hw"
        for n in h[1 : len(chain)]:
            body = f"{n} w ({body})"
        back = [f"apply {n}" for n in reversed(h[: len(chain)])]
        return Theorem(
            "predicates",
            " ".join(binders),
            f"∀ {x}, {preds[0]} {x} → {preds[-1]} {x}",
            (("intro w hw", f"exact {body}"), ("intro w hw", *back, "exact hw")),
        )
    p, q = preds[0], preds[1]
    if kind == 2:
        conn, other = rng.sample(("∧", "∨"), 2) if rng.random() < 0.2 else ("∧", "∧")
        return Theorem(
            "predicates",
            binders[0],
            f"∀ {x}, {p} {x} {conn} {q} {x} → {q} {x} {other} {p} {x}",
            (
                ("intro w hw", "exact ⟨hw.2, hw.1⟩"),
                ("intro w ⟨h₁, h₂⟩", "constructor", "exact h₂", "exact h₁"),
            ),
        )
    if kind == 3:
        rest = preds[-1]
        binders += [f"({h[0]} : ∀ {x}, {p} {x} → {rest} {x})", f"({h[1]} : ∀ {x}, {q} {x} → {rest} {x})"]
        return Theorem(
            "predicates",
            " ".join(binders),
            f"∀ {x}, {p} {x} ∨ {q} {x} → {rest} {x}",
            (
                (
                    "intro w hw",
                    "cases hw with\n| inl h₁ => exact " + h[0] + " w h₁\n| inr h₂ => exact " + h[1] + " w h₂",
                ),
                ("intro w hw", "rcases hw with h₁ | h₂", f"exact {h[0]} w h₁", f"exact {h[1]} w h₂"),
            ),
        )
    if kind == 4:
        binders.append(f"({h[0]} : ∀ {x}, {p} {x} → {q} {x})")
        goal = f"∀ {x}, ¬ {q} {x} → ¬ {p} {x}" if rng.random() < 0.7 else f"∀ {x}, ¬ {p} {x} → ¬ {q} {x}"
        return Theorem(
            "predicates",
            " ".join(binders),
            goal,
            (
                ("intro w hw hp", f"exact hw ({h[0]} w hp)"),
                ("intro w hw hp", "apply hw", f"apply {h[0]}", "exact hp"),
            ),
        )
    if kind == 5:
        y = names.pick(NUMBERS)
        binders += [f"({y} : {domain})", f"({h[0]} : {p} {y})", f"({h[1]} : ∀ {x}, {p} {x} ↔ {q} {x})"]
        return Theorem(
            "predicates",
            " ".join(binders),
            f"{q} {y}",
            (
                (f"exact ({h[1]} {y}).mp {h[0]}",),
                (f"rw [← {h[1]}]", f"exact {h[0]}"),
                (f"have key := ({h[1]} {y}).1", f"exact key {h[0]}"),
            ),
        )
    goal = f"(fun {x} => {p} {x} ∧ {q} {x}) = (fun {x} => {q} {x} ∧ {p} {x})"
    if rng.random() < 0.5:
        goal = goal.replace("∧", "∨")
    return Theorem(
        "predicates",
        binders[0],
        goal,
        (
            (f"funext {x}", "apply propext", "constructor", "intro hw"),
            (f"funext {x}", "simp only [and_comm]"),
            (f"funext {x}", "simp only [or_comm]"),
            (f"funext {x}", "exact propext and_comm"),
            (f"funext {x}", "exact propext or_comm"),
        ),
    )


def _formula(rng: Random, atoms: list[str], depth: int) -> Formula:
    if depth == 0 or rng.random() < 0.12:
        return rng.choice(atoms)
    kind = rng.choice(("∧", "∨", "→", "∧", "∨", "→", "¬", "↔"))
    if kind == "¬":
        return ("¬", _formula(rng, atoms, depth - 1))
    left = _formula(rng, atoms, depth - 1)
    right = _formula(rng, atoms, rng.randint(0, depth - 1))
    for _ in range(5):
        if left != right:
            break
        right = _formula(rng, atoms, depth - 1)
    return (kind, left, right)


def _atoms(formula: Formula) -> set[str]:
    if isinstance(formula, str):
        return {formula}
    return set().union(*(_atoms(part) for part in formula[1:]))


def _holds(formula: Formula, world: dict[str, bool]) -> bool:
    if isinstance(formula, str):
        return world.get(formula, False)
    if formula[0] == "¬":
        return not _holds(formula[1], world)
    left, right = _holds(formula[1], world), _holds(formula[2], world)
    return {"∧": left and right, "∨": left or right, "→": not left or right, "↔": left == right}[formula[0]]


def _entails(atoms: list[str], hypotheses: list[Formula], target: Formula) -> bool:
    for values in product((False, True), repeat=len(atoms)):
        world = dict(zip(atoms, values, strict=True))
        if all(_holds(h, world) for h in hypotheses) and not _holds(target, world):
            return False
    return True


def _show(formula: Formula, outer: int = 0) -> str:
    if isinstance(formula, str):
        return formula
    if formula[0] == "¬":
        return f"¬{_show(formula[1], 9)}"
    level = _BINDING[formula[0]]
    text = (
        f"{_show(formula[1], level + 1)} {formula[0]} {_show(formula[2], level if formula[0] != '↔' else 2)}"
    )
    return f"({text})" if level < outer or (level == outer and formula[0] == "↔") else text
