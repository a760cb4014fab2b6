"""Attempts at proofs that somebody recorded: the lines that Lean took, and the one that it refused.

There are no proof states, only the statement and the lines so far, so this is far from what a model of proof
states is made for: an honest look at what it knows beyond its own world.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eva.data.convert import rllean_steps
from eva.evaluate.judgement import Judge
from eva.evaluate.metrics import auroc, pair_ranking
from eva.step import ProofStep


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One line of an attempt as a step; `accepted`: no error of Lean stands at it."""

    step: ProofStep
    attempt: int
    accepted: bool


def attempt_lines(path: Path) -> Iterator[AttemptLine]:
    """The lines of each failed attempt up to its first error, from RL-Lean's records.

    Every line gets the statement in place of a proof state: the one that Lean's message shows would tell the
    refused lines from the others. Raises `eva.data.convert.BadSource`.
    """
    for number, failed in enumerate(rllean_steps(path)):
        goal = ("⊢ " + failed.statement.partition(" ")[2],)
        for place, tactic in enumerate((*failed.earlier, failed.tactic)):
            step = replace(failed, goals=goal, tactic=tactic, earlier=failed.earlier[:place], lean_error=None)
            yield AttemptLine(step, number, place < len(failed.earlier))


def attempt_figures(lines: list[AttemptLine], judge: Judge) -> dict[str, Any]:
    """How well alignment scores tell lines that Lean took from those that it refused.

    - `lines`, `attempts`; `scored`: lines that fit the model's context.
    - `auroc_accept`; `pair_strict`: the refused line of an attempt scores below an earlier one.
    - `auroc_place`: what a rule gets that only counts the lines before. The refused line is the last one, so
      this rule has every pair right.
    """
    judged = judge([line.step for line in lines])
    kept = [(line, one) for line, one in zip(lines, judged, strict=True) if one.expected]
    scores = np.array([one.expected["alignment"] for _, one in kept])
    accepted = np.array([line.accepted for line, _ in kept], dtype=bool)
    pairs = pair_ranking(scores, accepted, ~accepted, [line.attempt for line, _ in kept])
    return {
        "lines": len(lines),
        "attempts": len({line.attempt for line in lines}),
        "scored": len(kept),
        "auroc_accept": auroc(scores, accepted),
        "pair_strict": pairs.strict,
        "auroc_place": auroc(np.array([-float(len(line.step.earlier)) for line, _ in kept]), accepted),
    }
