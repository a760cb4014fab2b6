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
        node = TacticNode("", start, end, original=not (match[5] or match[8]))
        _read_body(node, lines[index + 1 : stop], indent + 2)
        above[-1][1].children.append(node)
        above.append((indent, node))
    return trees


def _read_body(node: TacticNode, lines: list[str], indent: int) -> None:
    """Fill in what stands under a node's first line, `indent` columns into the page: its syntax, its
    goals."""
    openings = ("before ", "before no goals")
    before = next((i for i, line in enumerate(lines) if line[indent:] in openings), -1)
    syntax = lines if before < 0 else lines[:before]
    if syntax and (kind := _KIND.match(syntax[0], indent)):
        node.kind = kind[1]
    if before < 0 or not node.original:  # only the author's own tactics are shown with their goals
        return
    node.incomplete = any("<missing>" in line for line in syntax)
    body = [line[indent:] for line in lines[before:]]
    after = next((i for i, line in enumerate(body) if line in ("after ", "after no goals")), len(body))
    node.before = split_goals(body[1:after], indent)
    node.after = split_goals(body[after + 1 :], indent)
