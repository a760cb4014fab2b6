"""Attention for training on CPUs: plain matrix products with as few passes over memory as can be.

At the lengths of steps the backward pass of torch's fused kernel takes twice the time of plain products. The
plain attention of transformers in turn spends half of its time on copies: it scales and masks the scores out
of place, and takes the softmax in a float32 copy. Here scores stay in the type of the products; torch's
softmax computes in float32 whatever the type.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

NAME = "eva_cpu"


def attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, None]:
    """softmax(q kᵀ · scaling + mask) v, the interface of transformers' `AttentionInterface`.

    `query` (batch, heads, T, d), `key` and `value` (batch, key heads, T, d), `attention_mask`
    (batch, 1, T, T), of 0 and very negative numbers. Gives (batch, T, heads, d). No dropout.
    """
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = torch.matmul(query * scaling, key.transpose(2, 3))
    if attention_mask is not None:
        scores += attention_mask
    weights = torch.softmax(scores, -1)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), None


def use_on(model: Any) -> None:
    """Let a model attend this way, if it is a Llama: others have attentions with features of their own."""
    if model.config.model_type != "llama":
        model.set_attn_implementation("eager")
        return
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, eager_mask)
    model.set_attn_implementation(NAME)
