"""Which example goes into which step, and how examples become tensors.

The whole run is one list of examples, drawn beforehand: a run that was stopped goes on with the next one, and
gives the very weights that it would have given.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from eva.train.config import Digit, Orders
from eva.train.examples import Encoder, Example, Pieces, Written

IGNORED = -100  # no token is predicted here
GROUP = 50  # batches among which texts of like length are put together


def schedule(lengths: Sequence[int], batch: int, count: int, seed: int) -> list[tuple[int, int]]:
    """`count` pairs (example, pass over the data): every pass in a new order, texts of like length together.

    A pass leaves out the few examples that do not fill a batch (others each time), so that batches never mix
    lengths.
    """
    draw = random.Random(seed)
    out: list[tuple[int, int]] = []
    passes = 0
    while len(out) < count:
        order = list(range(len(lengths)))
        draw.shuffle(order)
        if len(order) > batch:
            del order[len(order) // batch * batch :]
        batches = []
        for start in range(0, len(order), GROUP * batch):
            part = sorted(order[start : start + GROUP * batch], key=lambda index: lengths[index])
            batches += [part[i : i + batch] for i in range(0, len(part), batch)]
        draw.shuffle(batches)
        out += [(index, passes) for members in batches for index in members]
        passes += 1
    return out[:count]


class Texts:
    """Examples in the order of a plan, written as `orders` says: `both` alternates with each pass.

    `noise`: share of their integers that are read as others (`Encoder.with_noise`).
    """

    def __init__(
        self,
        encode: Encoder,
        pieces: Sequence[Pieces],
        orders: Orders,
        plan: Sequence[tuple[int, int]],
        *,
        noise: float = 0.0,
    ) -> None:
        self._encode, self._pieces, self._orders, self._plan = encode, pieces, orders, plan
        self._noise = noise

    def __len__(self) -> int:
        return len(self._plan)

    def __getitem__(self, number: int) -> Example:
        index, passes = self._plan[number]
        example = self._encode.write(self._pieces[index], _order(self._orders, index + passes))
        if not self._noise:
            return example
        return self._encode.with_noise(example, self._noise, random.Random(f"{index} {passes}"))


def _order(orders: Orders, turn: int) -> Written:
    if orders == "both":
        return "critique_first" if turn % 2 else "score_first"
    return orders


class Collator:
    """Pads examples on the right and tells where everything stands.

    The batch, with B examples, T columns, K dimensions, N columns that need logits:

    - `input_ids` (B, T); `position_ids` (B, T) and `attention_mask` (B, 1, T, T) only where there are
      branches: right padding needs neither, since nothing in a causal model looks to the right.
    - `keep` (N): the columns whose logits are needed. `next` and `weights` (B, N): the token that each of
      them predicts, and its weight in the cross-entropy.
    - `reads` (B, K, nodes): where the logits of the anchors' inner nodes are, counted in `keep`.
    - `targets` (B, K), on the anchors' scale.
    """

    def __init__(self, prompt_loss: float, digit: Digit, pad: int) -> None:
        self._prompt_loss, self._digit, self._pad = prompt_loss, digit, pad

    def __call__(self, examples: Sequence[Example]) -> dict[str, Any]:
        import torch

        width = max(len(e.ids) + len(e.branches) for e in examples)
        ids = torch.full((len(examples), width), self._pad)
        predicted = torch.full((len(examples), width), IGNORED)
        weights = torch.zeros(len(examples), width)
        for row, e in enumerate(examples):
            size = len(e.ids)
            ids[row, :size] = torch.tensor(e.ids if e.seen is None else e.seen)
            predicted[row, : size - 1] = torch.tensor(e.ids[1:])
            weights[row, : e.start - 1] = self._prompt_loss
            weights[row, e.start - 1 : size - 1] = 1.0
            if self._digit != "rounded":
                for first, last in e.scores:
                    weights[row, first - 1 : last - 1] = 0.0
        nodes = max((len(places) for e in examples for places in e.reads), default=0)
        # a trie with fewer nodes than another dimension's repeats its root, which nobody asks for again
        padded = [[(*p, *[p[0]] * (nodes - len(p))) for p in e.reads] for e in examples]
        reads = torch.tensor(padded, dtype=torch.long)
        needed = (weights > 0).any(0)
        needed[reads.flatten()] = True
        keep = needed.nonzero().squeeze(1)
        batch = {
            "input_ids": ids,
            "keep": keep,
            "next": predicted[:, keep],
            "weights": weights[:, keep],
            "reads": torch.searchsorted(keep, reads),
            "targets": torch.tensor([e.targets for e in examples]),
        }
        return batch | _branches(examples, ids) if any(e.branches for e in examples) else batch


def _branches(examples: Sequence[Example], ids: Any) -> dict[str, Any]:
    """Write the branches behind the texts; positions, and a mask by which each sees its own past only."""
    import torch

    rows, width = ids.shape
    positions = torch.arange(width).repeat(rows, 1)
    sees = torch.ones(width, width, dtype=torch.bool).tril().repeat(rows, 1, 1)
    for row, e in enumerate(examples):
        size = len(e.ids)
        for number, branch in enumerate(e.branches):
            at = size + number
            ids[row, at] = branch.token
            positions[row, at] = branch.position
            sees[row, at, branch.upto :] = False
            sees[row, at, [size + parent for parent in branch.parents] + [at]] = True
    blocked = torch.zeros(rows, 1, width, width).masked_fill(
        ~sees.unsqueeze(1), torch.finfo(torch.float32).min
    )
    return {"position_ids": positions, "attention_mask": blocked}
