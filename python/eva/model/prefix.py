"""How much token sequences share at their beginning."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def shared_prefix(sequences: Collection[Sequence[int]]) -> int:
    """How many tokens all sequences begin with."""
    count = 0
    for column in zip(*sequences, strict=False):
        if any(token != column[0] for token in column):
            break
        count += 1
    return count


def shared_by_two(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many tokens two sequences both begin with; by halving, since prompts have hundreds of tokens."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
