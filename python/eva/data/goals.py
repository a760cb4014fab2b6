"""Reading goals as Lean prints them: case tag, hypotheses, target."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DATA_WORDS = re.compile(r"(?:Nat|Int|Prop|Bool|Type|List|Option|Unit|[αβγ]|[→×()]|\s)+\Z")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One local name and its type, as printed (`value` is not kept for `let`)."""

    name: str
    type: str

    @property
    def is_data(self) -> bool:
        """True for variables (`n : Nat`, `p : Prop`, `f : Nat → Nat`), false for facts about them."""
        return _DATA_WORDS.match(self.type) is not None

    @property
    def usable(self) -> bool:
        """False for names that cannot be written (`h✝`)."""
        return "✝" not in self.name


@dataclass(frozen=True, slots=True)
class Goal:
    """A parsed goal."""

    case: str
    hypotheses: tuple[Hypothesis, ...]
    target: str

    @property
    def variables(self) -> list[Hypothesis]:
        return [h for h in self.hypotheses if h.is_data]

    @property
    def facts(self) -> list[Hypothesis]:
        return [h for h in self.hypotheses if not h.is_data]


def split_goals(text: str) -> tuple[str, ...]:
    """The goals of one printed proof state; `()` for no goals."""
    text = text.strip("\n")
    if not text or text == "no goals":
        return ()
    return tuple(part.strip("\n") for part in re.split(r"\n\n+", text) if part.strip())


def parse_goal(text: str) -> Goal:
    """Parse one printed goal. Raises `ValueError` where there is no `⊢`."""
    case = ""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("case ") and not lines and not case:
            case = line[5:].strip()
        elif line.startswith(" ") and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    hypotheses: list[Hypothesis] = []
    for line in lines:
        if line.startswith("⊢"):
            return Goal(case, tuple(hypotheses), line[1:].strip())
        names, _, kind = line.partition(" : ")
        kind = kind.split(" := ")[0]
        hypotheses.extend(Hypothesis(name, kind) for name in names.split())
    raise ValueError(f"a printed goal needs a line that starts with ⊢: {text[:80]!r}")


def split_top(formula: str, connective: str) -> tuple[str, str] | None:
    """Split at the first `connective` (`" ∧ "`) that stands outside brackets, or `None`.

    Only reliable from the loosest connective down; use `head` to know which one that is.
    """
    depth = 0
    for index, char in enumerate(formula):
        if char in "([{⟨":
            depth += 1
        elif char in ")]}⟩":
            depth -= 1
        elif depth == 0 and formula.startswith(connective, index):
            return formula[:index].strip(), formula[index + len(connective) :].strip()
    return None


def head(formula: str) -> str:
    """The outermost shape of a printed formula: `∀ ∃ ↔ → ∨ ∧ ¬ = ≠ ≤ < ∈ ∣ False True` or `?`."""
    formula = formula.strip()
    while formula.startswith("(") and _closes_at_end(formula):
        formula = formula[1:-1].strip()
    if formula in ("False", "True"):
        return formula
    for quantifier in "∀∃":
        if formula.startswith(quantifier):
            return quantifier
    for connective in (" ↔ ", " → ", " ∨ ", " ∧ "):
        if split_top(formula, connective):
            return connective.strip()
    if formula.startswith("¬"):
        return "¬"
    for relation in (" = ", " ≠ ", " ≤ ", " < ", " ≥ ", " > ", " ∈ ", " ∉ ", " ∣ "):
        if split_top(formula, relation):
            return {"≥": "≤", ">": "<"}.get(relation.strip(), relation.strip())
    return "?"


def _closes_at_end(formula: str) -> bool:
    depth = 0
    for index, char in enumerate(formula):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return index == len(formula) - 1
    return False
