"""Counterexamples: a goal is refuted when Lean proves the negation of its closed statement.

Values are guessed here (for arithmetic by evaluating the hypotheses), and proved by Lean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from eva.data.goals import Goal, Hypothesis
from eva.data.lean import Probe, Result

_PREDICATES = ("fun _ => True", "fun _ => False", "fun x => x = 0", "fun x => x ≠ 0", "fun x => x = 1")
_FUNCTIONS = ("fun x => x", "fun _ => 0", "fun x => x + 1", "fun x => 2 * x", "fun _ => 1")
_RELATIONS = ("fun _ _ => True", "fun x y => x = y", "fun _ _ => False", "fun x y => x = 0")
_ATOM = re.compile(r"[\s\w₀-₉'+\-*/%()=≠≤<≥>]+\Z")


@dataclass(frozen=True, slots=True)
class Refutation:
    """A probe that proves the negation, and for each trial the values that it uses."""

    probe: Probe
    trials: tuple[tuple[tuple[str, str], ...], ...]

    def counterexample(self, result: Result) -> tuple[tuple[str, str], ...] | None:
        """The values of the trial that worked, or `None` where the goal was not refuted."""
        if result.outcome != "accepted":
            return None
        for note in result.notes:
            return self.trials[int(note.removeprefix("note ce "))]
        return None


def refutation(goal: Goal, preamble: str, rng: Random, trials: int = 8) -> Refutation | None:
    """A probe for `goal`, or `None` where its variables have types that no values are known for."""
    plain = [Hypothesis(_plain(h.name), _plain(h.type)) for h in goal.hypotheses]
    variables = [h for h in plain if h.is_data]
    facts = [h for h in plain if not h.is_data]
    target = _plain(goal.target)
    choices = [_values(v.type) for v in variables]
    if any(not values for values in choices):
        return None
    if any(h.type.startswith(("Decidable", "inst")) for h in facts):
        return None
    worlds = _worlds(variables, choices, facts, target, rng, trials)
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
    probe = Probe(
        binders="", goal=f"¬ ({body})", earlier=("intro H_",), step=step, preamble=preamble, close=False
    )
    named = tuple(
        tuple((v.name, value) for v, value in zip(variables, world, strict=True)) for world in worlds
    )
    return Refutation(probe, named)


def _values(kind: str) -> tuple[str, ...]:
    element = r"(?:Nat|Int|[αβγ])"
    if kind == "Nat" or kind in "αβγ":
        return ("0", "1", "2", "3", "5", "7", "10")
    if kind == "Int":
        return ("0", "1", "-1", "2", "-3", "6", "-8")
    if kind == "Prop":
        return ("True", "False")
    if kind == "Bool":
        return ("true", "false")
    if kind == "Type":
        return ("Nat",)
    if re.fullmatch(rf"List {element}", kind):
        return ("[]", "[0]", "[0, 1]", "[1]", "[2, 3]")
    if re.fullmatch(rf"Option {element}", kind):
        return ("none", "some 0", "some 1", "some 3")
    if re.fullmatch(rf"{element} → Prop", kind):
        return _PREDICATES
    if re.fullmatch(rf"{element} → {element}", kind):
        return _FUNCTIONS
    if re.fullmatch(rf"{element} → {element} → Prop", kind):
        return _RELATIONS
    return ()


def _worlds(
    variables: Sequence[Hypothesis],
    choices: Sequence[Sequence[str]],
    facts: Sequence[Hypothesis],
    target: str,
    rng: Random,
    trials: int,
) -> list[tuple[str, ...]]:
    count = 1
    for values in choices:
        count *= len(values)
    known = {_pythonic(v.name) for v in variables}
    checks = [(code, True) for f in facts if (code := _python(f.type, known))]
    goal_code = _python(target, known)
    if goal_code:
        checks.append((goal_code, False))
    numeric = bool(checks) and all(v.type in ("Nat", "Int") for v in variables)
    if numeric:
        return _search_numbers(variables, checks, rng, trials)
    if count <= trials:
        return list(product(*choices))
    return list({tuple(rng.choice(values) for values in choices): None for _ in range(trials)})


def _search_numbers(
    variables: Sequence[Hypothesis], checks: Sequence[tuple[str, bool]], rng: Random, trials: int
) -> list[tuple[str, ...]]:
    compiled = [(compile(code, "goal", "eval"), wanted) for code, wanted in checks]
    best: list[tuple[int, tuple[int, ...]]] = []
    seen: set[tuple[int, ...]] = set()
    for _ in range(1500):
        world = tuple(rng.randint(0, 14) if v.type == "Nat" else rng.randint(-14, 14) for v in variables)
        if world in seen:
            continue
        seen.add(world)
        names = {
            _pythonic(v.name): (_Natural if v.type == "Nat" else int)(x)
            for v, x in zip(variables, world, strict=True)
        }
        wrong = 0
        for code, wanted in compiled:
            try:
                wrong += bool(eval(code, {"__builtins__": {}}, names)) != wanted
            except ZeroDivisionError:
                wrong += 1
        best.append((wrong, world))
        if wrong == 0 and sum(score == 0 for score, _ in best) >= 3:
            break
    best.sort(key=lambda pair: (pair[0], sum(abs(x) for x in pair[1])))
    zero = [world for wrong, world in best if wrong == 0]
    kept = zero[:3] or [world for _, world in best[: min(4, trials)]]
    return [tuple(str(x) for x in world) for world in kept]


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
