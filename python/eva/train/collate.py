"""How groups of examples become tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eva.train.config import Digit
from eva.train.examples import Example
from eva.train.layout import Layout

IGNORED = -100  # no token is predicted here


class Collator:
    """Lays out a batch and tells where everything stands.

    Takes a list of one item of `eva.train.batches.Planned`. With G groups of B examples in all, T columns,
    K dimensions, N columns that need logits:

    - what `Layout.inputs` gives.
    - `keep` (N): the columns whose logits are needed. `next` and `weights` (G, N): the token that each of
      them predicts, and its weight in the cross-entropy. The tokens of an integer behind its first are
      predicted where its trie is read, not in the text.
    - `reads` (B, K, nodes): where the logits of the anchors' inner nodes are, counted in all G · N.
    - `targets` (B, K), on the anchors' scale.
    """

    def __init__(self, prompt_loss: float, digit: Digit, pad: int, *, in_blocks: bool = False) -> None:
        self._prompt_loss, self._digit, self._pad, self._in_blocks = prompt_loss, digit, pad, in_blocks

    def __call__(self, items: Sequence[Sequence[Sequence[Example]]]) -> dict[str, Any]:
        import torch

        [groups] = items
        layout = Layout.of(groups)
        predicted = torch.full((len(groups), layout.width), IGNORED)
        weights = torch.zeros(len(groups), layout.width)
        for g, group in enumerate(groups):
            own = layout.shared[g]
            predicted[g, :own] = torch.tensor(group[0].ids[1 : own + 1])
            weights[g, :own] = len(group) * self._prompt_loss
            for t, e in enumerate(group):
                first, start, size = (layout.column(g, t, i) for i in (own, e.start, len(e.ids)))
                predicted[g, first : size - 1] = torch.tensor(e.ids[own + 1 :])
                weights[g, first : start - 1] = self._prompt_loss
                weights[g, start - 1 : size - 1] = 1.0
                for begin, end in e.scores:
                    digits = slice(layout.column(g, t, begin), layout.column(g, t, end))
                    if e.branches:  # behind digits that may be noise
                        weights[g, digits] = 0.0
                    if self._digit != "rounded":
                        weights[g, digits.start - 1 : digits.stop - 1] = 0.0
                if self._digit == "rounded":
                    for place, token in e.inside:
                        predicted[g, layout.column(g, t, place)] = token
                        weights[g, layout.column(g, t, place)] = 1.0
        nodes = max((len(places) for group in groups for e in group for places in e.reads), default=0)
        # a trie with fewer nodes than another dimension's repeats its root, which nobody asks for again
        padded = [
            [[layout.column(g, t, i) for i in (*p, *[p[0]] * (nodes - len(p)))] for p in e.reads]
            for g, group in enumerate(groups)
            for t, e in enumerate(group)
        ]
        reads = torch.tensor(padded, dtype=torch.long)
        needed = (weights > 0).any(0)
        needed[reads.flatten()] = True
        keep = needed.nonzero().squeeze(1)
        rows = torch.arange(len(groups)).repeat_interleave(layout.blocks).view(-1, 1, 1)
        return layout.inputs(self._pad, in_blocks=self._in_blocks) | {
            "keep": keep,
            "next": predicted[:, keep],
            "weights": weights[:, keep],
            "reads": rows * len(keep) + torch.searchsorted(keep, reads),
            "targets": torch.tensor([e.targets for group in groups for e in group]),
        }
