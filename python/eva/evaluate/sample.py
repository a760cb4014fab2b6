"""A part of a data set that is still one: whole theorems, so that the steps of a state stay together."""

from __future__ import annotations

import random
from collections.abc import Sequence

from eva.data.record import LabelledStep


def whole_theorems(records: Sequence[LabelledStep], limit: int | None, seed: int = 0) -> list[LabelledStep]:
    """Theorems drawn by `seed` until they have `limit` steps; all records where there is no limit."""
    if limit is None or limit >= len(records):
        return list(records)
    by_theorem: dict[str, list[LabelledStep]] = {}
    for record in records:
        by_theorem.setdefault(record.theorem_id, []).append(record)
    names = sorted(by_theorem)
    random.Random(seed).shuffle(names)
    out: list[LabelledStep] = []
    for name in names:
        if len(out) >= limit:
            break
        out += by_theorem[name]
    return out
