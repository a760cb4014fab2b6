"""What the model has read before: a radix tree of token sequences with their key-value states.

The steps of one proof begin alike (instruction, theorem, earlier steps), and so do the requests that an edit
brings forth. The tree keeps what was read last, in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from eva.model.block import States
from eva.model.prefix import shared_by_two


@dataclass(eq=False)
class _Shelf:
    """States that were put down at once; their memory is free when no node needs any of them."""

    states: States
    nodes: int = 0


@dataclass(eq=False)
class _Node:
    """Some tokens after those of the parent, and where their states stand on a shelf."""

    tokens: tuple[int, ...]
    shelf: _Shelf | None
    offset: int
    parent: _Node | None
    used: int = 0
    children: dict[int, _Node] = field(default_factory=dict)


class Prefixes:
    """At most `limit` bytes of states; what was looked at longest ago goes first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._root = _Node((), None, 0, None)
        self._clock = 0

    def find(self, tokens: tuple[int, ...]) -> tuple[int, list[States]]:
        """How many of the first tokens are known, and their states piece by piece."""
        runs: list[tuple[_Shelf, int, int]] = []
        for node, count in self._walk(tokens):
            assert node.shelf is not None
            start, stop = node.offset, node.offset + count
            if runs and runs[-1][0] is node.shelf and runs[-1][2] == start:
                start = runs.pop()[1]
            runs.append((node.shelf, start, stop))
        return sum(stop - start for _, start, stop in runs), [
            shelf.states.part(start, stop) for shelf, start, stop in runs
        ]

    def keep(self, tokens: tuple[int, ...], start: int, states: States) -> None:
        """Remember the states of the tokens from `start` on; those before must be known, or nothing is kept.

        `states` must be memory of its own.
        """
        if not self.limit or start == len(tokens):
            return
        length, at = 0, self._root
        for node, count in self._walk(tokens):
            length += count
            at = node if count == len(node.tokens) else self._split(node, count)
        if length < start or length == len(tokens):
            return
        shelf = _Shelf(states)
        self.bytes += states.bytes
        self._hang(_Node(tokens[length:], shelf, length - start, at, self._clock))

    def trim(self) -> None:
        """Forget what was used longest ago until the rest fits."""
        if self.bytes <= self.limit:
            return
        leaves = [(node.used, id(node), node) for node in self._nodes() if not node.children]
        heapify(leaves)
        while self.bytes > self.limit and leaves:
            leaf = heappop(leaves)[2]
            parent = leaf.parent
            assert parent is not None
            self._drop(leaf)
            if not parent.children and parent.parent is not None:
                heappush(leaves, (parent.used, id(parent), parent))

    def clear(self) -> None:
        """Forget all."""
        self._root.children.clear()
        self.bytes = 0

    def _walk(self, tokens: tuple[int, ...]) -> Iterator[tuple[_Node, int]]:
        """The nodes on the way of `tokens`, and how many tokens of each are shared (but the last: all)."""
        self._clock += 1
        node, at = self._root, 0
        while at < len(tokens):
            child = node.children.get(tokens[at])
            if child is None:
                return
            end = at + len(child.tokens)
            if tokens[at:end] == child.tokens:
                child.used = self._clock
                yield child, len(child.tokens)
                node, at = child, end
            else:
                yield child, shared_by_two(child.tokens, tokens[at:end])
                return

    def _split(self, node: _Node, count: int) -> _Node:
        """Cut a node after `count` tokens; the new one that holds them."""
        assert node.parent is not None
        head = _Node(node.tokens[:count], node.shelf, node.offset, node.parent, self._clock)
        self._hang(head)
        node.tokens, node.offset, node.parent = node.tokens[count:], node.offset + count, head
        head.children[node.tokens[0]] = node
        return head

    def _hang(self, node: _Node) -> None:
        assert node.parent is not None and node.shelf is not None
        node.parent.children[node.tokens[0]] = node
        node.shelf.nodes += 1

    def _drop(self, node: _Node) -> None:
        assert node.parent is not None and node.shelf is not None
        del node.parent.children[node.tokens[0]]
        node.shelf.nodes -= 1
        if not node.shelf.nodes:
            self.bytes -= node.shelf.states.bytes

    def _nodes(self) -> Iterator[_Node]:
        todo = list(self._root.children.values())
        while todo:
            node = todo.pop()
            yield node
            todo += node.children.values()
