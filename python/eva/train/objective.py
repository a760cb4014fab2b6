"""The loss of EVA (arXiv 2606.01160): L = L_SFT + α · (1/K) Σ_k (E[R_k] − R_k)²."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eva.model.anchors import expectation


def sft_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Weighted next-token cross-entropy.

    `logits` (batch, tokens, vocabulary), `labels` and `weights` (batch, tokens); the logits at t predict
    the token at t + 1. The mean is over the weights of the labelled tokens.
    """
    target, weight = labels[:, 1:], weights[:, 1:]
    loss = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), target.flatten(), ignore_index=-100, reduction="none"
    )
    weight = weight.flatten() * (target.flatten() != -100)
    return (loss * weight).sum() / weight.sum().clamp(min=1e-6)


def expected_scores(
    logits: Tensor, positions: Tensor, anchor_tokens: Sequence[int], scale: Sequence[int]
) -> Tensor:
    """E[R_k] at the position before each integer, float32, shape (batch, K).

    `logits` (batch, tokens, vocabulary); `positions` (batch, K): index of each integer's token. The softmax
    is over the anchors' logits only, at temperature 1, in float32.
    """
    rows = torch.arange(logits.shape[0], device=logits.device).unsqueeze(1)
    at = logits[rows, positions - 1][..., list(anchor_tokens)].float()
    return expectation(scale, at)[0]


def eva_loss(expected: Tensor, targets: Tensor) -> Tensor:
    """(1/K) Σ_k (E[R_k] − R_k)², the mean over the batch; both (batch, K)."""
    return ((expected - targets.float()) ** 2).mean()
