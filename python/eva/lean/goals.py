"""Goals out of the text that Lean prints for a proof state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

LEAN_WIDTH = 120
"""Columns at which Lean breaks a line (`Std.Format.defWidth`)."""


def split_goals(lines: Sequence[str], indent: int = 0) -> tuple[str, ...]:
    """The goals of a proof state that was printed `indent` columns into the page.

    A goal is hypotheses, then one line `⊢ target` (`| target` in `conv` mode), then the indented rest of the
    target. Lean breaks lines at 120 columns of the whole page; what it broke only because of the indentation
    is joined again, so that the goals read as Lean prints them at the margin.
    """
    goals: list[str] = []
    current: list[str] = []
    target_seen = False
    for item in _items(lines):
        if target_seen:
            goals.append("\n".join(current))
            current, target_seen = [], False
        current += item if len(item) == 1 else _widened(item, LEAN_WIDTH - indent)
        target_seen = item[0].startswith(("⊢", "| "))
    if current:
        goals.append("\n".join(current))
    return tuple(goals)


def _items(lines: Sequence[str]) -> list[list[str]]:
    """Lines grouped into hypotheses and targets: an indented line goes on with the one before."""
    items: list[list[str]] = []
    for line in lines:
        if line.startswith(" ") and items:
            items[-1].append(line)
        else:
            items.append([line])
    return items


_OPENS = re.compile(r"[({\[⟨]*(?:let|have|match|do)\b")
_IF = re.compile(r"[({\[⟨]*if\b")


@dataclass
class _Line:
    """A line and the deeper ones that follow it."""

    indent: int
    text: str
    below: list[_Line] = field(default_factory=list)

    @property
    def width(self) -> int:
        return self.indent + len(self.text)

    @property
    def ends_hard(self) -> bool:
        """Lean ends the line here however wide the page is: `let x := 1;`, `match n with`."""
        return self.text.endswith((";", " with", " do", " by"))

    @property
    def starts_hard(self) -> bool:
        """What Lean puts on a line of its own, because it goes on in the next."""
        return self.ends_hard and _OPENS.match(self.text) is not None

    def lines(self) -> list[str]:
        return [" " * self.indent + self.text, *(line for child in self.below for line in child.lines())]


def _widened(item: list[str], narrow: int) -> list[str]:
    """A hypothesis or target as it stands on a page of 120 columns, from how it stands on a narrow one."""
    if len(" ".join(line.strip() for line in item)) <= narrow:
        return item  # it would have fitted there: Lean broke it because it always does
    root = _Line(-1, "")
    path = [root]
    for text in item:
        line = _Line(len(text) - len(text.lstrip(" ")), text.lstrip(" "))
        while path[-1].indent >= line.indent:
            path.pop()
        path[-1].below.append(line)
        path.append(line)
    return [line for top in root.below for line in _joined(top).lines()]


def _joined(head: _Line) -> _Line:
    """Join the lines below `head` from the inside out, while they fit: after one that stays, all stay."""
    done = _Line(head.indent, head.text)
    below = _with_else([_joined(child) for child in head.below])
    for place, child in enumerate(below):
        has_else = place + 1 < len(below) and below[place + 1].text.startswith("else")
        split_if = has_else and _IF.match(child.text) is not None
        hard = done.ends_hard or child.starts_hard or split_if
        if not hard and _fits(done, child):
            done.text += " " + child.text
        else:
            done.below.append(child)
    return done


def _with_else(lines: list[_Line]) -> list[_Line]:
    """`if … then …` and its `else …` on one line, where they fit: they go together before anything else."""
    out: list[_Line] = []
    for line in lines:
        if line.text.startswith("else") and out and _IF.match(out[-1].text) and _fits(out[-1], line):
            out[-1].text += " " + line.text
        else:
            out.append(line)
    return out


def _fits(line: _Line, after: _Line) -> bool:
    return not line.below and not after.below and line.width + 1 + len(after.text) <= LEAN_WIDTH
