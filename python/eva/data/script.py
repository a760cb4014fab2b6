"""Proof scripts as they stand in a file: steps, headers with arms, bullets, `have … := by` with its block.

A script is written as text, one string for each step of the outermost block:

    "constructor", "· exact hp", "· left; exact hq"
    "induction n with\\n| zero => rfl\\n| succ k ih => rw [ih]; omega"
    "have hm : a ≤ c := by\\nexact Nat.le_trans h1 h2"

What counts as a step is what `eva.lean.steps` takes for one: the header is a step and so are the tactics in
its arms; bullets only arrange.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eva.data.goals import split_goals
from eva.data.probes import END, Place


@dataclass(frozen=True, slots=True)
class Block:
    """A block of steps: `opening` is `·`, an arm (`| zero =>`), or empty for the block of a `by`."""

    opening: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A step with the blocks that it holds; `text` is empty where the block only arranges."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A statement and a proof that may work."""

    start: Place
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a walk as Lean ran it.

    - `place`, `earlier`: where it stands: for Lean, and as the texts of the steps before it.
    - `arms`: the arms behind a header.
    - `goals`, `after`: the states around it; `after` is `None` where it was rejected, with `error`.
    """

    place: Place
    earlier: tuple[str, ...]
    text: str
    arms: tuple[str, ...]
    goals: tuple[str, ...]
    after: tuple[str, ...] | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk showed: the state at its start, and its moves as far as Lean took them."""

    root: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Walked:
        moves = []
        for move in row["moves"]:
            moves.append(Move(Place(**tuples(move.pop("place"))), **tuples(move)))
        return cls(tuple(row["root"]), tuple(moves))


def tuples(row: dict[str, Any]) -> dict[str, Any]:
    """A record out of JSON, its lists made tuples again."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def parse_script(steps: Sequence[str]) -> tuple[Node, ...]:
    """The nodes of a script."""
    return tuple(_node(step) for step in steps if step.strip())


def _node(step: str) -> Node:
    first, *below = step.split("\n")
    if first.startswith("· "):
        return Node("", (Block("·", _sequence("\n".join([first[2:], *below]))),))
    if below and first.endswith(" with") and below[0].startswith("| "):
        arms = [line.partition(" => ") for line in below]
        return Node(first, tuple(Block(f"{arm} =>", _sequence(text)) for arm, _, text in arms))
    if below and first.endswith(":= by"):
        return Node(first, (Block("", _sequence("\n".join(below))),))
    return Node(step)


def _sequence(text: str) -> tuple[Node, ...]:
    """`a; b; c` as nodes; lines below belong to the last. What stands in brackets is not taken apart."""
    line, below, rest = text.partition("\n")
    parts, depth, start = [], 0, 0
    for index, char in enumerate(line):
        depth += (char in "([{⟨") - (char in ")]}⟩")
        if depth == 0 and line.startswith("; ", index):
            parts.append(line[start:index])
            start = index + 2
    return parse_script([*parts, line[start:] + below + rest])


@dataclass
class View:
    """Where in the file the traces of a walk stand."""

    script: Script
    root: int = 0
    stops: list[Stop] = field(default_factory=list)


@dataclass
class Stop:
    """One step of a walk in the file: its lines `start` to `end`, the line of the trace before it, of the
    first trace in each of its blocks, and of the trace after it."""

    place: Place
    earlier: tuple[str, ...]
    text: str
    arms: tuple[str, ...]
    before: int
    start: int
    end: int = 0
    inside: list[int] = field(default_factory=list)
    after: int = 0


def render_walks(scripts: Sequence[Script]) -> tuple[str, list[View]]:
    """The file that runs the scripts with a trace before each step and at the end of each block."""
    lines: list[str] = []
    views = []
    for number, script in enumerate(scripts):
        start = script.start
        if start.preamble:
            lines += [f"namespace W{number}", *start.preamble.split("\n")]
        binders = f" {start.binders}" if start.binders else ""
        lines.append("set_option maxHeartbeats 100000 in")
        lines.append(f"example{binders} : {start.goal} := by")
        view = View(script, root=len(lines) + 1)
        _Walk(lines, view).block(script.nodes, start, ())
        views.append(view)
        if start.preamble:
            lines.append(f"end W{number}")
    lines.append(f'#print "{END}"')
    return "\n".join(lines) + "\n", views


class _Walk:
    def __init__(self, lines: list[str], view: View) -> None:
        self.lines = lines
        self.view = view

    def put(self, line: str, indent: int) -> int:
        self.lines.append(" " * indent + line)
        return len(self.lines)

    def block(self, nodes: Sequence[Node], place: Place, earlier: tuple[str, ...]) -> tuple[str, ...]:
        """Write a block; returns the texts of all steps up to its end."""
        for node in nodes:
            place, earlier = self.node(node, place, earlier)
        self.put("trace_state", place.indent)
        self.put("all_goals sorry", place.indent)
        return earlier

    def node(self, node: Node, place: Place, earlier: tuple[str, ...]) -> tuple[Place, tuple[str, ...]]:
        if not node.text:
            self.put("trace_state", place.indent)  # the state after the step before
            inner = place.inside(node.blocks[0].opening)
            self.put(node.blocks[0].opening, place.indent)
            earlier = self.block(node.blocks[0].nodes, inner, earlier)
            return replace(
                place, lines=(*inner.lines, *_plain(node.blocks[0].nodes, place.indent + 2))
            ), earlier
        before = self.put("trace_state", place.indent)
        stop = Stop(
            place,
            earlier,
            node.text,
            tuple(b.opening for b in node.blocks if b.opening),
            before,
            len(self.lines) + 1,
        )
        self.view.stops.append(stop)
        for line in place.shifted(node.text):
            self.lines.append(line)
        stop.end = len(self.lines) + 1
        earlier = (*earlier, node.text)
        after = place.after(node.text)
        for index, block in enumerate(node.blocks):
            later = [f"{other.opening} sorry" for other in node.blocks[index + 1 :]]
            inner = after.inside(*filter(None, (block.opening,)), closing=later)
            if block.opening:
                self.put(block.opening, place.indent)
            stop.inside.append(len(self.lines) + 1)
            earlier = self.block(block.nodes, inner, earlier)
            after = replace(after, lines=(*inner.lines, *_plain(block.nodes, place.indent + 2)))
        stop.after = len(self.lines) + 1
        return after, earlier


def _plain(nodes: Sequence[Node], indent: int) -> Iterator[str]:
    """The text of a block, without traces."""
    for node in nodes:
        if node.text:
            yield from (" " * indent + line for line in node.text.split("\n"))
        for block in node.blocks:
            if block.opening:
                yield " " * indent + block.opening
            yield from _plain(block.nodes, indent + 2)


def read_walks(messages: Sequence[dict[str, Any]], views: Sequence[View]) -> list[Walked]:
    """What the walks showed."""
    traces: dict[int, tuple[str, ...]] = {}
    errors: dict[int, str] = {}
    for message in messages:
        line = message["pos"]["line"]
        if message["kind"] == "trace":
            traces[line] = split_goals(message["data"])
        elif message["severity"] == "error" and not re.match("unsolved goals", message["data"]):
            errors.setdefault(line, message["data"])
    return [_read_walk(view, traces, errors) for view in views]


def _read_walk(view: View, traces: dict[int, tuple[str, ...]], errors: dict[int, str]) -> Walked:
    root = traces.get(view.root, ())
    moves = []
    for stop in view.stops:
        goals = traces.get(stop.before)
        if not goals:
            continue
        wrong = next((errors[line] for line in range(stop.start, stop.end) if line in errors), "")
        if wrong:
            if "heartbeats" not in wrong:
                moves.append(Move(stop.place, stop.earlier, stop.text, stop.arms, goals, None, wrong))
            continue
        seen = [traces.get(line) for line in (*stop.inside, stop.after)]
        if None in seen[:-1] or (seen[-1] is None and not stop.inside):
            continue
        after = tuple(goal for part in seen for goal in part or ())
        moves.append(Move(stop.place, stop.earlier, stop.text, stop.arms, goals, after))
    return Walked(root, tuple(moves))
