"""Tactics out of the text that Lean prints for `trace.Elab.info`.

Lean prints one tree a command. Each node is a line `• [Kind] …`, indented by its depth; a tactic's node goes
on with its syntax, then `before` and `after` with the goals (`Lean.Elab.TacticInfo.format`, the same from
Lean 4.28 to 4.37):

    • [Tactic] @ ⟨3, 2⟩-⟨3, 6⟩ @ Lean.Elab.Tactic.evalSimp
      (Tactic.simp "simp" (Tactic.optConfig []) [] [] [] [])
      before⎵
      n : Nat
      ⊢ n + 0 = n
      after no goals

A dagger at a position (`⟨3, 2⟩†`) says that the syntax was made by a macro and only borrows that place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from eva.lean.goals import split_goals
from eva.lean.source import Position

_HEAD = re.compile(
    r"( *)• (?:\[(Tactic|Command)\] @ ⟨(\d+), (\d+)⟩(†?)!?-⟨(\d+), (\d+)⟩(†?)!?(?: @ (.*))?$|[\[?<])"
)
_KIND = re.compile(r"\(?(\S+?)\)?(?:\s|$)")


@dataclass
class TacticNode:
    """One tactic node of an info tree; the root that holds a command's tactics has kind `""`.

    - `kind`: the syntax kind without `Lean.Parser.`, as printed: `Tactic.simp`; for an atom its text in
      quotes.
    - `start`, `end`: where its syntax stands; `original`: the user wrote it there (no macro did).
    - `incomplete`: a part of the syntax is missing (the parser gave up in it).
    - `before`, `after`: the proof states around it.
    - `children`: the tactic nodes below it; term nodes between are passed over.
    """

    kind: str
    start: Position
    end: Position
    original: bool = True
    incomplete: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    children: list[TacticNode] = field(default_factory=list)


@dataclass
class CommandTree:
    """The tactics of one command; `elaborator` names the command's (`Lean.Elab.Command.elabEoi` at the file's
    end)."""

    elaborator: str
    root: TacticNode


def parse_trace(text: str) -> list[CommandTree]:
    """The command trees in one `[Elab.info]` message, in one pass over its lines. Never raises: what is not
    understood is passed over."""
    lines = text.split("\n")
    heads = [(index, match) for index, line in enumerate(lines) if (match := _HEAD.match(line))]
    trees: list[CommandTree] = []
    above: list[tuple[int, TacticNode]] = []
    for place, (index, match) in enumerate(heads):
        indent = len(match[1])
        while above and above[-1][0] >= indent:
            above.pop()
        if match[2] is None:
            continue
        start, end = (int(match[3]), int(match[4])), (int(match[6]), int(match[7]))
        if match[2] == "Command":
            if not above:
                root = TacticNode("", start, end)
                trees.append(CommandTree(match[9] or "", root))
                above.append((indent, root))
            continue
        if not above:
            continue
        stop = heads[place + 1][0] if place + 1 < len(heads) else len(lines)
        node = _node(lines, index + 1, stop, indent + 2)
        node.start, node.end, node.original = start, end, not (match[5] or match[8])
        above[-1][1].children.append(node)
        above.append((indent, node))
    return trees


def _node(lines: list[str], first: int, stop: int, indent: int) -> TacticNode:
    """The node whose syntax and goals stand in `lines[first:stop]`; its position is filled in by the
    caller."""
    node = TacticNode("", (1, 0), (1, 0))
    body = [line[indent:] for line in lines[first:stop]]
    before = next((i for i, line in enumerate(body) if line in ("before ", "before no goals")), len(body))
    after = next((i for i in range(before, len(body)) if body[i] in ("after ", "after no goals")), len(body))
    syntax = body[:before]
    if syntax and (kind := _KIND.match(syntax[0])):
        node.kind = kind[1]
    node.incomplete = any("<missing>" in line for line in syntax)
    node.before = split_goals(body[before + 1 : after], indent)
    node.after = split_goals(body[after + 1 :], indent)
    return node
