"""Proposals in words: what a person would say instead of the tactic."""

from __future__ import annotations

import re
from random import Random

_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"induction ([\w₀-₉']+)", (
        "By induction on {0}.",
        "We argue by induction on {0}",
        "Induct on {0}: base case, then step",
    )),
    (r"(?:cases|rcases|obtain .* :=) ([\w₀-₉']+)", (
        "Split into cases on {0}.",
        "Consider the possible forms of {0}",
        "Take {0} apart",
    )),
    (r"by_cases \S+ : (.+)", ("Either {0} holds or it does not", "Distinguish whether {0} is true")),
    (r"omega", (
        "This follows by linear arithmetic.",
        "Linear arithmetic on the hypotheses closes the goal",
        "The inequality is clear from the bounds",
    )),
    (r"simp only \[(.+)\]", ("Simplify using only {0}.", "Unfold with {0}")),
    (r"simp \[(.+)\]", ("Simplify with {0}.", "The claim simplifies away once {0} is used")),
    (r"simp", (
        "Simplify both sides.",
        "The claim is immediate after simplification",
        "Clearly this simplifies to true",
    )),
    (r"rfl", ("Both sides are equal by definition.", "This holds by computation")),
    (r"decide", ("Check the finitely many cases.", "This can be computed")),
    (r"rw \[← ([\w₀-₉'.]+).*\]", ("Rewrite backwards with {0}.", "Use {0} from right to left")),
    (r"rw \[([\w₀-₉'.]+).*\]", (
        "Rewrite using {0}.",
        "Substitute by the equation {0}",
        "Replace the left side by {0}",
    )),
    (r"exact ([\w₀-₉']+)", (
        "This is exactly the hypothesis {0}.",
        "The claim is {0}",
        "We are done by {0}",
    )),
    (r"exact (.+)", ("The claim follows from {0}.", "Combine these: {0}")),
    (r"apply ([\w₀-₉'.]+)", ("Apply {0}.", "By {0} it is enough to show its premise")),
    (r"intro(?:s)? ?(.*)", ("Let {0} be arbitrary.", "Assume the premise and call it {0}", "Suppose {0}")),
    (r"constructor|refine ⟨\?_, \?_⟩", ("Prove both parts separately.", "Show each direction in turn")),
    (r"left|apply Or\.inl", ("Prove the left alternative.", "The first case holds")),
    (r"right|apply Or\.inr", ("Prove the right alternative.", "The second case holds")),
    (r"(?:exists|refine ⟨)\s*([\w₀-₉' +]+)", (
        "Take {0} as the witness.",
        "Choose {0}",
        "The number {0} works",
    )),
    (r"contradiction|exfalso", ("The hypotheses contradict each other.", "Derive a contradiction")),
    (r"assumption", ("This is one of the assumptions.", "We already know this")),
    (r"subst ([\w₀-₉']+)", ("Eliminate the variable by {0}.", "Substitute {0} everywhere")),
)  # fmt: skip
_GENERAL = ("This is obvious.", "The result follows easily", "Use the hypotheses", "It is well known")


def in_words(tactic: str, rng: Random) -> str:
    """An informal proposal for what `tactic` does; general words where no phrase fits."""
    line = tactic.split("\n", maxsplit=1)[0]
    for pattern, phrases in _PHRASES:
        found = re.match(pattern, line)
        if found:
            parts = [part.strip() or "it" for part in found.groups()]
            return rng.choice(phrases).format(*parts)
    return rng.choice(_GENERAL)
