"""Equational rewriting, induction, simple recursive definitions."""

from __future__ import annotations

from random import Random

from eva.data.families.base import NUMBERS, Names, Theorem

Form = tuple[str, str, tuple[tuple[str, ...], ...]]


def rewriting(rng: Random) -> Theorem:
    """Chains of equations, forwards and backwards, and ring-like rearrangements."""
    names = Names(rng)
    if rng.random() < 0.6:
        length = rng.randint(2, 4)
        kind = rng.choice(("Nat", "Nat", "Int", "α"))
        points = names.many(NUMBERS, length + 1)
        facts = names.facts(length)
        f = names.pick(("f", "g", "u"))
        links = list(zip(points, points[1:], strict=False))
        flips = [rng.random() < 0.35 for _ in links]
        wrap = rng.random() < 0.4
        start = "(α : Type) " if kind == "α" else ""
        binders = f"{start}({' '.join(points)} : {kind})" + (f" ({f} : {kind} → {kind})" if wrap else "")
        parts = [
            f"({n} : {b} = {a})" if flip else f"({n} : {a} = {b})"
            for n, (a, b), flip in zip(facts, links, flips, strict=True)
        ]
        broken = rng.random() < 0.15
        if broken:
            del parts[rng.randrange(len(parts))]
        first, last = points[0], points[-1]
        back = rng.random() < 0.3
        goal = f"{f} {first} = {f} {last}" if wrap else f"{first} = {last}"
        if back:
            goal = f"{f} {last} = {f} {first}" if wrap else f"{last} = {first}"
        items = [("← " if flip else "") + n for n, flip in zip(facts, flips, strict=True)]
        rewrite = f"rw [{', '.join(items)}]"
        single = tuple(f"rw [{item}]" for item in items)
        terms = [f"{n}.symm" if flip else n for n, flip in zip(facts, flips, strict=True)]
        chain = terms[0] + "".join(
            f".trans {'(' + term + ')' if '.' in term else term}" if i == 0 else ""
            for i, term in enumerate(terms[1:])
        )
        term = terms[0]
        for other in terms[1:]:
            term = f"({term}).trans {other}" if " " in term or "." in term else f"{term}.trans {other}"
        calc = f"calc {first} = {points[1]} := {terms[0]}" + "".join(
            f"\n  _ = {b} := {t}" for (_, b), t in zip(links[1:], terms[1:], strict=True)
        )
        scripts: tuple[tuple[str, ...], ...] = (
            (rewrite,),
            single,
            (calc,),
            (f"exact {term}",),
            tuple(f"subst {n}" for n in facts) + ("rfl",),
        )
        if back:
            scripts = (("symm", *scripts[0]), (f"exact ({term}).symm",), scripts[-1], ("symm", *single))
        elif wrap:
            scripts = ((rewrite,), single, scripts[-1], ("congr", f"exact {term}"))
        _ = chain
        return Theorem("rewriting", f"{binders} {' '.join(parts)}", goal, scripts)
    a, b, c = names.many(NUMBERS, 3)
    h = names.facts(1)[0]
    d = rng.choice(("Nat", "Int"))
    k = rng.randint(2, 7)
    forms: list[Form] = [
        (
            f"({a} {b} {c} : {d})",
            f"{a} + {b} + {c} = {c} + {b} + {a}",
            (
                ("omega",),
                (f"rw [{d}.add_comm {a} {b}, {d}.add_comm ({b} + {a}) {c}, {d}.add_assoc]",),
                (f"rw [{d}.add_comm {a} {b}]", "omega"),
            ),
        ),
        (
            f"({a} {b} {c} : {d})",
            f"{a} * ({b} + {c}) = {a} * {c} + {a} * {b}",
            ((f"rw [{d}.mul_add, {d}.add_comm]",), (f"rw [{d}.mul_add]", f"rw [{d}.add_comm]")),
        ),
        (
            f"({a} {b} {c} : {d})",
            f"{a} * {b} * {c} = {a} * ({c} * {b})",
            (
                (f"rw [{d}.mul_assoc, {d}.mul_comm {b} {c}]",),
                (f"rw [{d}.mul_assoc]", f"rw [{d}.mul_comm {b}]"),
            ),
        ),
        (f"({a} {b} {c} : {d})", f"{a} * ({b} + {c}) = {a} * {b} + {c}", ()),
        (
            f"({a} {b} : {d}) ({h} : {a} = {b} + {k})",
            f"{a} * {a} = ({b} + {k}) * ({b} + {k})",
            ((f"rw [{h}]",), (f"subst {h}", "rfl")),
        ),
        (
            f"({a} {b} : {d}) ({h} : {a} = {k} * {b})",
            f"{a} + {a} = {2 * k} * {b}",
            (("omega",), (f"subst {h}", "omega"), (f"rw [{h}]", "omega")),
        ),
        (
            f"({a} {b} : {d}) ({h} : {a} + {b} = {k})",
            f"{b} + {a} = {k}",
            ((f"rw [{d}.add_comm]", f"exact {h}"), ("omega",), (f"rw [← {h}, {d}.add_comm]",)),
        ),
        (
            f"({a} {b} {c} : {d}) ({h} : {b} = {c})",
            f"{a} * {b} + {b} = {a} * {c} + {c}",
            ((f"rw [{h}]",), (f"subst {h}", "rfl"), (f"simp only [{h}]",)),
        ),
        (
            f"({a} {b} : {d})",
            f"({a} + {b}) * {k} = {k} * {a} + {k} * {b}",
            (("omega",), (f"rw [{d}.mul_comm, {d}.mul_add]",)),
        ),
        (
            f"({a} {b} : {d}) ({h} : {b} = {a} * {k})",
            f"{b} = {k} * {a}",
            ((f"rw [{h}, {d}.mul_comm]",), (f"rw [{h}]", f"exact {d}.mul_comm {a} {k}"), ("omega",)),
        ),
    ]
    binders, goal, scripts = rng.choice(forms)
    return Theorem("rewriting", binders, goal, scripts)


def induction(rng: Random) -> Theorem:
    """Facts that need induction: functions given by their equations, predicates closed under a step."""
    names = Names(rng)
    f = names.pick(("f", "g", "u", "s", "F"))
    p = names.pick(("P", "Q", "R"))
    n, x = names.many(("n", "m", "k", "i", "j", "x"), 2)
    h0, h1 = names.facts(2)
    a, b = rng.randint(0, 6), rng.randint(1, 6)
    w = b if rng.random() < 0.8 else b + 1
    zero = f"({f} : Nat → Nat) ({h0} : {f} 0 = {a})"
    value = f"{a} + {w} * {n}" if a else f"{w} * {n}"
    forms: list[Form] = [
        (
            f"{zero} ({h1} : ∀ {x}, {f} ({x} + 1) = {f} {x} + {b})",
            f"∀ {n}, {f} {n} = {value}",
            (
                (
                    f"intro {n}",
                    f"induction {n} with\n| zero => simp [{h0}]\n| succ k ih => rw [{h1}, ih]; omega",
                ),
                (f"intro {n}", f"induction {n}", f"simp [{h0}]", f"rw [{h1}]", "omega"),
            ),
        ),
        (
            f"{zero} ({h1} : ∀ {x}, {f} ({x} + 1) = {f} {x} + {b}) ({n} : Nat)",
            f"{f} {n} = {value}",
            (
                (f"induction {n} with\n| zero => simpa using {h0}\n| succ k ih => have := {h1} k; omega",),
                (f"induction {n}", "omega", f"rw [{h1}]", "omega"),
            ),
        ),
        (
            f"{zero} ({h1} : ∀ {x}, {f} ({x} + 1) = {f} {x} + {b}) ({n} : Nat)",
            f"{a if w == b else a + 1} ≤ {f} {n}",
            (
                (f"induction {n} with\n| zero => omega\n| succ k ih => have := {h1} k; omega",),
                (f"induction {n}", "omega", f"rw [{h1}]", "omega"),
            ),
        ),
        (
            f"({p} : Nat → Prop) ({h0} : {p} {a}) ({h1} : ∀ {x}, {p} {x} → {p} ({x} + 1)) ({n} : Nat)",
            f"{p} ({a} + {n})" if rng.random() < 0.8 else f"{p} {n}",
            (
                (f"induction {n} with\n| zero => exact {h0}\n| succ k ih => exact {h1} _ ih",),
                (f"induction {n}", f"exact {h0}", f"apply {h1}", "assumption"),
            ),
        ),
        (
            f"({p} : Nat → Prop) ({h0} : {p} 0) ({h1} : ∀ {x}, {p} {x} → {p} ({x} + 1))",
            f"∀ {n}, {p} {n}",
            (
                (f"intro {n}", f"induction {n} with\n| zero => exact {h0}\n| succ k ih => exact {h1} k ih"),
                (f"intro {n}", f"induction {n}", f"exact {h0}", f"apply {h1}", "assumption"),
            ),
        ),
        (
            f"({p} : Nat → Prop) ({h0} : {p} 0) ({h1} : ∀ {x}, {p} {x} → {p} ({x} + {b + 1}))",
            f"∀ {n}, {p} {n}",
            ((f"intro {n}", f"induction {n}", f"exact {h0}"),),
        ),
        (
            f"({p} : Nat → Prop) ({h0} : {p} 0) ({h1} : ∀ {x}, {p} {x} → {p} ({x} + {b})) ({n} : Nat)",
            f"{p} ({n} * {w})",
            (
                (
                    f"induction {n} with\n| zero => simpa using {h0}\n| succ k ih => rw [Nat.succ_mul]; exact {h1} _ ih",
                ),
                (f"induction {n}", f"simpa using {h0}", "rw [Nat.succ_mul]", f"apply {h1}", "assumption"),
            ),
        ),
        (
            f"({f} : Nat → Nat) ({h1} : ∀ {x}, {f} {x} ≤ {f} ({x} + 1)) ({n} : Nat)",
            f"{f} 0 ≤ {f} {n}" if rng.random() < 0.8 else f"{f} {n} ≤ {f} 0",
            (
                (
                    f"induction {n} with\n| zero => exact Nat.le_refl _\n| succ k ih => exact Nat.le_trans ih ({h1} k)",
                ),
                (
                    f"induction {n}",
                    "exact Nat.le_refl _",
                    "apply Nat.le_trans",
                    "assumption",
                    f"exact {h1} _",
                ),
            ),
        ),
        (
            f"({f} : Nat → Nat) ({h1} : ∀ {x}, {f} {x} + {b} ≤ {f} ({x} + 1)) ({n} : Nat)",
            f"{w} * {n} ≤ {f} {n}",
            (
                (f"induction {n} with\n| zero => simp\n| succ k ih => have := {h1} k; omega",),
                (f"induction {n}", "simp", f"have step := {h1} _", "omega"),
            ),
        ),
        (
            f"({n} : Nat)",
            f"{n} < 2 ^ {n}",
            (
                (f"exact Nat.lt_two_pow_self",),
                (f"induction {n} with\n| zero => decide\n| succ k ih => rw [Nat.pow_succ]; omega",),
                (f"induction {n}", "decide", "rw [Nat.pow_succ]", "omega"),
            ),
        ),
        (
            f"({n} : Nat)",
            f"{a} < {b + 1} ^ {n}",
            (
                (f"induction {n} with\n| zero => decide\n| succ k ih => rw [Nat.pow_succ]; omega",),
                (f"induction {n}", "decide", "rw [Nat.pow_succ]", "omega"),
                ("exact Nat.pow_pos (by decide)",),
            ),
        ),
        (
            f"({n} : Nat)",
            f"{n} ≤ {n} * {n}",
            (
                (f"cases {n}", "simp", "exact Nat.le_mul_of_pos_left _ (Nat.succ_pos _)"),
                (f"exact Nat.le_mul_self {n}",),
                (f"induction {n} with\n| zero => simp\n| succ k ih => rw [Nat.mul_succ]; omega",),
            ),
        ),
        (
            f"({f} : Nat → Nat) ({h0} : {f} 0 = 1) ({h1} : ∀ {x}, {f} ({x} + 1) = {b + 1} * {f} {x}) ({n} : Nat)",
            f"{f} {n} = {b + 1 if w == b else b + 2} ^ {n}",
            (
                (
                    f"induction {n} with\n| zero => rw [{h0}, Nat.pow_zero]\n| succ k ih => rw [{h1}, ih, Nat.pow_succ, Nat.mul_comm]",
                ),
                (f"induction {n}", f"simp [{h0}]", f"rw [{h1}, Nat.pow_succ, Nat.mul_comm]", "simp_all"),
            ),
        ),
        (
            f"({f} : Nat → Nat) ({h0} : 0 < {f} 0) ({h1} : ∀ {x}, {f} {x} < {f} ({x} + 1)) ({n} : Nat)",
            f"{n} {rng.choice(('<', '≤'))} {f} {n}",
            (
                (f"induction {n} with\n| zero => omega\n| succ k ih => have := {h1} k; omega",),
                (f"induction {n}", "omega", f"have step := {h1} _", "omega"),
            ),
        ),
        (
            f"({f} : List Nat → Nat) ({h0} : {f} [] = {a}) ({h1} : ∀ y l, {f} (y :: l) = {f} l + {b}) ({n} : List Nat)",
            f"{f} {n} = {a} + {w} * {n}.length",
            (
                (
                    f"induction {n} with\n| nil => simp [{h0}]\n| cons y l ih => rw [{h1}, ih, List.length_cons]; omega",
                ),
                (f"induction {n}", f"simp [{h0}]", f"rw [{h1}, List.length_cons]", "omega"),
            ),
        ),
    ]
    binders, goal, scripts = rng.choice(forms)
    return Theorem("induction", binders, goal, scripts)


def recursive(rng: Random) -> Theorem:
    """Small recursive definitions over Nat and lists, and facts about them."""
    names = Names(rng)
    f = names.pick(("dbl", "grow", "tri", "count", "walk", "fn", "total", "step", "acc", "climb"))
    n, m = names.many(("n", "m", "k", "a", "b", "x"), 2)
    a, b = rng.randint(0, 5), rng.randint(1, 5)
    w = b if rng.random() < 0.8 else b + 1
    kind = rng.randrange(7)
    line = f"def {f} : Nat → Nat\n  | 0 => {a}\n  | k + 1 => {f} k + {b}"
    ind = f"induction {n} with\n| zero => rfl\n| succ k ih => simp only [{f}]; omega"
    steps = (f"induction {n}", "rfl", f"simp only [{f}]", "omega")
    unfolds = (f"induction {n}", "rfl", f"unfold {f}", "omega")
    value = f"{w} * {n} + {a}" if a else f"{w} * {n}"
    if kind == 0:
        return Theorem(
            "recursive",
            f"({n} : Nat)",
            f"{f} {n} = {value}",
            ((ind,), steps, unfolds, (f"induction {n}", "simp [" + f + "]", f"rw [{f}]", "omega")),
            line,
        )
    if kind == 1:
        c = rng.randint(1, 4)
        out = a + b * c + (w != b)
        return Theorem(
            "recursive",
            "",
            f"{f} {c} = {out}",
            (("rfl",), ("decide",), (f"simp [{f}]",), (f"simp only [{f}]",)),
            line,
        )
    if kind == 2:
        return Theorem(
            "recursive",
            f"({n} : Nat)",
            f"{f} {n} {rng.choice(('<', '≤'))} {f} ({n} + 1)",
            (
                (f"simp only [{f}]", "omega"),
                (f"rw [{f}]", "omega"),
                (f"unfold {f}", "omega"),
                (f"simp [{f}]",),
            ),
            line,
        )
    if kind == 3:
        shape = (
            f"{f} ({n} + {m}) + {a} = {f} {n} + {f} {m}"
            if w == b
            else f"{f} ({n} + {m}) = {f} {n} + {f} {m} + 1"
        )
        return Theorem(
            "recursive",
            f"({n} {m} : Nat)",
            shape,
            (
                (
                    f"induction {m} with\n| zero => rfl\n| succ k ih => rw [← Nat.add_assoc]; simp only [{f}]; omega",
                ),
                (f"induction {m}", "rfl", "rw [← Nat.add_assoc]", f"simp only [{f}]", "omega"),
                (f"induction {m}", f"simp [{f}]", f"simp only [{f}, ← Nat.add_assoc]", "omega"),
            ),
            line,
        )
    lst = f"def {f} : List Nat → Nat\n  | [] => {a}\n  | x :: xs => {'x' if kind == 4 else str(b)} + {f} xs"
    l1, l2 = names.many(("xs", "ys", "l", "t"), 2)
    if kind == 4:
        goal = (
            f"{f} ({l1} ++ {l2}) + {a} = {f} {l1} + {f} {l2}"
            if w == b
            else f"{f} ({l1} ++ {l2}) = {f} {l1} + {f} {l2}"
        )
        if a == 0 and w == b:
            goal = f"{f} ({l1} ++ {l2}) = {f} {l1} + {f} {l2}"
        return Theorem(
            "recursive",
            f"({l1} {l2} : List Nat)",
            goal,
            (
                (
                    f"induction {l1} with\n| nil => simp [{f}]\n| cons y l ih => simp only [List.cons_append, {f}]; omega",
                ),
                (f"induction {l1}", f"simp [{f}]", f"simp only [List.cons_append, {f}]", "omega"),
            ),
            lst,
        )
    if kind == 5:
        return Theorem(
            "recursive",
            f"({l1} : List Nat)",
            f"{f} {l1} = {a} + {w} * {l1}.length",
            (
                (
                    f"induction {l1} with\n| nil => rfl\n| cons y l ih => simp only [{f}, List.length_cons]; omega",
                ),
                (f"induction {l1}", "rfl", f"simp only [{f}, List.length_cons]", "omega"),
            ),
            lst,
        )
    tri = f"def {f} : Nat → Nat\n  | 0 => 0\n  | k + 1 => {f} k + {b} * (k + 1)"
    goal = rng.choice(
        (f"2 * {f} {n} = {w} * ({n} * ({n} + 1))", f"{n} ≤ {f} {n}", f"{f} {n} ≤ {f} ({n} + 1)")
    )
    return Theorem(
        "recursive",
        f"({n} : Nat)",
        goal,
        (
            (f"induction {n} with\n| zero => rfl\n| succ k ih => simp only [{f}]; grind",),
            (f"induction {n}", "rfl", f"simp only [{f}]", "grind"),
            (f"induction {n}", "rfl", f"rw [{f}]", "omega"),
            (f"simp only [{f}]", "omega"),
        ),
        tri,
    )
