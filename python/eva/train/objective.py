"""The loss of EVA (arXiv 2606.01160): L = L_SFT + α · (1/K) Σ_k (E[R_k] − R_k)²."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eva.model.anchors import Anchors, expectation


def cross_entropy(logits: Tensor, predicted: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted next-token cross-entropy, as a sum and the sum of its weights.

    `logits` (batch, places, vocabulary); `predicted` and `weights` (batch, places). Only places that have a
    weight are looked at.
    """
    used = (weights > 0).flatten().nonzero().squeeze(1)
    weight = weights.flatten()[used]
    read = logits.flatten(0, 1).index_select(0, used).float()
    loss = torch.nn.functional.cross_entropy(read, predicted.flatten()[used], reduction="none")
    return (loss * weight).sum(), weight.sum()


def anchor_log_weights(logits: Tensor, reads: Tensor, anchors: Sequence[Anchors]) -> Tensor:
    """log P̃ of every anchor in every dimension, float32, shape (batch, K, anchors), as reading has it.

    `logits` (rows, places, vocabulary); `reads` (batch, K, nodes): the place of each inner node of the
    dimension's trie, counted through all rows. `anchors`: those of each dimension.
    """
    # at once: each time something is taken from the logits, the backward pass fills a tensor of their size
    read = logits.flatten(0, 1).index_select(0, reads.flatten()).view(*reads.shape, -1)
    return torch.stack(
        [
            trie.log_weights({node: read[:, k, n] for n, node in enumerate(trie.nodes)})
            for k, trie in enumerate(anchors)
        ],
        dim=1,
    )


def expected_scores(log_weights: Tensor, scale: Sequence[int]) -> Tensor:
    """E[R_k] of log P̃, shape (batch, K), on the anchors' scale: the softmax is over the anchors only."""
    return expectation(scale, log_weights)[0]


def eva_loss(expected: Tensor, targets: Tensor) -> Tensor:
    """(1/K) Σ_k (E[R_k] − R_k)², the mean over the batch; both (batch, K) and on one scale."""
    return ((expected - targets.float()) ** 2).mean()


def two_hot(targets: Tensor, scale: Sequence[int]) -> Tensor:
    """Each R shared between the integers around it, so that the mean of the shares is R; (…) → (…, anchors).

    The label of a distributional value head (Bellemare et al. 2017; "two-hot" in MuZero, Schrittwieser et al.
    2020) on the anchors: 3.8 is 0.2 of 3 and 0.8 of 4. Cross-entropy with it is least where P is these
    shares.
    """
    anchors = torch.tensor(list(scale), dtype=torch.float32, device=targets.device)
    return (1 - (targets.float().unsqueeze(-1) - anchors).abs()).clamp(min=0)


def two_hot_loss(log_weights: Tensor, targets: Tensor, scale: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the two-hot labels with P̃ of whole anchors, as a sum and the count of its terms."""
    shares = two_hot(targets, scale)
    return -(shares * log_weights).sum(), torch.tensor(float(targets.numel()), device=targets.device)
