"""Reading many prompts that begin alike: every token once, as far as possible.

The prompts form a tree. Its longest path is read as one row; what branches off it starts from a copy of the
states at the fork, all branches together; what branches off those comes next, and so on. What was read before
(`Prefixes`) is not read again. Rows that read together are chosen of like lengths, for padding is work, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from eva.model.block import Block, States
from eva.model.prefix import shared_by_two
from eva.model.prefixes import Prefixes
from eva.model.rows import SLACK, Rows

MIN_SHARED = 16
"""A shared beginning shorter than this is not worth a row that waits for another."""
PASS = 32
"""What a forward pass costs beyond its tokens, in tokens."""


@dataclass(slots=True)
class _Line:
    """A prompt to read from token `known` on; the tokens before are those of the prompt `parent`, if any."""

    prompt: int
    parent: int | None
    known: int
    found: list[States] | None = None


def prefill(
    model: Any,
    prompts: Sequence[tuple[int, ...]],
    prefixes: Prefixes | None = None,
    spare: Block | None = None,
) -> tuple[Rows, list[int]]:
    """Rows that have read their prompts, and which prompt each row is.

    `spare`: memory that the rows take over. Prompts hold one token at least. Raises `LoadError` for a model
    without plain key-value states.
    """
    rows = Rows(model, spare)
    rows.reserve(len(prompts), max(map(len, prompts)) + SLACK)
    at: dict[int, int] = {}  # each prompt's row
    order: list[int] = []
    for round in _plan(prompts):
        for line in round:
            if prefixes is not None:
                length, found = prefixes.find(prompts[line.prompt][:-1])
                if length >= MIN_SHARED and length > line.known:
                    line.known, line.found = length, found
        lefts = {line.prompt: len(prompts[line.prompt]) - line.known for line in round}
        for group in _groups(sorted(round, key=lambda line: lefts[line.prompt]), lefts):
            _read(rows, group, prompts, at)
            at |= {line.prompt: len(order) + i for i, line in enumerate(group)}
            order += [line.prompt for line in group]
            if prefixes is not None:
                broken = rows.logits.isnan().any(1).tolist()  # kept, it would spoil all that begins so
                for line in group:
                    row = at[line.prompt]
                    if not broken[row]:
                        fresh = rows.block.states(row, rows.tail(row, line.known))
                        prefixes.keep(prompts[line.prompt], line.known, fresh)
    if prefixes is not None:
        prefixes.trim()
    return rows, order


def unique_tokens(prompts: Iterable[Sequence[int]]) -> int:
    """Nodes of the tree that the prompts form: no model that reads them all can compute fewer tokens."""
    ordered = sorted(map(tuple, prompts))  # in this order a prompt shares most with its neighbour
    return sum(map(len, ordered)) - sum(shared_by_two(*pair) for pair in pairwise(ordered))


def _plan(prompts: Sequence[tuple[int, ...]]) -> list[list[_Line]]:
    """Which prompts are read together, round by round; each needs only prompts of the rounds before."""
    rounds: list[list[_Line]] = []
    todo: list[tuple[int, int | None, int, list[int]]] = [(0, None, 0, list(range(len(prompts))))]
    while todo:
        number, parent, known, group = todo.pop()
        main = max(group, key=lambda i: len(prompts[i]))
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(_Line(main, parent, known))
        apart: list[int] = []
        branches: dict[tuple[int, int], list[int]] = {}
        for i in group:
            if i == main:
                continue
            fork = min(shared_by_two(prompts[main], prompts[i]), len(prompts[i]) - 1)
            if fork < known + MIN_SHARED:
                apart.append(i)
            else:
                branches.setdefault((fork, prompts[i][fork]), []).append(i)
        if apart:
            todo.append((number, parent, known, apart))
        for (fork, _), rest in branches.items():
            todo.append((number + 1, main, fork, rest))
    return rounds


def _groups(lines: list[_Line], lefts: dict[int, int]) -> list[list[_Line]]:
    """Lines in order of what is left to read, cut into passes with the least padding for their number."""
    best: list[tuple[int, int]] = [(0, 0)]  # cost of the first n lines, and where their last pass begins
    for stop in range(1, len(lines) + 1):
        width = lefts[lines[stop - 1].prompt]
        best.append(min((best[start][0] + (stop - start) * width + PASS, start) for start in range(stop)))
    cuts = [len(lines)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    return [lines[start:stop] for stop, start in pairwise(cuts)][::-1]


def _read(rows: Rows, group: list[_Line], prompts: Sequence[tuple[int, ...]], at: dict[int, int]) -> None:
    first = len(rows)
    start = max(line.known for line in group)
    chunks = [prompts[line.prompt][line.known :] for line in group]
    rows.add(len(group), start + max(map(len, chunks)))
    for row, line in enumerate(group, first):
        if line.found is not None:
            place = 0
            for states in line.found:
                rows.block.put(row, place, states)
                place += states.keys[0].shape[1]
            rows.fill(row, line.known)
        elif line.parent is not None:
            rows.take(row, rows, at[line.parent], line.known)
    rows.extend_some(first, chunks, start)
