"""Which texts are short enough for a run: one limit for every arm, in training and in validation.

A value head's texts are prompts alone, so a few more of them are short enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from eva.model.checkpoint import Checkpoint
from eva.train.config import BadConfig, RunConfig


def fitting(
    config: RunConfig, base: Checkpoint, lengths: Sequence[int], split: Literal["training", "validation"]
) -> list[int]:
    """Which texts of a split are short enough, by their tokens; says how many are not.

    The limit is `max_tokens`, or the base's context where that is less: one with learned positions has none
    for a longer text. Raises `BadConfig` where there are texts and none is short enough.
    """
    context = getattr(base.model.config, "max_position_embeddings", None) or config.max_tokens
    room = min(config.max_tokens, int(context))
    kept = [i for i, length in enumerate(lengths) if length <= room]
    if lengths and not kept:
        raise BadConfig(
            f"every {split} text has more than {room} tokens: give a higher --max-tokens, or another base"
        )
    print(f"{len(kept)} {split} texts ({len(lengths) - len(kept)} over {room} tokens left out)", flush=True)
    return kept
