"""What the model reads and what it writes, as text.

The input is instruction, theorem, earlier steps, proof state, proposed step (arXiv 2606.01160, section on
the input X); the parts that the steps of one proof share come first, so that they are computed once. The
output is a critique in `<think> … </think>` and one JSON object of integer scores, in either order; which
of the two comes first is forced by the decoder, so the prompt is the same for both orders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from eva.step import DIMENSIONS, Order, ProofStep

KEYS = {"logic": "logic_score", "alignment": "align_score", "clarity": "clarity_score"}
END = "\nJudgement:\n"
"""What a prompt ends with."""
THINK_OPEN, THINK_CLOSE = "<think>", "</think>"

INSTRUCTION = (
    "You are an expert in Lean 4. Judge the proposed step in the proof state below.\n"
    "logic: is it sound as an idea, so that the proof can still be finished?\n"
    "alignment: does it fit this very proof state, so that Lean accepts it?\n"
    "clarity: is it explicit enough to be read, debugged and kept?\n"
    "Score each from {low} (worst) to {high} (best). Write a short critique between <think> and </think>, "
    'and one JSON object such as {{"logic_score": {high}, "align_score": {low}, "clarity_score": {high}}}.'
)


def prompt(step: ProofStep, instruction: str, *, earlier: int | None = None) -> str:
    """The text before the output; it ends with a newline. `earlier`: keep only so many of the latest."""
    parts = [instruction]
    if step.statement:
        parts.append(f"Theorem:\n{step.statement}")
    kept = step.earlier if earlier is None else step.earlier[len(step.earlier) - earlier :]
    if kept:
        parts.append("Earlier steps:\n" + "\n".join(kept))
    goals = "\n\n".join(step.goals) if step.goals else "no goals"
    parts.append(f"Proof state:\n{goals}")
    parts.append(f"Proposed step:\n{step.tactic}")
    return "\n".join(parts) + END


def score_text(scores: Mapping[str, int]) -> str:
    """The JSON object of integer scores, exactly as the model writes it."""
    return "{" + ", ".join(f'"{KEYS[name]}": {scores[name]}' for name in DIMENSIONS) + "}"


def think_text(critique: str) -> str:
    """The critique between its marks. What would break the marks or JSON readers is taken out of it."""
    clean = re.sub(r"[\x00-\x1f\x7f<]+", " ", critique).strip()
    return f"{THINK_OPEN}{clean}{THINK_CLOSE}"


@dataclass(frozen=True)
class Completion:
    """An output as text, with the character span of each dimension's integer in it."""

    text: str
    spans: Mapping[str, tuple[int, int]]


def completion(critique: str | None, scores: Mapping[str, int], order: Order) -> Completion:
    """The whole output. `critique=None`: the object alone."""
    scored = score_text(scores)
    if critique is None:
        text, start = scored, 0
    elif order == "score_first":
        text, start = f"{scored}\n{think_text(critique)}", 0
    else:
        think = think_text(critique) + "\n"
        text, start = think + scored, len(think)
    return Completion(text, _spans(text, start))


class NoScores(ValueError):
    """The text holds no score object, or more than one: its place is not unique."""


_OBJECT = re.compile(
    r"\{" + r",\s*".join(rf'\s*"{KEYS[name]}"\s*:\s*(-?\d+)' for name in DIMENSIONS) + r"\s*\}"
)


def find_scores(text: str) -> dict[str, tuple[int, int]]:
    """Character spans of the three integers in an output, alone or behind its prompt. Raises `NoScores`.

    Text inside `<think> … </think>` is never read: a critique may talk about scores. Nor is the prompt: its
    instruction may show an object.
    """
    outside = re.sub(r"<think>.*?</think>", lambda m: " " * len(m.group()), text, flags=re.DOTALL)
    found = list(_OBJECT.finditer(outside, outside.rfind(END) + 1))
    if len(found) != 1:
        raise NoScores(f"expected one object with {', '.join(KEYS.values())}, found {len(found)}")
    return {name: found[0].span(i + 1) for i, name in enumerate(DIMENSIONS)}


def is_after_critique(text: str) -> bool:
    """Whether a critique stands right before the scores of a given output. Raises `NoScores`."""
    start, _ = find_scores(text)[DIMENSIONS[0]]
    return text[: text.rindex("{", 0, start)].rstrip().endswith(THINK_CLOSE)


def _spans(text: str, start: int) -> dict[str, tuple[int, int]]:
    found = _OBJECT.match(text, start)
    assert found is not None, text
    return {name: found.span(i + 1) for i, name in enumerate(DIMENSIONS)}
