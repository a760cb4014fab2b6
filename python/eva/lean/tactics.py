"""From a command's tactic nodes to its tactics: which of them the author wrote as steps, and with what
text."""

from __future__ import annotations

from dataclasses import dataclass, field

from eva.lean.infotree import TacticNode
from eva.lean.source import Position, Source, first_word

_SEQUENCE = frozenset({"Tactic.tacticSeq1Indented", "Tactic.tacticSeqBracketed"})
_BLOCK = _SEQUENCE | {"Tactic.tacticSeq"}

# They arrange the tactics in them, and do nothing themselves.
_ARRANGING = frozenset(
    {
        "Lean.cdot",
        "Eva.scoreTactics",
        "Tactic.case",
        "Tactic.case'",
        "Tactic.«tacticNext_=>_»",
        "Tactic.paren",
        "Tactic.focus",
    }
) | {"Tactic.tacticSeqBracketed"}

# Their first line is a step, and the tactics in their arms are steps. The word is where the first line ends.
_HEADERS: dict[str, tuple[str, ...]] = {
    "Tactic.induction": ("with",),
    "Tactic.cases": ("with",),
    "Tactic.funInduction": ("with",),
    "Tactic.funCases": ("with",),
    "Tactic.match": ("with",),
    "Tactic.tacIfThenElse": ("then",),
    "Tactic.tacDepIfThenElse": ("then",),
    "Tactic.classical": (),
    "Tactic.open": (),
    "Tactic.set_option": (),
}

# They run the tactics in them on several goals, or several times, or until one succeeds: one step, whatever
# is inside.
_COMBINATORS = frozenset(
    {
        "Tactic.«tactic_<;>_»",
        "Tactic.first",
        "Tactic.solve",
        "Tactic.solveTactic",
        "Tactic.tacticTry_",
        "Tactic.allGoals",
        "Tactic.anyGoals",
        "Tactic.tacticRepeat_",
        "Tactic.repeat'",
        "Tactic.repeat1'",
        "Tactic.tacticRepeat'_",
        "Tactic.tacticRepeat1'_",
        "Tactic.tacticIterate____",
        "Tactic.failIfSuccess",
    }
)
_CALC = "Lean.calcTactic"
_UNKNOWN = "Tactic.unknown"


@dataclass(eq=False)
class Tactic:
    """A tactic of the source that is a step.

    - `start`, `end`: its whole extent, blocks in it included; `text`: the step's text, without them.
    - `goals`, `goals_after`: the proof states around it; after a step with blocks come the blocks' goals
      first.
    - `blocks`: extents of the blocks that were taken out of it; `arms`: they are arms, not `by` blocks.
    - `incomplete`: the parser gave up in it.
    - `inside`: the step in one of whose blocks it stands, or None.
    - `error`: Lean's first error message at it (filled in by `eva.lean.steps`).
    """

    start: Position
    end: Position
    goals: tuple[str, ...]
    goals_after: tuple[str, ...]
    inside: Tactic | None
    arms: bool = False
    incomplete: bool = False
    text: str = ""
    blocks: list[tuple[Position, Position]] = field(default_factory=list)
    error: str | None = None


def tactics_of(source: Source, root: TacticNode) -> list[Tactic]:
    """The tactics of one command that are steps, each once, in the order of the source."""
    walk = _Walk(source)
    walk.search(root, None, None, root.end)
    # Lean elaborates a `variable` again in each declaration behind it: a `by` in it is a step of its own
    # command only.
    own = (tactic for tactic in walk.found.values() if root.start <= tactic.start < root.end)
    return sorted(own, key=lambda tactic: tactic.start)


def _is_written(node: TacticNode) -> bool:
    """The author wrote it, and it is neither a token nor a list of nodes."""
    return node.original and not node.kind.startswith(('"', "[", "<"))


class _Walk:
    """One walk over a command's nodes. A tactic may be elaborated several times (for each of several goals,
    or once more after a failure): the first time counts."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: dict[tuple[Position, Position], Tactic] = {}

    def search(self, node: TacticNode, inside: Tactic | None, holder: _Holder | None, end: Position) -> None:
        """Find the blocks below a node. They belong to `holder`, or (None) stand free in the step `inside`.
        The innermost tactic of the author's that they stand in ends at `end`."""
        for child in node.children:
            if child.original and child.kind in ("Term.byTactic", "Term.byTactic'"):
                self.by_block(child, child.end, inside, holder)
            elif (
                child.original and child.kind == '"by"' and self.source.slice(child.start, child.end) == "by"
            ):
                # `have … := by`: a macro took the block apart, but it always ends where the `have` ends.
                self.by_block(child, end, inside, holder)
            elif (holder is None or holder.arms) and child.original and child.kind in _BLOCK:
                if holder:
                    holder.take_out(child.start, child.end, child.before)
                self.block(child, inside)
            else:
                self.search(child, inside, holder, child.end if _is_written(child) else end)

    def by_block(
        self, node: TacticNode, end: Position, inside: Tactic | None, holder: _Holder | None
    ) -> None:
        if holder:
            inline = node.start[0] == end[0]
            if inline and not (holder.calc and self.source.follows(node.start, ":=")):
                return
            holder.take_out((node.start[0], node.start[1] + 2), end, node.before)
        self.block(node, inside)

    def block(self, node: TacticNode, inside: Tactic | None) -> None:
        """The items of the sequence that `node` is, or that stands below it under a macro's wrapping."""
        for child in node.children:
            if node.kind not in _SEQUENCE:
                self.block(child, inside)
            elif _is_written(child):
                self.item(child, inside)

    def item(self, node: TacticNode, inside: Tactic | None) -> None:
        if node.kind in _ARRANGING:
            known = len(self.found)
            if node.kind in _SEQUENCE:
                self.block(node, inside)
            else:
                self.search(node, inside, None, node.end)
            if len(self.found) > known:
                return  # else nothing in it ran: Lean rejected the arrangement itself
        end = self.source.line_end(node.end) if node.kind == _UNKNOWN else node.end
        if (node.start, end) in self.found:
            return
        tactic = Tactic(
            node.start, end, node.before, node.after, inside, node.kind in _HEADERS, node.incomplete
        )
        self.found[node.start, end] = tactic
        holder = _Holder(tactic.arms, node.kind == _CALC)
        if node.kind not in _COMBINATORS | _ARRANGING:
            self.search(node, tactic, holder, node.end)
        tactic.blocks = sorted(holder.blocks)
        tactic.goals_after = (
            *(goal for extent in tactic.blocks for goal in holder.blocks[extent]),
            *node.after,
        )
        tactic.text = _text(self.source, tactic, _HEADERS.get(node.kind, ()))


@dataclass
class _Holder:
    """What a step that holds blocks gathers: the extents of those that are taken out of it, with their
    goals."""

    arms: bool
    calc: bool
    blocks: dict[tuple[Position, Position], tuple[str, ...]] = field(default_factory=dict)

    def take_out(self, start: Position, end: Position, goals: tuple[str, ...]) -> None:
        self.blocks.setdefault((start, end), goals)


def _text(source: Source, tactic: Tactic, header_words: tuple[str, ...]) -> str:
    """The step's source without its blocks, without the file's indentation; a header ends at its word."""
    start, end = source.offset(tactic.start), source.offset(tactic.end)
    if header_words and (stop := first_word(source.code[start:end], header_words)) is not None:
        text = source.written(start, start + stop)
    else:
        blocks = [(source.offset(block), source.offset(block_end)) for block, block_end in tactic.blocks]
        text = source.written(start, end, blocks)
    margin = tactic.start[1]
    first, *rest = text.split("\n")
    lines = [first, *(line[min(margin, len(line) - len(line.lstrip(" "))) :] for line in rest)]
    return "\n".join(stripped for line in lines if (stripped := line.rstrip()))
