"""A judged step as lines for a reader.

Facts come first (place, tactic, what Lean said), then the model's opinion (value as a bar, expected scores,
critique). The verdict is Lean's, and must never be mistaken for the model's opinion, nor the other way round:
each of the two is named where it speaks, for a critique may well claim to know what Lean would say.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from eva.cli.exits import visible
from eva.step import ProofStep, StepScore

WIDEST = 110
"""Columns; longer lines are tiring to read."""
WIDEST_BAR = 20
BESIDE_THE_BAR = len(" 0.00  logic 0.00±0.0  alignment 0.00±0.0  clarity 0.00±0.0")
TACTIC_LINES = 6
VERDICT_LINES = 4
EIGHTHS = " ▏▎▍▌▋▊▉"
STATUS_WORDS = {
    "off_format": "off format",
    "too_long": "too long",
    "deadline": "deadline passed",
    "cancelled": "cancelled",
    "error": "failed",
}
LOW, MIDDLE, HIGH = (204, 82, 82), (200, 150, 50), (70, 160, 95)


def value_color(value: float) -> str:
    """Red over amber to green, as `#rrggbb`, for a value in [0, 1]."""
    start, end, share = (LOW, MIDDLE, value * 2) if value < 0.5 else (MIDDLE, HIGH, value * 2 - 1)
    mixed = (round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def bar(value: float, cells: int) -> Text:
    """`value` in [0, 1] as a bar of `cells` columns, exact to an eighth of a column."""
    eighths = round(value * cells * 8)
    full, part = divmod(eighths, 8)
    drawn = "█" * full + (EIGHTHS[part] if part else "")
    return Text.assemble((drawn, value_color(value)), ("·" * (cells - len(drawn)), "dim"))


def place_of(step: ProofStep) -> str:
    """`line:column` as Lean counts them (lines from 1, columns from 0), or `""`."""
    if step.line is None:
        return ""
    return str(step.line) if step.column is None else f"{step.line}:{step.column}"


def group_of(step: ProofStep) -> tuple[str, str]:
    """What the steps of one proof have in common; unnamed examples differ by their statements."""
    return step.name, step.statement


class StepLines:
    """Lays steps out in `width` columns, with places that line up.

    - `width`: columns to use, at most `WIDEST` are used.
    - `steps`: all steps that will be shown, so that the widest place is known.
    """

    def __init__(self, console: Console, steps: Sequence[ProofStep], width: int | None = None) -> None:
        self._console = console
        self._steps = steps
        self._width = min(width or console.width, WIDEST)
        self._place = max((len(place_of(step)) for step in steps), default=0)
        self._indent = self._place + 5
        self._bar = min(max(self._width - self._indent - BESIDE_THE_BAR, 6), WIDEST_BAR)

    def heading(self, step: ProofStep) -> list[Text]:
        """The lines over the steps of one theorem: its statement in one line, else its name."""
        words = " ".join(visible(step.statement or step.name).split())
        return [self._cut(Text(words or "(no name)", style="bold underline")), Text()]

    def step(self, step: ProofStep, score: StepScore, *, draft: bool = False) -> list[Text]:
        """All lines of one step, an empty one after it; `draft` while its critique is still being written."""
        lines = self._tactic(step) + self._verdict(step) + self._numbers(score)
        words = visible(score.critique or "").strip()
        if words or draft:
            lines += self._wrapped(Text.assemble(("model: ", "dim"), words, "▏" if draft else ""))
        return [*lines, Text()]

    def summary(self, scores: Sequence[StepScore]) -> list[Text]:
        """One sentence on the whole: how many, Lean's verdicts, the lowest value and where."""
        steps = self._steps
        parts = [_count(len(steps), "step") + " in " + _count(len(set(map(group_of, steps))), "theorem")]
        rejected = sum(step.lean_error is not None for step in steps)
        if rejected:
            parts.append(f"{rejected} rejected by Lean")
        valued = [(score.value, steps[score.index]) for score in scores if score.value is not None]
        if len(valued) < len(steps):
            parts.append(f"{len(steps) - len(valued)} without a score")
        if valued:
            value, step = min(valued, key=lambda pair: pair[0])
            parts.append(f"lowest value {value:.2f}" + (f" at {place_of(step)}" if place_of(step) else ""))
        return list(Text(" · ".join(parts), style="dim").wrap(self._console, self._width))

    def _tactic(self, step: ProofStep) -> list[Text]:
        rows = visible(step.tactic).strip("\n").splitlines()
        if len(rows) > TACTIC_LINES:
            rows = [*rows[: TACTIC_LINES - 1], "…"]
        mark, style = _mark(step)
        place = Text.assemble((f"  {place_of(step):>{self._place}} ", "dim"), (mark, style), " ")
        margin = Text(" " * self._indent)
        return [
            self._cut((margin if number else place) + Text(row.rstrip(), style="bold"))
            for number, row in enumerate(rows)
        ]

    def _verdict(self, step: ProofStep) -> list[Text]:
        if step.lean_error is None:
            return []
        message = Text.assemble(("Lean: ", "bold red"), " ".join(visible(step.lean_error).split()))
        lines = self._wrapped(message)
        if len(lines) > VERDICT_LINES:
            lines = [*lines[:VERDICT_LINES], Text(" " * self._indent + "…")]
        return lines

    def _numbers(self, score: StepScore) -> list[Text]:
        if score.value is None:
            words = STATUS_WORDS.get(score.status, score.status)
            why = f": {visible(score.message)}" if score.message else ""
            return self._wrapped(Text.assemble(("no score", "bold yellow"), f" · {words}{why}"))
        dimensions = Text("  ").join(
            Text.assemble((f"{name} ", "dim"), f"{part.expected:.2f}", (f"±{part.spread:.1f}", "dim"))
            for name, part in score.dimensions.items()
        )
        value = Text(f" {score.value:.2f}", style=f"bold {value_color(score.value)}")
        drawn = bar(score.value, self._bar)
        lines = [self._cut(Text.assemble(" " * self._indent, drawn, value, "  ", dimensions))]
        if score.status != "scored":
            mass = f", anchor mass {score.mass:.2f}" if score.mass is not None else ""
            words = STATUS_WORDS.get(score.status, score.status)
            lines += self._wrapped(
                Text.assemble((words, "bold yellow"), f"{mass}: the model was not about to write a score")
            )
        return lines

    def _wrapped(self, text: Text) -> list[Text]:
        lines = text.wrap(self._console, max(self._width - self._indent, 20), tab_size=2)
        for line in lines:
            line.rstrip()
        return [Text(" " * self._indent) + line if line else line for line in lines]

    def _cut(self, text: Text) -> Text:
        text.truncate(self._width, overflow="ellipsis")
        return text


def _mark(step: ProofStep) -> tuple[str, str]:
    """Lean's verdict as a sign and its style; a blank where Lean was not asked, as far as the step tells."""
    if step.lean_error is not None:
        return "✗", "bold red"
    return ("✓", "green") if step.goals_after is not None else (" ", "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
