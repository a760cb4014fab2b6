"""The little baseline that the data must be too hard for: logistic regression on the words of a step.

A model that reads proof states has to beat it; where it does well, the text of a step tells Lean's verdict
without a look at the state.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from random import Random

from eva.data.record import LabelledStep

_TOKEN = re.compile(r"[^\W\d][\w₀-₉'✝]*(?:\.[^\W\d][\w₀-₉']*)*|\d+|[^\s\w]")
_SIZE = 1 << 18
_KNOWN, _ASKED = 20000, 5000
"""Steps that `check` learns from, and that it judges in each split."""

Features = list[int]


def words(tactic: str) -> Features:
    """The bag of words of a step: its tokens, its first one marked, and pairs of neighbours; hashed."""
    tokens = _TOKEN.findall(tactic)
    names = [
        *tokens,
        *(f"{a} {b}" for a, b in pairwise(tokens)),
        "^" + "".join(tokens[:1]),
    ]
    return sorted({_hashed(name) for name in names})


def words_and_goal(tactic: str, goal: str) -> Features:
    """The words of a step, those of its goal, and each of the one with each of the other."""
    tokens = set(_TOKEN.findall(tactic))
    target = goal.rpartition("⊢")[2]
    seen = {f"⊢{token}" for token in _TOKEN.findall(target)}
    seen |= {f":{token}" for token in _TOKEN.findall(goal)}
    pairs = {f"{a}×{b}" for a in tokens for b in seen if b.startswith("⊢")}
    return sorted({*words(tactic), *(_hashed(name) for name in seen | pairs)})


def check(records: Mapping[str, Sequence[LabelledStep]], seed: int) -> dict[str, dict[str, float]]:
    """AUROC of "Lean accepts the step" on each split but `train`, from which they learn: by the words
    of a step alone, and with its goal."""
    import numpy as np

    from eva.evaluate.metrics import auroc

    rng = Random(seed)
    some = {
        split: rng.sample(rows, min(_ASKED, len(rows))) for split, rows in records.items() if split != "train"
    }
    train = rng.sample(records["train"], min(_KNOWN, len(records["train"])))
    readers: dict[str, Callable[[LabelledStep], Features]] = {
        "words": lambda row: words(row.step.tactic),
        "words and goal": lambda row: words_and_goal(row.step.tactic, row.step.goals[0]),
    }
    out: dict[str, dict[str, float]] = {}
    for name, reader in readers.items():
        asked = [row for rows in some.values() for row in rows]
        found = fit_and_score(
            [reader(r) for r in train], [r.accepted for r in train], [reader(r) for r in asked]
        )
        scores = iter(found)
        out[name] = {}
        for split, rows in some.items():
            own = np.array([next(scores) for _ in rows], dtype=np.float64)
            out[name][split] = auroc(own, np.array([row.accepted for row in rows], dtype=np.bool_))
    return out


def fit_and_score(
    known: Sequence[Features], accepted: Sequence[bool], asked: Sequence[Features], steps: int = 120
) -> list[float]:
    """Fit logistic regression on `known` with Lean's verdicts; the chances of acceptance of `asked`."""
    import torch

    weight = torch.zeros(_SIZE, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=0.1)
    wanted = torch.tensor(accepted, dtype=torch.float64)

    def logits(rows: Sequence[Features]) -> torch.Tensor:
        index = torch.tensor([i for row in rows for i in row])
        owner = torch.repeat_interleave(
            torch.arange(len(rows)), torch.tensor([len(row) for row in rows], dtype=torch.long)
        )
        return torch.zeros(len(rows), dtype=torch.float64).index_add(0, owner, weight[index]) + bias

    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits(known), wanted)
        (loss + 2e-4 * weight.square().sum()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        return [float(p) for p in torch.sigmoid(logits(asked))]


def _hashed(name: str) -> int:
    return zlib.crc32(name.encode()) % _SIZE
