"""Linear arithmetic over Nat and Int, divisibility and remainders."""

from __future__ import annotations

from random import Random

from eva.data.families.base import NUMBERS, Names, Theorem, bind, coefficient


def nat_linear(rng: Random) -> Theorem:
    """Linear facts over Nat, from one inequality to small systems, with targets of many shapes."""
    if rng.random() < 0.35:
        return _order_lemmas(rng)
    return _linear(rng, "nat_linear", "Nat")


def int_linear(rng: Random) -> Theorem:
    """Linear facts over Int, with negative numbers."""
    return _linear(rng, "int_linear", "Int")


def _linear(rng: Random, family: str, kind: str) -> Theorem:
    names = Names(rng)
    variables = names.many(NUMBERS, rng.randint(1, 4))
    low = -8 if kind == "Int" else 0
    world = {v: rng.randint(low, 12) for v in variables}
    hypotheses: list[tuple[dict[str, int], str, int]] = []
    for _ in range(rng.randint(1, 3)):
        chosen = rng.sample(variables, rng.randint(1, min(2, len(variables))))
        terms = {v: rng.randint(1, 4) * (rng.choice((1, 1, -1)) if kind == "Int" else 1) for v in chosen}
        total = sum(c * world[v] for v, c in terms.items())
        relation = rng.choice(("≤", "<", "=", "≥"))
        slack = 0 if relation == "=" else rng.randint(0, 4)
        bound = total + (slack if relation in "≤<" else -slack) + (relation == "<")
        if kind == "Nat" and bound < 0:
            bound = 0
        hypotheses.append((terms, relation, bound))
    facts = names.facts(len(hypotheses))
    binders = [bind(variables, kind)]
    binders += [
        f"({n} : {_side(t)} {r} {_literal(b)})" for n, (t, r, b) in zip(facts, hypotheses, strict=True)
    ]
    # a nonnegative combination of the hypotheses that bound from above is a consequence of them
    upper = [(t, b - (r == "<")) for t, r, b in hypotheses if r in "≤<="]
    lower = [(t, b) for t, r, b in hypotheses if r in "≥="]
    pool, relation = (upper, "≤") if upper and (not lower or rng.random() < 0.6) else (lower, "≥")
    terms_sum: dict[str, int] = {}
    bound = 0
    for terms, limit in pool:
        factor = rng.randint(1, 2)
        bound += factor * limit
        for v, c in terms.items():
            terms_sum[v] = terms_sum.get(v, 0) + factor * c
    slack = rng.choice((0, 0, 1, 3))
    wrong = rng.random() < 0.18
    sign = 1 if relation == "≤" else -1
    bound += sign * slack - (sign * (slack + 1) if wrong else 0)
    terms_sum = {v: c for v, c in terms_sum.items() if c} or {variables[0]: 1}
    core = f"{_side(terms_sum)} {relation} {_literal(bound)}"
    strict = f"{_side(terms_sum)} {'<' if relation == '≤' else '>'} {_literal(bound + sign)}"
    other = f"{_side({variables[-1]: 1})} {rng.choice(('≤', '≥'))} {_literal(world[variables[-1]])}"
    shape = rng.randrange(9)
    if shape <= 2:
        goal = core
    elif shape == 3:
        goal = strict
    elif shape == 4:
        goal = f"{core} ∧ {strict}"
    elif shape == 5:
        goal = f"{core} ∨ {other}" if rng.random() < 0.5 else f"{other} ∨ {core}"
    elif shape == 6:
        goal = f"¬ {_side(terms_sum)} {'>' if relation == '≤' else '<'} {_literal(bound)}"
    elif shape == 7:
        extra = names.pick(NUMBERS)
        goal = f"∀ {extra} : {kind}, {extra} {relation} {_literal(bound)} → {_side(terms_sum)} + {extra} {relation} {_literal(2 * bound)}"
    else:
        goal = f"{_side(terms_sum)} ≠ {_literal(bound + sign * rng.randint(1, 5))}"
    return Theorem(family, " ".join(binders), goal)


def _order_lemmas(rng: Random) -> Theorem:
    """Order facts over Nat that a lemma by name can prove, and near misses of them."""
    names = Names(rng)
    a, b, c, d = names.many(NUMBERS, 4)
    h1, h2 = names.facts(2)
    k = rng.randint(1, 9)
    forms: list[tuple[str, str, tuple[tuple[str, ...], ...]]] = [
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} ≤ {b}) ({h2} : {b} ≤ {c})",
            f"{a} ≤ {c}",
            (
                (f"exact Nat.le_trans {h1} {h2}",),
                (f"exact {h1}.trans {h2}",),
                (f"apply Nat.le_trans {h1}", f"exact {h2}"),
                (f"calc {a} ≤ {b} := {h1}\n  _ ≤ {c} := {h2}",),
            ),
        ),
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} < {b}) ({h2} : {b} ≤ {c})",
            f"{a} < {c}",
            ((f"exact Nat.lt_of_lt_of_le {h1} {h2}",), (f"apply Nat.lt_of_lt_of_le {h1}", f"exact {h2}")),
        ),
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} ≤ {b}) ({h2} : {b} < {c})",
            f"{a} < {c}",
            ((f"exact Nat.lt_of_le_of_lt {h1} {h2}",), (f"apply Nat.lt_of_le_of_lt {h1}", f"exact {h2}")),
        ),
        (f"({a} {b} {c} : Nat) ({h1} : {a} ≤ {b}) ({h2} : {b} ≤ {c})", f"{a} < {c}", ()),
        (
            f"({a} {b} : Nat) ({h1} : {a} ≤ {b}) ({h2} : {b} ≤ {a})",
            f"{a} = {b}",
            ((f"exact Nat.le_antisymm {h1} {h2}",), ("apply Nat.le_antisymm", f"exact {h1}", f"exact {h2}")),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} < {b})",
            f"{a} ≤ {b}",
            ((f"exact Nat.le_of_lt {h1}",), ("apply Nat.le_of_lt", f"exact {h1}")),
        ),
        (f"({a} {b} : Nat) ({h1} : {a} ≤ {b})", f"{a} < {b}", ()),
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} ≤ {b})",
            f"{a} + {c} ≤ {b} + {c}",
            ((f"exact Nat.add_le_add_right {h1} {c}",), ("apply Nat.add_le_add_right", f"exact {h1}")),
        ),
        (
            f"({a} {b} {c} {d} : Nat) ({h1} : {a} ≤ {b}) ({h2} : {c} ≤ {d})",
            f"{a} + {c} ≤ {b} + {d}",
            ((f"exact Nat.add_le_add {h1} {h2}",), ("apply Nat.add_le_add", f"exact {h1}", f"exact {h2}")),
        ),
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} ≤ {b})",
            f"{c} * {a} ≤ {c} * {b}",
            ((f"exact Nat.mul_le_mul_left {c} {h1}",), ("apply Nat.mul_le_mul_left", f"exact {h1}")),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} ≤ {b})",
            f"{a} - {k} ≤ {b}",
            (("omega",), (f"exact Nat.le_trans (Nat.sub_le {a} {k}) {h1}",)),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} + {k} = {b})",
            f"{b} - {k} = {a}",
            (("omega",), (f"subst {h1}", f"exact Nat.add_sub_cancel"), (f"rw [← {h1}]", "simp")),
        ),
        (f"({a} {b} : Nat) ({h1} : {a} - {k} = {b})", f"{a} = {b} + {k}", ()),
        (f"({a} {b} : Nat)", f"{a} ≤ {b} ∨ {b} ≤ {a}", ((f"exact Nat.le_total {a} {b}",), ("omega",))),
        (f"({a} {b} : Nat)", f"{a} < {b} ∨ {b} < {a}", ()),
        (f"({a} : Nat)", f"{a} < {a} + {k}", ((f"exact Nat.lt_add_of_pos_right (by decide)",), ("omega",))),
        (
            f"({a} {b} : Nat) ({h1} : {a} ≠ {b})",
            f"{a} < {b} ∨ {b} < {a}",
            ((f"exact Nat.lt_or_gt_of_ne {h1}",), ("omega",)),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} < {b})",
            f"¬ {b} ≤ {a}",
            (
                (f"exact Nat.not_le_of_lt {h1}",),
                (f"exact Nat.not_le.mpr {h1}",),
                ("intro hc", "omega"),
                ("intro hc", f"exact Nat.lt_irrefl _ (Nat.lt_of_lt_of_le {h1} hc)"),
            ),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} + {k} ≤ {b})",
            f"∃ {c}, {b} = {a} + {c}",
            ((f"exists {b} - {a}", "omega"), (f"exact ⟨{b} - {a}, by omega⟩",)),
        ),
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} + {c} = {b} + {c})",
            f"{a} = {b}",
            ((f"exact Nat.add_right_cancel {h1}",), ("omega",)),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} = 0 ∨ {b} = 0)",
            f"{a} * {b} = 0",
            (
                (f"cases {h1} with\n| inl hz => simp [hz]\n| inr hz => simp [hz]",),
                (f"rcases {h1} with hz | hz", "rw [hz, Nat.zero_mul]", "rw [hz, Nat.mul_zero]"),
                (f"rcases {h1} with hz | hz", "subst hz", "exact Nat.zero_mul _", "simp [hz]"),
            ),
        ),
        (
            f"({a} : Nat) ({h1} : {a} ≠ 0)",
            f"0 < {a}",
            ((f"exact Nat.pos_of_ne_zero {h1}",), (f"cases {a}", "contradiction", "exact Nat.succ_pos _")),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} ≤ {b})",
            f"min {a} {b} = {a}",
            ((f"exact Nat.min_eq_left {h1}",), ("omega",)),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} ≤ {b})",
            f"max {a} {b} = {rng.choice((a, b))}",
            ((f"exact Nat.max_eq_right {h1}",), ("omega",)),
        ),
        (
            f"({a} {b} : Nat)",
            f"(if {a} ≤ {b} then {a} else {b}) ≤ {rng.choice((a, b))}",
            (("split", "omega", "omega"), ("split", "assumption", "omega")),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} + 1 = {b} + 1)",
            f"{a} = {b}",
            ((f"injection {h1}",), (f"exact Nat.succ.inj {h1}",)),
        ),
    ]
    binders, goal, scripts = rng.choice(forms)
    return Theorem("nat_linear", binders, goal, scripts)


def divisibility(rng: Random) -> Theorem:
    """Divisibility and remainders over Nat, with near misses."""
    names = Names(rng)
    a, b, c = names.many(NUMBERS, 3)
    h1, h2 = names.facts(2)
    k = rng.randint(2, 9)
    r = rng.randrange(k)
    j = rng.randint(1, 6)
    forms: list[tuple[str, str, tuple[tuple[str, ...], ...]]] = [
        (
            f"({a} {b} : Nat) ({h1} : {a} % {k} = {r})",
            f"({a} + {b} * {k}) % {k} = {r}",
            ((f"rw [Nat.add_mul_mod_self_right]", f"exact {h1}"), ("omega",)),
        ),
        (f"({a} : Nat) ({h1} : {a} % {k} = {r})", f"({a} + {j * k}) % {k} = {r}", (("omega",),)),
        (
            f"({a} : Nat) ({h1} : {a} % {k} = {r})",
            f"({a} + {j}) % {k} = {(r + j) % k if rng.random() < 0.7 else (r + j + 1) % k}",
            (("omega",),),
        ),
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} ∣ {b}) ({h2} : {a} ∣ {c})",
            f"{a} ∣ {b} + {c}",
            (
                (f"exact Nat.dvd_add {h1} {h2}",),
                ("apply Nat.dvd_add", f"exact {h1}", f"exact {h2}"),
                (
                    f"obtain ⟨u, hu⟩ := {h1}",
                    f"obtain ⟨v, hv⟩ := {h2}",
                    "exact ⟨u + v, by rw [hu, hv, Nat.mul_add]⟩",
                ),
            ),
        ),
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} ∣ {b}) ({h2} : {b} ∣ {c})",
            f"{a} ∣ {c}",
            ((f"exact Nat.dvd_trans {h1} {h2}",), (f"apply Nat.dvd_trans {h1}", f"exact {h2}")),
        ),
        (
            f"({a} {b} {c} : Nat) ({h1} : {a} ∣ {b})",
            f"{a} ∣ {b} * {c}",
            (
                (f"exact Nat.dvd_mul_right_of_dvd {h1} {c}",),
                (f"obtain ⟨w, hw⟩ := {h1}", f"exact ⟨w * {c}, by rw [hw, Nat.mul_assoc]⟩"),
            ),
        ),
        (f"({a} {b} {c} : Nat) ({h1} : {a} ∣ {b} * {c})", f"{a} ∣ {b}", ()),
        (
            f"({a} {b} : Nat)",
            f"{a} ∣ {a} * {b}",
            ((f"exact Nat.dvd_mul_right {a} {b}",), (f"exact ⟨{b}, rfl⟩",), (f"exists {b}",)),
        ),
        (
            f"({a} : Nat)",
            f"{a} % {k} < {k}",
            (("omega",), ("apply Nat.mod_lt", "decide"), (f"exact Nat.mod_lt {a} (by decide)",)),
        ),
        (f"({a} : Nat)", f"{a} % {k} < {k - 1}", (("omega",),)),
        (
            f"({a} : Nat)",
            f"{a} % 2 = 0 ∨ {a} % 2 = 1",
            (("omega",), (f"exact Nat.mod_two_eq_zero_or_one {a}",)),
        ),
        (
            f"({a} : Nat) ({h1} : {k} ∣ {a})",
            f"{k} ∣ {a} + {j * k if rng.random() < 0.7 else j * k + 1}",
            (("omega",),),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} % {k} = 0) ({h2} : {b} % {k} = {r})",
            f"({a} + {b}) % {k} = {r}",
            (("omega",), (f"rw [Nat.add_mod, {h1}, {h2}]",)),
        ),
        (
            f"({a} : Nat) ({h1} : {2 * k} ∣ {a})",
            f"{k} ∣ {a}",
            (("omega",), (f"exact Nat.dvd_trans (by decide) {h1}",)),
        ),
        (f"({a} : Nat) ({h1} : {k} ∣ {a})", f"{2 * k} ∣ {a}", (("omega",),)),
        (f"({a} : Nat) ({h1} : {a} % {2 * k} = {r})", f"{a} % {k} = {r}", (("omega",),)),
        (
            f"({a} : Nat)",
            f"{k} * ({a} / {k}) + {a} % {k} = {a}",
            (("omega",), (f"exact Nat.div_add_mod {a} {k}",)),
        ),
        (
            f"({a} : Nat)",
            f"({k} * {a}) % {k} = 0",
            (("simp",), ("omega",), (f"exact Nat.mul_mod_right {k} {a}",)),
        ),
        (
            f"({a} : Nat) ({h1} : {a} % 2 = 1)",
            f"∃ {b}, {a} = 2 * {b} + 1",
            ((f"exists {a} / 2", "omega"), (f"exact ⟨{a} / 2, by omega⟩",)),
        ),
        (
            f"({a} : Nat) ({h1} : {k} ∣ {a})",
            f"∃ {b}, {a} = {k} * {b}",
            ((f"exact {h1}",), (f"obtain ⟨w, hw⟩ := {h1}", "exact ⟨w, hw⟩")),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {a} = {k} * {b})",
            f"{k} ∣ {a}",
            ((f"exact ⟨{b}, {h1}⟩",), (f"subst {h1}", f"exact Nat.dvd_mul_right {k} {b}"), ("omega",)),
        ),
        (
            f"({a} {b} : Nat) ({h1} : {k} ∣ {a}) ({h2} : {k} ∣ {a} + {b})",
            f"{k} ∣ {b}",
            ((f"exact (Nat.dvd_add_right {h1}).mp {h2}",), ("omega",)),
        ),
        (
            f"({a} {b} : Nat) ({h1} : 0 < {b}) ({h2} : {a} ∣ {b})",
            f"{a} ≤ {b}",
            ((f"exact Nat.le_of_dvd {h1} {h2}",), (f"apply Nat.le_of_dvd", f"exact {h1}", f"exact {h2}")),
        ),
        (f"({a} : Int) ({h1} : {a} % {k} = {r})", f"({a} - {k}) % {k} = {r}", (("omega",),)),
        (
            f"({a} {b} : Int) ({h1} : {k} ∣ {a}) ({h2} : {k} ∣ {b})",
            f"{k} ∣ {a} - {b}",
            (("omega",), (f"exact Int.dvd_sub {h1} {h2}",)),
        ),
    ]
    binders, goal, scripts = rng.choice(forms)
    return Theorem("divisibility", binders, goal, scripts)


def _side(terms: dict[str, int]) -> str:
    text = ""
    for name, factor in terms.items():
        size = abs(factor)
        piece = name if size == 1 else f"{size} * {name}"
        if not text:
            text = piece if factor > 0 else f"-{piece}" if size == 1 else f"-{size} * {name}"
        else:
            text += f" {'+' if factor > 0 else '-'} {piece}"
    return text


def _literal(number: int) -> str:
    return str(number)


__all__ = ["coefficient", "divisibility", "int_linear", "nat_linear"]
