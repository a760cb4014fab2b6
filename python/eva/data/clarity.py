"""Clarity of a step: a rubric on its form alone, the same for accepted and rejected steps.

Starts at 4.4 on the scale 1 to 5. Names that say what is used raise it; automation that hides what is used,
chains, unnamed cases, blanks to be guessed and length lower it.
"""

from __future__ import annotations

import re
from math import exp

_RULES: tuple[tuple[str, float], ...] = (
    (r"\bsimp only \[", 0.15),
    (r"\bsimp_all\b", -1.25),
    (r"\bsimp(?:a)?\b(?! only)(?! \[)", -0.95),
    (r"\bsimp(?:a)? \[", -0.35),
    (r"\bgrind\b", -1.1),
    (r"\bdecide\b", -0.3),
    (r"\btrivial\b", -0.8),
    (r"\bomega\b", -0.25),
    (r"\bassumption\b", -0.6),
    (r"\bcontradiction\b", -0.45),
    (r"^intros$", -0.9),
    (r"^(?:cases|induction) [\w₀-₉']+$", -0.7),
    (r"^(?:injection|congr|split)\b", -0.35),
    (r"\bat \*", -0.6),
    (r"<;>", -0.55),
    (r"\?_|(?<![\w'])_(?![\w'])", -0.2),
    (r"^have (?:\w+ )?:= ", -0.15),
    (r"^have \w+ : ", 0.25),
    (r"\bwith\n", 0.3),
    (r"^calc\b", 0.45),
    (r"^exact [\w₀-₉']+$", 0.35),
    (r"\b(?:Nat|Int|List|Bool|Option|Or|And|Iff)\.\w+", 0.2),
    (r"^exfalso$", -0.1),
    (r"^skip$", -1.6),
    (r"\.[12]\b", -0.15),
    (r"←", -0.05),
)


def clarity(tactic: str, in_words: bool = False) -> float:
    """The rubric's value in [1, 5]. `in_words`: the step is prose, which no tool keeps."""
    if in_words:
        vague = 0.0 if re.search(r"\b[\w₀-₉']*\d[\w₀-₉']*\b|\b[a-zA-Z]\b", tactic) else 0.6
        return _inside(2.5 - vague - 0.006 * len(tactic))
    score = 4.4
    for pattern, weight in _RULES:
        count = len(re.findall(pattern, tactic, flags=re.MULTILINE))
        score += weight * (1 - exp(-0.7 * count)) / (1 - exp(-0.7))
    longest = max(len(line) for line in tactic.split("\n"))
    score -= 0.012 * max(0, longest - 12) + 0.08 * tactic.count("\n")
    depth = tactic.count("(") + tactic.count("⟨")
    score -= 0.08 * max(0, depth - 1)
    if tactic.count("(") != tactic.count(")") or tactic.count("[") != tactic.count("]"):
        score -= 0.9
    return _inside(score)


def _inside(score: float) -> float:
    return max(1.0, min(5.0, score))
