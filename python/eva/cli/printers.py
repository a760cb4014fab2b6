"""The two forms of `eva score`'s output: JSON lines for programs, a table for readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from eva.cli.screen import Screen
from eva.cli.show import StepLines, group_of
from eva.step import ProofStep, StepScore


class Printer(Protocol):
    """Prints judgements, which come in the order of the steps."""

    def show(self, score: StepScore) -> None:
        """Print a step that is judged whole."""

    def draft(self, score: StepScore | None) -> None:
        """Show the step whose critique is being written, in place of the draft before."""

    def end(self, scores: Sequence[StepScore], left: Sequence[StepScore]) -> None:
        """No more will come; `left` are the last of `scores`, which are not printed yet."""


class JsonLines:
    """One JSON object a step, in a line of its own, as `docs/cli.md` has it."""

    def __init__(self, screen: Screen, steps: Sequence[ProofStep]) -> None:
        self._screen = screen
        self._steps = steps

    def show(self, score: StepScore) -> None:
        self._screen.print_raw(json.dumps(record(self._steps[score.index], score), ensure_ascii=False))

    def draft(self, score: StepScore | None) -> None:
        """Lines are printed whole only."""

    def end(self, scores: Sequence[StepScore], left: Sequence[StepScore]) -> None:
        for score in left:
            self.show(score)


class Table:
    """The steps of each theorem under its statement, a summary at the end.

    Steps that got no numbers because the judging ended early are counted in the summary and not shown.
    """

    def __init__(self, screen: Screen, steps: Sequence[ProofStep]) -> None:
        self._screen = screen
        self._steps = steps
        self._lines = StepLines(screen.out, steps)
        self._group: tuple[str, str] | None = None

    def show(self, score: StepScore) -> None:
        step = self._steps[score.index]
        self._screen.draft([])
        self._screen.show(self._heading(step) + self._lines.step(step, score))
        self._group = group_of(step)

    def draft(self, score: StepScore | None) -> None:
        if score is None or not self._screen.drafts:
            self._screen.draft([])
        else:
            step = self._steps[score.index]
            self._screen.draft(self._heading(step) + self._lines.step(step, score, draft=True))

    def end(self, scores: Sequence[StepScore], left: Sequence[StepScore]) -> None:
        for score in left:
            if score.value is not None:
                self.show(score)
        self._screen.show(self._lines.summary(scores))

    def _heading(self, step: ProofStep) -> list[Any]:
        return [] if self._group == group_of(step) else self._lines.heading(step)


def record(step: ProofStep, score: StepScore) -> dict[str, Any]:
    """What `--json` says of one step."""
    out: dict[str, Any] = {
        "theorem": step.name or None,
        "line": step.line,
        "column": step.column,
        "tactic": step.tactic,
        "status": score.status,
        "value": score.value,
        "expected": score.expected,
        "spread": score.spread,
        "mass": score.mass,
        "critique": score.critique,
    }
    if step.lean_error is not None:
        out["lean_error"] = step.lean_error
    if score.message is not None:
        out["message"] = score.message
    return out
