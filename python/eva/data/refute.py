"""Counterexamples: a goal is refuted when Lean proves the negation of its closed statement.

Values are guessed here (for arithmetic by evaluating the hypotheses), and proved by Lean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from random import Random
from types import CodeType

from eva.data.formula import Formula, parse_formula
from eva.data.formula import worlds as all_worlds
from eva.data.goals import Goal, Hypothesis
from eva.data.probes import Place, Probe, Result

_E = r"(?:Nat|Int|[αβγ])"
_VALUES = (
    (r"Nat|[αβγ]", ("0", "1", "2", "3", "5", "7", "10")),
    (r"Int", ("0", "1", "-1", "2", "-3", "6", "-8")),
    (r"Prop", ("True", "False")),
    (r"Bool", ("true", "false")),
    (r"Type", ("Nat",)),
    (rf"List {_E}", ("[]", "[0]", "[0, 1]", "[1]", "[2, 3]")),
    (rf"Option {_E}", ("none", "some 0", "some 1", "some 3")),
    (
        rf"{_E} → Prop",
        ("fun _ => True", "fun _ => False", "fun x => x = 0", "fun x => x ≠ 0", "fun x => x = 1"),
    ),
    (rf"{_E} → {_E}", ("fun x => x", "fun _ => 0", "fun x => x + 1", "fun x => 2 * x", "fun _ => 1")),
    (rf"{_E} → {_E} → Prop", ("fun _ _ => True", "fun x y => x = y", "fun _ _ => False", "fun x y => x = 0")),
)
_ATOM = re.compile(r"[\s\w₀-₉'+\-*/%()=≠≤<≥>]+\Z")


@dataclass(frozen=True, slots=True)
class Refutation:
    """A probe that proves the negation, and for each trial the values that it uses.

    `certain`: the values make all facts true and the target false, as far as evaluation outside of Lean can
    tell.
    """

    probe: Probe
    trials: tuple[tuple[tuple[str, str], ...], ...]
    certain: bool = False

    def counterexample(self, result: Result) -> tuple[tuple[str, str], ...] | None:
        """The values of the trial that worked, or `None` where the goal was not refuted."""
        if result.outcome != "accepted":
            return None
        for note in result.notes:
            return self.trials[int(note.removeprefix("note ce "))]
        return None


def refutation(goal: Goal, preamble: str, rng: Random, trials: int = 6) -> Refutation | None:
    """A probe for `goal`; `None` where no values are known for a type, or where none of them can work."""
    plain = [Hypothesis(_plain(h.name), _plain(h.type)) for h in goal.hypotheses]
    variables = [h for h in plain if h.is_data]
    facts = [h for h in plain if not h.is_data]
    target = _plain(goal.target)
    worlds, certain = _worlds(variables, facts, target, rng, trials)
    if not worlds:
        return None
    binders = "".join(f" ({v.name} : {v.type})" for v in variables)
    premises = "".join(f" ({f.name} : {f.type})" for f in facts)
    body = f"∀{binders}{premises}, {target}" if binders or premises else target
    tries = []
    for index, world in enumerate(worlds):
        instance = " ".join(["H_", *(f"({value})" for value in world)])
        mark = f'trace "note ce {index}"'
        tries.append(f"(exact absurd ({instance}) (by decide); {mark})")
        if any("fun" in value for value in world) or "∀" in body[1:] or "∃" in body or "List" in body:
            tries.append(f"(have T_ := {instance}; simp at T_; done; {mark})")
    step = "first\n  | " + "\n  | ".join(tries)
    probe = Probe(Place("", f"¬ ({body})", preamble, ("  intro H_",)), step, alone=True)
    named = tuple(
        tuple((v.name, value) for v, value in zip(variables, world, strict=True)) for world in worlds
    )
    return Refutation(probe, named, certain)


def _values(kind: str) -> tuple[str, ...]:
    """Values to try for a variable of this type; `()` where none are known."""
    for pattern, values in _VALUES:
        if re.fullmatch(pattern, kind):
            return values
    return ()


def _worlds(
    variables: Sequence[Hypothesis], facts: Sequence[Hypothesis], target: str, rng: Random, trials: int
) -> tuple[list[tuple[str, ...]], bool]:
    """Values for the variables, the most promising first (`[]` where it is plain that none can refute), and
    whether they are known to refute."""
    choices = [_values(v.type) for v in variables]
    if not all(choices):
        return [], False
    kinds = {v.type for v in variables}
    if kinds == {"Prop"}:
        formulas = [parse_formula(f.type) for f in facts]
        goal = parse_formula(target)
        if goal is not None and None not in formulas:
            known = [formula for formula in formulas if formula is not None]
            return _truth_values([v.name for v in variables], known, goal), True
    constant = _constant_worlds(variables, facts, target)
    if constant is not None:
        return constant, True
    checks = _checks(variables, facts, target)
    if checks and kinds <= {"Nat", "Int"}:
        complete = len(checks) == len(facts) + 1
        return _search_numbers(variables, checks, complete=complete, rng=rng), complete
    if prod(len(values) for values in choices) <= trials:
        return list(product(*choices)), False
    return list({tuple(rng.choice(values) for values in choices): None for _ in range(trials)}), False


def _truth_values(names: list[str], facts: Sequence[Formula], target: Formula) -> list[tuple[str, ...]]:
    """A world of the facts in which the target fails."""
    for world in all_worlds(names):
        if all(f.holds(world) for f in facts) and not target.holds(world):
            return [tuple(str(world[name]) for name in names)]
    return []


def _constant_worlds(
    variables: Sequence[Hypothesis], facts: Sequence[Hypothesis], target: str
) -> list[tuple[str, ...]] | None:
    """Worlds in which every predicate is always true or always false, and all facts hold but not the target.

    `None` where there are none, or where something else than predicates and connectives occurs.
    """
    names = [v.name for v in variables if v.type == "Prop" or v.type.endswith("→ Prop")]
    known = [_flat(f.type, names) for f in facts]
    goal = _flat(target, names)
    if goal is None or None in known or not names or len(names) > 8:
        return None
    found = _truth_values(names, [formula for formula in known if formula is not None], goal)
    if not found:
        return None
    truth = dict(zip(names, found[0], strict=True))
    world = []
    for variable in variables:
        if variable.name not in truth:
            world.append(_values(variable.type)[0])
        else:
            blanks = " _" * variable.type.count("→")
            world.append(f"fun{blanks} => {truth[variable.name]}" if blanks else truth[variable.name])
    return [tuple(world)]


def _flat(text: str, predicates: Sequence[str]) -> Formula | None:
    """A formula over predicates as if none of them looked at its arguments: without these and quantifiers."""
    text = re.sub(r"[∀∃] (?:\([^()]*\) ?|[\w₀-₉'✝]+ ?)+, ", "", text)
    for name in predicates:
        text = re.sub(rf"(?<![\w.₀-₉']){re.escape(name)}(?: (?:[\w₀-₉']+|\([^()]*\)))+", name, text)
    formula = parse_formula(text)
    return formula if formula is not None and formula.atoms() <= {*predicates, "True", "False"} else None


def _checks(
    variables: Sequence[Hypothesis], facts: Sequence[Hypothesis], target: str
) -> list[tuple[str, bool]]:
    """Python for the comparisons among the facts (wanted true) and for the target (wanted false)."""
    known = {_pythonic(v.name) for v in variables}
    checks = [(code, True) for f in facts if (code := _python(f.type, known))]
    goal = _python(target, known)
    return [*checks, (goal, False)] if goal else checks


def _search_numbers(
    variables: Sequence[Hypothesis], checks: Sequence[tuple[str, bool]], *, complete: bool, rng: Random
) -> list[tuple[str, ...]]:
    """Up to three small worlds that pass all checks; without `complete` checks also near ones."""
    compiled = [(compile(code, "goal", "eval"), wanted) for code, wanted in checks]
    tried: dict[tuple[int, ...], int] = {}
    for _ in range(800):
        world = tuple(rng.randint(0, 14) if v.type == "Nat" else rng.randint(-14, 14) for v in variables)
        if world in tried:
            continue
        names = {
            _pythonic(v.name): _Natural(x) if v.type == "Nat" else x
            for v, x in zip(variables, world, strict=True)
        }
        tried[world] = sum(_truth(code, names) != wanted for code, wanted in compiled)
        if sum(wrong == 0 for wrong in tried.values()) >= 3:
            break
    best = sorted(tried, key=lambda world: (tried[world], sum(map(abs, world)), world))
    kept = [world for world in best if tried[world] == 0][:3]
    if not kept and not complete:
        kept = best[:3]
    return [tuple(map(str, world)) for world in kept]


def _truth(code: CodeType, names: dict[str, int]) -> bool | None:
    try:
        return bool(eval(code, {"__builtins__": {}}, names))
    except ZeroDivisionError:  # Lean's quotient by zero is zero; a world without one is found as well
        return None


class _Natural(int):
    """Nat as Lean computes it: subtraction stops at zero."""

    def __sub__(self, other: int) -> _Natural:
        return _Natural(max(0, int(self) - int(other)))

    def __rsub__(self, other: int) -> _Natural:
        return _Natural(max(0, int(other) - int(self)))

    def __add__(self, other: int) -> _Natural:
        return _Natural(int(self) + int(other))

    def __mul__(self, other: int) -> _Natural:
        return _Natural(int(self) * int(other))

    __radd__ = __add__
    __rmul__ = __mul__


def _python(formula: str, known: set[str]) -> str:
    """Python for one comparison of arithmetic terms over `known` names, or `""`."""
    negated = formula.startswith("¬")
    text = formula[1:] if negated else formula
    if text == "False":
        return "False"
    if not _ATOM.match(text) or not re.search(r"[=≠≤<≥>]", text):
        return ""
    text = text.replace("≠", "!=").replace("≤", "<=").replace("≥", ">=").replace("/", "//")
    text = re.sub(r"(?<![!<>=])=(?!=)", "==", text)
    if re.search(r"[A-Za-zα-ω]['\w₀-₉]*\s+[A-Za-z0-9(]", text):
        return ""
    text = re.sub(r"[^\W\d][\w₀-₉']*", lambda m: _pythonic(m.group()), text)
    if not set(re.findall(r"v_\w+", text)) <= known:
        return ""
    return f"not ({text})" if negated else text


def _pythonic(name: str) -> str:
    return "v_" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c)}" for c in name)


def _plain(text: str) -> str:
    """Names that cannot be written (`x✝¹`) made writable."""
    return re.sub(
        r"✝([⁰¹²³⁴⁵⁶⁷⁸⁹]*)", lambda m: "_d" + "".join(str("⁰¹²³⁴⁵⁶⁷⁸⁹".index(c)) for c in m.group(1)), text
    )
