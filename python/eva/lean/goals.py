"""Goals out of the text that Lean prints for a proof state."""

from __future__ import annotations

from collections.abc import Sequence

LEAN_WIDTH = 120
"""Columns at which Lean breaks a line (`Std.Format.defWidth`)."""


def split_goals(lines: Sequence[str], indent: int = 0) -> tuple[str, ...]:
    """The goals of a proof state that was printed `indent` columns into the page.

    A goal is hypotheses, then one line `⊢ target` (`| target` in `conv` mode), then the indented rest of the
    target. Lean breaks lines at 120 columns of the whole page, so a line that it broke only because of the
    indentation is joined again: the goals read as Lean prints them at the margin. Lines that are too long for
    the margin as well keep the breaks of the narrower page.
    """
    goals: list[str] = []
    current: list[str] = []
    target_seen = False
    for item in _items(lines):
        if target_seen:
            goals.append("\n".join(current))
            current, target_seen = [], False
        current.append(_joined(item, indent))
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


def _joined(item: list[str], indent: int) -> str:
    whole = " ".join(line.strip() for line in item)
    broken_by_indent = LEAN_WIDTH - indent < len(whole) <= LEAN_WIDTH
    if broken_by_indent and not any(line.lstrip().startswith("|") or line.endswith(";") for line in item[1:]):
        return whole
    return "\n".join(item)
