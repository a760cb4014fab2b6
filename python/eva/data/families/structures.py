"""Lists, options and booleans, functions."""

from __future__ import annotations

from random import Random

from eva.data.families.base import FUNCTIONS, LISTS, NUMBERS, Names, Theorem

Form = tuple[str, str, tuple[tuple[str, ...], ...]]


def lists(rng: Random) -> Theorem:
    """Length, append, map, membership, reverse; with near misses."""
    names = Names(rng)
    xs, ys, zs = names.many(LISTS, 3)
    a, b, n = names.many(NUMBERS, 3)
    f = names.pick(("f", "g"))
    h1, h2 = names.facts(2)
    k = rng.randint(1, 6)
    element = rng.choice(("Nat", "Nat", "Int", "α"))
    t = "(α : Type) " if element == "α" else ""
    one = f"{t}({xs} : List {element})"
    two = f"{t}({xs} {ys} : List {element})"
    three = f"{t}({xs} {ys} {zs} : List {element})"
    put = f"({a} : {element})"
    forms: list[Form] = [
        (
            two,
            f"({xs} ++ {ys}).length = {xs}.length + {ys}.length",
            (
                ("exact List.length_append",),
                ("rw [List.length_append]",),
                (f"induction {xs} with\n| nil => simp\n| cons x l ih => simp",),
                ("simp only [List.length_append]",),
            ),
        ),
        (
            two,
            f"({xs} ++ {ys}).length = {ys}.length + {xs}.length",
            (
                ("rw [List.length_append, Nat.add_comm]",),
                ("rw [List.length_append]", "omega"),
                ("simp only [List.length_append]", "omega"),
                ("simp", "omega"),
            ),
        ),
        (
            three,
            f"{xs} ++ ({ys} ++ {zs}) = {xs} ++ {ys} ++ {zs}",
            (
                (f"rw [List.append_assoc]",),
                ("simp",),
                (f"exact (List.append_assoc {xs} {ys} {zs}).symm",),
                (f"induction {xs} with\n| nil => rfl\n| cons x l ih => simp",),
            ),
        ),
        (two, f"{xs} ++ {ys} = {ys} ++ {xs}", ()),
        (
            one,
            f"{xs} ++ [] = {xs}",
            (
                ("simp",),
                (f"exact List.append_nil {xs}",),
                (f"induction {xs} with\n| nil => rfl\n| cons x l ih => simp",),
            ),
        ),
        (
            one,
            f"{xs}.reverse.reverse = {xs}",
            (("simp",), (f"exact List.reverse_reverse {xs}",), ("rw [List.reverse_reverse]",)),
        ),
        (one, f"{xs}.reverse = {xs}", ()),
        (
            two,
            f"({xs} ++ {ys}).reverse = {ys}.reverse ++ {xs}.reverse",
            (("exact List.reverse_append",), ("rw [List.reverse_append]",), ("simp",)),
        ),
        (two, f"({xs} ++ {ys}).reverse = {xs}.reverse ++ {ys}.reverse", ()),
        (
            f"{t}({f} : {element} → {element}) ({xs} : List {element})",
            f"({xs}.map {f}).length = {xs}.length",
            (
                ("exact List.length_map _",),
                ("simp only [List.length_map]",),
                (f"induction {xs} with\n| nil => rfl\n| cons x l ih => simp",),
            ),
        ),
        (
            f"{t}({f} : {element} → {element}) ({xs} {ys} : List {element})",
            f"({xs} ++ {ys}).map {f} = {xs}.map {f} ++ {ys}.map {f}",
            (
                ("exact List.map_append",),
                ("rw [List.map_append]",),
                (f"induction {xs} with\n| nil => rfl\n| cons x l ih => simp",),
            ),
        ),
        (
            f"{two} {put} ({h1} : {a} ∈ {xs})",
            f"{a} ∈ {xs} ++ {ys}",
            (
                (f"exact List.mem_append_left {ys} {h1}",),
                (f"simp [{h1}]",),
                ("rw [List.mem_append]", "left", f"exact {h1}"),
                (f"exact List.mem_append.mpr (Or.inl {h1})",),
            ),
        ),
        (
            f"{two} {put} ({h1} : {a} ∈ {ys})",
            f"{a} ∈ {xs} ++ {ys}",
            (
                (f"exact List.mem_append_right {xs} {h1}",),
                ("rw [List.mem_append]", "right", f"exact {h1}"),
                ("simp only [List.mem_append]", "exact Or.inr " + h1),
            ),
        ),
        (
            f"{two} {put} ({h1} : {a} ∈ {xs} ++ {ys})",
            f"{a} ∈ {xs} ∨ {a} ∈ {ys}",
            (
                (f"exact List.mem_append.mp {h1}",),
                (f"rw [List.mem_append] at {h1}", f"exact {h1}"),
                (f"simpa using {h1}",),
            ),
        ),
        (f"{two} {put} ({h1} : {a} ∈ {xs} ++ {ys})", f"{a} ∈ {xs}", ()),
        (f"{one} {put}", f"{a} ∈ {a} :: {xs}", (("simp",), ("exact List.mem_cons_self",))),
        (
            f"{one} {put}",
            f"({a} :: {xs}).length = {xs}.length + {rng.choice((1, 1, 1, 2))}",
            (("rfl",), ("simp",), (f"exact List.length_cons",)),
        ),
        (
            f"{one} {put}",
            f"({a} :: {xs}) ≠ []",
            (
                ("simp",),
                ("intro hc", "contradiction"),
                ("intro hc", "cases hc"),
                (f"exact List.cons_ne_nil {a} {xs}",),
            ),
        ),
        (
            f"{t}({a} {b} : {element}) ({xs} {ys} : List {element}) ({h1} : {a} :: {xs} = {b} :: {ys})",
            rng.choice((f"{a} = {b}", f"{xs} = {ys}", f"{a} = {b} ∧ {xs} = {ys}", f"{ys} = {xs}")),
            (
                (f"injection {h1}",),
                (f"injection {h1} with e₁ e₂", "constructor", "exact e₁", "exact e₂"),
                (f"injection {h1} with e₁ e₂", "exact e₁"),
                (f"injection {h1} with e₁ e₂", "exact e₂"),
                (f"simp at {h1}", f"exact {h1}"),
                (f"cases {h1}", "rfl"),
            ),
        ),
        (
            f"{one} ({h1} : {xs}.length = 0)",
            f"{xs} = []",
            (
                (f"exact List.eq_nil_of_length_eq_zero {h1}",),
                (f"cases {xs}", "rfl", f"simp at {h1}"),
                (f"simpa using {h1}",),
            ),
        ),
        (
            f"{one} ({h1} : {xs} ≠ [])",
            f"0 < {xs}.length",
            ((f"exact List.length_pos_iff.mpr {h1}",), (f"cases {xs}", "contradiction", "simp")),
        ),
        (
            f"{one} ({h1} : {xs}.length = {k})",
            f"({xs} ++ {xs}).length = {2 * k if rng.random() < 0.75 else 2 * k + 1}",
            (
                (f"rw [List.length_append, {h1}]",),
                ("simp only [List.length_append]", "omega"),
                (f"simp [{h1}]",),
            ),
        ),
        (
            f"({n} : Nat) {one} {put}",
            f"(List.replicate {n} {a}).length = {n}",
            (("exact List.length_replicate",), ("simp",)),
        ),
        (
            f"{two} ({h1} : {xs}.length = {ys}.length)",
            f"({xs} ++ {ys}).length = 2 * {xs}.length",
            (
                ("rw [List.length_append]", "omega"),
                (f"rw [List.length_append, ← {h1}]", "omega"),
                ("simp", "omega"),
            ),
        ),
        (
            f"({xs} : List Nat) ({h1} : ∀ {a} ∈ {xs}, {a} < {k})",
            f"∀ {a} ∈ {xs}, {a} < {k + 2 if rng.random() < 0.7 else k - 1}",
            (
                (f"intro x hx", f"have hk := {h1} x hx", "omega"),
                ("intro x hx", f"exact Nat.lt_trans ({h1} x hx) (by decide)"),
            ),
        ),
        (
            f"{one} {put} ({h1} : {xs} = [{a}])",
            f"{xs}.length = {rng.choice((1, 1, 1, 0))}",
            ((f"subst {h1}", "rfl"), (f"rw [{h1}]", "rfl"), (f"simp [{h1}]",)),
        ),
        (
            one,
            f"{xs}.reverse.length = {xs}.length",
            (("exact List.length_reverse",), ("rw [List.length_reverse]",), ("simp",)),
        ),
        (
            f"({n} : Nat) {one}",
            f"({xs}.take {n}).length ≤ {xs}.length",
            (
                ("rw [List.length_take]", "omega"),
                ("simp only [List.length_take]", "exact Nat.min_le_right _ _"),
            ),
        ),
        (
            f"({n} : Nat) {one}",
            f"({xs}.drop {n}).length = {xs}.length - {n}",
            (("exact List.length_drop",), ("rw [List.length_drop]",)),
        ),
        (
            f"({n} : Nat) {one}",
            f"{xs}.take {n} ++ {xs}.drop {n} = {xs}",
            ((f"exact List.take_append_drop {n} {xs}",), ("simp",)),
        ),
    ]
    binders, goal, scripts = rng.choice(forms)
    return Theorem("lists", binders, goal, scripts)


def options_booleans(rng: Random) -> Theorem:
    """Option and Bool: case splits, computed equations, injectivity."""
    names = Names(rng)
    o, w = names.many(("o", "w", "u", "v", "mx", "opt"), 2)
    a, b, c = names.many(("a", "b", "c", "x", "y", "z", "p", "q"), 3)
    n, m = names.many(("n", "m", "k", "i"), 2)
    h1, h2 = names.facts(2)
    k = rng.randint(0, 9)
    three = (f"cases {a} <;> cases {b} <;> cases {c} <;> rfl",)
    two = (f"cases {a} <;> cases {b} <;> rfl",)
    step = (f"cases {a}", f"cases {b}", "rfl", "rfl", f"cases {b}", "rfl", "rfl")
    op, dual = rng.sample(("&&", "||"), 2)
    forms: list[Form] = [
        (
            f"({a} {b} : Bool)",
            f"({a} {op} {b}) = ({b} {op} {a})",
            (two, step, ("exact Bool.and_comm _ _",), ("exact Bool.or_comm _ _",)),
        ),
        (
            f"({a} {b} {c} : Bool)",
            f"({a} {op} ({b} {dual} {c})) = (({a} {op} {b}) {dual} ({a} {op} {c}))",
            (three, (f"cases {a}", "rfl", "rfl"), (f"cases {a}", "simp", "simp")),
        ),
        (
            f"({a} {b} : Bool)",
            f"(!({a} {op} {b})) = (!{a} {dual} !{b})",
            (two, step, ("simp",), (f"cases {a}", "rfl", "rfl")),
        ),
        (f"({a} {b} : Bool)", f"(!({a} {op} {b})) = (!{a} {op} !{b})", (two, step)),
        (
            f"({a} : Bool)",
            f"(!!{a}) = {a}",
            ((f"cases {a}", "rfl", "rfl"), ("simp",), (f"exact Bool.not_not {a}",)),
        ),
        (
            f"({a} : Bool)",
            f"({a} {op} {rng.choice(('true', 'false'))}) = {a}",
            ((f"cases {a}", "rfl", "rfl"), ("simp",)),
        ),
        (
            f"({a} {b} : Bool) ({h1} : ({a} && {b}) = true)",
            rng.choice((f"{a} = true", f"{b} = true", f"{a} = true ∧ {b} = true")),
            (
                (f"cases {a} <;> simp_all",),
                (f"simp at {h1}", f"exact {h1}.1"),
                (f"simp at {h1}", f"exact {h1}.2"),
                (f"simp at {h1}", f"exact {h1}"),
            ),
        ),
        (
            f"({a} {b} : Bool) ({h1} : ({a} || {b}) = true)",
            rng.choice((f"{a} = true", f"{a} = true ∨ {b} = true")),
            ((f"simpa using {h1}",), (f"cases {a}", "right", f"simpa using {h1}", "left", "rfl")),
        ),
        (
            f"({a} {b} : Bool) ({h1} : {a} = {b})",
            f"(!{b}) = (!{a})",
            ((f"rw [{h1}]",), (f"subst {h1}", "rfl")),
        ),
        (
            f"({a} {b} : Bool) ({h1} : {a} ≠ {b})",
            f"{a} = !{b}",
            (
                (f"cases {a} <;> cases {b} <;> simp_all",),
                (f"cases {a}", f"cases {b}", "contradiction", "rfl", f"cases {b}", "rfl", "contradiction"),
            ),
        ),
        (
            f"({a} : Bool) ({h1} : {a} = false)",
            f"({a} {op} true) = {'true' if op == '||' else 'false'}",
            ((f"rw [{h1}]", "rfl"), (f"subst {h1}", "rfl"), (f"simp [{h1}]",)),
        ),
        (
            f"({a} : Bool) ({h1} : {a} ≠ true)",
            f"{a} = false",
            (
                (f"cases {a}", "rfl", "contradiction"),
                (f"simpa using {h1}",),
                (f"exact Bool.eq_false_iff.mpr {h1}",),
            ),
        ),
        (
            f"({a} : Bool)",
            f"{a} = true ∨ {a} = false",
            ((f"cases {a}", "right", "rfl", "left", "rfl"), (f"cases {a} <;> simp",)),
        ),
        (
            f"({a} : Bool) ({n} {m} : Nat) ({h1} : {n} ≤ {m})",
            f"(if {a} then {n} else {m}) ≤ {rng.choice((n, m))}",
            ((f"cases {a}", "simp", f"simpa using {h1}"), ("split", f"exact {h1}", "exact Nat.le_refl _")),
        ),
        (
            f"({o} : Option Nat) ({n} : Nat) ({h1} : {o} = some {n})",
            f"{o}.isSome = {rng.choice(('true', 'true', 'false'))}",
            ((f"rw [{h1}]", "rfl"), (f"subst {h1}", "rfl"), (f"simp [{h1}]",)),
        ),
        (
            f"({o} : Option Nat) ({h1} : {o}.isSome = true)",
            f"∃ {n}, {o} = some {n}",
            (
                (f"cases {o} with\n| none => simp at {h1}\n| some x => exact ⟨x, rfl⟩",),
                (f"cases {o}", "contradiction", "exact ⟨_, rfl⟩"),
                (f"exact Option.isSome_iff_exists.mp {h1}",),
            ),
        ),
        (
            f"({n} {m} : Nat) ({h1} : some {n} = some {m})",
            rng.choice((f"{n} = {m}", f"{m} = {n}", f"{n} + {k} = {m} + {k}", f"{n} < {m}")),
            (
                (f"injection {h1}",),
                (f"simpa using {h1}",),
                (f"cases {h1}", "rfl"),
                (f"injection {h1} with e", "omega"),
                (f"injection {h1} with e", "exact e.symm"),
            ),
        ),
        (
            f"({n} : Nat) ({h1} : some {n} = none)",
            rng.choice(("False", f"{n} = {k}")),
            ((f"cases {h1}",), ("contradiction",), (f"exact absurd {h1} (by simp)",), (f"simp at {h1}",)),
        ),
        (
            f"({o} : Option Nat)",
            f"{o} = none ∨ ∃ {n}, {o} = some {n}",
            (
                (f"cases {o}", "left", "rfl", "right", "exact ⟨_, rfl⟩"),
                (f"cases {o} with\n| none => exact Or.inl rfl\n| some x => exact Or.inr ⟨x, rfl⟩",),
            ),
        ),
        (f"({o} : Option Nat)", f"{o}.map (fun x => x) = {o}", ((f"cases {o}", "rfl", "rfl"), ("simp",))),
        (
            f"({o} : Option Nat)",
            f"({o}.map (fun x => x + {k})).isSome = {o}.isSome",
            ((f"cases {o}", "rfl", "rfl"), ("simp",), (f"cases {o} <;> rfl",)),
        ),
        (
            f"({o} : Option Nat) ({n} : Nat) ({h1} : {o} = some {n})",
            f"{o}.map (fun x => x + {k}) = some ({n} + {k if rng.random() < 0.75 else k + 1})",
            ((f"rw [{h1}]", "rfl"), (f"simp [{h1}]",), (f"subst {h1}", "rfl")),
        ),
        (
            f"({o} : Option Nat) ({n} : Nat) ({h1} : {o} = some {n})",
            f"{o}.getD {k} = {rng.choice((n, n, str(k)))}",
            ((f"rw [{h1}]", "rfl"), (f"simp [{h1}]",)),
        ),
        (
            f"({o} {w} : Option Nat) ({h1} : {o} = none)",
            f"({o} <|> {w}) = {w}",
            ((f"subst {h1}", "rfl"), (f"simp [{h1}]",), (f"rw [{h1}]", "rfl")),
        ),
        (
            f"({o} {w} : Option Nat) ({h1} : {o} = {w}) ({h2} : {w} = none)",
            f"{o} = none",
            (
                (f"rw [{h1}, {h2}]",),
                (f"exact {h1}.trans {h2}",),
                (f"subst {h2}", f"exact {h1}"),
                (f"rw [{h1}]", f"exact {h2}"),
            ),
        ),
        (
            f"({o} : Option Nat) ({h1} : {o} ≠ none)",
            f"{o}.isSome = true",
            ((f"cases {o}", "contradiction", "rfl"), (f"exact Option.isSome_iff_ne_none.mpr {h1}",)),
        ),
        (
            f"({a} {b} {c} : Bool) ({h1} : {a} = {b}) ({h2} : {b} = {c})",
            rng.choice((f"{a} = {c}", f"{c} = {a}")),
            (
                (f"rw [{h1}, {h2}]",),
                (f"exact {h1}.trans {h2}",),
                (f"subst {h1}", f"exact {h2}"),
                (f"exact ({h1}.trans {h2}).symm",),
            ),
        ),
    ]
    binders, goal, scripts = rng.choice(forms)
    return Theorem("options_booleans", binders, goal, scripts)


def functions(rng: Random) -> Theorem:
    """Injectivity, inverses, composition, extensionality."""
    names = Names(rng)
    f, g, e = names.many(FUNCTIONS, 3)
    x, y = names.many(("x", "y", "a", "b", "s", "t"), 2)
    h1, h2 = (f"{n}'" if n in (f, g, e) else n for n in names.facts(2))
    d = rng.choice(("Nat", "Nat", "Int", "α"))
    t = "(α : Type) " if d == "α" else ""
    k = rng.randint(1, 9)
    j = rng.randint(1, 9)
    fg = f"{t}({f} {g} : {d} → {d})"
    forms: list[Form] = [
        (
            f"{fg} ({h1} : ∀ {x}, {f} ({g} {x}) = {x})",
            f"∀ {x} {y}, {g} {x} = {g} {y} → {x} = {y}",
            (
                (f"intro {x} {y} hxy", f"rw [← {h1} {x}, hxy, {h1}]"),
                (
                    f"intro {x} {y} hxy",
                    f"have key : {f} ({g} {x}) = {f} ({g} {y}) := by rw [hxy]",
                    f"rw [{h1}, {h1}] at key",
                    "exact key",
                ),
                (
                    f"intro {x} {y} hxy",
                    f"calc {x} = {f} ({g} {x}) := ({h1} {x}).symm\n  _ = {f} ({g} {y}) := by rw [hxy]\n  _ = {y} := {h1} {y}",
                ),
            ),
        ),
        (f"{fg} ({h1} : ∀ {x}, {f} ({g} {x}) = {x})", f"∀ {x} {y}, {f} {x} = {f} {y} → {x} = {y}", ()),
        (
            f"{fg} ({h1} : ∀ {x}, {f} ({g} {x}) = {x})",
            f"∀ {y}, ∃ {x}, {f} {x} = {y}",
            (
                (f"intro {y}", f"exact ⟨{g} {y}, {h1} {y}⟩"),
                (f"intro {y}", f"exists {g} {y}", f"exact {h1} {y}"),
            ),
        ),
        (
            f"{fg} ({h1} : ∀ {x}, {f} {x} = {g} {x})",
            f"{f} = {g}",
            ((f"funext {x}", f"exact {h1} {x}"), (f"exact funext {h1}",), (f"funext {x}", f"rw [{h1}]")),
        ),
        (
            f"{fg} ({h1} : {f} = {g})",
            f"∀ {x}, {f} {x} = {g} {x}",
            (
                (f"intro {x}", f"rw [{h1}]"),
                (f"subst {h1}", f"intro {x}", "rfl"),
                (f"intro {x}", f"exact congrFun {h1} {x}"),
            ),
        ),
        (
            f"{t}({f} : {d} → {d})",
            f"{f} ∘ id = {f}",
            (("rfl",), (f"funext {x}", "rfl"), ("exact Function.comp_id f".replace(" f", f" {f}"),)),
        ),
        (
            f"{t}({f} {g} {e} : {d} → {d})",
            f"({f} ∘ {g}) ∘ {e} = {f} ∘ ({g} ∘ {e})",
            (("rfl",), (f"funext {x}", "rfl"), (f"funext {x}", "simp only [Function.comp_apply]")),
        ),
        (fg, f"{f} ∘ {g} = {g} ∘ {f}", ()),
        (
            f"({f} : Nat → Nat) ({x} : Nat) ({h1} : ∀ {y}, {f} {y} = {y} + {k})",
            f"{f} ({f} {x}) = {x} + {2 * k if rng.random() < 0.75 else 2 * k + 1}",
            (
                (f"rw [{h1}, {h1}]",),
                (f"simp only [{h1}]",),
                (f"have key := {h1} ({f} {x})", f"have key₂ := {h1} {x}", "omega"),
            ),
        ),
        (
            f"({f} {g} : Nat → Nat) ({h1} : ∀ {x}, {f} {x} = {x} + {k}) ({h2} : ∀ {x}, {g} {x} = {j} * {x})",
            f"∀ {x}, {f} ({g} {x}) = {j} * {x} + {k}",
            ((f"intro {x}", f"rw [{h1}, {h2}]"), (f"intro {x}", f"simp only [{h1}, {h2}]")),
        ),
        (
            f"({f} {g} : Nat → Nat) ({h1} : ∀ {x}, {f} {x} = {x} + {k}) ({h2} : ∀ {x}, {g} {x} = {j + 1} * {x})",
            f"∀ {x}, {g} ({f} {x}) = {j + 1} * {x} + {k}",
            ((f"intro {x}", f"rw [{h1}, {h2}]"),),
        ),
        (
            f"({f} : Nat → Nat) ({h1} : ∀ {x}, {f} {x} ≤ {x})",
            f"∀ {x}, {f} ({f} {x}) ≤ {x}",
            (
                (f"intro {x}", f"exact Nat.le_trans ({h1} ({f} {x})) ({h1} {x})"),
                (f"intro {x}", f"have u := {h1} ({f} {x})", f"have v := {h1} {x}", "omega"),
            ),
        ),
        (
            f"({f} : Nat → Nat) ({h1} : ∀ {x} {y}, {x} ≤ {y} → {f} {x} ≤ {f} {y})",
            f"{f} {k} ≤ {f} {k + j if rng.random() < 0.75 else k - 1}",
            ((f"apply {h1}", "decide"), (f"exact {h1} {k} {k + j} (by decide)",), (f"apply {h1}", "omega")),
        ),
        (
            f"{fg} ({x} {y} : {d}) ({h1} : {x} = {y})",
            f"{f} ({g} {x}) = {f} ({g} {y})",
            (
                (f"rw [{h1}]",),
                (f"subst {h1}", "rfl"),
                (f"congr",),
                (f"exact congrArg (fun z => {f} ({g} z)) {h1}",),
            ),
        ),
        (
            f"{fg} ({x} {y} : {d}) ({h1} : {f} {x} = {y}) ({h2} : {g} {y} = {x})",
            f"{g} ({f} {x}) = {x}",
            ((f"rw [{h1}]", f"exact {h2}"), (f"rw [{h1}, {h2}]",), (f"subst {h1}", f"exact {h2}")),
        ),
        (
            f"{t}({f} : {d} → {d}) ({h1} : ∀ {x} {y}, {f} {x} = {f} {y} → {x} = {y}) ({x} {y} : {d}) ({h2} : {f} ({f} {x}) = {f} ({f} {y}))",
            f"{x} = {y}",
            (
                (f"apply {h1}", f"apply {h1}", f"exact {h2}"),
                (f"exact {h1} _ _ ({h1} _ _ {h2})",),
                (f"have key := {h1} _ _ {h2}", f"exact {h1} _ _ key"),
            ),
        ),
    ]
    binders, goal, scripts = rng.choice(forms)
    return Theorem("functions", binders, goal, scripts)
