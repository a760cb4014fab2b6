"""How much several token sequences share at their beginning."""

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
